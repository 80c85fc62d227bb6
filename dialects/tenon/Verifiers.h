//===- Verifiers.h - Checks that several operations share -------*- C++ -*-===//

#ifndef TENON_VERIFIERS_H
#define TENON_VERIFIERS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace tenon {

/// The accessors of I64Attr return uint64_t, in which a negative number is a large positive one: it is taken back here.
inline mlir::LogicalResult verifyPositive(mlir::Operation *op, llvm::StringRef name, int64_t value) {
  if (value <= 0)
    return op->emitOpError() << name << " (" << value << ") is not positive";
  return mlir::success();
}

inline mlir::LogicalResult verifyNotNegative(mlir::Operation *op, llvm::StringRef name, int64_t value) {
  if (value < 0)
    return op->emitOpError() << name << " (" << value << ") is negative";
  return mlir::success();
}

/// The rules that attention has at every level.
inline mlir::LogicalResult verifyHeads(mlir::Operation *op, int64_t heads, int64_t keyValueHeads, int64_t headSize) {
  if (heads <= 0 || keyValueHeads <= 0 || headSize <= 0)
    return op->emitOpError() << "heads (" << heads << "), key_value_heads (" << keyValueHeads << ") and head_size ("
                             << headSize << ") are not all positive";
  if (heads % keyValueHeads != 0)
    return op->emitOpError() << "heads (" << heads << ") is not a multiple of key_value_heads (" << keyValueHeads
                             << ")";
  return mlir::success();
}

} // namespace tenon

#endif // TENON_VERIFIERS_H
