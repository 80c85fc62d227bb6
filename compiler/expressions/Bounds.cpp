//===- Bounds.cpp - Linear bounds of integers over a region ---------------===//

#include "expressions/Bounds.h"
#include "expressions/Integers.h"
#include <algorithm>
#include <limits>
#include <numeric>

using namespace tenon::expressions;

namespace {

/// Bounds kept on each side: those that come first are the ones closest to the text.
constexpr size_t maximumBounds = 4;

using Wide = __int128;

constexpr int64_t largest = std::numeric_limits<int64_t>::max() / 4;

bool fits(Wide value) { return value <= largest && value >= -largest; }

void keep(std::vector<Linear> &bounds, const std::optional<Linear> &bound) {
  if (bound && bounds.size() < maximumBounds)
    bounds.push_back(*bound);
}

std::optional<int64_t> leastOf(const Bounds &x, const Region &region) {
  return leastDifference(x, Bounds::between(0, 0), region);
}

/// The bounds among `own` that hold for the value of `other` too.
void keepShared(std::vector<Linear> &kept, const std::vector<Linear> &own, const std::vector<Linear> &other,
                int64_t sign, const Region &region) {
  for (const Linear &bound : own)
    for (const Linear &theirs : other) {
      std::optional<Linear> margin = combine(theirs, sign, bound, -sign);
      std::optional<int64_t> least = margin ? scaledMinimum(*margin, region) : std::nullopt;
      if (least && *least >= 0) {
        keep(kept, bound);
        break;
      }
    }
}

} // namespace

bool Linear::isConstant() const {
  return std::all_of(coefficients.begin(), coefficients.end() - 1, [](int64_t c) { return c == 0; });
}

std::optional<Linear> tenon::expressions::combine(const Linear &x, int64_t scale, const Linear &y, int64_t otherScale,
                                                  int64_t divisor) {
  Wide denominator = Wide(x.denominator) * y.denominator;
  if (!fits(denominator) || !fits(denominator * divisor))
    return std::nullopt;
  Linear sum;
  sum.denominator = static_cast<int64_t>(denominator * divisor);
  int64_t common = sum.denominator;
  for (size_t i = 0; i < sum.coefficients.size(); ++i) {
    Wide left = Wide(x.coefficients[i]) * y.denominator, right = Wide(y.coefficients[i]) * x.denominator;
    if (!fits(left) || !fits(right) || !fits(left * scale) || !fits(right * otherScale))
      return std::nullopt;
    sum.coefficients[i] = static_cast<int64_t>(left * scale + right * otherScale);
    common = std::gcd(common, sum.coefficients[i]);
  }
  for (int64_t &coefficient : sum.coefficients)
    coefficient /= common;
  sum.denominator /= common;
  return sum;
}

std::optional<int64_t> tenon::expressions::scaledMinimum(const Linear &x, const Region &region) {
  auto [query, key, head, batch, constant] = x.coefficients;
  int64_t distance = region.keyIsLater ? key : query;
  if (!fits(Wide(query) + key) || query + key < 0 || distance < 0 || head < 0 || batch < 0)
    return std::nullopt;
  Wide least = Wide(distance) * region.least + constant;
  if (!fits(least))
    return std::nullopt;
  return static_cast<int64_t>(least);
}

std::optional<int64_t> Bounds::constant() const {
  for (const Linear &low : lower)
    for (const Linear &high : upper)
      if (low.isConstant() && high.isConstant() && low.denominator == 1 && high.denominator == 1 &&
          low.coefficients[4] == high.coefficients[4])
        return low.coefficients[4];
  return std::nullopt;
}

Bounds tenon::expressions::negate(const Bounds &x) {
  Bounds result;
  for (const Linear &bound : x.upper)
    keep(result.lower, combine(bound, -1, Linear(), 0));
  for (const Linear &bound : x.lower)
    keep(result.upper, combine(bound, -1, Linear(), 0));
  return result;
}

