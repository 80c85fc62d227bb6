//===- JinjaRender.cpp - A chat template carried out ----------------------===//

#include "Jinja.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <locale.h>

namespace tenon::runtime::jinja {
namespace {

/// Stops what would not stop by itself.
constexpr size_t mostSteps = 1'000'000;
constexpr size_t mostCalls = 50;

enum class Flow { On, Break, Continue };

/// Names and values, around which lie those of the scopes outside.
struct Scope {
  Scope *outside = nullptr;
  Dict names;

  Value *find(std::string_view name) {
    for (Scope *scope = this; scope; scope = scope->outside)
      for (auto &[known, value] : scope->names)
        if (known == name)
          return &value;
    return nullptr;
  }
  void set(const std::string &name, Value value) {
    for (auto &[known, old] : names)
      if (known == name) {
        old = std::move(value);
        return;
      }
    names.emplace_back(name, std::move(value));
  }
};

Value raiseException(const Arguments &arguments) {
  const Value *message = arguments.find(0, "message");
  fail("the chat template refuses these messages: ", message ? message->print() : "");
}

Value timeNow(const Arguments &arguments) {
  const Value *format = arguments.find(0, "format");
  if (!format)
    fail("chat template: strftime_now has no format");
  std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[256];
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  size_t size = strftime_l(text, sizeof text, format->asString("the format of strftime_now").c_str(), &local, plain);
  return Value::string(std::string(text, size));
}

Value makeNamespace(const Arguments &arguments) { return Value::dict(arguments.named); }

Value makeRange(const Arguments &arguments) {
  int64_t first = 0, end = 0, step = 1;
  if (arguments.positional.size() == 1)
    end = arguments.positional[0].asInteger("the end of range");
  else if (arguments.positional.size() >= 2) {
    first = arguments.positional[0].asInteger("the start of range");
    end = arguments.positional[1].asInteger("the end of range");
    if (arguments.positional.size() > 2)
      step = arguments.positional[2].asInteger("the step of range");
  }
  if (step == 0 || std::abs(double(end) - double(first)) > 1e6)
    fail("chat template: range from ", first, " to ", end, " in steps of ", step, " is too long");
  List items;
  for (int64_t value = first; step > 0 ? value < end : value > end; value += step)
    items.push_back(Value::integer(value));
  return Value::list(std::move(items));
}

class Renderer {
public:
  explicit Renderer(const Dict &variables) {
    globals.names = variables;
    globals.set("raise_exception", Value::function(raiseException));
    globals.set("strftime_now", Value::function(timeNow));
    globals.set("namespace", Value::function(makeNamespace));
    globals.set("range", Value::function(makeRange));
    globals.set("dict", Value::function(makeNamespace));
  }

  Renderer(const Renderer &) = delete;
  Renderer &operator=(const Renderer &) = delete;
  /// A namespace may hold itself, by way of others too; emptied, none keeps another alive.
  ~Renderer() {
    for (Value &holder : holders)
      holder.asDict("a namespace").clear();
  }

  std::string run(const std::vector<Statement> &statements) {
    std::string text;
    runAll(statements, globals, text);
    return text;
  }

private:
  Flow runAll(const std::vector<Statement> &statements, Scope &scope, std::string &out) {
    for (const Statement &statement : statements)
      if (Flow flow = runOne(statement, scope, out); flow != Flow::On)
        return flow;
    return Flow::On;
  }

  Flow runOne(const Statement &statement, Scope &scope, std::string &out) {
    if (++steps > mostSteps)
      fail("chat template, line ", statement.line, ": it does not come to an end");
    switch (statement.kind) {
    case Statement::Kind::Text:
      out += statement.text;
      break;
    case Statement::Kind::Output:
      out += evaluate(*statement.expression, scope).print();
      break;
    case Statement::Kind::If:
      return runAll(evaluate(*statement.expression, scope).truth() ? statement.body : statement.otherwise, scope, out);
    case Statement::Kind::For:
      runFor(statement, scope, out);
      break;
    case Statement::Kind::Set:
      runSet(statement, scope);
      break;
    case Statement::Kind::SetMember:
      runSetMember(statement, scope);
      break;
    case Statement::Kind::Macro:
      scope.set(statement.text, makeMacro(statement));
      break;
    case Statement::Kind::Break:
      return Flow::Break;
    case Statement::Kind::Continue:
      return Flow::Continue;
    }
    return Flow::On;
  }

