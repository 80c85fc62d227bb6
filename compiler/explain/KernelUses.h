//===- KernelUses.h - Where kernels stand in a model ------------*- C++ -*-===//

#ifndef TENON_EXPLAIN_KERNELUSES_H
#define TENON_EXPLAIN_KERNELUSES_H

#include "tenon/Dialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace tenon::explain {

/// A kernel of kernel IR with all that the IR says of its place.
struct KernelUses {
  KernelOp kernel; ///< The first of its name.
  /// Parameters that it reads, as the IR names them; those of the kernels whose results it reads where it has none.
  llvm::SetVector<llvm::StringRef> parameters;
  bool hasParameters = false; ///< Of its own.
  /// Of each argument, whether it is a parameter.
  llvm::SmallVector<bool> isParameter;
};

/// By name.
using KernelUsesByName = llvm::MapVector<llvm::StringRef, KernelUses>;

KernelUsesByName kernelUses(mlir::ModuleOp module);

/// How often a call of an entry point calls each kernel of a loop: by entry point and kernel.
llvm::StringMap<llvm::StringMap<int64_t>> loopCounts(mlir::ModuleOp module);

} // namespace tenon::explain

#endif // TENON_EXPLAIN_KERNELUSES_H
