//===- KernelLink.h - Kernels alone in a library ----------------*- C++ -*-===//

#ifndef TENON_CODEGEN_KERNELLINK_H
#define TENON_CODEGEN_KERNELLINK_H

#include "codegen/KernelCache.h"
#include "llvm/ADT/ArrayRef.h"

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace tenon {

struct LinkedKernel {
  kernels::KernelDescription description;
  kernels::Schedule schedule;
};

/// Links kernels for one target, compiled where `cache` does not have them, into a library without drivers, whose table
/// has them in their order. No two are equal.
llvm::Error linkKernels(llvm::ArrayRef<LinkedKernel> kernels, const kernels::TargetModel &target, KernelCache &cache,
                        mlir::MLIRContext *context, llvm::StringRef output);

} // namespace tenon

#endif // TENON_CODEGEN_KERNELLINK_H
