//===- Simplify.cpp - Expressions whose constants are computed ------------===//

#include "expressions/Expression.h"

#include <algorithm>

using namespace tenon::expressions;

namespace {

/// A subtree in post-order, its indices counted from its own first node.
using Tree = std::vector<Node>;
using Trees = std::span<const Tree>;

std::optional<int32_t> constantOf(const Tree &tree) {
  const Node &root = tree.back();
  bool isConstant = root.operation == Operation::IntLiteral || root.operation == Operation::BoolLiteral;
  return isConstant ? std::optional(root.integer) : std::nullopt;
}

Tree literal(Type type, int32_t value) {
  return {{type == Type::Bool ? Operation::BoolLiteral : Operation::IntLiteral, type, value}};
}

/// A node over its operands.
Tree joined(Node node, Trees operands) {
  Tree tree;
  for (size_t i = 0; i < operands.size(); ++i) {
    auto offset = static_cast<uint32_t>(tree.size());
    for (Node inner : operands[i]) {
      for (uint32_t &index : inner.operands)
        index += offset;
      tree.push_back(inner);
    }
    node.operands[i] = static_cast<uint32_t>(tree.size() - 1);
  }
  tree.push_back(node);
  return tree;
}

/// The value of an operation on two integers or conditions; empty where it is not one of those, or leaves 32 bits.
std::optional<int32_t> compute(Operation operation, int64_t x, int64_t y) {
  switch (operation) {
  case Operation::Equal:
    return x == y;
  case Operation::NotEqual:
    return x != y;
  case Operation::Less:
    return x < y;
  case Operation::LessEqual:
    return x <= y;
  case Operation::Greater:
    return x > y;
  case Operation::GreaterEqual:
    return x >= y;
  case Operation::Min:
    return static_cast<int32_t>(std::min(x, y));
  case Operation::Max:
    return static_cast<int32_t>(std::max(x, y));
  default:
    break;
  }
  int64_t value = operation == Operation::Add ? x + y : operation == Operation::Subtract ? x - y : int64_t(1) << 32;
  return value == static_cast<int32_t>(value) ? std::optional(static_cast<int32_t>(value)) : std::nullopt;
}

/// A conjunction or disjunction of which one side is known: `absorbing` decides it, the other value leaves the rest.
Tree ofKnown(const Node &node, Trees operands, bool absorbing) {
  for (size_t side : {0, 1})
    if (std::optional<int32_t> known = constantOf(operands[side]))
      return bool(*known) == absorbing ? literal(Type::Bool, absorbing) : operands[1 - side];
  return joined(node, operands);
}

Tree simplify(const Node &node, Trees operands) {
  switch (node.operation) {
  case Operation::And:
    return ofKnown(node, operands, /*absorbing=*/false);
  case Operation::Or:
    return ofKnown(node, operands, /*absorbing=*/true);
  case Operation::Not:
    if (std::optional<int32_t> known = constantOf(operands[0]))
      return literal(Type::Bool, !*known);
    break;
  case Operation::Select:
    if (std::optional<int32_t> known = constantOf(operands[0]))
      return operands[*known ? 1 : 2];
    break;
  case Operation::Table:
    break;
  default:
    if (operands.size() != 2)
      break;
    std::optional<int32_t> left = constantOf(operands[0]), right = constantOf(operands[1]);
    if (std::optional<int32_t> value = left && right ? compute(node.operation, *left, *right) : std::nullopt)
      return literal(node.type, *value);
  }
  return joined(node, operands);
}

} // namespace

Expression Expression::simplified() const { return {expressionKind, fold<Tree>(*this, simplify)}; }
