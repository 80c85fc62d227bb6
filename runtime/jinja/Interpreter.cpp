//===- Interpreter.cpp - The statements of a template carried out ---------===//

#include "jinja/Interpreter.h"

#include "jinja/Template.h"

namespace tenon::jinja {

Value *Scope::find(Heap &heap, std::string_view name) {
  for (Scope *scope = this; scope; scope = scope->outside.get()) {
    heap.spend(1 + scope->names.size() / 16);
    for (auto &[known, value] : scope->names)
      if (known == name)
        return &value;
  }
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto &[known, old] : names)
    if (known == name) {
      old = std::move(value);
      return;
    }
  names.emplace_back(name, std::move(value));
}

bool Loop::take(Value &item) {
  if (ahead.empty())
    return step(item);
  item = std::move(ahead.back());
  ahead.pop_back();
  return true;
}

bool Loop::peek() {
  if (Value item; !after && take(item))
    after = std::move(item);
  return after.has_value();
}

bool Loop::next() {
  if (!peek())
    return false;
  before = std::exchange(current, std::move(*after));
  after.reset();
  ++index0;
  return true;
}

size_t Loop::count(Heap &heap) {
  if (!length) {
    std::vector<Value> rest;
    for (Value item; step(item);) {
      heap.charge(sizeof(Value));
      rest.push_back(item);
    }
    ahead.assign(rest.rbegin(), rest.rend());
    length = rest.size() + size_t(index0 + 1) + after.has_value();
  }
  return *length;
}

Value Loop::attribute(Heap &heap, const std::string &name) {
  if (name == "index")
    return Value::integer(index0 + 1);
  if (name == "index0")
    return Value::integer(index0);
  if (name == "first")
    return Value::boolean(index0 == 0);
  if (name == "last")
    return Value::boolean(!peek());
  if (name == "length")
    return Value::integer(count(heap));
  if (name == "revindex" || name == "revindex0")
    return Value::integer(int64_t(count(heap)) - index0 - (name == "revindex0"));
  if (name == "previtem")
    return index0 == 0 ? Value() : before;
  if (name == "nextitem")
    return peek() ? *after : Value();
  if (name == "depth" || name == "depth0")
    return Value::integer(depth0 + (name == "depth"));
  return {};
}

Interpreter::Interpreter(Heap &heap, const Members &variables) : heap(heap), functions(globals(heap)) {
  auto builtin = std::make_shared<Scope>();
  for (const auto &[name, value] : functions)
    builtin->set(name.text(), value);
  root->outside = std::move(builtin);
  for (const auto &[name, value] : variables)
    root->set(name.text(), value);
}

std::string Interpreter::run(const Body &body) {
  TextBuilder out(heap);
  runAll(body, root, out);
  return out.take();
}

static ScopePointer inside(const ScopePointer &scope) {
  auto made = std::make_shared<Scope>();
  made->outside = scope;
  return made;
}

Interpreter::Flow Interpreter::runAll(const Body &body, const ScopePointer &scope, TextBuilder &out) {
  Heap::Level level(heap);
  for (const Statement &statement : body) {
    try {
      heap.spend(1);
      if (Flow flow = runOne(statement, scope, out); flow != Flow::On)
        return flow;
    } catch (Error &error) {
      error.line = error.line ? error.line : statement.line;
      throw;
    }
  }
  return Flow::On;
}

