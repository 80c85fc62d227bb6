//===- ModuleTargets.h - The CPUs that IR is compiled for -------*- C++ -*-===//
//
// Schedules name a target by its instructions. Where more is known of the CPU, which the choice of schedules went by, a
// module says so: `tenon.targets = ["x86-64-v4+l2=2M"]`.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SCHEDULES_MODULETARGETS_H
#define TENON_SCHEDULES_MODULETARGETS_H

#include "kernels/Kernels.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tenon {

/// Takes the place of what the module said before.
void setTargets(mlir::ModuleOp module, llvm::ArrayRef<kernels::TargetModel> targets);

/// The target of this name as the module knows it: where it says nothing, as `kernels::findTarget` does.
llvm::Expected<kernels::TargetModel> targetOf(mlir::ModuleOp module, llvm::StringRef name);

} // namespace tenon

#endif // TENON_SCHEDULES_MODULETARGETS_H
