//===- Kernels.h - Kernel descriptions to object code -----------*- C++ -*-===//
//
// The only door to Halide. Nothing of Halide appears here, and no exception passes.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_KERNELS_KERNELS_H
#define TENON_KERNELS_KERNELS_H

#include "kernels/KernelDescription.h"
#include "kernels/Schedule.h"

#include <span>

namespace tenon::kernels {

/// What the analytic model knows of a target: its instructions, and what the CPU has beside them, on which no value
/// that a kernel computes depends. Sizes in bytes.
struct TargetModel {
  std::string name; ///< Of the instruction set: what schedules, libraries and databases know a target by.
  unsigned level;   ///< 3 or 4 of x86-64-v3 and -v4, as the library's tables give it.
  int64_t vectorBytes;
  int64_t vectorRegisters;
  int64_t level1Bytes; ///< Of data, of each core.
  int64_t level2Bytes; ///< Of each core.
  int64_t cores;

  bool operator==(const TargetModel &) const = default;
};

/// Something that is known of a CPU, by its name in targets' texts.
struct CpuFigure {
  const char *name;
  int64_t TargetModel::*value;
  bool isBytes;
  int64_t most;        ///< At least 1.
  const char *meaning; ///< A few words.
};
std::span<const CpuFigure> cpuFigures();

/// The model of a target with what is sound for the CPUs that have its instructions, or null for a name that is not
/// known; `targetNames` lists those that are, the least demanding first.
const TargetModel *findTarget(const std::string &name);
std::vector<std::string> targetNames();
/// What is said of a name that is not known.
std::string unknownTarget(const std::string &name);

/// The model of a text: a target's name, and behind it the figures of a CPU, "x86-64-v4+l1=48K+l2=2M+cores=8", in the
/// place of those that are sound for all. None, with `error` set, where the text is no such.
std::optional<TargetModel> readTarget(const std::string &text, std::string &error);
/// The name, and the figures that are not those of `findTarget`: reads back as the same.
std::string textOf(const TargetModel &target);
/// A figure as texts have it: "48K", "8".
std::string figureText(int64_t value, const CpuFigure &figure);

/// The schedule that the analytic model chooses for `kernel` on `target`. Empty, with `error` set, where no family
/// computes the region.
std::optional<Schedule> defaultSchedule(const KernelDescription &kernel, const TargetModel &target, std::string &error);

/// Every schedule that `kernel` has on `target`: the tuner's search space, and what a `#tenon.schedule` is checked
/// against. Empty as `defaultSchedule` is.
std::optional<ScheduleSpace> scheduleSpace(const KernelDescription &kernel, const TargetModel &target,
                                           std::string &error);

/// The keys that a tile of queries, from position first_query to last_query, may see: text of the first and the last as
/// the kernel computes them from the mask, one line for each segment of each attention of `kernel`.
std::string keyRangeText(const KernelDescription &kernel);

/// How many blocks of 16 keys the attentions of `kernel` look at, for each head and summed over the tiles of queries,
/// for sequences of `lengths` new rows after `past` keys; segments that are not their own have the keys that `sources`
/// says, by number. Empty where that depends on a table, an offset, or a segment that is not among them.
using SourceLengths = std::map<size_t, std::vector<int64_t>>;
std::optional<int64_t> visitedKeyBlocks(const KernelDescription &kernel, const std::vector<int64_t> &lengths,
                                        const std::vector<int64_t> &past, const SourceLengths &sources = {});

enum class Output { Object, LoweredLoops, Assembly };

/// Compiles `kernel` under `schedule` into `output`. The symbol `symbol` follows Halide's argv convention,
/// `int symbol(void **arguments)`: the user context first, then a `halide_buffer_t *` per argument and per result.
/// Returns false and sets `error` where the region is not one that a kernel family computes, or the schedule is
/// illegal.
bool compileKernel(const KernelDescription &kernel, const Schedule &schedule, const std::string &symbol, Output kind,
                   std::string &output, std::string &error);

/// The object with the Halide runtime that every library carries once; its baseline is x86-64.
bool compileRuntime(std::string &output, std::string &error);

/// Version of the code that turns descriptions into objects: part of every cache key.
std::string generatorVersion();

} // namespace tenon::kernels

#endif // TENON_KERNELS_KERNELS_H