  void assign(const std::vector<std::string> &targets, const Value &value, size_t line, Scope &scope) {
    if (targets.size() == 1)
      return scope.set(targets[0], value);
    const List &parts = value.asList("what several names are to hold");
    if (parts.size() != targets.size())
      fail("chat template, line ", line, ": ", targets.size(), " names for ", parts.size(), " values");
    for (size_t index = 0; index < targets.size(); ++index)
      scope.set(targets[index], parts[index]);
  }

  void runSet(const Statement &statement, Scope &scope) {
    if (statement.expression)
      return assign(statement.targets, evaluate(*statement.expression, scope), statement.line, scope);
    std::string text;
    Scope inside{&scope, {}};
    runAll(statement.body, inside, text);
    scope.set(statement.targets[0], Value::string(std::move(text)));
  }

  void runSetMember(const Statement &statement, Scope &scope) {
    Value *object = scope.find(statement.targets[0]);
    if (!object || !object->is(Kind::Dict) || !statement.expression)
      fail("chat template, line ", statement.line, ": ", statement.targets[0], " is no namespace");
    Value value = evaluate(*statement.expression, scope);
    if (value.is(Kind::Dict) || value.is(Kind::List))
      holders.push_back(*object);
    if (Value *member = object->find(statement.text))
      *member = std::move(value);
    else
      object->asDict("a namespace").emplace_back(statement.text, std::move(value));
  }

  static Value loopVariable(const List &items, size_t index) {
    auto at = [&](size_t place) { return place < items.size() ? items[place] : Value(); };
    auto count = int64_t(items.size()), number = int64_t(index);
    Dict loop = {{"index", Value::integer(number + 1)},
                 {"index0", Value::integer(number)},
                 {"revindex", Value::integer(count - number)},
                 {"revindex0", Value::integer(count - number - 1)},
                 {"first", Value::boolean(index == 0)},
                 {"last", Value::boolean(index + 1 == items.size())},
                 {"length", Value::integer(count)},
                 {"previtem", index ? at(index - 1) : Value()},
                 {"nextitem", at(index + 1)}};
    return Value::dict(std::move(loop));
  }

  void runFor(const Statement &statement, Scope &scope, std::string &out) {
    List items;
    for (Value &item : elementsOf(evaluate(*statement.expression, scope))) {
      Scope inside{&scope, {}};
      assign(statement.targets, item, statement.line, inside);
      if (!statement.condition || evaluate(*statement.condition, inside).truth())
        items.push_back(std::move(item));
    }
    bool whole = false; // whether a round came to its end, which is what Jinja's else asks
    for (size_t index = 0; index < items.size(); ++index) {
      Scope inside{&scope, {}};
      assign(statement.targets, items[index], statement.line, inside);
      inside.set("loop", loopVariable(items, index));
      Flow flow = runAll(statement.body, inside, out);
      whole = whole || flow == Flow::On;
      if (flow == Flow::Break)
        break;
    }
    if (whole)
      return;
    Scope inside{&scope, {}};
    runAll(statement.otherwise, inside, out);
  }

  Value makeMacro(const Statement &macro) {
    return Value::function([this, &macro](const Arguments &arguments) {
      if (++calls > mostCalls)
        fail("chat template, line ", macro.line, ": macros call each other more than ", mostCalls, " deep");
      Scope inside{&globals, {}};
      for (size_t index = 0; index < macro.targets.size(); ++index) {
        const Value *given = arguments.find(index, macro.targets[index]);
        Value value = given ? *given : macro.defaults[index] ? evaluate(*macro.defaults[index], inside) : Value();
        inside.set(macro.targets[index], std::move(value));
      }
      std::string text;
      runAll(macro.body, inside, text);
      --calls;
      return Value::string(std::move(text));
    });
  }

  Arguments argumentsOf(const Expression &expression, Scope &scope) {
    Arguments arguments;
    for (size_t index = 1; index < expression.children.size(); ++index)
      arguments.positional.push_back(evaluate(*expression.children[index], scope));
    for (const auto &[name, value] : expression.named)
      arguments.named.emplace_back(name, evaluate(*value, scope));
    return arguments;
  }