Interpreter::Flow Interpreter::runOne(const Statement &statement, const ScopePointer &scope, TextBuilder &out) {
  switch (statement.kind) {
  case Statement::Kind::Text:
    out += statement.text;
    break;
  case Statement::Kind::Output:
    for (const ExpressionPointer &value : statement.values)
      print(*value, scope, out);
    break;
  case Statement::Kind::If:
    return runIf(statement, scope, out);
  case Statement::Kind::For:
    runFor(statement, evaluate(*statement.values[0], scope), scope, 0, out);
    break;
  case Statement::Kind::Set:
    return runSet(statement, scope);
  case Statement::Kind::With:
    return runWith(statement, scope, out);
  case Statement::Kind::Macro:
    scope->set(statement.text, makeMacro(statement, scope));
    break;
  case Statement::Kind::Call:
    runCall(statement, scope, out);
    break;
  case Statement::Kind::Filter:
    return runFilter(statement, scope, out);
  case Statement::Kind::Scope:
    return runAll(statement.bodies[0], inside(scope), out);
  case Statement::Kind::Break:
    return Flow::Break;
  case Statement::Kind::Continue:
    return Flow::Continue;
  }
  return Flow::On;
}

void Interpreter::print(const Expression &expression, const ScopePointer &scope, TextBuilder &out) {
  Value value = evaluate(expression, scope);
  if (value.isText())
    out += value.text();
  else
    out += str(heap, value);
}

Interpreter::Flow Interpreter::runIf(const Statement &statement, const ScopePointer &scope, TextBuilder &out) {
  size_t branch = 0;
  while (branch < statement.values.size() && !truth(evaluate(*statement.values[branch], scope)))
    ++branch;
  return branch < statement.bodies.size() ? runAll(statement.bodies[branch], scope, out) : Flow::On;
}

Value Interpreter::textThrough(const Expression *filters, Value text, const ScopePointer &scope) {
  if (!filters)
    return text;
  if (!filters->children.empty())
    text = textThrough(filters->children[0].get(), std::move(text), scope);
  return applyFilter(*this, filters->text, text, evaluateArguments(filters->arguments, scope));
}

Interpreter::Flow Interpreter::runSet(const Statement &statement, const ScopePointer &scope) {
  if (!statement.values.empty()) {
    assign(*statement.targets[0], evaluate(*statement.values[0], scope), scope);
    return Flow::On;
  }
  TextBuilder text(heap);
  if (Flow flow = runAll(statement.bodies[0], inside(scope), text); flow != Flow::On)
    return flow;
  assign(*statement.targets[0], textThrough(statement.condition.get(), text.value(), scope), scope);
  return Flow::On;
}

Interpreter::Flow Interpreter::runFilter(const Statement &statement, const ScopePointer &scope, TextBuilder &out) {
  TextBuilder text(heap);
  if (Flow flow = runAll(statement.bodies[0], inside(scope), text); flow != Flow::On)
    return flow;
  out += str(heap, textThrough(statement.values[0].get(), text.value(), scope));
  return Flow::On;
}

Interpreter::Flow Interpreter::runWith(const Statement &statement, const ScopePointer &scope, TextBuilder &out) {
  ScopePointer within = inside(scope);
  for (size_t index = 0; index < statement.targets.size(); ++index)
    assign(*statement.targets[index], evaluate(*statement.values[index], scope), within);
  return runAll(statement.bodies[0], within, out);
}

void Interpreter::assign(const Expression &target, const Value &value, const ScopePointer &scope) {
  if (target.kind == Expression::Kind::Name)
    return scope->set(target.text, value);
  if (target.kind == Expression::Kind::Attribute) {
    Value *object = scope->find(heap, target.children[0]->text);
    if (!object || !object->is(Type::Namespace))
      failAt(target.line, target.children[0]->text, " is no namespace");
    if (target.text.starts_with('_'))
      failAt(target.line, "the name '", target.text, "' of a namespace's member begins with an underscore");
    return put(heap, object->as<Dict>().members, Value::constant(target.text), value);
  }
  std::vector<Value> parts = elements(heap, value);
  if (parts.size() != target.children.size())
    failAt(target.line, target.children.size(), " names for ", parts.size(), " values");
  for (size_t index = 0; index < parts.size(); ++index)
    assign(*target.children[index], parts[index], scope);
}

