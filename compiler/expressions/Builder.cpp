//===- Builder.cpp - Types and limits while a tree is made ----------------===//

#include "expressions/Builder.h"
#include "expressions/Integers.h"
#include "expressions/Lexer.h"
#include <charconv>
#include <functional>

using namespace tenon::expressions;

namespace {

std::string nameOf(Type type) {
  return type == Type::Bool ? "a condition" : type == Type::Int ? "an integer" : "a float";
}

bool isLiteral(const Node &node) {
  return node.operation == Operation::IntLiteral || node.operation == Operation::FloatLiteral;
}

/// The N of "tableN" without leading zeros.
std::optional<int32_t> tableNumber(std::string_view name) {
  if (!name.starts_with("table") || name.size() != 6 || name[5] < '0' || name[5] >= char('0' + maximumTables))
    return std::nullopt;
  return name[5] - '0';
}

std::string quoted(std::string_view name) { return describe(Token{Token::Name, name, 0}); }

} // namespace

std::nullopt_t Builder::fail(std::string message, Range range) {
  failure = Error{std::move(message), range.begin, range.end};
  return std::nullopt;
}

std::optional<int64_t> Builder::constantOf(const Node &node) const {
  if (node.operation == Operation::IntLiteral)
    return node.integer;
  if (node.type != Type::Int || operandCount(node.operation) == 0)
    return std::nullopt;
  std::optional<int64_t> x = facts[node.operands[0]].constant;
  std::optional<int64_t> y = operandCount(node.operation) == 2 ? facts[node.operands[1]].constant : int64_t(0);
  if (!x || !y)
    return std::nullopt;
  return ofIntegers(node.operation, *x, *y);
}

/// As the parser counts the depth of the canonical text, so that what was read once can be read again.
unsigned Builder::nestingOf(const Node &node) const {
  unsigned count = operandCount(node.operation), deepest = 0;
  for (unsigned i = 0; i < count; ++i) {
    const Node &operand = nodes[node.operands[i]];
    deepest = std::max(deepest, facts[node.operands[i]].nesting + needsParentheses(node, operand, i));
  }
  return deepest + (count != 0 && !findOperator(node.operation));
}

std::optional<Operand> Builder::add(Node node, std::initializer_list<Operand> operands, Range range) {
  return add(node, std::vector<Operand>(operands), range);
}

std::optional<Operand> Builder::add(Node node, const std::vector<Operand> &operands, Range range) {
  if (nodes.size() == maximumNodes)
    return fail("an expression has at most " + std::to_string(maximumNodes) + " values and operations", range);
  for (size_t i = 0; i < operands.size(); ++i)
    node.operands[i] = operands[i].node;
  Fact fact{nestingOf(node), constantOf(node)};
  if (fact.nesting > maximumNesting)
    return fail("an expression nests at most " + std::to_string(maximumNesting) + " deep", range);
  if (fact.constant && !fitsInteger(*fact.constant))
    return fail("this is " + std::to_string(*fact.constant) + ", but integers have 32 bits", range);
  nodes.push_back(node);
  facts.push_back(fact);
  return Operand{static_cast<uint32_t>(nodes.size() - 1), range};
}

std::optional<Operand> Builder::number(std::string_view text, bool negative, Range range) {
  std::string digits = (negative ? "-" : "") + std::string(text);
  const char *first = digits.data(), *last = first + digits.size();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    int32_t value = 0;
    if (std::from_chars(first, last, value).ec != std::errc())
      return fail(quoted(digits) + " is no integer of 32 bits", range);
    return add({Operation::IntLiteral, Type::Int, value}, {}, range);
  }
  float value = 0;
  if (std::from_chars(first, last, value).ec != std::errc())
    return fail(quoted(digits) + " is no float of 32 bits", range);
  return add({Operation::FloatLiteral, Type::Float, 0, value}, {}, range);
}

