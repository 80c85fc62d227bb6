//===- CostModel.h - What a schedule may take on this machine ---*- C++ -*-===//
//
// Seconds of a kernel under a schedule, from what it computes and moves, how its loops are cut into tiles and tasks,
// and the machine's measured figures. It ranks schedules before they are measured; what is measured decides.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TUNE_COSTMODEL_H
#define TENON_TUNE_COSTMODEL_H

#include "kernels/Kernels.h"
#include "machine/Limits.h"

namespace tenon::tune {

/// One call of a kernel.
struct CostedCall {
  int64_t rows = 1, sequences = 1;
  /// That a row attends to, on average.
  double keys = 0;
  /// Weights that are read, each as many as the call's, until the same come again: how far these are from the cores
  /// then.
  double weights = 1;
};

class CostModel {
public:
  CostModel(const kernels::KernelDescription &kernel, const kernels::TargetModel &target,
            const machine::Limits &limits);

  /// Of nests that are legal for the kernel. What no model of a family is for takes no time.
  double seconds(const std::vector<kernels::NestSchedule> &nests, const CostedCall &call) const;

  /// The families of nests that there is a model of.
  static std::vector<std::string> families();

  /// The sizes of what a nest computes.
  struct Shape {
    int64_t width = 0, depth = 0, panel = 0; ///< Of a product, or the width of a row.
    bool hasPrologue = false;                ///< Whether a product's rows are computed in the kernel.
    int64_t heads = 0, keyHeads = 0, headSize = 0;
  };
  /// What one core does in a nanosecond.
  struct Core {
    unsigned threads; ///< Cores that work.
    int64_t lanes, registers;
    double multiplyAdd, load;    ///< Nanoseconds of one of a whole vector.
    double second, last, memory; ///< Bytes in a nanosecond.
    double firstBytes, secondBytes, lastBytes;
  };

private:
  Shape shapeOf(const std::string &family, size_t number) const;

  const kernels::KernelDescription &kernel;
  Core core;
};

} // namespace tenon::tune

#endif // TENON_TUNE_COSTMODEL_H
