//===- Json.cpp - JSON as the runtime reads it ----------------------------===//

#include "Json.h"

#include "Failure.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tenon::runtime {
namespace {

using Kind = JsonValue::Kind;

constexpr size_t depthLimit = 16;

/// Takes the parser's events. Containers that are being read lie on a stack; while one is, those around it do not grow,
/// so that pointers to them stay good.
class Reader {
public:
  explicit Reader(std::string_view only) : only(only) {}

  JsonValue result;
  std::string error;

  bool null() { return add(Kind::Null); }
  bool boolean(bool value) {
    if (JsonValue *added = place(Kind::Boolean))
      added->boolean = value;
    return true;
  }
  bool number_integer(int64_t value) {
    if (JsonValue *added = place(Kind::Integer))
      added->integer = value;
    return true;
  }
  bool number_unsigned(uint64_t value) {
    if (value <= uint64_t(INT64_MAX))
      return number_integer(int64_t(value));
    return addText(Kind::OtherNumber, std::to_string(value));
  }
  bool number_float(double, const std::string &written) { return addText(Kind::OtherNumber, written); }
  bool string(const std::string &value) { return addText(Kind::String, value); }
  bool binary(const std::vector<uint8_t> &) { return false; }

  bool start_object(size_t) { return open(Kind::Object); }
  bool start_array(size_t) { return open(Kind::Array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(const std::string &name) {
    if (skipping())
      return true;
    JsonValue &object = *stack.back();
    if (!only.empty() && stack.size() == 1 && name != only) {
      skipNext = true;
      return true;
    }
    if (std::find(object.keys.begin(), object.keys.end(), name) != object.keys.end()) {
      error = concat("two members are named \"", name, "\"");
      return false;
    }
    object.keys.push_back(name);
    return true;
  }

  bool parse_error(size_t, const std::string &, const nlohmann::json::exception &failure) {
    error = failure.what();
    return false;
  }

private:
  bool skipping() const { return skipNext || skippedDepth != 0; }

  /// Where the next value goes; nullptr if it is passed over.
  JsonValue *place(Kind kind) {
    if (skipping()) {
      skipNext = false;
      return nullptr;
    }
    JsonValue &added = stack.empty() ? result : stack.back()->items.emplace_back();
    added.kind = kind;
    return &added;
  }
  bool add(Kind kind) {
    place(kind);
    return true;
  }
  bool addText(Kind kind, const std::string &text) {
    if (JsonValue *added = place(kind))
      added->text = text;
    return true;
  }
  bool open(Kind kind) {
    if (stack.size() + skippedDepth == depthLimit) {
      error = concat("nested more than ", depthLimit, " deep");
      return false;
    }
    if (JsonValue *added = place(kind))
      stack.push_back(added);
    else
      ++skippedDepth;
    return true;
  }
  bool close() {
    if (skippedDepth != 0)
      --skippedDepth;
    else
      stack.pop_back();
    return true;
  }

  std::string_view only;
  std::vector<JsonValue *> stack;
  bool skipNext = false;
  size_t skippedDepth = 0;
};

} // namespace

const JsonValue *JsonValue::find(std::string_view key) const {
  for (size_t index = 0; index < keys.size(); ++index)
    if (keys[index] == key)
      return &items[index];
  return nullptr;
}

const char *JsonValue::kindName() const {
  switch (kind) {
  case Kind::Null:
    return "null";
  case Kind::Boolean:
    return "boolean";
  case Kind::Integer:
  case Kind::OtherNumber:
    return "number";
  case Kind::String:
    return "string";
  case Kind::Array:
    return "array";
  case Kind::Object:
    break;
  }
  return "object";
}

std::string JsonValue::show() const {
  if (kind == Kind::Integer)
    return std::to_string(integer);
  return kind == Kind::OtherNumber ? text : kindName();
}

JsonValue parseJson(std::string_view text, std::string_view only) {
  Reader reader(only);
  if (!nlohmann::json::sax_parse(text, &reader))
    throw JsonError{reader.error.empty() ? "not JSON" : reader.error};
  return std::move(reader.result);
}

} // namespace tenon::runtime
