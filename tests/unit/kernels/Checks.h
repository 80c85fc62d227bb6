//===- Checks.h - Kernels against the oracle --------------------*- C++ -*-===//

#ifndef TENON_TESTS_CHECKS_H
#define TENON_TESTS_CHECKS_H

#include "Regions.h"

namespace tenon::kernels::test {

/// Runs `description` for `target` on copies of the arguments; `rows` is the outermost size of each result.
std::vector<Array> run(const KernelDescription &description, const std::string &target, std::vector<Array> arguments,
                       int64_t rows, const Schedule *schedule = nullptr);

/// Runs into `results`, which hold what the kernel is to find there.
std::vector<Array> runInto(const KernelDescription &description, const std::string &target,
                           std::vector<Array> arguments, std::vector<Array> results,
                           const Schedule *schedule = nullptr);

/// Expects every value of the batch's real rows to be as near to the float64 evaluation as twice the largest error of
/// the plain float32 evaluation, and one unit in the last place of the largest value, since that error may be zero
/// by luck in a small array.
void expectAccurate(const KernelDescription &description, const std::vector<Array> &arguments,
                    const std::vector<Array> &results, const std::vector<bool> &realRows);

/// Runs and compares.
void check(const KernelDescription &description, const std::string &target, const std::vector<Array> &arguments,
           const Batch &batch);

} // namespace tenon::kernels::test

#endif // TENON_TESTS_CHECKS_H
