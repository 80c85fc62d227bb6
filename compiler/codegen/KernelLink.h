//===- KernelLink.h - Kernels alone in a library ----------------*- C++ -*-===//

#ifndef TENON_CODEGEN_KERNELLINK_H
#define TENON_CODEGEN_KERNELLINK_H

#include "codegen/KernelCache.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace tenon {

struct LinkedKernel {
  kernels::KernelDescription description;
  kernels::Schedule schedule;
};

/// Links kernels for one target, compiled where `cache` does not have them, into a library without drivers, whose table
/// has them in their order. No two are equal. `progress` hears how many there are already.
llvm::Error linkKernels(llvm::ArrayRef<LinkedKernel> kernels, const kernels::TargetModel &target, KernelCache &cache,
                        mlir::MLIRContext *context, llvm::StringRef output,
                        llvm::function_ref<void(size_t done)> progress = {});

} // namespace tenon

#endif // TENON_CODEGEN_KERNELLINK_H