  Value evaluate(const Expression &expression, Scope &scope) {
    const auto &children = expression.children;
    switch (expression.kind) {
    case Expression::Kind::Constant:
      return expression.constant;
    case Expression::Kind::Name: {
      Value *found = scope.find(expression.text);
      return found ? *found : Value();
    }
    case Expression::Kind::List: {
      List items;
      for (const ExpressionPointer &child : children)
        items.push_back(evaluate(*child, scope));
      return Value::list(std::move(items));
    }
    case Expression::Kind::Dict: {
      Dict members;
      for (size_t index = 0; index + 1 < children.size(); index += 2)
        members.emplace_back(evaluate(*children[index], scope).asString("a key"),
                             evaluate(*children[index + 1], scope));
      return Value::dict(std::move(members));
    }
    case Expression::Kind::Attribute:
      return member(evaluate(*children[0], scope), expression.text, expression);
    case Expression::Kind::Index:
      return index(evaluate(*children[0], scope), evaluate(*children[1], scope), expression);
    case Expression::Kind::Slice:
      return slice(expression, scope);
    case Expression::Kind::Call:
      return call(expression, scope);
    case Expression::Kind::Filter:
      return applyFilter(expression.text, evaluate(*children[0], scope), argumentsOf(expression, scope));
    case Expression::Kind::Test:
      return Value::boolean(applyTest(expression.text, evaluate(*children[0], scope), argumentsOf(expression, scope)));
    case Expression::Kind::Unary:
      return unary(expression.text, evaluate(*children[0], scope));
    case Expression::Kind::Binary:
      return binary(expression, scope);
    case Expression::Kind::Conditional:
      if (evaluate(*children[0], scope).truth())
        return evaluate(*children[1], scope);
      return children[2] ? evaluate(*children[2], scope) : Value();
    }
    return {};
  }

  static Value member(const Value &object, const std::string &name, const Expression &expression) {
    if (object.is(Kind::Undefined))
      fail("chat template, line ", expression.line, ": ", name, " of something undefined");
    Value *found = object.is(Kind::Dict) ? object.find(name) : nullptr;
    return found ? *found : Value();
  }

  static Value index(const Value &object, const Value &at, const Expression &expression) {
    if (at.is(Kind::String))
      return member(object, at.asString("a key"), expression);
    if (!object.is(Kind::List) && !object.is(Kind::String))
      fail("chat template, line ", expression.line, ": ", object.kindName(), " has no element ", at.print());
    List items = elementsOf(object);
    int64_t place = at.asInteger("an index");
    place += place < 0 ? int64_t(items.size()) : 0;
    return place >= 0 && place < int64_t(items.size()) ? items[size_t(place)] : Value();
  }

  Value slice(const Expression &expression, Scope &scope) {
    Value object = evaluate(*expression.children[0], scope);
    auto part = [&](size_t child, int64_t otherwise) {
      const ExpressionPointer &given = expression.children[child];
      Value value = given ? evaluate(*given, scope) : Value();
      return value.is(Kind::Undefined) || value.is(Kind::None) ? otherwise : value.asInteger("a bound of a slice");
    };
    List items = elementsOf(object);
    auto count = int64_t(items.size());
    int64_t step = part(3, 1);
    if (step == 0)
      fail("chat template, line ", expression.line, ": a slice has the step 0");
    int64_t least = step < 0 ? -1 : 0, most = step < 0 ? count - 1 : count;
    auto bound = [&](int64_t value) { return std::clamp(value < 0 ? value + count : value, least, most); };
    int64_t first = expression.children[1] ? bound(part(1, 0)) : (step < 0 ? count - 1 : 0);
    int64_t end = expression.children[2] ? bound(part(2, 0)) : (step < 0 ? -1 : count);
    List kept;
    for (int64_t at = first; step > 0 ? at < end : at > end; at += step)
      kept.push_back(items[size_t(at)]);
    if (!object.is(Kind::String))
      return Value::list(std::move(kept));
    std::string text;
    for (const Value &item : kept)
      text += item.asString("a character");
    return Value::string(std::move(text));
  }

