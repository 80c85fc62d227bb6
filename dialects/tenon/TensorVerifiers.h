//===- TensorVerifiers.h - Checks of operations on rows ---------*- C++ -*-===//

#ifndef TENON_TENSORVERIFIERS_H
#define TENON_TENSORVERIFIERS_H

#include "support/CachePage.h"
#include "tenon/Verifiers.h"

#include "mlir/IR/BuiltinTypes.h"

namespace tenon {

inline mlir::RankedTensorType tensorType(mlir::Value value) { return mlir::cast<mlir::RankedTensorType>(value.getType()); }

inline int64_t columns(mlir::Value value) { return tensorType(value).getShape().back(); }

/// All dimensions but the last.
inline llvm::ArrayRef<int64_t> rows(mlir::Value value) { return tensorType(value).getShape().drop_back(); }

inline mlir::LogicalResult verifyRank(mlir::Operation *op, llvm::StringRef name, mlir::Value value, int64_t rank) {
  if (value && tensorType(value).getRank() != rank)
    return op->emitOpError() << name << " has rank " << tensorType(value).getRank() << ", expected " << rank;
  return mlir::success();
}

inline mlir::LogicalResult verifyStaticColumns(mlir::Operation *op, llvm::StringRef name, mlir::Value value) {
  if (tensorType(value).getRank() < 2 || mlir::ShapedType::isDynamic(columns(value)))
    return op->emitOpError() << name << " is " << tensorType(value) << ", expected rows of a static number of columns";
  return mlir::success();
}

/// A vector over the columns of a row.
inline mlir::LogicalResult verifyVector(mlir::Operation *op, llvm::StringRef name, mlir::Value vector, int64_t size) {
  if (!vector)
    return mlir::success();
  if (tensorType(vector).getShape() != llvm::ArrayRef(size))
    return op->emitOpError() << name << " is " << tensorType(vector) << ", expected " << size << " elements";
  return mlir::success();
}

inline mlir::LogicalResult verifySameRows(mlir::Operation *op, llvm::StringRef name, mlir::Value value, mlir::Value other) {
  if (rows(value) != rows(other))
    return op->emitOpError() << name << " is " << tensorType(value) << ", whose rows differ from those of "
                             << tensorType(other);
  return mlir::success();
}

/// Packed rows have rank 2 and come with `starts`; a padded batch has rank 3 and none.
inline mlir::LogicalResult verifySequences(mlir::Operation *op, mlir::Value rows, mlir::Value starts, mlir::Value lengths) {
  int64_t rank = tensorType(rows).getRank();
  if (rank != (starts ? 2 : 3))
    return op->emitOpError() << "rows have rank " << rank << ", expected "
                             << (starts ? "2 with starts" : "3 without starts");
  if (mlir::failed(verifyRank(op, "starts", starts, 1)))
    return mlir::failure();
  return verifyRank(op, "lengths", lengths, 1);
}

/// What the expressions of an attention read: matrices of static size.
inline mlir::LogicalResult verifyTables(mlir::Operation *op, mlir::ValueRange tables) {
  for (mlir::Value table : tables)
    if (tensorType(table).getRank() != 2 || !tensorType(table).hasStaticShape())
      return op->emitOpError() << "table is " << tensorType(table) << ", expected a matrix of static size";
  return mlir::success();
}

/// One layer of a cache of keys and values.
inline mlir::LogicalResult verifyKeyPages(mlir::Operation *op, mlir::Value cache, int64_t heads, int64_t size) {
  if (mlir::failed(verifyRank(op, "cache", cache, 2)))
    return mlir::failure();
  int64_t floats = keyValuePageFloats(heads, size);
  if (columns(cache) != floats)
    return op->emitOpError() << "cache has pages of " << columns(cache) << " floats, expected " << floats << " for "
                             << kPageTokens << " tokens of " << heads << " heads of " << size;
  return mlir::success();
}

} // namespace tenon

#endif // TENON_TENSORVERIFIERS_H
