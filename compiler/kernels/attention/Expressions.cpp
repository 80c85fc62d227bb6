//===- Expressions.cpp - Masks and scores as Halide expressions ------------===//

#include "kernels/attention/Expressions.h"
#include "kernels/Elementary.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

using expressions::Node;
using expressions::Operation;
using Operands = std::span<const Expr>;

/// Integer division towards minus infinity. Halide's leaves no negative remainder, which is the same for positive
/// divisors; both give 0 for a divisor of 0.
Expr floorDivide(Expr x, Expr y) {
  if (Internal::is_positive_const(y))
    return x / y;
  return select(y < 0, (-x) / (-y), x / y);
}

Expr floorModulo(Expr x, Expr y) {
  if (y.type().is_float())
    return x - floor(x / y) * y;
  if (Internal::is_positive_const(y))
    return x % y;
  return select(y < 0, -((-x) % (-y)), x % y);
}

/// The operand of an absolute value of integers, or an undefined expression: the solver knows comparisons better.
Expr insideAbs(Expr x) {
  if (const auto *conversion = x.as<Internal::Cast>())
    x = conversion->value;
  const auto *call = x.as<Internal::Call>();
  if (!call || !call->is_intrinsic(Internal::Call::abs) || !call->args[0].type().is_int())
    return Expr();
  return call->args[0];
}

/// x < y or x <= y, by `compare`, an absolute value on either side as two comparisons.
template <typename Compare> Expr ordered(Expr x, Expr y, Compare compare) {
  if (Expr inside = insideAbs(x); inside.defined())
    return compare(inside, y) && compare(-inside, y);
  if (Expr inside = insideAbs(y); inside.defined())
    return compare(x, inside) || compare(x, -inside);
  return compare(x, y);
}

Expr lessThan(Expr x, Expr y) {
  return ordered(x, y, [](Expr a, Expr b) { return a < b; });
}

Expr atMost(Expr x, Expr y) {
  return ordered(x, y, [](Expr a, Expr b) { return a <= b; });
}

Expr absolute(Expr x) { return x.type().is_int() ? cast<int32_t>(abs(x)) : abs(x); }

Expr toFloat(Expr x) { return x.type().is_bool() ? select(x, 1.0f, 0.0f) : cast<float>(x); }

Expr toInt(Expr x) { return x.type().is_bool() ? select(x, 1, 0) : cast<int32_t>(x); }

Expr leaf(const Node &node, const Point &point) {
  switch (node.operation) {
  case Operation::BoolLiteral:
    return node.integer ? Internal::const_true() : Internal::const_false();
  case Operation::IntLiteral:
    return node.integer;
  case Operation::FloatLiteral:
    return node.real;
  case Operation::Query:
    return point.query;
  case Operation::Key:
    return point.key;
  case Operation::Head:
    return point.head;
  case Operation::Batch:
    return point.sequence;
  case Operation::Segment:
    return point.segment;
  case Operation::QuerySegment:
    return point.querySegment;
  default:
    return point.score;
  }
}

/// A minimum or maximum is NaN where either operand is.
Expr ofEither(Expr x, Expr y, Expr value) { return x.type().is_float() ? keepNaN(x, keepNaN(y, value)) : value; }

Expr unary(Operation operation, Expr x) {
  switch (operation) {
  case Operation::Negate:
    return -x;
  case Operation::Not:
    return !x;
  case Operation::Abs:
    return absolute(x);
  // Polynomials, which make numbers of what is none.
  case Operation::Exp:
    return keepNaN(x, exp(x));
  case Operation::Log:
    return keepNaN(x, log(x));
  case Operation::Tanh:
    return activation("tanh", x);
  case Operation::Sqrt:
    return sqrt(x);
  case Operation::ToFloat:
    return toFloat(x);
  default:
    return toInt(x);
  }
}

