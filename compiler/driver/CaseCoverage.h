//===- CaseCoverage.h - Which cases of schedules were called ----*- C++ -*-===//

#ifndef TENON_DRIVER_CASECOVERAGE_H
#define TENON_DRIVER_CASECOVERAGE_H

#include "driver/VerifyInputs.h"

#include "llvm/Support/Error.h"

#include <set>

namespace tenon {

/// A kernel whose schedule has several cases has code for each: those that calls have run, and batches whose calls may
/// run the others.
class CaseCoverage {
public:
  explicit CaseCoverage(llvm::StringRef target) : target(target) {}

  /// A call of `kernel`, in a batch of so many sequences, with arguments of these shapes.
  llvm::Error add(KernelOp kernel, const std::vector<std::vector<int64_t>> &shapes, int64_t sequences);

  /// A batch for a case of a kernel of `function` that no call has run; none where all have, or all that is known was
  /// tried.
  std::optional<BatchShape> next(mlir::func::FuncOp function);

  struct Counts {
    unsigned cases = 1, run = 1;
  };
  Counts countsOf(llvm::StringRef kernel) const;

private:
  struct Cases {
    std::vector<kernels::ScheduleCase> all;
    std::set<size_t> run, never; ///< Those that calls have run, and those that none can: its rows are whole tiles.
    int64_t rowTile = 1;
    bool countsSequences = false; ///< Whether its rows are as many as the batch's sequences.
  };
  Cases &casesOf(KernelOp kernel);

  std::string target;
  llvm::StringMap<Cases> kernels;
  std::map<std::string, std::vector<BatchShape>> tried; ///< By function.
};

} // namespace tenon

#endif // TENON_DRIVER_CASECOVERAGE_H
