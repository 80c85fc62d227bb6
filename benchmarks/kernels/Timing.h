//===- Timing.h - Times of kernels ------------------------------*- C++ -*-===//

#ifndef TENON_BENCHMARKS_TIMING_H
#define TENON_BENCHMARKS_TIMING_H

#include "Regions.h"

#include <string>

namespace tenon::benchmarks {

struct Options {
  std::string target;
  int threads = 1;
  std::map<std::string, int64_t> parameters;
  std::string only; ///< What the names of the kernels to time begin with.

  bool wants(const std::string &name) const { return name.starts_with(only); }
};

/// The kernel under its default schedule with the given parameters changed in the nests that have them.
kernels::test::LoadedKernel load(const kernels::KernelDescription &description, const Options &options);

/// Least seconds of a call, of at least three and a quarter of a second.
double leastTime(const kernels::test::LoadedKernel &kernel, const std::vector<kernels::test::Array *> &arrays);

/// Least seconds of a call whose argument `place` is another copy of itself each time, so that no cache holds it.
double leastTimeCold(const kernels::test::LoadedKernel &kernel, std::vector<kernels::test::Array *> arrays,
                     size_t place);

/// A line with time, rate and share of the peak.
void report(const std::string &name, double operations, double seconds, double peak);

/// A line with time and bytes read in it.
void reportBytes(const std::string &name, double bytes, double seconds);

/// A line with time, and how it compares with another way to compute the same.
void reportRatio(const std::string &name, double seconds, double otherSeconds);

/// What decoders need: products of few rows, rows against a cache, prompts against a cache.
void benchDecoder(const Options &options, double peak);

} // namespace tenon::benchmarks

#endif // TENON_BENCHMARKS_TIMING_H
