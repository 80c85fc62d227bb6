//===- Expression.h - Masks and scores of attention -----------------------===//
//
// A mask says which keys a query sees, a score changes what their product gave, both with the meaning of mask_mod and
// score_mod in PyTorch's FlexAttention. They are text in the spec and, in canonical form, in the IR; this library gives
// that text a typed tree, evaluates it, proves what the compiler wants to know of it, and prints it. It needs neither
// LLVM nor Halide and links with code that has RTTI and exceptions or has not.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_EXPRESSIONS_EXPRESSION_H
#define TENON_EXPRESSIONS_EXPRESSION_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::expressions {

/// A mask is a condition over q, k, h, b, segment and query_segment; a score is a float over these and s.
enum class Kind { Mask, Score };

/// Integers have 32 bits. Floats are what the evaluation computes with: 32 bits in kernels, 32 or 64 in `Evaluator`.
enum class Type { Bool, Int, Float };

enum class Operation {
  // Leaves. Literals hold their value in `Node::integer` (a Bool's is 0 or 1) or `Node::real`.
  BoolLiteral,
  IntLiteral,
  FloatLiteral,
  Query,        ///< q: the query's absolute position
  Key,          ///< k: the key's absolute position
  Head,         ///< h: the query's head
  Batch,        ///< b: the sequence within the batch
  Segment,      ///< segment: the number of the key's segment
  QuerySegment, ///< query_segment: the number of the query's segment
  Score,        ///< s: the scaled product of query and key; only in scores
  // One operand.
  Negate,
  Not,
  Abs,
  Exp,
  Log,
  Tanh,
  Sqrt,
  ToFloat, ///< of an Int, or of a Bool (0 or 1)
  ToInt,   ///< of a Float: towards zero; of a Bool: 0 or 1
  // Two operands, always of one type: where the text mixes integers and floats there is a `ToFloat`.
  Add,
  Subtract,
  Multiply,
  Divide, ///< Ints: floor(x / y), and 0 for y = 0
  Modulo, ///< x - floor(x / y) * y, so it has the sign of y; Ints: 0 for y = 0
  Min,
  Max,
  Equal, ///< of Bools too, like NotEqual
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  And,
  Or,
  /// table N (`Node::integer`) at row i, column j: a Float. Indices are clamped to the table, so none is out of bounds.
  Table,
  // Three operands: a condition and two of one type. Both are evaluated; nothing that an expression does can fail.
  Select,
};

/// Halide divides integers so that the remainder is never negative, which is floor for positive divisors alone: a
/// kernel writes select(y < 0, (-x) / (-y), x / y) where it does not know the divisor's sign. An integer result outside
/// of 32 bits is undefined in a kernel; `Evaluator` wraps. So is the integer of a float outside of 32 bits; `Evaluator`
/// saturates, and gives 0 for a NaN.
struct Node {
  Operation operation;
  Type type;
  int32_t integer = 0;
  float real = 0;
  std::array<uint32_t, 3> operands = {}; ///< indices into `Expression::nodes()`, the first operandCount() of them

  bool operator==(const Node &) const = default;
};

unsigned operandCount(Operation operation);

/// Limits on what is read, since text comes from files of others: beyond them it is rejected.
inline constexpr unsigned maximumNodes = 1000;
inline constexpr unsigned maximumNesting = 100;
inline constexpr unsigned maximumTables = 8;
inline constexpr unsigned maximumSegments = 9; ///< of one attention: those of eight sources, and its own
inline constexpr size_t maximumTextSize = 65536;

/// Which variables an expression reads.
struct Variables {
  bool query = false, key = false, head = false, batch = false, score = false, segment = false, querySegment = false;

  bool operator==(const Variables &) const = default;
};

/// A mask or score that is well-typed; made by `parse` and by the functions of Sugar.h.
class Expression {
public:
  Kind kind() const { return expressionKind; }

  /// The tree in post-order: operands stand before their users, each node is the operand of one, and the last is the
  /// root. Whoever needs no more than a walk uses `fold`.
  const std::vector<Node> &nodes() const { return expressionNodes; }
  const Node &root() const { return expressionNodes.back(); }
  const Node &operand(const Node &node, unsigned i) const { return expressionNodes[node.operands[i]]; }

  /// Canonical text: one spelling for each tree, with conversions written out and no parenthesis that could be left
  /// out; parse(print()) gives the same tree.
  std::string print() const;

  Variables variables() const;

  /// How many tables must be given: one more than the highest that is read, 0 if none is.
  unsigned tableCount() const;
  bool usesTables() const { return tableCount() != 0; }

  /// The expression with an integer in place of one of its variables, which is an Int.
  Expression with(Operation variable, int32_t value) const;

  /// The same with conditions, comparisons and sums of what is known computed.
  Expression simplified() const;

  /// The same of keys that stand before the query, where k is less than q; simplified.
  Expression ofEarlierKeys() const;

  /// A mask that is `true`, or a score that is `s`, as written: leaves attention as it is.
  bool isNeutral() const;

  bool operator==(const Expression &) const = default;

private:
  friend class Parser;
  Expression(Kind kind, std::vector<Node> nodes) : expressionKind(kind), expressionNodes(std::move(nodes)) {}

  Kind expressionKind;
  std::vector<Node> expressionNodes;
};

/// What is wrong with a text: bytes [begin, end) of it deserve the caret. The range is within the text, and empty only
/// at its end.
struct Error {
  std::string message;
  size_t begin = 0;
  size_t end = 0;
};

/// An expression or an error.
class ParseResult {
public:
  ParseResult(Expression expression) : parsed(std::move(expression)) {}
  ParseResult(Error error) : failure(std::move(error)) {}

  explicit operator bool() const { return parsed.has_value(); }
  const Expression &operator*() const { return *parsed; }
  const Expression *operator->() const { return &*parsed; }
  const Error &error() const { return failure; }

private:
  std::optional<Expression> parsed;
  Error failure;
};

ParseResult parse(std::string_view text, Kind kind);

/// Turns the tree into a `Value`, from the leaves up: make(node, operands) gives the value of a node from those of its
/// operands. This is how kernels make a Halide expression:
///
///   Halide::Expr e = fold<Halide::Expr>(score, [&](const Node &node, std::span<const Halide::Expr> x) -> Halide::Expr
///   {
///     switch (node.operation) {
///     case Operation::Add: return x[0] + x[1];
///     ...
template <typename Value, typename Make> Value fold(const Expression &expression, Make &&make) {
  std::vector<Value> stack;
  for (const Node &node : expression.nodes()) {
    size_t first = stack.size() - operandCount(node.operation);
    Value value = make(node, std::span<const Value>(stack.data() + first, stack.size() - first));
    stack.erase(stack.begin() + first, stack.end());
    stack.push_back(std::move(value));
  }
  return std::move(stack.back());
}

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_EXPRESSION_H
