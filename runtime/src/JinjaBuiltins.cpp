//===- JinjaBuiltins.cpp - Filters, tests and methods of templates --------===//

#include "JinjaValue.h"

#include <algorithm>
#include <map>

namespace tenon::runtime::jinja {
namespace {

using Filter = Value (*)(const Value &, const Arguments &);
using Test = bool (*)(const Value &, const Arguments &);

/// The names of a table, for messages.
template <typename Table> std::string namesOf(const Table &table) {
  std::string names;
  for (const auto &[name, function] : table)
    names += concat(names.empty() ? "" : ", ", name);
  return names;
}

/// What Python's str.isspace says of a character.
bool isSpace(const std::string &character) {
  static constexpr std::string_view spaces[] = {
      "\t",     "\n",     "\v",     "\f",     "\r",     "\x1c",   "\x1d",   "\x1e",   "\x1f",   " ",
      "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
      "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  return std::find(std::begin(spaces), std::end(spaces), character) != std::end(spaces);
}

/// The text without the characters at its ends that are among `which`, or without space.
std::string stripped(const std::string &text, const std::string *which, bool left, bool right) {
  std::vector<std::string> all = characters(text), set = which ? characters(*which) : std::vector<std::string>();
  auto goes = [&](const std::string &one) {
    return which ? std::find(set.begin(), set.end(), one) != set.end() : isSpace(one);
  };
  auto first = all.begin(), last = all.end();
  while (left && first != last && goes(*first))
    ++first;
  while (right && first != last && goes(*(last - 1)))
    --last;
  std::string kept;
  for (; first != last; ++first)
    kept += *first;
  return kept;
}

/// Of ASCII letters: the words of templates are.
std::string upper(std::string text) {
  for (char &c : text)
    c = c >= 'a' && c <= 'z' ? char(c - 32) : c;
  return text;
}
std::string lower(std::string text) {
  for (char &c : text)
    c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return text;
}

std::string capitalized(std::string text, bool everyWord) {
  bool starts = true;
  for (char &c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    std::string one = starts ? upper(std::string(1, c)) : lower(std::string(1, c));
    c = one[0];
    starts = everyWord && !letter;
  }
  return text;
}

std::string replaced(std::string text, const std::string &from, const std::string &to, int64_t count) {
  if (from.empty())
    fail("chat template: replace of an empty string");
  for (size_t at = text.find(from); at != text.npos && count-- != 0; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

const std::string &stringArgument(const Arguments &arguments, size_t place, const char *name, const char *of) {
  const Value *found = arguments.find(place, name);
  if (!found)
    fail("chat template: ", of, " has no argument ", name);
  return found->asString(name);
}

Value strip(const Value &value, const Arguments &arguments, bool left, bool right) {
  const Value *which = arguments.find(0, "chars");
  bool given = which && which->is(Kind::String);
  const std::string &text = value.asString("what is trimmed");
  return Value::string(stripped(text, given ? &which->asString("") : nullptr, left, right));
}

Value replaceIn(const Value &value, const Arguments &arguments) {
  const Value *count = arguments.find(2, "count");
  return Value::string(replaced(value.print(), stringArgument(arguments, 0, "old", "replace"),
                                stringArgument(arguments, 1, "new", "replace"),
                                count && !count->is(Kind::None) ? count->asInteger("count of replace") : -1));
}

Value itemsOf(const Value &value, const Arguments &) {
  List all;
  if (value.is(Kind::Undefined))
    return Value::list(std::move(all));
  for (const auto &[key, item] : value.asDict("what has items"))
    all.push_back(Value::list({Value::string(key), item}));
  return Value::list(std::move(all));
}

Value length(const Value &value, const Arguments &) { return Value::integer(int64_t(elementsOf(value).size())); }

Value defaultTo(const Value &value, const Arguments &arguments) {
  const Value *otherwise = arguments.find(0, "default_value"), *falsy = arguments.find(1, "boolean");
  bool missing = value.is(Kind::Undefined) || (falsy && falsy->truth() && !value.truth());
  return missing ? (otherwise ? *otherwise : Value::string("")) : value;
}

Value join(const Value &value, const Arguments &arguments) {
  const Value *between = arguments.find(0, "d"), *attribute = arguments.find(1, "attribute");
  std::string text;
  bool first = true;
  for (const Value &item : elementsOf(value)) {
    const Value *member = attribute ? item.find(attribute->asString("attribute of join")) : &item;
    text += concat(first || !between ? "" : between->print(), member ? member->print() : "");
    first = false;
  }
  return Value::string(std::move(text));
}

Value toJson(const Value &value, const Arguments &arguments) {
  if (const Value *indent = arguments.find(4, "indent"); indent && !indent->is(Kind::None))
    fail("chat template: tojson with indent is not known here; without it is");
  return Value::string(value.json());
}

/// selectattr and rejectattr: the items whose attribute passes a test.
Value selectByAttribute(const Value &value, const Arguments &arguments, bool wanted) {
  const std::string &name = stringArgument(arguments, 0, "attribute", "selectattr");
  Arguments rest;
  if (arguments.positional.size() > 2)
    rest.positional.assign(arguments.positional.begin() + 2, arguments.positional.end());
  List kept;
  for (const Value &item : elementsOf(value)) {
    const Value *found = item.find(name);
    Value member = found ? *found : Value();
    bool passes = arguments.positional.size() > 1
                      ? applyTest(arguments.positional[1].asString("a test's name"), member, rest)
                      : member.truth();
    if (passes == wanted)
      kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

Value selectItems(const Value &value, const Arguments &arguments, bool wanted) {
  Arguments rest;
  if (arguments.positional.size() > 1)
    rest.positional.assign(arguments.positional.begin() + 1, arguments.positional.end());
  List kept;
  for (const Value &item : elementsOf(value)) {
    bool passes = arguments.positional.empty()
                      ? item.truth()
                      : applyTest(arguments.positional[0].asString("a test's name"), item, rest);
    if (passes == wanted)
      kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

Value map(const Value &value, const Arguments &arguments) {
  const Value *attribute = arguments.find(SIZE_MAX, "attribute");
  Arguments rest;
  if (arguments.positional.size() > 1)
    rest.positional.assign(arguments.positional.begin() + 1, arguments.positional.end());
  List mapped;
  for (const Value &item : elementsOf(value)) {
    if (attribute) {
      const Value *found = item.find(attribute->asString("attribute of map"));
      mapped.push_back(found ? *found : Value());
    } else {
      mapped.push_back(applyFilter(stringArgument(arguments, 0, "name", "map"), item, rest));
    }
  }
  return Value::list(std::move(mapped));
}

Value reversed(const Value &value, const Arguments &) {
  List items = elementsOf(value);
  std::reverse(items.begin(), items.end());
  return Value::list(std::move(items));
}

Value firstOf(const Value &value, const Arguments &) {
  List items = elementsOf(value);
  return items.empty() ? Value() : items.front();
}
Value lastOf(const Value &value, const Arguments &) {
  List items = elementsOf(value);
  return items.empty() ? Value() : items.back();
}

Value toInteger(const Value &value, const Arguments &) {
  if (value.is(Kind::Real))
    return Value::integer(int64_t(value.asReal()));
  if (!value.is(Kind::String))
    return Value::integer(value.asInteger("what int takes"));
  return Value::integer(std::strtoll(value.asString("").c_str(), nullptr, 10));
}

/// Sets the lines after the first in.
Value indent(const Value &value, const Arguments &arguments) {
  const Value *width = arguments.find(0, "width"), *first = arguments.find(1, "first");
  std::string margin(size_t(std::clamp<int64_t>(width ? width->asInteger("width of indent") : 4, 0, 1000)), ' ');
  std::string text = first && first->truth() ? margin : "";
  const std::string &lines = value.asString("what indent takes");
  for (size_t at = 0; at < lines.size(); ++at) {
    text += lines[at];
    if (lines[at] == '\n' && at + 1 < lines.size() && lines[at + 1] != '\n')
      text += margin;
  }
  return Value::string(std::move(text));
}

const std::map<std::string_view, Filter> &filters() {
  static const std::map<std::string_view, Filter> table = {
      {"trim", [](const Value &value, const Arguments &arguments) { return strip(value, arguments, true, true); }},
      {"upper", [](const Value &value, const Arguments &) { return Value::string(upper(value.print())); }},
      {"lower", [](const Value &value, const Arguments &) { return Value::string(lower(value.print())); }},
      {"title", [](const Value &value, const Arguments &) { return Value::string(capitalized(value.print(), true)); }},
      {"capitalize",
       [](const Value &value, const Arguments &) { return Value::string(capitalized(value.print(), false)); }},
      {"length", length},
      {"count", length},
      {"default", defaultTo},
      {"d", defaultTo},
      {"join", join},
      {"tojson", toJson},
      {"items", itemsOf},
      {"replace", replaceIn},
      {"first", firstOf},
      {"last", lastOf},
      {"list", [](const Value &value, const Arguments &) { return Value::list(elementsOf(value)); }},
      {"string", [](const Value &value, const Arguments &) { return Value::string(value.print()); }},
      {"safe", [](const Value &value, const Arguments &) { return value; }},
      {"int", toInteger},
      {"reverse", reversed},
      {"indent", indent},
      {"map", map},
      {"select", [](const Value &value, const Arguments &arguments) { return selectItems(value, arguments, true); }},
      {"reject", [](const Value &value, const Arguments &arguments) { return selectItems(value, arguments, false); }},
      {"selectattr",
       [](const Value &value, const Arguments &arguments) { return selectByAttribute(value, arguments, true); }},
      {"rejectattr",
       [](const Value &value, const Arguments &arguments) { return selectByAttribute(value, arguments, false); }}};
  return table;
}

bool equalsArgument(const Value &value, const Arguments &arguments) {
  const Value *other = arguments.find(0, "other");
  return other && value.equals(*other);
}

bool isIterable(const Value &value, const Arguments &) {
  return value.is(Kind::List) || value.is(Kind::Dict) || value.is(Kind::String);
}

const std::map<std::string_view, Test> &tests() {
  static const std::map<std::string_view, Test> table = {
      {"defined", [](const Value &value, const Arguments &) { return !value.is(Kind::Undefined); }},
      {"undefined", [](const Value &value, const Arguments &) { return value.is(Kind::Undefined); }},
      {"none", [](const Value &value, const Arguments &) { return value.is(Kind::None); }},
      {"string", [](const Value &value, const Arguments &) { return value.is(Kind::String); }},
      {"mapping", [](const Value &value, const Arguments &) { return value.is(Kind::Dict); }},
      {"sequence", isIterable},
      {"iterable", isIterable},
      {"number", [](const Value &value, const Arguments &) { return value.isNumber(); }},
      {"integer", [](const Value &value, const Arguments &) { return value.is(Kind::Integer); }},
      {"boolean", [](const Value &value, const Arguments &) { return value.is(Kind::Boolean); }},
      {"callable", [](const Value &value, const Arguments &) { return value.is(Kind::Function); }},
      {"true", [](const Value &value, const Arguments &) { return value.is(Kind::Boolean) && value.truth(); }},
      {"false", [](const Value &value, const Arguments &) { return value.is(Kind::Boolean) && !value.truth(); }},
      {"even", [](const Value &value, const Arguments &) { return value.asInteger("what is even") % 2 == 0; }},
      {"odd", [](const Value &value, const Arguments &) { return value.asInteger("what is odd") % 2 != 0; }},
      {"equalto", equalsArgument},
      {"eq", equalsArgument},
      {"==", equalsArgument},
      {"ne", [](const Value &value, const Arguments &arguments) { return !equalsArgument(value, arguments); }},
      {"in", [](const Value &value, const Arguments &arguments) {
         const Value *container = arguments.find(0, "seq");
         return container && contains(*container, value);
       }}};
  return table;
}

/// Parts of a text between separators, at most `most` cuts; without a separator, its words.
Value split(const std::string &text, const Arguments &arguments) {
  const Value *separator = arguments.find(0, "sep"), *most = arguments.find(1, "maxsplit");
  int64_t cuts = most ? most->asInteger("maxsplit") : -1;
  List parts;
  if (!separator || separator->is(Kind::None)) {
    std::vector<std::string> all = characters(text);
    auto at = std::find_if_not(all.begin(), all.end(), isSpace);
    while (at != all.end()) {
      auto end = cuts-- == 0 ? all.end() : std::find_if(at, all.end(), isSpace);
      std::string word;
      for (; at != end; ++at)
        word += *at;
      parts.push_back(Value::string(std::move(word)));
      at = std::find_if_not(at, all.end(), isSpace);
    }
    return Value::list(std::move(parts));
  }
  const std::string &between = separator->asString("sep of split");
  if (between.empty())
    fail("chat template: split with an empty separator");
  size_t at = 0;
  for (size_t end; cuts-- != 0 && (end = text.find(between, at)) != text.npos; at = end + between.size())
    parts.push_back(Value::string(text.substr(at, end - at)));
  parts.push_back(Value::string(text.substr(at)));
  return Value::list(std::move(parts));
}

/// Whether a text starts or ends with one of the given ones.
bool hasEdge(const std::string &text, const Arguments &arguments, bool start) {
  const Value *edge = arguments.find(0, "prefix");
  if (!edge)
    fail("chat template: startswith and endswith want an argument");
  for (const Value &one : edge->is(Kind::List) ? edge->asList("") : List{*edge}) {
    const std::string &wanted = one.asString("what a string starts or ends with");
    if (start ? text.starts_with(wanted) : text.ends_with(wanted))
      return true;
  }
  return false;
}

using Method = Value (*)(const Value &, const Arguments &);

const std::map<std::string_view, Method> &stringMethods() {
  static const std::map<std::string_view, Method> table = {
      {"strip", [](const Value &value, const Arguments &arguments) { return strip(value, arguments, true, true); }},
      {"lstrip", [](const Value &value, const Arguments &arguments) { return strip(value, arguments, true, false); }},
      {"rstrip", [](const Value &value, const Arguments &arguments) { return strip(value, arguments, false, true); }},
      {"upper", filters().at("upper")},
      {"lower", filters().at("lower")},
      {"title", filters().at("title")},
      {"capitalize", filters().at("capitalize")},
      {"replace", replaceIn},
      {"split", [](const Value &value, const Arguments &arguments) { return split(value.asString(""), arguments); }},
      {"startswith",
       [](const Value &value, const Arguments &arguments) {
         return Value::boolean(hasEdge(value.asString(""), arguments, true));
       }},
      {"endswith", [](const Value &value, const Arguments &arguments) {
         return Value::boolean(hasEdge(value.asString(""), arguments, false));
       }}};
  return table;
}

const std::map<std::string_view, Method> &dictMethods() {
  static const std::map<std::string_view, Method> table = {
      {"items", itemsOf},
      {"keys", [](const Value &value, const Arguments &) { return Value::list(elementsOf(value)); }},
      {"values",
       [](const Value &value, const Arguments &) {
         List all;
         for (const auto &[key, item] : value.asDict(""))
           all.push_back(item);
         return Value::list(std::move(all));
       }},
      {"get", [](const Value &value, const Arguments &arguments) {
         const Value *found = value.find(stringArgument(arguments, 0, "key", "get"));
         const Value *otherwise = arguments.find(1, "default");
         return found ? *found : otherwise ? *otherwise : Value::none();
       }}};
  return table;
}

} // namespace

Value applyFilter(const std::string &name, const Value &value, const Arguments &arguments) {
  auto found = filters().find(name);
  if (found == filters().end())
    fail("chat template: the filter '", name, "' is not known here; known are ", namesOf(filters()));
  return found->second(value, arguments);
}

bool applyTest(const std::string &name, const Value &value, const Arguments &arguments) {
  auto found = tests().find(name);
  if (found == tests().end())
    fail("chat template: the test '", name, "' is not known here; known are ", namesOf(tests()));
  return found->second(value, arguments);
}

Value callMethod(const Value &object, const std::string &name, const Arguments &arguments) {
  if (!object.is(Kind::String) && !object.is(Kind::Dict))
    fail("chat template: ", object.kindName(), " has no method '", name, "'");
  const std::map<std::string_view, Method> &methods = object.is(Kind::String) ? stringMethods() : dictMethods();
  auto found = methods.find(name);
  if (found == methods.end())
    fail("chat template: the method '", name, "' of a ", object.kindName(), " is not known here; known are ",
         namesOf(methods));
  return found->second(object, arguments);
}

} // namespace tenon::runtime::jinja
