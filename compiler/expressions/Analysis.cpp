//===- Analysis.cpp - What the compiler may rely on about a mask ----------===//

#include "expressions/Analysis.h"
#include "expressions/Bounds.h"

using namespace tenon::expressions;

namespace {

enum class Truth { No, Yes, Maybe };

Truth inverse(Truth x) { return x == Truth::Maybe ? x : x == Truth::Yes ? Truth::No : Truth::Yes; }
Truth both(Truth x, Truth y) {
  if (x == Truth::No || y == Truth::No)
    return Truth::No;
  return x == Truth::Yes && y == Truth::Yes ? Truth::Yes : Truth::Maybe;
}
Truth either(Truth x, Truth y) { return inverse(both(inverse(x), inverse(y))); }
Truth same(Truth x, Truth y) {
  if (x == Truth::Maybe || y == Truth::Maybe)
    return Truth::Maybe;
  return x == y ? Truth::Yes : Truth::No;
}

/// What is known of a node throughout a region; nothing is known of floats.
struct Knowledge {
  Truth truth = Truth::Maybe; // of a Bool
  Bounds bounds;              // of an Int
};

/// Evaluates a mask over all pairs of a region at once.
class Prover {
public:
  Prover(const Expression &mask, const Region &region) : mask(mask), region(region) {}

  bool provesFalse() const {
    Knowledge root = fold<Knowledge>(mask, [&](const Node &node, std::span<const Knowledge> operands) {
      if (node.type == Type::Bool)
        return Knowledge{condition(node, operands), {}};
      return Knowledge{Truth::Maybe, node.type == Type::Int ? integer(node, operands) : Bounds()};
    });
    return root.truth == Truth::No;
  }

private:
  const Expression &mask;
  Region region;

  Truth less(const Bounds &x, const Bounds &y) const {
    if (std::optional<int64_t> least = leastDifference(x, y, region); least && *least >= 0)
      return Truth::No;
    if (std::optional<int64_t> least = leastDifference(y, x, region); least && *least > 0)
      return Truth::Yes;
    return Truth::Maybe;
  }

  Truth compare(Operation operation, const Bounds &x, const Bounds &y) const {
    switch (operation) {
    case Operation::Less:
      return less(x, y);
    case Operation::Greater:
      return less(y, x);
    case Operation::LessEqual:
      return inverse(less(y, x));
    case Operation::GreaterEqual:
      return inverse(less(x, y));
    case Operation::Equal:
      return both(inverse(less(x, y)), inverse(less(y, x)));
    default:
      return either(less(x, y), less(y, x));
    }
  }

  Truth condition(const Node &node, std::span<const Knowledge> x) const {
    switch (node.operation) {
    case Operation::BoolLiteral:
      return node.integer ? Truth::Yes : Truth::No;
    case Operation::Not:
      return inverse(x[0].truth);
    case Operation::And:
      return both(x[0].truth, x[1].truth);
    case Operation::Or:
      return either(x[0].truth, x[1].truth);
    case Operation::Select:
      if (x[0].truth != Truth::Maybe)
        return x[0].truth == Truth::Yes ? x[1].truth : x[2].truth;
      return x[1].truth == x[2].truth ? x[1].truth : Truth::Maybe;
    default:
      break;
    }
    Type compared = mask.operand(node, 0).type;
    if (compared == Type::Int)
      return compare(node.operation, x[0].bounds, x[1].bounds);
    if (compared == Type::Float)
      return Truth::Maybe;
    Truth equal = same(x[0].truth, x[1].truth);
    return node.operation == Operation::Equal ? equal : inverse(equal);
  }

  Bounds integer(const Node &node, std::span<const Knowledge> x) const {
    switch (node.operation) {
    case Operation::IntLiteral:
      return Bounds::exact(Linear::constant(node.integer));
    case Operation::Query:
      return Bounds::exact({{1, 0, 0, 0, 0}, 1});
    case Operation::Key:
      return Bounds::exact({{0, 1, 0, 0, 0}, 1});
    case Operation::Head:
      return Bounds::exact({{0, 0, 1, 0, 0}, 1});
    case Operation::Batch:
      return Bounds::exact({{0, 0, 0, 1, 0}, 1});
    case Operation::Segment:
    case Operation::QuerySegment:
      return Bounds::between(0, maximumSegments - 1);
    case Operation::Negate:
      return negate(x[0].bounds);
    case Operation::Add:
      return add(x[0].bounds, x[1].bounds);
    case Operation::Subtract:
      return add(x[0].bounds, negate(x[1].bounds));
    case Operation::Multiply:
      return multiply(x[0].bounds, x[1].bounds);
    case Operation::Divide:
      return divide(x[0].bounds, x[1].bounds, region);
    case Operation::Modulo:
      return modulo(x[0].bounds, x[1].bounds, region);
    case Operation::Min:
      return minimum(x[0].bounds, x[1].bounds, region);
    case Operation::Max:
      return maximum(x[0].bounds, x[1].bounds);
    case Operation::Abs:
      return maximum(x[0].bounds, negate(x[0].bounds));
    case Operation::Select:
      if (x[0].truth != Truth::Maybe)
        return x[0].truth == Truth::Yes ? x[1].bounds : x[2].bounds;
      return join(x[1].bounds, x[2].bounds, region);
    case Operation::ToInt:
      return mask.operand(node, 0).type == Type::Bool ? Bounds::between(0, 1) : Bounds();
    default:
      return {};
    }
  }

  Bounds maximum(const Bounds &x, const Bounds &y) const { return negate(minimum(negate(x), negate(y), region)); }
};

/// Distances beyond this are as good as unbounded.
constexpr int32_t farthest = 1 << 30;

/// The mask of keys and queries of these segments alone.
Expression within(const Expression &mask, Segments segments) {
  Expression result = mask;
  if (segments.key)
    result = result.with(Operation::Segment, *segments.key);
  if (segments.query)
    result = result.with(Operation::QuerySegment, *segments.query);
  return result;
}

bool hidesFrom(const Expression &mask, int32_t distance) {
  return Prover(mask, {/*keyIsLater=*/false, distance}).provesFalse();
}

} // namespace

bool tenon::expressions::seesLaterKeys(const Expression &mask, Segments segments) {
  return !Prover(within(mask, segments), {/*keyIsLater=*/true, 1}).provesFalse();
}

std::optional<int32_t> tenon::expressions::windowOf(const Expression &mask, Segments segments) {
  Expression own = within(mask, segments);
  if (!hidesFrom(own, farthest))
    return std::nullopt;
  int32_t hidden = farthest, unknown = 0;
  while (hidden - unknown > 1) {
    int32_t middle = unknown + (hidden - unknown) / 2;
    (hidesFrom(own, middle) ? hidden : unknown) = middle;
  }
  return hidden;
}

bool tenon::expressions::seesNothing(const Expression &mask, Segments segments) {
  Expression own = within(mask, segments);
  return hidesFrom(own, 0) && Prover(own, {/*keyIsLater=*/true, 1}).provesFalse();
}

bool tenon::expressions::seesLaterKeys(std::string_view mask, Segments segments) {
  ParseResult parsed = parse(mask, Kind::Mask);
  return !parsed || seesLaterKeys(*parsed, segments);
}

std::optional<int32_t> tenon::expressions::windowOf(std::string_view mask, Segments segments) {
  ParseResult parsed = parse(mask, Kind::Mask);
  return parsed ? windowOf(*parsed, segments) : std::nullopt;
}
