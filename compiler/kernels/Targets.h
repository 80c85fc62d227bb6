//===- Targets.h - Halide's targets -----------------------------*- C++ -*-===//

#ifndef TENON_KERNELS_TARGETS_H
#define TENON_KERNELS_TARGETS_H

#include "kernels/Kernels.h"
#include <Halide.h>

namespace tenon::kernels {

/// The Halide target of a kernel for `model`.
Halide::Target kernelTarget(const TargetModel &model);

/// The Halide target of the runtime object.
Halide::Target runtimeTarget();

/// Lanes of one vector of float32.
int vectorLanes(const TargetModel &model);

} // namespace tenon::kernels

#endif // TENON_KERNELS_TARGETS_H
