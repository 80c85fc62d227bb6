//===- KernelTuner.h - The search for one kernel ----------------*- C++ -*-===//

#ifndef TENON_TUNE_KERNELTUNER_H
#define TENON_TUNE_KERNELTUNER_H

#include "tune/Database.h"
#include "tune/Race.h"
#include "tune/Search.h"

namespace tenon::tune {

/// A call of the kernel that can be measured.
struct BenchCall {
  std::string shape; ///< Of the model's call.
  int64_t rows;
  double weight; ///< What the seconds of one run count.
};

/// Schedules made code, each ready to run on every call.
struct Candidate {
  std::vector<Timed> timed; ///< By call; empty where there is a problem.
  std::string problem;      ///< Why it is none: it does not compile, or gives other bits.
};

/// Where a kernel is measured: the machine, or in tests something that is made up.
class Bench {
public:
  virtual ~Bench() = default;
  virtual const std::vector<BenchCall> &calls() const = 0;
  /// Compiles schedules side by side. What the first of all gives, the others must give, to the bit.
  virtual llvm::Expected<std::vector<Candidate>> prepare(const std::vector<kernels::Schedule> &schedules) = 0;
};

struct KernelTask {
  std::string name, target;
  kernels::ScheduleSpace space;
  /// What won in this setting before: what has to be beaten. The analytic model's schedule where there is none.
  std::optional<kernels::Schedule> incumbent;
  std::vector<Point> starts;   ///< What to measure first: what won elsewhere.
  std::vector<Point> measured; ///< What earlier runs have measured and found no better.
  size_t most = 16;            ///< Schedules to measure.
  uint64_t seed = 0;
  std::vector<std::string> varied = {}; ///< Names of the parameters that are searched; empty for all.
  /// Seconds that the cost model expects of nests in one of the bench's calls; may be empty.
  std::function<double(const std::vector<kernels::NestSchedule> &, size_t call)> predicted = {};
};

struct KernelOutcome {
  kernels::Schedule schedule;
  double ratio = 1;   ///< Its time as a part of the analytic model's schedule's.
  bool isNew = false; ///< Whether it is another than the incumbent.
  size_t measured = 0;
  double searched = 0; ///< How many schedules there are to search, the default among them.
  std::vector<std::string> problems;
};

/// When to end, and whom to tell.
struct KernelWatch {
  std::function<bool()> searchEnds; ///< Time for the decision.
  std::function<bool()> stop;       ///< At once.
  std::function<llvm::Error(const std::vector<Sample> &)> keep;
  std::function<void(size_t measured, double best)> progress;
};

/// Searches, and lets those that are best meet the incumbent: it stays unless a sign test says otherwise.
llvm::Expected<KernelOutcome> tuneKernel(const KernelTask &task, Bench &bench, Ranking &ranking,
                                         const KernelWatch &watch);

} // namespace tenon::tune

#endif // TENON_TUNE_KERNELTUNER_H
