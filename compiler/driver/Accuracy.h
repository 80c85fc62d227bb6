//===- Accuracy.h - How far off a compiled kernel may be --------*- C++ -*-===//

#ifndef TENON_DRIVER_ACCURACY_H
#define TENON_DRIVER_ACCURACY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <string>
#include <vector>

namespace tenon {

/// Largest differences from the float64 reference, over every run of a kernel, on the same float32 inputs. The plain
/// evaluation is one in float32 in the order that the operation's description states.
struct KernelError {
  std::string name;
  unsigned runs = 0;
  unsigned cases = 1, casesRun = 1; ///< Of its schedule, and those that the runs had sizes of.
  double compiled = 0;  ///< Of the compiled kernel.
  double plain = 0;     ///< Of the plain evaluation, or evaluations.
  double magnitude = 0; ///< Largest reference value.
  double element = 0;   ///< Largest error of an element of the compiled kernel, as a part of what it may be.

  /// A compiled kernel may be off by twice what plain float32 is, or twice half a unit in the last place where that is
  /// more: what `compiled` may be.
  double allowed() const;
  bool passesAsWhole() const { return compiled <= allowed(); }
  bool passes() const { return passesAsWhole() && element <= 1; }
};

/// The largest error of one evaluation is small by luck now and then, and large: of several runs of a kernel on inputs
/// that differ little, `compiled` and `plain` are the means.
KernelError meanOfDraws(llvm::ArrayRef<KernelError> draws);

/// One result of a kernel, by each evaluation.
struct ResultValues {
  llvm::ArrayRef<double> exact;
  /// One for each of `plainEvaluations`.
  llvm::SmallVector<llvm::ArrayRef<float>, 4> plain;
  llvm::ArrayRef<float> compiled;
  int64_t columns = 1;
};

/// Adds a run's result to `error`; of its rows, those that are `used`. As a whole it is compared with the first of the
/// plain evaluations, or, where few elements have most of the error, with the largest error of all of them. Each
/// element may be off by twice the largest error that a plain evaluation has there, or, since that may be small by
/// luck, by sixteen times what is expected from the mean squares of their errors in its row and in its column; and in
/// any case by a unit in its last place.
void addResult(const ResultValues &values, llvm::function_ref<bool(int64_t row)> used, KernelError &error);

/// A way to evaluate in float32: in which direction it rounds (as <cfenv> names it), and by which draw inputs are
/// moved.
struct PlainEvaluation {
  int rounding;
  unsigned draw; ///< 0: they are not.
};

/// To the nearest first: what is compared as a whole. An element that this hits by luck, or that is right since its
/// errors cancel, is no yardstick: the others round upwards, downwards and towards zero, with inputs moved by a unit.
llvm::ArrayRef<PlainEvaluation> plainEvaluations();

/// `values`, each moved by a unit in the last place, which way the draw decides; infinities stay.
std::vector<float> moved(llvm::ArrayRef<float> values, unsigned draw);

/// Sets the direction in which this thread rounds until the end of a scope.
class RoundingScope {
public:
  explicit RoundingScope(int direction);
  ~RoundingScope();
  RoundingScope(const RoundingScope &) = delete;

private:
  int before;
};

} // namespace tenon

#endif // TENON_DRIVER_ACCURACY_H
