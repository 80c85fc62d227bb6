//===- MachineBench.h - A kernel measured where it will run -----*- C++ -*-===//

#ifndef TENON_TUNE_MACHINEBENCH_H
#define TENON_TUNE_MACHINEBENCH_H

#include "codegen/KernelCache.h"
#include "support/ScratchDirectory.h"
#include "tune/KernelTuner.h"
#include "tune/Recording.h"

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace tenon::tune {

/// Where candidates are compiled: files that go away, whatever the user's cache is.
struct Workshop {
  static llvm::Expected<std::unique_ptr<Workshop>> create(mlir::MLIRContext *context);

  ScratchDirectory scratch;
  KernelCache cache;
  mlir::MLIRContext *context;
  unsigned libraries = 0; ///< Made so far.
};

class MachineBench : public Bench {
public:
  /// `calls` says of each of `recorded` what it is.
  MachineBench(Workshop &workshop, Recording &recording, kernels::KernelDescription description,
               const kernels::TargetModel &target, std::vector<RecordedCall> recorded, std::vector<BenchCall> calls,
               bool coldWeights)
      : workshop(workshop), recording(recording), description(std::move(description)), target(target),
        recorded(std::move(recorded)), all(std::move(calls)), coldWeights(coldWeights) {}

  const std::vector<BenchCall> &calls() const override { return all; }
  llvm::Expected<std::vector<Candidate>> prepare(const std::vector<kernels::Schedule> &schedules) override;

private:
  std::vector<bool> compile(const std::vector<kernels::Schedule> &schedules, std::vector<Candidate> &candidates);
  void check(Candidate &candidate, const std::shared_ptr<CandidateLibrary> &library, size_t index);

  Workshop &workshop;
  Recording &recording;
  kernels::KernelDescription description;
  const kernels::TargetModel &target;
  std::vector<RecordedCall> recorded;
  std::vector<BenchCall> all;
  bool coldWeights;
};

} // namespace tenon::tune

#endif // TENON_TUNE_MACHINEBENCH_H
