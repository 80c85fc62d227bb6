//===- Batch.h - Sequences of a batch ---------------------------*- C++ -*-===//

#ifndef TENON_REFERENCE_BATCH_H
#define TENON_REFERENCE_BATCH_H

#include "reference/State.h"

namespace tenon::reference {

/// The rows of one sequence among all rows of a padded (B×T) or packed (R) batch.
struct Sequence {
  int64_t begin;  ///< Its first row.
  int64_t end;    ///< One past its last row, padding included.
  int64_t length; ///< How many of its rows count.
};

/// The sequences of a batch: padded ones of `time` rows each, or packed ones where `starts` is given, which must lie
/// within `rows` rows. Fails with a diagnostic at `op` where lengths or starts contradict the rows.
mlir::FailureOr<llvm::SmallVector<Sequence>> getSequences(mlir::Operation *op, llvm::ArrayRef<int32_t> lengths,
                                                          llvm::ArrayRef<int64_t> paddedShape);
mlir::FailureOr<llvm::SmallVector<Sequence>> getSequences(mlir::Operation *op, llvm::ArrayRef<int32_t> lengths,
                                                          llvm::ArrayRef<int32_t> starts, int64_t rows);

/// The sequences of `rows`, padded or packed as the presence of `starts` tells.
template <typename Scalar>
mlir::FailureOr<llvm::SmallVector<Sequence>> getSequences(mlir::Operation *op, const State<Scalar> &state,
                                                          const Tensor<Scalar> &rows, mlir::Value starts,
                                                          mlir::Value lengths) {
  if (starts)
    return getSequences(op, state.get(lengths).ints(), state.get(starts).ints(), rows.dim(0));
  return getSequences(op, state.get(lengths).ints(), rows.shape());
}

} // namespace tenon::reference

#endif // TENON_REFERENCE_BATCH_H
