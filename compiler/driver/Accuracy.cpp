//===- Accuracy.cpp - How far off a compiled kernel may be ----------------===//

#include "driver/Accuracy.h"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <random>

using namespace tenon;

constexpr double kHalfUnit = 0x1p-24;

double KernelError::allowed() const { return 2 * std::max(plain, kHalfUnit * magnitude); }

llvm::ArrayRef<PlainEvaluation> tenon::plainEvaluations() {
  static constexpr PlainEvaluation evaluations[] = {
      {FE_TONEAREST, 0}, {FE_UPWARD, 1}, {FE_DOWNWARD, 2}, {FE_TOWARDZERO, 3}};
  return evaluations;
}

std::vector<float> tenon::moved(llvm::ArrayRef<float> values, unsigned draw) {
  std::vector<float> result(values.begin(), values.end());
  if (draw == 0)
    return result;
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::minstd_rand random(draw);
  for (float &value : result)
    value = std::nextafter(value, (random() >> 16 & 1) ? infinity : -infinity);
  return result;
}

RoundingScope::RoundingScope(int direction) : before(std::fegetround()) { std::fesetround(direction); }

RoundingScope::~RoundingScope() { std::fesetround(before); }

/// The larger of what was found so far and a new value; NaN is worse than anything, and stays.
static double worse(double sofar, double value) { return std::isnan(sofar) || value <= sofar ? sofar : value; }

void tenon::addResult(const ResultValues &values, llvm::function_ref<bool(int64_t row)> used, KernelError &error) {
  auto columns = static_cast<size_t>(values.columns);
  for (size_t begin = 0; begin < values.exact.size(); begin += columns) {
    if (!used(static_cast<int64_t>(begin / columns)))
      continue;
    for (size_t i = begin; i < begin + columns; ++i) {
      // Infinities of one sign are equal: the largest of no rows is one.
      if (std::isinf(values.exact[i]) && values.compiled[i] == values.exact[i])
        continue;
      double magnitude = std::fabs(values.exact[i]), off = std::fabs(values.compiled[i] - values.exact[i]);
      // Kernels flush what is under the least normal number to zero.
      double expected = std::max(kHalfUnit * magnitude, 0x1p-126);
      for (llvm::ArrayRef<float> plain : values.plain)
        expected = std::max(expected, std::fabs(plain[i] - values.exact[i]));
      error.magnitude = std::max(error.magnitude, magnitude);
      error.compiled = worse(error.compiled, off);
      error.plain = worse(error.plain, std::fabs(values.plain.front()[i] - values.exact[i]));
      error.element = worse(error.element, off / (2 * expected));
    }
  }
}
