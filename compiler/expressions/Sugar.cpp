//===- Sugar.cpp - Masks and scores that have a name in the spec ----------===//

#include "expressions/Sugar.h"
#include <bit>
#include <charconv>
#include <cmath>

using namespace tenon::expressions;

namespace {

std::string literal(float value) {
  char text[32];
  auto [end, code] = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end);
}

Expression mask(const std::string &text) { return *parse(text, Kind::Mask); }
Expression score(const std::string &text) { return *parse(text, Kind::Score); }

/// The slope of head h among slopes [first, last), halving the range at each select.
std::string selectSlope(const std::vector<float> &slopes, size_t first, size_t last) {
  if (last - first == 1)
    return "float(" + literal(slopes[first]) + ")";
  size_t middle = first + (last - first) / 2;
  return "select(h < " + std::to_string(middle) + ", " + selectSlope(slopes, first, middle) + ", " +
         selectSlope(slopes, middle, last) + ")";
}

} // namespace

Expression tenon::expressions::causal() { return mask("k <= q"); }

Expression tenon::expressions::window(int32_t keys) { return mask("k <= q && q - k < " + std::to_string(keys)); }

Expression tenon::expressions::around(int32_t keys) { return mask("abs(q - k) <= " + std::to_string(keys)); }

Expression tenon::expressions::prefix(int32_t keys) { return mask("k <= q || k < " + std::to_string(keys)); }

Expression tenon::expressions::fromSegment(int32_t first, const Expression &mask) {
  return ::mask("segment < " + std::to_string(first) + " || (" + mask.print() + ")");
}

Expression tenon::expressions::softcap(float cap) {
  return score("float(" + literal(cap) + ") * tanh(s / float(" + literal(cap) + "))");
}

std::vector<float> tenon::expressions::alibiSlopes(unsigned heads, AlibiStyle style, float maximumBias) {
  auto slope = [&](unsigned i, unsigned powerOfTwo) {
    if (style == AlibiStyle::Bloom) {
      float base = static_cast<float>(std::exp2(-double(maximumBias) / powerOfTwo));
      return static_cast<float>(std::pow(double(base), double(i + 1)));
    }
    float exponent = static_cast<float>(i + 1) * (maximumBias / static_cast<float>(powerOfTwo));
    return 1 / static_cast<float>(std::exp2(double(exponent)));
  };
  unsigned below = std::bit_floor(heads);
  std::vector<float> slopes;
  for (unsigned i = 0; i < below; ++i)
    slopes.push_back(slope(i, below));
  for (unsigned i = 0; slopes.size() < heads; i += 2)
    slopes.push_back(slope(i, 2 * below));
  return slopes;
}

Expression tenon::expressions::alibi(unsigned heads, AlibiStyle style, float maximumBias) {
  return score("s + " + selectSlope(alibiSlopes(heads, style, maximumBias), 0, heads) + " * float(k - q)");
}
