//===- Value.cpp - What a template computes with --------------------------===//

#include "jinja/Builtins.h"

#include <algorithm>

namespace tenon::jinja {

TextData::~TextData() {
  if (heap)
    heap->release(text.size() + Heap::overhead);
}

bool Value::same(const Value &other) const {
  if (kind() != other.kind())
    return false;
  switch (kind()) {
  case Kind::Text:
    return std::get<Shared>(held) == std::get<Shared>(other.held);
  case Kind::Object:
    return object() == other.object();
  case Kind::Real:
    return false;
  case Kind::Undefined:
  case Kind::None:
    return true;
  default:
    return integer() == other.integer();
  }
}

const char *Value::kindName() const {
  static constexpr const char *kinds[] = {"something undefined", "none", "a boolean", "an integer", "a float",
                                          "a string"};
  static constexpr const char *types[] = {"a list",           "a tuple",      "a dictionary's keys", "a dictionary's values",
                                          "a dictionary's items", "a dictionary", "a namespace",         "a range",
                                          "an iterator",      "a function",   "a loop",              "a cycler",
                                          "a joiner"};
  return is(Kind::Object) ? types[size_t(object()->type)] : kinds[size_t(kind())];
}

std::vector<const Value *> Arguments::bind(const char *function, std::initializer_list<std::string_view> names,
                                           size_t required) const {
  if (positional.size() > names.size())
    fail(function, " takes not more than ", names.size(), " arguments, found ", positional.size());
  std::vector<const Value *> bound(names.size());
  for (size_t index = 0; index < positional.size(); ++index)
    bound[index] = &positional[index];
  for (const auto &[name, value] : named) {
    auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end())
      fail(function, " takes no argument named '", name, "'");
    const Value *&taken = bound[size_t(place - names.begin())];
    if (taken)
      fail(function, " has its argument '", name, "' twice");
    taken = &value;
  }
  for (size_t index = 0; index < required; ++index)
    if (!bound[index])
      fail(function, " lacks its argument ", index + 1);
  return bound;
}

int64_t toInteger(const Value &value, std::string_view what) {
  if (!value.isInteger())
    fail(what, " is ", value.kindName(), ", expected an integer");
  return value.integer();
}

const std::string &toText(const Value &value, std::string_view what) {
  if (!value.isText())
    fail(what, " is ", value.kindName(), ", expected a string");
  return value.text();
}

} // namespace tenon::jinja
