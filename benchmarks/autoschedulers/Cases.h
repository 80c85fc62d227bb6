//===- Cases.h - Kernels of real models, with calls of them -----*- C++ -*-===//

#ifndef TENON_BENCHMARKS_AUTOSCHEDULERS_CASES_H
#define TENON_BENCHMARKS_AUTOSCHEDULERS_CASES_H

#include "FamilyExamples.h"

#include <optional>

namespace tenon::benchmarks {

/// A kernel that a model has, and a call of it.
struct KernelCase {
  std::string name, model;
  kernels::KernelDescription kernel;
  kernels::test::Call call;
  /// The argument that a model's calls find in memory, not in a cache: each call has another copy.
  std::optional<size_t> cold;
};

/// What each case is called, in the order of the table.
std::vector<std::string> caseNames();

/// Throws std::runtime_error where there is no case of that name.
KernelCase makeCase(const std::string &name);

} // namespace tenon::benchmarks

#endif // TENON_BENCHMARKS_AUTOSCHEDULERS_CASES_H
