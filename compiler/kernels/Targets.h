//===- Targets.h - Halide's targets -----------------------------*- C++ -*-===//

#ifndef TENON_KERNELS_TARGETS_H
#define TENON_KERNELS_TARGETS_H

#include "kernels/Kernels.h"
#include <Halide.h>

namespace tenon::kernels {

/// The Halide target that a kernel for `model` is lowered for: without assertions about its arguments.
Halide::Target loweringTarget(const TargetModel &model);

/// The Halide target that its code is made for: with checks of what can fail whatever the arguments are.
Halide::Target codeTarget(const TargetModel &model);

/// The Halide target of the runtime object.
Halide::Target runtimeTarget();

/// Lanes of one vector of float32.
int vectorLanes(const TargetModel &model);

} // namespace tenon::kernels

#endif // TENON_KERNELS_TARGETS_H
