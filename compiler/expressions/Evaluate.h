//===- Evaluate.h - The value of a mask or score --------------------------===//

#ifndef TENON_EXPRESSIONS_EVALUATE_H
#define TENON_EXPRESSIONS_EVALUATE_H

#include "expressions/Integers.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::expressions {

/// One score: of query position q and key position k in head h of sequence b, and the segments of the two. A mask does
/// not read `score`.
template <typename Real> struct Point {
  int32_t query = 0, key = 0, head = 0, batch = 0;
  Real score = 0;
  int32_t segment = 0, querySegment = 0;
};

/// The index that stands for `index` in a table of `extent` rows or columns; `extent` is positive.
inline int64_t clampIndex(int32_t index, int64_t extent) { return std::clamp<int64_t>(index, 0, extent - 1); }

namespace detail {

template <typename Real> int32_t truncate(Real value) {
  if (std::isnan(value))
    return 0;
  constexpr double lowest = std::numeric_limits<int32_t>::min(), highest = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp<double>(value, lowest, highest));
}

} // namespace detail

/// Evaluates one expression at many points in `Real` (float or double). An evaluator has scratch memory: one per
/// thread. The expression must outlive it.
template <typename Real> class Evaluator {
public:
  explicit Evaluator(const Expression &expression) : nodes(expression.nodes()), values(expression.nodes().size()) {}

  /// `lookup(table, i, j)` gives an element of a table; it clamps i and j (see `clampIndex`).
  template <typename Lookup> bool mask(const Point<Real> &point, Lookup &&lookup) {
    return run(point, lookup).integer != 0;
  }
  template <typename Lookup> Real score(const Point<Real> &point, Lookup &&lookup) { return run(point, lookup).real; }

  /// For expressions that read no table.
  bool mask(const Point<Real> &point) { return mask(point, noTable); }
  Real score(const Point<Real> &point) { return score(point, noTable); }

private:
  struct Value {
    int32_t integer = 0; // of Ints and Bools
    Real real = 0;
  };

  static Real noTable(unsigned, int32_t, int32_t) { return 0; }

  template <typename Lookup> const Value &run(const Point<Real> &point, Lookup &lookup) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      const Node &node = nodes[i];
      const Value &x = values[node.operands[0]], &y = values[node.operands[1]];
      Value value;
      if (node.operation == Operation::Table)
        value.real = lookup(static_cast<unsigned>(node.integer), x.integer, y.integer);
      else if (node.operation == Operation::Select)
        value = x.integer ? y : values[node.operands[2]];
      else if (operandCount(node.operation) == 0)
        value = leaf(node, point);
      else if (node.type == Type::Float)
        value.real = real(node, x, y);
      else if (nodes[node.operands[0]].type == Type::Float)
        value.integer = ofReals(node, x.real, y.real);
      else
        value.integer = wrapped(ofIntegers(node.operation, x.integer, y.integer).value_or(0));
      values[i] = value;
    }
    return values.back();
  }

  static Value leaf(const Node &node, const Point<Real> &point) {
    switch (node.operation) {
    case Operation::Query:
      return {point.query, 0};
    case Operation::Key:
      return {point.key, 0};
    case Operation::Head:
      return {point.head, 0};
    case Operation::Batch:
      return {point.batch, 0};
    case Operation::Score:
      return {0, point.score};
    case Operation::Segment:
      return {point.segment, 0};
    case Operation::QuerySegment:
      return {point.querySegment, 0};
    default:
      return {node.integer, static_cast<Real>(node.real)};
    }
  }

  static Real real(const Node &node, const Value &left, const Value &right) {
    Real x = left.real, y = right.real;
    switch (node.operation) {
    case Operation::Negate:
      return -x;
    case Operation::Abs:
      return std::fabs(x);
    case Operation::Exp:
      return std::exp(x);
    case Operation::Log:
      return std::log(x);
    case Operation::Tanh:
      return std::tanh(x);
    case Operation::Sqrt:
      return std::sqrt(x);
    case Operation::ToFloat:
      return static_cast<Real>(left.integer);
    case Operation::Add:
      return x + y;
    case Operation::Subtract:
      return x - y;
    case Operation::Multiply:
      return x * y;
    case Operation::Divide:
      return x / y;
    case Operation::Modulo:
      return x - std::floor(x / y) * y;
    // NaN where either operand is.
    case Operation::Min:
      return y < x || std::isnan(y) ? y : x;
    case Operation::Max:
      return x < y || std::isnan(y) ? y : x;
    default:
      return 0;
    }
  }

  static int32_t ofReals(const Node &node, Real x, Real y) {
    return node.operation == Operation::ToInt ? detail::truncate(x) : compare(node.operation, x, y);
  }

  const std::vector<Node> &nodes;
  std::vector<Value> values;
};

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_EVALUATE_H
