//===- Tests.cpp - Jinja's tests, and the tables of names -----------------===//

#include "jinja/Interpreter.h"

namespace tenon::jinja {
namespace {


bool hasRemainder(Interpreter &in, const Value &value, const Value &divisor, int64_t expected) {
  return equals(in.heap, binary(in, value, "%", divisor), Value::integer(expected));
}

template <char first, char second = 0>
bool comparison(Interpreter &in, const Value &value, const Arguments &arguments) {
  static constexpr char text[] = {first, second, 0};
  return compares(in.heap, value, text, *arguments.bind("the test", {"/other"}, 1)[0]);
}

template <Kind kind> bool isKind(Interpreter &, const Value &value, const Arguments &arguments) {
  arguments.bind("the test", {});
  return value.is(kind);
}

template <bool expected> bool isBoolean(Interpreter &, const Value &value, const Arguments &arguments) {
  arguments.bind("the test", {});
  return value.is(Kind::Boolean) && value.boolean() == expected;
}

bool isSequence(Interpreter &, const Value &value, const Arguments &arguments) {
  arguments.bind("the test", {});
  return value.isText() || value.isSequence() || value.is(Type::Dict) || value.is(Type::Range) ||
         value.is(Kind::Undefined);
}

bool isCallable(Interpreter &, const Value &value, const Arguments &arguments) {
  arguments.bind("the test", {});
  return value.is(Type::Function) || value.is(Type::Loop) || value.is(Type::Joiner) || value.is(Kind::Undefined);
}

template <bool upperCase> bool isCase(Interpreter &in, const Value &value, const Arguments &arguments) {
  const char *method = upperCase ? "isupper" : "islower";
  return textMethods().at(method)(in, in.heap.text(str(in.heap, value)), arguments).boolean();
}

bool isContained(Interpreter &in, const Value &value, const Arguments &arguments) {
  return contains(in.heap, *arguments.bind("in", {"seq"}, 1)[0], value);
}

Builtin findFilter(std::string_view name) {
  for (const BuiltinTable *table : {&textFilters(), &sequenceFilters(), &valueFilters()})
    if (auto found = table->find(name); found != table->end())
      return found->second;
  return nullptr;
}

} // namespace

const std::map<std::string_view, Test> &tests() {
  static constexpr Test eq = comparison<'=', '='>, ne = comparison<'!', '='>, gt = comparison<'>'>,
                        ge = comparison<'>', '='>, lt = comparison<'<'>, le = comparison<'<', '='>;
  static const std::map<std::string_view, Test> table = {
      {"odd", [](Interpreter &in, const Value &value, const Arguments &) {
         return hasRemainder(in, value, Value::integer(int64_t(2)), 1);
       }},
      {"even", [](Interpreter &in, const Value &value, const Arguments &) {
         return hasRemainder(in, value, Value::integer(int64_t(2)), 0);
       }},
      {"divisibleby", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         return hasRemainder(in, value, *arguments.bind("divisibleby", {"num"}, 1)[0], 0);
       }},
      {"defined", [](Interpreter &, const Value &value, const Arguments &arguments) {
         arguments.bind("defined", {});
         return !value.is(Kind::Undefined);
       }},
      {"undefined", isKind<Kind::Undefined>},
      {"filter", [](Interpreter &, const Value &value, const Arguments &) {
         return value.isText() && knowsFilter(value.text());
       }},
      {"test", [](Interpreter &, const Value &value, const Arguments &) {
         return value.isText() && knowsTest(value.text());
       }},
      {"none", isKind<Kind::None>},
      {"boolean", isKind<Kind::Boolean>},
      {"false", isBoolean<false>},
      {"true", isBoolean<true>},
      {"integer", isKind<Kind::Integer>},
      {"float", isKind<Kind::Real>},
      {"lower", isCase<false>},
      {"upper", isCase<true>},
      {"string", isKind<Kind::Text>},
      {"mapping", [](Interpreter &, const Value &value, const Arguments &) { return value.is(Type::Dict); }},
      {"number", [](Interpreter &, const Value &value, const Arguments &) { return value.isNumber(); }},
      {"sequence", isSequence},
      {"iterable", [](Interpreter &, const Value &value, const Arguments &) {
         return isIterable(value) || value.is(Type::Loop);
       }},
      {"callable", isCallable},
      {"sameas", [](Interpreter &, const Value &value, const Arguments &arguments) {
         return value.same(*arguments.bind("sameas", {"other"}, 1)[0]);
       }},
      {"escaped", [](Interpreter &, const Value &value, const Arguments &) { return value.isMarkup(); }},
      {"in", isContained},
      {"==", eq},
      {"eq", eq},
      {"equalto", eq},
      {"!=", ne},
      {"ne", ne},
      {">", gt},
      {"gt", gt},
      {"greaterthan", gt},
      {">=", ge},
      {"ge", ge},
      {"<", lt},
      {"lt", lt},
      {"lessthan", lt},
      {"<=", le},
      {"le", le}};
  return table;
}

bool knowsFilter(std::string_view name) { return findFilter(name) != nullptr; }
bool knowsTest(std::string_view name) { return tests().find(name) != tests().end(); }

Value applyFilter(Interpreter &in, const std::string &name, const Value &value, const Arguments &arguments) {
  in.heap.spend(1);
  Builtin filter = findFilter(name);
  if (!filter)
    fail("there is no filter named '", name, "'");
  return filter(in, value, arguments);
}

bool applyTest(Interpreter &in, const std::string &name, const Value &value, const Arguments &arguments) {
  in.heap.spend(1);
  auto found = tests().find(name);
  if (found == tests().end())
    fail("there is no test named '", name, "'");
  return found->second(in, value, arguments);
}

} // namespace tenon::jinja