  Value call(const Expression &expression, Scope &scope) {
    const Expression &callee = *expression.children[0];
    Arguments arguments = argumentsOf(expression, scope);
    if (callee.kind == Expression::Kind::Attribute) {
      Value object = evaluate(*callee.children[0], scope);
      Value *function = object.is(Kind::Dict) ? object.find(callee.text) : nullptr;
      if (function && function->is(Kind::Function))
        return function->asFunction(callee.text)(arguments);
      return callMethod(object, callee.text, arguments);
    }
    Value function = evaluate(callee, scope);
    if (!function.is(Kind::Function))
      fail("chat template, line ", expression.line, ": the function '", callee.text,
           "' is not known here; known are raise_exception, strftime_now, namespace, range, dict and the template's "
           "macros");
    return function.asFunction(callee.text)(arguments);
  }

  static Value unary(const std::string &text, const Value &value) {
    if (text == "not")
      return Value::boolean(!value.truth());
    if (value.is(Kind::Real))
      return Value::real(text == "-" ? -value.asReal() : value.asReal());
    int64_t number = value.asInteger("what a sign stands before");
    return Value::integer(text == "-" ? -number : number);
  }

  Value binary(const Expression &expression, Scope &scope) {
    const std::string &text = expression.text;
    Value left = evaluate(*expression.children[0], scope);
    if (text == "and" || text == "or")
      return left.truth() == (text == "or") ? left : evaluate(*expression.children[1], scope);
    Value right = evaluate(*expression.children[1], scope);
    if (text == "==" || text == "!=")
      return Value::boolean(left.equals(right) == (text == "=="));
    if (text == "in" || text == "not in")
      return Value::boolean(contains(right, left) == (text == "in"));
    if (text == "~")
      return Value::string(left.print() + right.print());
    if (left.is(Kind::String) && right.is(Kind::String))
      return strings(expression, left.asString(""), right.asString(""));
    if (text == "+" && left.is(Kind::List) && right.is(Kind::List)) {
      List both = left.asList("");
      both.insert(both.end(), right.asList("").begin(), right.asList("").end());
      return Value::list(std::move(both));
    }
    if (!left.isNumber() || !right.isNumber())
      fail("chat template, line ", expression.line, ": ", left.kindName(), " ", text, " ", right.kindName());
    return numbers(expression, left, right);
  }

  static Value strings(const Expression &expression, const std::string &left, const std::string &right) {
    const std::string &text = expression.text;
    if (text == "+")
      return Value::string(left + right);
    if (text == "<")
      return Value::boolean(left < right);
    if (text == ">")
      return Value::boolean(left > right);
    if (text == "<=")
      return Value::boolean(left <= right);
    if (text == ">=")
      return Value::boolean(left >= right);
    fail("chat template, line ", expression.line, ": string ", text, " string");
  }

  static Value numbers(const Expression &expression, const Value &left, const Value &right) {
    const std::string &text = expression.text;
    double x = left.asReal(), y = right.asReal();
    if (text == "<")
      return Value::boolean(x < y);
    if (text == ">")
      return Value::boolean(x > y);
    if (text == "<=")
      return Value::boolean(x <= y);
    if (text == ">=")
      return Value::boolean(x >= y);
    if (text != "+" && text != "-" && text != "*" && y == 0)
      fail("chat template, line ", expression.line, ": division by 0");
    if (text == "/")
      return Value::real(x / y);
    if (left.is(Kind::Real) || right.is(Kind::Real))
      return Value::real(text == "+"    ? x + y
                         : text == "-"  ? x - y
                         : text == "*"  ? x * y
                         : text == "//" ? std::floor(x / y)
                                        : x - y * std::floor(x / y));
    int64_t a = left.asInteger(""), b = right.asInteger(""), result = 0;
    bool fits = text == "+"   ? !__builtin_add_overflow(a, b, &result)
                : text == "-" ? !__builtin_sub_overflow(a, b, &result)
                : text == "*" ? !__builtin_mul_overflow(a, b, &result)
                              : b != -1 || a != INT64_MIN;
    if (!fits)
      fail("chat template, line ", expression.line, ": ", a, " ", text, " ", b, " does not fit 64 bits");
    if (text == "//" || text == "%") {
      int64_t quotient = a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
      result = text == "//" ? quotient : a - quotient * b;
    }
    return Value::integer(result);
  }

  Scope globals;
  std::vector<Value> holders; ///< Namespaces that were given dictionaries or lists to hold.
  size_t steps = 0;
  size_t calls = 0;
};

} // namespace

std::string render(const std::vector<Statement> &statements, const Dict &variables) {
  return Renderer(variables).run(statements);
}

} // namespace tenon::runtime::jinja