std::string Builder::readable() const {
  return std::string(kind == Kind::Mask ? "a mask reads " : "a score reads s, ") +
         "q, k, h, b, segment and query_segment";
}

std::optional<Operand> Builder::name(std::string_view name, Range range) {
  if (name == "true" || name == "false")
    return add({Operation::BoolLiteral, Type::Bool, name == "true"}, {}, range);
  if (name == "inf")
    return add({Operation::FloatLiteral, Type::Float, 0, std::numeric_limits<float>::infinity()}, {}, range);
  for (const Name &variable : variableNames) {
    if (name != variable.name)
      continue;
    if (variable.operation == Operation::Score && kind == Kind::Mask)
      return fail("'s' is the score, which a mask does not read; " + readable(), range);
    return add({variable.operation, variable.type}, {}, range);
  }
  for (const Function &function : functions)
    if (name == function.name)
      return fail(quoted(name) + " is a function; its arguments are missing", range);
  if (tableNumber(name))
    return fail(quoted(name) + " is a table; its two indices are missing", range);
  return fail("unknown name " + quoted(name) + "; " + readable(), range);
}

std::optional<Callee> Builder::callee(std::string_view name, Range range) {
  for (const Function &function : functions)
    if (name == function.name)
      return Callee{name, function.operation};
  if (std::optional<int32_t> table = tableNumber(name))
    return Callee{name, Operation::Table, *table};
  std::string known;
  for (const Function &function : functions)
    known += std::string(function.name) + ", ";
  return fail("unknown function " + quoted(name) + "; known are " + known + "table0 to table" +
                  std::to_string(maximumTables - 1),
              range);
}

bool Builder::require(Operand operand, Type type, std::string_view user) {
  if (typeOf(operand) == type)
    return true;
  fail(std::string(user) + " takes " + nameOf(type) + ", but this is " + nameOf(typeOf(operand)), operand.range);
  return false;
}

bool Builder::requireNumber(Operand operand, std::string_view user) {
  if (typeOf(operand) != Type::Bool)
    return true;
  fail(std::string(user) + " takes a number, but this is a condition", operand.range);
  return false;
}

std::optional<Operand> Builder::toFloat(Operand operand) {
  Node &node = nodes[operand.node];
  if (node.type == Type::Float)
    return operand;
  if (node.operation != Operation::IntLiteral)
    return add({Operation::ToFloat, Type::Float}, {operand}, operand.range);
  node = {Operation::FloatLiteral, Type::Float, 0, static_cast<float>(node.integer)};
  facts[operand.node] = {};
  return operand;
}

bool Builder::unify(Operand &left, Operand &right, std::string_view user) {
  if ((typeOf(left) == Type::Bool) != (typeOf(right) == Type::Bool)) {
    fail(std::string(user) + " takes two conditions or two numbers, but this is " + nameOf(typeOf(right)) + " beside " +
             nameOf(typeOf(left)),
         right.range);
    return false;
  }
  if (typeOf(left) == typeOf(right))
    return true;
  std::optional<Operand> x = toFloat(left), y = toFloat(right);
  if (!x || !y)
    return false;
  left = *x;
  right = *y;
  return true;
}

std::optional<Operand> Builder::unary(Operation operation, std::string_view what, Operand operand, Range range) {
  if (operation == Operation::Not)
    return require(operand, Type::Bool, what) ? add({operation, Type::Bool}, {operand}, range) : std::nullopt;
  if (!requireNumber(operand, what))
    return std::nullopt;
  Node &node = nodes[operand.node];
  if (operation != Operation::Negate || !isLiteral(node))
    return add({operation, node.type}, {operand}, range);
  // The negative of a literal is a literal, as "-5" is.
  if (node.operation == Operation::IntLiteral && node.integer == std::numeric_limits<int32_t>::min())
    return fail("this is 2147483648, but integers have 32 bits", range);
  node.integer = -node.integer;
  if (node.operation == Operation::FloatLiteral)
    node.real = -node.real;
  facts[operand.node].constant = constantOf(node);
  return Operand{operand.node, range};
}

