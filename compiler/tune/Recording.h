//===- Recording.h - What a model gives its kernels -------------*- C++ -*-===//
//
// Runs a library in the runtime and keeps what its kernels are called with, so that each of them can be called again by
// itself, under any schedule and on the same threads. Plain C++ over the runtime: nothing that is thrown leaves it.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TUNE_RECORDING_H
#define TENON_TUNE_RECORDING_H

#include "tenon/library.h"
#include "tune/Calls.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tenon::tune {

/// Seconds since some moment.
using Clock = std::function<double()>;

/// The system's, which never goes back.
Clock steadyClock();

class KernelInputs;

/// The calls of one kernel that one call of the model makes with arguments of one shape: those of all layers.
struct RecordedCall {
  size_t kernel;     ///< In the library's table.
  size_t call;       ///< Of the model's calls.
  unsigned count;    ///< How often the model's call makes it.
  unsigned variants; ///< How many of those, with other weights, one run stands for.
  /// Extents of each argument and result, outermost first.
  std::vector<std::vector<int64_t>> shapes;
  /// What arguments that are lists of integers hold: lengths, starts; empty for others.
  std::vector<std::vector<int32_t>> numbers;
  std::shared_ptr<KernelInputs> inputs;
};

/// One kernel within one run of an entry point, with arguments of one shape: all its calls there.
struct ProfiledKernel {
  size_t kernel; ///< In the library's table.
  size_t entry;  ///< Of the profile's.
  unsigned count = 0;
  double seconds = 0; ///< Of all.
  std::vector<std::vector<int64_t>> shapes;
  std::vector<std::vector<int32_t>> numbers;
};

/// A call of a model, with its kernels timed where they are called.
struct Profile {
  struct Entry {
    std::string name;
    std::vector<std::pair<std::string, int64_t>> sizes; ///< Its dims.
  };
  std::vector<Entry> entries; ///< In the order in which they ran.
  std::vector<ProfiledKernel> kernels;
  double seconds = 0; ///< Of the call, from its tokens to its outputs.
};

/// Kernels of a library that was linked from candidates.
class CandidateLibrary {
public:
  static std::shared_ptr<CandidateLibrary> open(const std::string &path, std::string &error);
  virtual ~CandidateLibrary() = default;
  virtual tenon_kernel_fn kernel(size_t index) const = 0;
};

class Recording {
public:
  /// `arguments`: how many each kernel of the table has, results among them. Null, with `error` set, where the library
  /// cannot be run.
  static std::unique_ptr<Recording> open(const std::string &library, const std::string &target, unsigned threads,
                                         std::vector<size_t> arguments, Clock clock, std::string &error);
  virtual ~Recording() = default;

  virtual CallLimits limits() const = 0;
  virtual std::string target() const = 0;
  /// One of the library's own.
  virtual tenon_kernel_fn kernel(size_t index) const = 0;
  /// Makes a call of the model and adds what its kernels got to `recorded`. False with `error` where it does not
  /// succeed.
  virtual bool record(const CallShape &shape, size_t number, std::vector<RecordedCall> &recorded,
                      std::string &error) = 0;
  /// Makes a call of the model and times its kernels. False with `error` where it does not succeed.
  virtual bool profile(const CallShape &shape, Profile &profile, std::string &error) = 0;
  /// Seconds that so many runs of a kernel take; each calls it once with the weights of every variant. `cold` weights
  /// are in no cache when a call begins; others are where the calls before left them. NaN where it returns an error.
  virtual double time(const RecordedCall &call, tenon_kernel_fn kernel, unsigned runs, bool cold) = 0;
  /// Runs a kernel once on what was recorded. The first time what it gives is kept; after that it is compared: false
  /// where a bit differs, or the kernel returns an error.
  virtual bool givesSameBits(const RecordedCall &call, tenon_kernel_fn kernel) = 0;
};

} // namespace tenon::tune

#endif // TENON_TUNE_RECORDING_H
