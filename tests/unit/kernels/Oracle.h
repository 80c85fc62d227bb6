//===- Oracle.h - Regions by plain loops ------------------------*- C++ -*-===//

#ifndef TENON_TESTS_ORACLE_H
#define TENON_TESTS_ORACLE_H

#include "LoadedKernel.h"

namespace tenon::kernels::test {

/// The results of a region, each operation by the loops of its definition.
std::vector<std::vector<double>> evaluateDouble(const KernelDescription &description,
                                                const std::vector<Array> &arguments);

/// The same loops in float32 with the library's functions: what a plain implementation would give.
std::vector<std::vector<double>> evaluateFloat(const KernelDescription &description,
                                               const std::vector<Array> &arguments);

/// The types of all values.
std::vector<TensorType> valueTypes(const KernelDescription &description);

} // namespace tenon::kernels::test

#endif // TENON_TESTS_ORACLE_H
