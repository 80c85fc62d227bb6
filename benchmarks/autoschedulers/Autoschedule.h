//===- Autoschedule.h - Kernels scheduled by Halide's plugins ---*- C++ -*-===//

#ifndef TENON_BENCHMARKS_AUTOSCHEDULERS_AUTOSCHEDULE_H
#define TENON_BENCHMARKS_AUTOSCHEDULERS_AUTOSCHEDULE_H

#include "Cases.h"

namespace tenon::benchmarks {

/// Those of the Halide package that schedule for CPUs.
std::vector<std::string> autoschedulerNames();

struct Autoscheduled {
  std::string object;   ///< Defines kAutoscheduledSymbol, after Halide's argv convention.
  std::string schedule; ///< As C++, where the plugin says it.
};
inline constexpr const char *kAutoscheduledSymbol = "kernel_argv";

/// The kernel's algorithm without any schedule of Tenon's, scheduled by a plugin that knows the sizes of the call, and
/// compiled. Where a plugin or the compiler refuses, the process says so on standard error and ends with status 1; a
/// plugin may also end it otherwise, or take as long as it likes. Throws std::runtime_error where there is no such
/// plugin.
Autoscheduled autoschedule(const KernelCase &each, const std::string &scheduler, const std::string &target,
                           int threads);

} // namespace tenon::benchmarks

#endif // TENON_BENCHMARKS_AUTOSCHEDULERS_AUTOSCHEDULE_H
