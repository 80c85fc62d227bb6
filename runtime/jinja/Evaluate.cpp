//===- Evaluate.cpp - The expressions of a template -----------------------===//

#include "jinja/Interpreter.h"

namespace tenon::jinja {

/// How messages spell an expression.
static std::string spelled(const Expression &expression) {
  if (expression.kind == Expression::Kind::Name)
    return "'" + expression.text + "'";
  if (expression.kind == Expression::Kind::Attribute)
    return "member '" + expression.text + "'";
  if (expression.kind == Expression::Kind::Index && expression.children[1]->kind == Expression::Kind::Constant &&
      expression.children[1]->constant.isText())
    return "member '" + expression.children[1]->constant.text() + "'";
  return "what stands here";
}

Value Interpreter::evaluate(const Expression &expression, const ScopePointer &scope) {
  Heap::Level level(heap);
  heap.spend(1);
  try {
    return evaluateKind(expression, scope);
  } catch (Error &error) {
    error.line = error.line ? error.line : expression.line;
    throw;
  }
}

Value Interpreter::evaluateKind(const Expression &expression, const ScopePointer &scope) {
  const auto &children = expression.children;
  switch (expression.kind) {
  case Expression::Kind::Constant:
    return expression.constant;
  case Expression::Kind::Name: {
    Value *found = scope->find(heap, expression.text);
    return found ? *found : Value();
  }
  case Expression::Kind::List:
    return heap.list(evaluateAll(expression, scope));
  case Expression::Kind::Tuple:
    return heap.tuple(evaluateAll(expression, scope));
  case Expression::Kind::Dict:
    return evaluateDict(expression, scope);
  case Expression::Kind::Attribute:
    return attribute(heap, evaluateObject(expression, scope), expression.text);
  case Expression::Kind::Index: {
    Value object = evaluateObject(expression, scope);
    return item(heap, object, evaluate(*children[1], scope));
  }
  case Expression::Kind::Slice: {
    Value object = evaluateObject(expression, scope);
    auto bound = [&](size_t child) { return children[child] ? evaluate(*children[child], scope) : Value::none(); };
    Value first = bound(1), end = bound(2);
    return slice(heap, object, first, end, bound(3));
  }
  case Expression::Kind::Call:
    return evaluateCall(expression, scope);
  case Expression::Kind::Filter: {
    Value value = evaluate(*children[0], scope);
    return applyFilter(*this, expression.text, value, evaluateArguments(expression.arguments, scope));
  }
  case Expression::Kind::Test: {
    Value value = evaluate(*children[0], scope);
    return Value::boolean(
        applyTest(*this, expression.text, value, evaluateArguments(expression.arguments, scope)));
  }
  case Expression::Kind::Unary:
    return unary(expression.text, evaluate(*children[0], scope));
  case Expression::Kind::Binary:
    return evaluateBinary(expression, scope);
  case Expression::Kind::Compare:
    return evaluateCompare(expression, scope);
  case Expression::Kind::Join:
    return evaluateJoin(expression, scope);
  case Expression::Kind::Conditional:
    if (truth(evaluate(*children[0], scope)))
      return evaluate(*children[1], scope);
    return children[2] ? evaluate(*children[2], scope) : Value();
  }
  return {};
}

std::vector<Value> Interpreter::evaluateAll(const Expression &expression, const ScopePointer &scope) {
  std::vector<Value> values;
  for (const ExpressionPointer &child : expression.children)
    values.push_back(evaluate(*child, scope));
  return values;
}

Value Interpreter::evaluateDict(const Expression &expression, const ScopePointer &scope) {
  Members members;
  for (size_t index = 0; index + 1 < expression.children.size(); index += 2) {
    Value key = evaluate(*expression.children[index], scope);
    put(heap, members, std::move(key), evaluate(*expression.children[index + 1], scope));
  }
  return heap.dict(std::move(members));
}

/// What something is asked of, which must be there.
Value Interpreter::evaluateObject(const Expression &expression, const ScopePointer &scope) {
  Value object = evaluate(*expression.children[0], scope);
  if (object.is(Kind::Undefined))
    fail(spelled(*expression.children[0]), " is undefined");
  return object;
}

Value Interpreter::evaluateCompare(const Expression &expression, const ScopePointer &scope) {
  Value left = evaluate(*expression.children[0], scope);
  for (size_t index = 0; index < expression.operators.size(); ++index) {
    Value right = evaluate(*expression.children[index + 1], scope);
    if (!compares(heap, left, expression.operators[index], right))
      return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Interpreter::evaluateJoin(const Expression &expression, const ScopePointer &scope) {
  std::vector<Value> parts = evaluateAll(expression, scope);
  TextBuilder text(heap);
  for (const Value &part : parts)
    text += str(heap, part);
  return text.value();
}

Value Interpreter::evaluateBinary(const Expression &expression, const ScopePointer &scope) {
  const std::string &text = expression.text;
  Value left = evaluate(*expression.children[0], scope);
  if (text == "and" || text == "or")
    return truth(left) == (text == "or") ? left : evaluate(*expression.children[1], scope);
  Value right = evaluate(*expression.children[1], scope);
  bool formats = text == "%" && left.isText(); // which takes anything
  for (size_t side = 0; side < 2 && !formats; ++side)
    if ((side ? right : left).is(Kind::Undefined))
      fail(spelled(*expression.children[side]), " is undefined");
  return binary(*this, left, text, right);
}

Arguments Interpreter::evaluateArguments(const CallArguments &given, const ScopePointer &scope) {
  Arguments arguments;
  for (const ExpressionPointer &value : given.positional)
    arguments.positional.push_back(evaluate(*value, scope));
  for (const auto &[name, value] : given.named)
    arguments.named.emplace_back(name, evaluate(*value, scope));
  if (given.list)
    for (Value &value : elements(heap, evaluate(*given.list, scope)))
      arguments.positional.push_back(std::move(value));
  if (given.dict) {
    Value dict = evaluate(*given.dict, scope);
    if (!dict.is(Type::Dict))
      fail("behind ** stands ", dict.kindName(), ", expected a dictionary");
    for (const auto &[key, value] : dict.as<Dict>().members) {
      const std::string &name = toText(key, "the name of an argument");
      for (const auto &[known, ignored] : arguments.named)
        if (known == name)
          fail("the argument ", name, " is given twice");
      arguments.named.emplace_back(name, value);
    }
  }
  return arguments;
}

Value Interpreter::evaluateCall(const Expression &expression, const ScopePointer &scope, const Value *caller) {
  const Expression &callee = *expression.children[0];
  auto arguments = [&] {
    Arguments evaluated = evaluateArguments(expression.arguments, scope);
    if (caller)
      evaluated.named.emplace_back("caller", *caller);
    return evaluated;
  };
  // A method is called without making a value of it.
  if (callee.kind == Expression::Kind::Attribute) {
    Value object = evaluateObject(callee, scope);
    bool hidden = false;
    if (Builtin method = findMethod(object, callee.text, hidden); method && !hidden)
      return method(*this, object, arguments());
    if (hidden)
      fail("the method '", callee.text, "' of ", object.kindName(), " is not allowed in a template");
    Value function = attribute(heap, object, callee.text);
    return call(function, arguments(), &callee);
  }
  Value function = evaluate(callee, scope);
  return call(function, arguments(), &callee);
}

Value Interpreter::call(const Value &callee, const Arguments &arguments, const Expression *spelling) {
  Heap::Level level(heap);
  if (callee.is(Type::Function))
    return callee.as<Function>().body(*this, arguments);
  if (callee.is(Type::Loop)) {
    auto bound = arguments.bind("loop", {"iterable"}, 1);
    if (!callee.as<Loop>().recurse)
      fail("a loop that is called needs the word recursive");
    return callee.as<Loop>().recurse(*bound[0]);
  }
  if (callee.is(Type::Joiner)) {
    auto &joiner = callee.as<Joiner>();
    return std::exchange(joiner.used, true) ? joiner.separator : Value::constant("");
  }
  if (callee.is(Kind::Undefined))
    fail("the function ", spelling ? spelled(*spelling) : "", " is not known");
  fail(callee.kindName(), " cannot be called");
}

} // namespace tenon::jinja
