//===- Tuner.h - The schedules of a model's kernels -------------*- C++ -*-===//

#ifndef TENON_TUNE_TUNER_H
#define TENON_TUNE_TUNER_H

#include "driver/LibraryOptions.h"
#include "machine/Limits.h"
#include "tune/Calls.h"
#include "tune/Database.h"
#include "tune/Recording.h"

namespace tenon::tune {

struct TuneProgress {
  llvm::StringRef kernel;
  size_t number, total; ///< Of kernels.
  size_t measured;      ///< Schedules of this one.
  double best;          ///< Time of the best of them as a part of the default's.
  double secondsLeft;   ///< Of all.
};

struct TunedKernel {
  std::string name, signature;
  double share = 0;   ///< Of what all kernels that were measured take.
  double ratio = 1;   ///< Its time as a part of the default's.
  bool isNew = false; ///< Whether a schedule won that had not before.
  size_t measured = 0;
  double searched = 0; ///< How many schedules there are to search, the default among them.
  std::string schedule;
  std::vector<std::string> problems; ///< Schedules that are none, and why.
};

struct TuneOptions : LibraryOptions {
  std::vector<CallShape> calls;    ///< Empty for usualCalls.
  std::string only;                ///< The name of a kernel; empty for all.
  std::vector<std::string> varied; ///< Names of the parameters to search; empty for all.
  double seconds = 600;            ///< For all.
  size_t candidates = 16;          ///< Schedules to measure for each kernel.
  unsigned threads = 0;            ///< Of the session; 0 for as many as sessions have by themselves.
  std::optional<bool> coldWeights; ///< Whether kernels find their weights in no cache; nothing for as in the model.
  uint64_t seed = 1;
  Clock clock = steadyClock();
  std::function<bool()> interrupted; ///< May be empty, as the others.
  std::function<void(llvm::StringRef step, uint64_t done, uint64_t total)> preparing;
  std::function<void(const TuneProgress &)> progress;
  std::function<void(const TunedKernel &)> finished;
};

struct TuneReport {
  Setting setting;
  std::string calls, weights;
  std::vector<TunedKernel> kernels; ///< What is the greatest part of the model's time first.
  size_t left = 0;                  ///< Kernels that there was no time for.
};

/// Whether calls of a model find its weights in memory: where they are more than the last cache holds.
bool comeFromMemory(uint64_t weightBytes, const machine::Caches &caches);

/// Searches for faster schedules of a model's kernels on this machine and keeps what it learns in `database`, kernel by
/// kernel.
llvm::Expected<TuneReport> tuneModel(const TuneOptions &options, Database &database);

} // namespace tenon::tune

#endif // TENON_TUNE_TUNER_H