Bounds tenon::expressions::add(const Bounds &x, const Bounds &y) {
  Bounds result;
  for (const Linear &left : x.lower)
    for (const Linear &right : y.lower)
      keep(result.lower, combine(left, 1, right, 1));
  for (const Linear &left : x.upper)
    for (const Linear &right : y.upper)
      keep(result.upper, combine(left, 1, right, 1));
  return result;
}

Bounds tenon::expressions::multiply(const Bounds &x, const Bounds &y) {
  std::optional<int64_t> factor = y.constant();
  if (!factor)
    return x.constant() ? multiply(y, x) : Bounds();
  Bounds result;
  for (const Linear &bound : *factor < 0 ? x.upper : x.lower)
    keep(result.lower, combine(bound, *factor, Linear(), 0));
  for (const Linear &bound : *factor < 0 ? x.lower : x.upper)
    keep(result.upper, combine(bound, *factor, Linear(), 0));
  return *factor == 0 ? Bounds::between(0, 0) : result;
}

Bounds tenon::expressions::divide(const Bounds &x, const Bounds &y, const Region &region) {
  std::optional<int64_t> divisor = y.constant();
  if (!divisor)
    return {};
  if (*divisor == 0)
    return Bounds::between(0, 0);
  if (*divisor < 0)
    return divide(negate(x), Bounds::between(-*divisor, -*divisor), region);
  Bounds result;
  if (std::optional<int64_t> least = leastOf(x, region))
    result.lower.push_back(Linear::constant(floorDivide(*least, *divisor)));
  if (std::optional<int64_t> least = leastOf(negate(x), region))
    result.upper.push_back(Linear::constant(floorDivide(-*least, *divisor)));
  // Of integers, the floor takes off at most divisor - 1 parts.
  for (const Linear &bound : x.lower)
    keep(result.lower, combine(bound, 1, Linear::constant(*divisor - 1), -1, *divisor));
  for (const Linear &bound : x.upper)
    keep(result.upper, combine(bound, 1, Linear(), 0, *divisor));
  return result;
}

Bounds tenon::expressions::modulo(const Bounds &x, const Bounds &y, const Region &region) {
  std::optional<int64_t> divisor = y.constant();
  if (!divisor)
    return {};
  if (*divisor == 0)
    return Bounds::between(0, 0);
  if (*divisor < 0)
    return Bounds::between(*divisor + 1, 0);
  std::optional<int64_t> least = leastOf(x, region), leastNegative = leastOf(negate(x), region);
  bool fromZero = least && *least >= 0;
  if (fromZero && leastNegative && -*leastNegative < *divisor)
    return x;
  Bounds result = Bounds::between(0, *divisor - 1);
  for (const Linear &bound : x.upper)
    if (fromZero)
      keep(result.upper, bound);
  return result;
}

Bounds tenon::expressions::join(const Bounds &x, const Bounds &y, const Region &region) {
  Bounds result;
  keepShared(result.lower, x.lower, y.lower, 1, region);
  keepShared(result.lower, y.lower, x.lower, 1, region);
  keepShared(result.upper, x.upper, y.upper, -1, region);
  keepShared(result.upper, y.upper, x.upper, -1, region);
  return result;
}

Bounds tenon::expressions::minimum(const Bounds &x, const Bounds &y, const Region &region) {
  Bounds result = join(x, y, region);
  result.upper = x.upper;
  for (const Linear &bound : y.upper)
    keep(result.upper, bound);
  return result;
}

std::optional<int64_t> tenon::expressions::leastDifference(const Bounds &x, const Bounds &y, const Region &region) {
  std::optional<int64_t> best;
  for (const Linear &low : x.lower)
    for (const Linear &high : y.upper) {
      std::optional<Linear> difference = combine(low, 1, high, -1);
      std::optional<int64_t> least = difference ? scaledMinimum(*difference, region) : std::nullopt;
      if (!least)
        continue;
      // An integer above -1/2 is at least 0.
      int64_t rounded = -floorDivide(-*least, difference->denominator);
      best = std::max(best.value_or(rounded), rounded);
    }
  return best;
}