/// The items that a loop's `if` lets through, asked for one by one.
std::function<bool(Value &)> Interpreter::filtered(const Statement &loop, const Value &items,
                                                   const ScopePointer &scope) {
  return [this, &loop, scope, step = iterate(heap, items)](Value &item) {
    while (step(item)) {
      ScopePointer within = inside(scope);
      assign(*loop.targets[0], item, within);
      if (truth(evaluate(*loop.condition, within)))
        return true;
    }
    return false;
  };
}

void Interpreter::runFor(const Statement &statement, const Value &items, const ScopePointer &scope, int64_t depth0,
                         TextBuilder &out) {
  Value made = statement.condition
                   ? heap.make<Loop>(0, filtered(statement, items, scope), std::nullopt, depth0)
                   : heap.make<Loop>(0, iterate(heap, items), lengthOf(items), depth0);
  auto &loop = made.as<Loop>();
  if (statement.recursive)
    loop.recurse = [this, &statement, scope, depth0](const Value &inner) {
      TextBuilder text(heap);
      runFor(statement, inner, scope, depth0 + 1, text);
      return text.value();
    };
  bool whole = false; // whether a round came to its end, which is what Jinja's else asks
  while (loop.next()) {
    heap.spend(1);
    ScopePointer within = inside(scope);
    within->set("loop", made);
    assign(*statement.targets[0], loop.current, within);
    Flow flow = runAll(statement.bodies[0], within, out);
    whole = whole || flow == Flow::On;
    if (flow == Flow::Break)
      break;
  }
  if (!whole && statement.bodies.size() > 1)
    runAll(statement.bodies[1], inside(scope), out);
}

Value Interpreter::makeMacro(const Statement &macro, const ScopePointer &scope) {
  return heap.function(macro.text, [&macro, scope](Interpreter &in, const Arguments &arguments) {
    return in.callMacro(macro, scope, arguments);
  });
}

Value Interpreter::callMacro(const Statement &macro, const ScopePointer &scope, const Arguments &arguments) {
  Heap::Level level(heap);
  ScopePointer within = inside(scope);
  size_t count = macro.targets.size(), given = std::min(count, arguments.positional.size());
  if (arguments.positional.size() > count && !macro.usesVarargs)
    fail("macro '", macro.text, "' takes not more than ", count, " arguments, found ", arguments.positional.size());
  Members rest;
  Value caller;
  std::vector<const Value *> values(count);
  for (size_t index = 0; index < given; ++index)
    values[index] = &arguments.positional[index];
  for (const auto &[name, value] : arguments.named) {
    size_t index = given;
    while (index < count && macro.targets[index]->text != name)
      ++index;
    if (index < count)
      values[index] = &value;
    else if (name == "caller" && macro.usesCaller)
      caller = value;
    else if (macro.usesKwargs)
      rest.emplace_back(Value::constant(name), value);
    else
      fail("macro '", macro.text, "' takes no argument named '", name, "'");
  }
  if (macro.usesCaller)
    within->set("caller", caller);
  if (macro.usesKwargs)
    within->set("kwargs", heap.dict(std::move(rest)));
  if (macro.usesVarargs)
    within->set("varargs", heap.tuple({arguments.positional.begin() + ptrdiff_t(given), arguments.positional.end()}));
  for (size_t index = 0; index < count; ++index) {
    const ExpressionPointer &otherwise = macro.values[index];
    Value value = values[index] ? *values[index] : otherwise ? evaluate(*otherwise, within) : Value();
    within->set(macro.targets[index]->text, std::move(value));
  }
  TextBuilder text(heap);
  runAll(macro.bodies[0], within, text);
  return text.value();
}

void Interpreter::runCall(const Statement &statement, const ScopePointer &scope, TextBuilder &out) {
  Value caller = makeMacro(statement, scope);
  out += str(heap, evaluateCall(*statement.condition, scope, &caller));
}

std::string Template::render(Heap &heap, const Members &variables) const {
  return Interpreter(heap, variables).run(body);
}

} // namespace tenon::jinja
