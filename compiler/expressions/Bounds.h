//===- Bounds.h - Linear bounds of integers over a region -----------------===//
//
// The analysis knows of each integer of a mask some linear functions of q, k, h and b that lie below it or above it.
// They are exact rationals, so that q / 64 is known as between (q - 63) / 64 and q / 64.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_EXPRESSIONS_BOUNDS_H
#define TENON_EXPRESSIONS_BOUNDS_H

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace tenon::expressions {

/// The pairs of query and key that a proof is about: `distance` is how far the later of the two is behind the earlier,
/// and at least `least`. Positions, heads and batches begin at 0 and have no known end.
struct Region {
  bool keyIsLater;
  int64_t least;
};

/// (coefficients[0] q + [1] k + [2] h + [3] b + [4]) / denominator, in lowest terms with a positive denominator.
struct Linear {
  std::array<int64_t, 5> coefficients = {};
  int64_t denominator = 1;

  static Linear constant(int64_t value) { return {{0, 0, 0, 0, value}, 1}; }
  bool isConstant() const;
};

/// x * scale + y * otherScale, all over `divisor`; empty where 64 bits do not hold it.
std::optional<Linear> combine(const Linear &x, int64_t scale, const Linear &y, int64_t otherScale, int64_t divisor = 1);

/// The function's minimum over the region, times its denominator. Empty if it has none.
std::optional<int64_t> scaledMinimum(const Linear &x, const Region &region);

/// Functions that lie below an integer and above it. An empty side is an unknown one.
struct Bounds {
  std::vector<Linear> lower, upper;

  static Bounds exact(const Linear &value) { return {{value}, {value}}; }
  static Bounds between(int64_t low, int64_t high) { return {{Linear::constant(low)}, {Linear::constant(high)}}; }
  /// The value, where it is one that is known.
  std::optional<int64_t> constant() const;
};

Bounds negate(const Bounds &x);
Bounds add(const Bounds &x, const Bounds &y);
Bounds multiply(const Bounds &x, const Bounds &y);
Bounds divide(const Bounds &x, const Bounds &y, const Region &region);
Bounds modulo(const Bounds &x, const Bounds &y, const Region &region);
Bounds minimum(const Bounds &x, const Bounds &y, const Region &region);
/// Of a value that is x or y.
Bounds join(const Bounds &x, const Bounds &y, const Region &region);

/// A lower bound of x - y, which is an integer.
std::optional<int64_t> leastDifference(const Bounds &x, const Bounds &y, const Region &region);

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_BOUNDS_H
