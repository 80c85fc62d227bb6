//===- Accuracy.cpp - How far off a compiled kernel may be ----------------===//

#include "driver/Accuracy.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <random>

using namespace tenon;

constexpr double kHalfUnit = 0x1p-24;

double KernelError::allowed() const { return 2 * std::max(plain, kHalfUnit * magnitude); }

KernelError tenon::meanOfDraws(llvm::ArrayRef<KernelError> draws) {
  KernelError mean;
  for (const KernelError &draw : draws) {
    mean.compiled += draw.compiled / static_cast<double>(draws.size());
    mean.plain += draw.plain / static_cast<double>(draws.size());
  }
  return mean;
}

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
    if (std::isfinite(value))
      value = std::nextafter(value, (random() >> 16 & 1) ? infinity : -infinity);
  return result;
}

RoundingScope::RoundingScope(int direction) : before(std::fegetround()) { std::fesetround(direction); }

RoundingScope::~RoundingScope() { std::fesetround(before); }

/// The larger of what was found so far and a new value; NaN is worse than anything, and stays.
static double worse(double sofar, double value) { return std::isnan(sofar) || value <= sofar ? sofar : value; }

/// How far off a value is; not at all where both are the same infinity, as a maximum over nothing is, or no number, as
/// that is when it was normalised.
static double distance(double value, double exact) {
  return value == exact || (std::isnan(value) && std::isnan(exact)) ? 0 : std::fabs(value - exact);
}

namespace {

/// Mean square of the errors of those elements that have any.
struct MeanSquare {
  double sum = 0, count = 0;

  void add(double square) {
    sum += square;
    count += square > 0;
  }
  double value() const { return count > 0 ? sum / count : 0; }
};

/// How far off plain evaluations are in each row and in each column, and in how many elements they are. What none of
/// them is off by, as units that an activation sets to zero, says nothing about the others.
class ErrorScale {
public:
  ErrorScale(const ResultValues &values, llvm::ArrayRef<size_t> numbers)
      : rows(numbers.size()), columns(values.columns) {
    for (auto [number, row] : llvm::enumerate(numbers))
      for (size_t column = 0; column < columns.size(); ++column) {
        size_t i = row * columns.size() + column;
        double square = 0;
        for (llvm::ArrayRef<float> plain : values.plain) {
          double off = distance(plain[i], values.exact[i]);
          square += off * off / static_cast<double>(values.plain.size());
        }
        rows[number].add(square);
        columns[column].add(square);
        all.add(square);
        fourthPowers += square * square;
      }
  }

  /// What is expected of an element: as a product has it, in proportion to its row and to its column. Of a few elements
  /// a mean says nothing, so that the other one counts then where it is more.
  double at(size_t row, size_t column) const {
    if (all.sum == 0)
      return 0;
    constexpr double kFew = 8;
    double expected = std::sqrt(rows[row].value() * columns[column].value() / all.value());
    if (columns[column].count < kFew)
      expected = std::max(expected, std::sqrt(rows[row].value()));
    if (rows[row].count < kFew)
      expected = std::max(expected, std::sqrt(columns[column].value()));
    return expected;
  }

  /// Among how many elements the errors are: their participation ratio, so that elements which are hardly off do not
  /// count.
  double elements() const { return fourthPowers > 0 ? all.sum * all.sum / fourthPowers : 0; }

private:
  std::vector<MeanSquare> rows, columns;
  MeanSquare all;
  double fourthPowers = 0;
};

} // namespace

void tenon::addResult(const ResultValues &values, llvm::function_ref<bool(int64_t row)> used, KernelError &error) {
  auto columns = static_cast<size_t>(values.columns);
  std::vector<size_t> rows;
  for (size_t row = 0; row * columns < values.exact.size(); ++row)
    if (used(static_cast<int64_t>(row)))
      rows.push_back(row);
  ErrorScale scale(values, rows);
  // The largest error of a few elements is small by luck now and then.
  constexpr double kMany = 1024;
  size_t yardsticks = scale.elements() < kMany ? values.plain.size() : 1;
  for (auto [number, row] : llvm::enumerate(rows))
    for (size_t column = 0; column < columns; ++column) {
      size_t i = row * columns + column;
      double magnitude = std::isfinite(values.exact[i]) ? std::fabs(values.exact[i]) : 0;
      double off = distance(values.compiled[i], values.exact[i]);
      // Kernels flush what is under the least normal number to zero. Of a million normal draws none is off by six times
      // the root of their mean square; sixteen times, since an attention's errors follow its heads too: 13.3 was seen.
      double expected = std::max({kHalfUnit * magnitude, 0x1p-126, 8 * scale.at(number, column)});
      for (llvm::ArrayRef<float> plain : values.plain)
        expected = std::max(expected, distance(plain[i], values.exact[i]));
      error.magnitude = std::max(error.magnitude, magnitude);
      error.compiled = worse(error.compiled, off);
      for (llvm::ArrayRef<float> plain : llvm::ArrayRef(values.plain).take_front(yardsticks))
        error.plain = worse(error.plain, distance(plain[i], values.exact[i]));
      error.element = worse(error.element, off / (2 * expected));
    }
}
