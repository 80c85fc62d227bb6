//===- Builder.h - Types and limits while a tree is made ------------------===//

#ifndef TENON_EXPRESSIONS_BUILDER_H
#define TENON_EXPRESSIONS_BUILDER_H

#include "expressions/Spelling.h"

namespace tenon::expressions {

struct Range {
  size_t begin, end;
};

/// A node under construction and the text that it came from, parentheses included.
struct Operand {
  uint32_t node;
  Range range;
};

/// A function or, with its number, a table.
struct Callee {
  std::string_view name;
  Operation operation;
  int32_t table = 0;
};

/// Makes typed nodes, converting integers to floats where the two meet. Each function that returns an empty optional
/// has set `error()`.
class Builder {
public:
  explicit Builder(Kind kind) : kind(kind) {}

  std::optional<Operand> number(std::string_view text, bool negative, Range range);
  std::optional<Operand> name(std::string_view name, Range range);
  std::optional<Operand> unary(Operation operation, std::string_view what, Operand operand, Range range);
  std::optional<Operand> binary(const BinaryOperator &what, Operand left, Operand right);
  std::optional<Callee> callee(std::string_view name, Range range);
  std::optional<Operand> call(const Callee &callee, const std::vector<Operand> &arguments, Range range);

  /// The root as the kind of expression wants it.
  std::optional<Operand> finish(Operand root);

  /// The tree under `root` in the order of `Expression::nodes`.
  std::vector<Node> postOrder(Operand root) const;

  const std::optional<Error> &error() const { return failure; }

private:
  /// What a node's text would nest, and its value if it reads nothing and is an integer.
  struct Fact {
    unsigned nesting = 0;
    std::optional<int64_t> constant;
  };

  Kind kind;
  std::vector<Node> nodes;
  std::vector<Fact> facts;
  std::optional<Error> failure;

  std::nullopt_t fail(std::string message, Range range);
  Type typeOf(Operand operand) const { return nodes[operand.node].type; }
  std::optional<Operand> add(Node node, std::initializer_list<Operand> operands, Range range);
  std::optional<Operand> add(Node node, const std::vector<Operand> &operands, Range range);
  std::optional<int64_t> constantOf(const Node &node) const;
  unsigned nestingOf(const Node &node) const;
  bool require(Operand operand, Type type, std::string_view user);
  bool requireNumber(Operand operand, std::string_view user);
  std::optional<Operand> toFloat(Operand operand);
  /// Converts so that both have one type; false if one is a condition and the other a number.
  bool unify(Operand &left, Operand &right, std::string_view user);
  std::optional<Operand> convert(Operation operation, Operand operand, Range range);
  std::string readable() const;
};

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_BUILDER_H
