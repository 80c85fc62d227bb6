//===- Simplify.cpp - Expressions whose constants are computed ------------===//

#include "expressions/Integers.h"

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
      for (unsigned index = 0; index < operandCount(inner.operation); ++index)
        inner.operands[index] += offset;
      tree.push_back(inner);
    }
    node.operands[i] = static_cast<uint32_t>(tree.size() - 1);
  }
  tree.push_back(node);
  return tree;
}

/// A conjunction or disjunction of which one side is known: `absorbing` decides it, the other value leaves the rest.
/// Two that are the same are one.
Tree ofKnown(const Node &node, Trees operands, bool absorbing) {
  for (size_t side : {0, 1})
    if (std::optional<int32_t> known = constantOf(operands[side]))
      return bool(*known) == absorbing ? literal(Type::Bool, absorbing) : operands[1 - side];
  return operands[0] == operands[1] ? operands[0] : joined(node, operands);
}

Tree simplify(const Node &node, Trees operands) {
  switch (node.operation) {
  case Operation::And:
    return ofKnown(node, operands, /*absorbing=*/false);
  case Operation::Or:
    return ofKnown(node, operands, /*absorbing=*/true);
  case Operation::Select:
    if (std::optional<int32_t> known = constantOf(operands[0]))
      return operands[*known ? 1 : 2];
    break;
  case Operation::Table:
    break;
  default:
    if (operands.empty())
      break;
    std::optional<int32_t> left = constantOf(operands.front()), right = constantOf(operands.back());
    std::optional<int64_t> value = left && right ? ofIntegers(node.operation, *left, *right) : std::nullopt;
    if (value && fitsInteger(*value))
      return literal(node.type, static_cast<int32_t>(*value));
  }
  return joined(node, operands);
}

/// Whether k is compared with q.
bool comparesPositions(const Node &node, Trees operands) {
  if (node.type != Type::Bool || operands.size() != 2)
    return false;
  Operation left = operands[0].back().operation, right = operands[1].back().operation;
  return (left == Operation::Key && right == Operation::Query) || (left == Operation::Query && right == Operation::Key);
}

Tree simplifyEarlier(const Node &node, Trees operands) {
  if (!comparesPositions(node, operands))
    return simplify(node, operands);
  bool keyFirst = operands[0].back().operation == Operation::Key;
  return literal(Type::Bool, static_cast<int32_t>(*ofIntegers(node.operation, keyFirst ? 0 : 1, keyFirst ? 1 : 0)));
}

} // namespace

Expression Expression::ofEarlierKeys() const { return {expressionKind, fold<Tree>(*this, simplifyEarlier)}; }

Expression Expression::simplified() const { return {expressionKind, fold<Tree>(*this, simplify)}; }
