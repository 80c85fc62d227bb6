//===- KernelDescription.cpp - The text of descriptions -------------------===//

#include "kernels/KernelDescription.h"

#include <charconv>

namespace tenon::kernels {

namespace {

std::string typeText(const TensorType &type) {
  std::string text = type.element == ElementType::F32 ? "f32[" : "i32[";
  for (size_t i = 0; i < type.shape.size(); ++i) {
    if (i)
      text += ",";
    text += type.shape[i] == kDynamic ? "?" : std::to_string(type.shape[i]);
  }
  return text + "]";
}

/// The shortest text that reads back as the same double, whatever the locale.
std::string doubleText(double value) {
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  return std::string(buffer, end);
}

/// A string in quotes; what would end it, or a line, is escaped.
std::string quoted(const std::string &value) {
  std::string text = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\')
      text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text + "\"";
}

struct AttributeText {
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return doubleText(value); }
  std::string operator()(const std::string &value) const { return quoted(value); }
  template <typename Element> std::string operator()(const std::vector<Element> &values) const {
    std::string text = "[";
    for (size_t i = 0; i < values.size(); ++i)
      text += (i ? "," : "") + (*this)(values[i]);
    return text + "]";
  }
};

std::string valueList(const std::vector<int> &values) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", %" : "%") + std::to_string(values[i]);
  return text;
}

std::string operationText(const Operation &operation, int firstResult) {
  std::vector<int> results;
  for (size_t i = 0; i < operation.results.size(); ++i)
    results.push_back(firstResult + static_cast<int>(i));
  std::string text = valueList(results) + " = " + operation.kind + "(" + valueList(operation.operands) + ")";
  if (!operation.attributes.empty()) {
    text += " {";
    bool first = true;
    for (const auto &[name, value] : operation.attributes) {
      text += (first ? "" : ", ") + name + " = " + std::visit(AttributeText{}, value);
      first = false;
    }
    text += "}";
  }
  text += " :";
  for (size_t i = 0; i < operation.results.size(); ++i)
    text += (i ? ", " : " ") + typeText(operation.results[i]);
  return text;
}

} // namespace

std::string KernelDescription::text() const {
  std::string text = "row_tile " + std::to_string(rowTile) + "\n";
  int value = 0;
  for (const TensorType &argument : arguments)
    text += "%" + std::to_string(value++) + " : " + typeText(argument) + "\n";
  for (const Operation &operation : operations) {
    text += operationText(operation, value) + "\n";
    value += static_cast<int>(operation.results.size());
  }
  return text + "yield " + valueList(results) + "\n";
}

} // namespace tenon::kernels
