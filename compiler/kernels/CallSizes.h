//===- CallSizes.h - What schedules compare in a call -----------*- C++ -*-===//

#ifndef TENON_KERNELS_CALLSIZES_H
#define TENON_KERNELS_CALLSIZES_H

#include "kernels/Kernels.h"

namespace tenon::kernels {

/// The sizes that cases of `kernel`'s schedules may compare, of a call with arguments of these shapes, outermost
/// extent first; results may follow. Empty, with `error` set, where no family computes the region or shapes are
/// missing.
std::optional<std::map<std::string, int64_t>>
callSizes(const KernelDescription &kernel, const std::vector<std::vector<int64_t>> &shapes, std::string &error);

} // namespace tenon::kernels

#endif // TENON_KERNELS_CALLSIZES_H