std::optional<Operand> Builder::binary(const BinaryOperator &what, Operand left, Operand right) {
  std::string user = "'" + std::string(what.symbol) + "'";
  Range range{left.range.begin, right.range.end};
  if (what.precedence <= AndLevel) {
    if (!require(left, Type::Bool, user) || !require(right, Type::Bool, user))
      return std::nullopt;
    return add({what.operation, Type::Bool}, {left, right}, range);
  }
  if (what.precedence != EqualityLevel && (!requireNumber(left, user) || !requireNumber(right, user)))
    return std::nullopt;
  if (!unify(left, right, user))
    return std::nullopt;
  Type type = what.precedence <= OrderLevel ? Type::Bool : typeOf(left);
  return add({what.operation, type}, {left, right}, range);
}

std::optional<Operand> Builder::convert(Operation operation, Operand operand, Range range) {
  Type type = operation == Operation::ToFloat ? Type::Float : Type::Int;
  std::optional<Operand> converted = operand;
  if (type == Type::Float && typeOf(operand) == Type::Int)
    converted = toFloat(operand);
  else if (typeOf(operand) != type)
    converted = add({operation, type}, {operand}, range);
  if (converted)
    converted->range = range;
  return converted;
}

std::optional<Operand> Builder::call(const Callee &callee, const std::vector<Operand> &arguments, Range range) {
  unsigned count = operandCount(callee.operation);
  std::string user(callee.name);
  if (arguments.size() != count)
    return fail(user + " takes " + std::to_string(count) + (count == 1 ? " argument" : " arguments") +
                    ", but here are " + std::to_string(arguments.size()),
                range);
  std::vector<Operand> x = arguments;
  switch (callee.operation) {
  case Operation::ToFloat:
  case Operation::ToInt:
    return convert(callee.operation, x[0], range);
  case Operation::Abs:
    return unary(callee.operation, user, x[0], range);
  case Operation::Min:
  case Operation::Max:
    if (!requireNumber(x[0], user) || !requireNumber(x[1], user) || !unify(x[0], x[1], user))
      return std::nullopt;
    return add({callee.operation, typeOf(x[0])}, x, range);
  case Operation::Select:
    if (!require(x[0], Type::Bool, user) || !unify(x[1], x[2], user))
      return std::nullopt;
    return add({callee.operation, typeOf(x[1])}, x, range);
  case Operation::Table:
    if (!require(x[0], Type::Int, user) || !require(x[1], Type::Int, user))
      return std::nullopt;
    return add({callee.operation, Type::Float, callee.table}, x, range);
  default:
    if (!requireNumber(x[0], user))
      return std::nullopt;
    if (std::optional<Operand> real = toFloat(x[0]))
      return add({callee.operation, Type::Float}, {*real}, range);
    return std::nullopt;
  }
}

std::optional<Operand> Builder::finish(Operand root) {
  Type type = typeOf(root);
  if (kind == Kind::Mask && type != Type::Bool)
    return fail("a mask is a condition, but this is " + nameOf(type), root.range);
  if (kind == Kind::Score && type == Type::Bool)
    return fail("a score is a number, but this is a condition", root.range);
  return kind == Kind::Score ? toFloat(root) : root;
}

std::vector<Node> Builder::postOrder(Operand root) const {
  std::vector<Node> ordered;
  std::function<uint32_t(uint32_t)> place = [&](uint32_t index) {
    Node node = nodes[index];
    for (unsigned i = 0; i < operandCount(node.operation); ++i)
      node.operands[i] = place(node.operands[i]);
    ordered.push_back(node);
    return static_cast<uint32_t>(ordered.size() - 1);
  };
  place(root.node);
  return ordered;
}
