//===- Interpreter.h - A template carried out -------------------*- C++ -*-===//

#ifndef TENON_JINJA_INTERPRETER_H
#define TENON_JINJA_INTERPRETER_H

#include "jinja/Ast.h"
#include "jinja/Builtins.h"

namespace tenon::jinja {

/// Names and values, around which lie those of the scope outside. A macro keeps the scope that it was made in.
struct Scope {
  std::shared_ptr<Scope> outside;
  std::vector<std::pair<std::string_view, Value>> names; ///< spelt by the template or the variables, which outlive it

  Value *find(Heap &heap, std::string_view name);
  void set(std::string_view name, Value value);
};
using ScopePointer = std::shared_ptr<Scope>;

/// What `loop` is.
struct Loop : Object {
  std::function<bool(Value &)> step;
  std::function<Value(const Value &)> recurse; ///< null for a loop that is not recursive
  std::optional<size_t> length;                ///< once it is known
  std::optional<Value> after;                  ///< an item that was looked at ahead
  std::vector<Value> ahead;                    ///< what was gone through to find the length, last one first
  Value current, before, changed;
  int64_t index0 = -1, depth0;

  Loop(std::function<bool(Value &)> step, std::optional<size_t> length, int64_t depth0)
      : Object(Type::Loop), step(std::move(step)), length(length), depth0(depth0) {}
  bool next(); ///< goes on to the next item
  bool peek(); ///< whether there is one, which is then in `after`
  size_t count(Heap &heap);
  Value attribute(Heap &heap, const std::string &name);

private:
  bool take(Value &item);
};

class Interpreter {
public:
  Interpreter(Heap &heap, const Members &variables);

  Heap &heap;

  std::string run(const Body &body);
  Value call(const Value &callee, const Arguments &arguments, const Expression *spelling = nullptr);

private:
  enum class Flow { On, Break, Continue };

  // Interpreter.cpp
  Flow runAll(const Body &body, const ScopePointer &scope, TextBuilder &out);
  Flow runOne(const Statement &statement, const ScopePointer &scope, TextBuilder &out);
  Flow runIf(const Statement &statement, const ScopePointer &scope, TextBuilder &out);
  Flow runSet(const Statement &statement, const ScopePointer &scope);
  Flow runWith(const Statement &statement, const ScopePointer &scope, TextBuilder &out);
  Flow runFilter(const Statement &statement, const ScopePointer &scope, TextBuilder &out);
  void runFor(const Statement &statement, const Value &items, const ScopePointer &scope, int64_t depth0,
              TextBuilder &out);
  void runCall(const Statement &statement, const ScopePointer &scope, TextBuilder &out);
  void print(const Expression &expression, const ScopePointer &scope, TextBuilder &out);
  std::function<bool(Value &)> filtered(const Statement &loop, const Value &items, const ScopePointer &scope);
  void assign(const Expression &target, const Value &value, const ScopePointer &scope);
  Value makeMacro(const Statement &macro, const ScopePointer &scope);
  Value callMacro(const Statement &macro, const ScopePointer &scope, const Arguments &arguments);
  Value textThrough(const Expression *filters, Value text, const ScopePointer &scope);

  // Evaluate.cpp
  Value evaluate(const Expression &expression, const ScopePointer &scope);
  Value evaluateKind(const Expression &expression, const ScopePointer &scope);
  std::vector<Value> evaluateAll(const Expression &expression, const ScopePointer &scope);
  Value evaluateDict(const Expression &expression, const ScopePointer &scope);
  Value evaluateCompare(const Expression &expression, const ScopePointer &scope);
  Value evaluateJoin(const Expression &expression, const ScopePointer &scope);
  Value evaluateBinary(const Expression &expression, const ScopePointer &scope);
  Value evaluateCall(const Expression &expression, const ScopePointer &scope, const Value *caller = nullptr);
  Value evaluateObject(const Expression &expression, const ScopePointer &scope);
  Arguments evaluateArguments(const CallArguments &arguments, const ScopePointer &scope);

  const Members functions;
  ScopePointer root = std::make_shared<Scope>();
};

} // namespace tenon::jinja

#endif // TENON_JINJA_INTERPRETER_H