Expr binary(Operation operation, Expr x, Expr y) {
  switch (operation) {
  case Operation::Add:
    return x + y;
  case Operation::Subtract:
    return x - y;
  case Operation::Multiply:
    return x * y;
  case Operation::Divide:
    return x.type().is_float() ? x / y : floorDivide(x, y);
  case Operation::Modulo:
    return floorModulo(x, y);
  case Operation::Min:
    return ofEither(x, y, min(x, y));
  case Operation::Max:
    return ofEither(x, y, max(x, y));
  case Operation::Equal:
    return x == y;
  case Operation::NotEqual:
    return x != y;
  case Operation::Less:
    return lessThan(x, y);
  case Operation::LessEqual:
    return atMost(x, y);
  case Operation::Greater:
    return lessThan(y, x);
  case Operation::GreaterEqual:
    return atMost(y, x);
  case Operation::And:
    return x && y;
  default:
    return x || y;
  }
}

/// The parts of a disjunction.
void collectParts(Expr condition, std::vector<Expr> &parts) {
  if (const auto *either = condition.as<Internal::Or>()) {
    collectParts(either->a, parts);
    collectParts(either->b, parts);
  } else {
    parts.push_back(condition);
  }
}

/// What of a bound is known: undefined where it is infinite, or still varies with the key or the head.
Expr bound(Expr end, bool finite) {
  if (!finite)
    return Expr();
  Expr simple = Internal::simplify(end);
  for (const char *varying : {"mask_key", "mask_query", "mask_head"})
    if (Internal::expr_uses_var(simple, varying))
      return Expr();
  return simple;
}

} // namespace

Expr exprOf(const expressions::Expression &expression, const Point &point) {
  return expressions::fold<Expr>(expression, [&](const Node &node, Operands x) -> Expr {
    if (node.operation == Operation::Table)
      return point.table(node.integer, x[0], x[1]);
    // Halide's solver of conditions is wrong about a choice between two of them.
    if (node.operation == Operation::Select)
      return x[1].type().is_bool() ? (x[0] && x[1]) || (!x[0] && x[2]) : select(x[0], x[1], x[2]);
    switch (expressions::operandCount(node.operation)) {
    case 0:
      return leaf(node, point);
    case 1:
      return unary(node.operation, x[0]);
    default:
      return binary(node.operation, x[0], x[1]);
    }
  });
}

KeyRange keyRange(const expressions::Expression &mask, const Point &point, int heads) {
  using namespace Halide::Internal;
  auto variable = [](const char *name) { return Variable::make(Int(32), name); };
  Expr condition = exprOf(mask, {variable("mask_query"), variable("mask_key"), variable("mask_head"), point.sequence,
                                 Expr(), point.segment, point.querySegment, point.table});
  Scope<Interval> varying;
  varying.push("mask_query", Interval(firstQuery, lastQuery));
  varying.push("mask_head", Interval(0, heads - 1));
  std::vector<Expr> parts;
  collectParts(simplify(condition), parts);
  // The range of a disjunction covers those of its parts; a part that is never true adds nothing.
  KeyRange range{0, -1};
  bool empty = true;
  for (const Expr &part : parts) {
    Expr possible = simplify(!and_condition_over_domain(simplify(!part), varying));
    Interval keys = solve_for_outer_interval(possible, "mask_key");
    if (keys.is_empty())
      continue;
    KeyRange own{bound(keys.min, keys.has_lower_bound()), bound(keys.max, keys.has_upper_bound())};
    auto join = [&](Expr &all, Expr one, Expr (*combine)(Expr, Expr)) {
      all = empty ? one : all.defined() && one.defined() ? combine(all, one) : Expr();
    };
    join(range.first, own.first, [](Expr x, Expr y) { return Halide::min(x, y); });
    join(range.last, own.last, [](Expr x, Expr y) { return Halide::max(x, y); });
    empty = false;
  }
  return range;
}

} // namespace tenon::kernels
