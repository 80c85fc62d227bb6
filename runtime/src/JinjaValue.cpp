//===- JinjaValue.cpp - What a chat template computes with ----------------===//

#include "JinjaValue.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tenon::runtime::jinja {
namespace {

constexpr int deepest = 32;

/// How values inside lists and dicts are written.
enum class Style { Python, Json };

std::string quoted(const std::string &text, Style style) {
  char quote = style == Style::Json || text.find('\'') != text.npos ? '"' : '\'';
  std::string out(1, quote);
  for (char c : text) {
    static constexpr std::string_view escaped = "\n\t\r\b\f", letters = "ntrbf";
    size_t known = escaped.find(c);
    if (known != escaped.npos) {
      out += '\\';
      out += letters[known];
    } else if (c == '\\' || c == quote) {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char digits[] = "0123456789abcdef";
      out += style == Style::Json ? "\\u00" : "\\x";
      out += digits[c >> 4];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string realText(double value) {
  char text[64];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  std::string digits(text, error == std::errc() ? end : text);
  return digits.find_first_of(".en") == digits.npos ? digits + ".0" : digits;
}

std::string written(const Value &value, Style style, int depth) {
  if (depth > deepest)
    fail("chat template: a value is nested more than ", deepest, " deep");
  switch (value.kind()) {
  case Kind::Undefined:
    return style == Style::Json ? (fail("chat template: something undefined as JSON"), "") : "Undefined";
  case Kind::None:
    return style == Style::Json ? "null" : "None";
  case Kind::Boolean:
    return style == Style::Json ? (value.truth() ? "true" : "false") : (value.truth() ? "True" : "False");
  case Kind::Integer:
    return std::to_string(value.asInteger(""));
  case Kind::Real:
    return realText(value.asReal());
  case Kind::String:
    return quoted(value.asString(""), style);
  case Kind::List: {
    std::string text = "[";
    for (const Value &item : value.asList(""))
      text += (text.size() > 1 ? ", " : "") + written(item, style, depth + 1);
    return text + "]";
  }
  case Kind::Dict: {
    std::string text = "{";
    for (const auto &[key, item] : value.asDict(""))
      text += (text.size() > 1 ? ", " : "") + quoted(key, style) + ": " + written(item, style, depth + 1);
    return text + "}";
  }
  case Kind::Function:
    break;
  }
  fail("chat template: a function has no text");
}

} // namespace

const Value *Arguments::find(size_t place, std::string_view name) const {
  if (place < positional.size())
    return &positional[place];
  for (const auto &[known, value] : named)
    if (known == name)
      return &value;
  return nullptr;
}

const char *Value::kindName() const {
  static constexpr const char *names[] = {"undefined", "none", "boolean", "integer", "float",
                                          "string",    "list", "dict",    "function"};
  return names[size_t(tag)];
}

bool Value::truth() const {
  switch (tag) {
  case Kind::Undefined:
  case Kind::None:
    return false;
  case Kind::Boolean:
  case Kind::Integer:
    return number != 0;
  case Kind::Real:
    return fraction != 0;
  case Kind::String:
    return !text.empty();
  case Kind::List:
    return !items->empty();
  case Kind::Dict:
    return !members->empty();
  case Kind::Function:
    break;
  }
  return true;
}

int64_t Value::asInteger(const char *what) const {
  if (tag != Kind::Integer && tag != Kind::Boolean)
    fail("chat template: ", what, " is ", kindName(), ", expected an integer");
  return number;
}

const std::string &Value::asString(const char *what) const {
  if (tag != Kind::String)
    fail("chat template: ", what, " is ", kindName(), ", expected a string");
  return text;
}

List &Value::asList(const char *what) const {
  if (tag != Kind::List)
    fail("chat template: ", what, " is ", kindName(), ", expected a list");
  return *items;
}

Dict &Value::asDict(const char *what) const {
  if (tag != Kind::Dict)
    fail("chat template: ", what, " is ", kindName(), ", expected a dict");
  return *members;
}

const Function &Value::asFunction(const std::string &what) const {
  if (tag != Kind::Function)
    fail("chat template: ", what, " is ", kindName(), ", expected a function");
  return *called;
}

Value *Value::find(std::string_view key) const {
  if (tag == Kind::Dict)
    for (auto &[known, value] : *members)
      if (known == key)
        return &value;
  return nullptr;
}

std::string Value::print() const {
  if (tag == Kind::Undefined)
    return "";
  return tag == Kind::String ? text : written(*this, Style::Python, 0);
}

std::string Value::json() const { return written(*this, Style::Json, 0); }

bool Value::equals(const Value &other) const {
  if (isNumber() && other.isNumber())
    return asReal() == other.asReal();
  if (tag != other.tag)
    return false;
  switch (tag) {
  case Kind::String:
    return text == other.text;
  case Kind::List:
    return std::equal(items->begin(), items->end(), other.items->begin(), other.items->end(),
                      [](const Value &left, const Value &right) { return left.equals(right); });
  case Kind::Dict:
    return members->size() == other.members->size() &&
           std::all_of(members->begin(), members->end(), [&](const auto &member) {
             const Value *found = other.find(member.first);
             return found && member.second.equals(*found);
           });
  case Kind::Function:
    return called == other.called;
  default:
    return true;
  }
}

std::vector<std::string> characters(const std::string &text) {
  std::vector<std::string> all;
  for (char c : text) {
    bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues || all.empty())
      all.emplace_back();
    all.back() += c;
  }
  return all;
}

List elementsOf(const Value &value) {
  List all;
  switch (value.kind()) {
  case Kind::List:
    return value.asList("");
  case Kind::Dict:
    for (const auto &[key, item] : value.asDict(""))
      all.push_back(Value::string(key));
    return all;
  case Kind::String:
    for (std::string &character : characters(value.asString("")))
      all.push_back(Value::string(std::move(character)));
    return all;
  case Kind::Undefined:
    return all;
  default:
    fail("chat template: ", value.kindName(), " has no elements");
  }
}

bool contains(const Value &container, const Value &item) {
  if (container.is(Kind::String))
    return container.asString("").find(item.asString("what is sought in a string")) != std::string::npos;
  if (container.is(Kind::Dict))
    return item.is(Kind::String) && container.find(item.asString(""));
  List all = elementsOf(container);
  return std::any_of(all.begin(), all.end(), [&](const Value &one) { return one.equals(item); });
}

} // namespace tenon::runtime::jinja
