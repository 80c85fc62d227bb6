//===- Weights.h - The packed weights that IR names -------------*- C++ -*-===//

#ifndef TENON_PASSES_WEIGHTS_H
#define TENON_PASSES_WEIGHTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "weights/PackedWeights.h"
#include "llvm/ADT/DenseMap.h"

namespace tenon {

/// Every `tenon.weight` and `tenon.position_table` below `root` as tensors of the packed file; operations that name the
/// same values in the same layout share one.
struct WeightTable {
  explicit WeightTable(mlir::Operation *root);

  std::vector<weights::PackedTensor> tensors;
  llvm::DenseMap<mlir::Operation *, size_t> indices;
};

/// Bytes of the parameters that one call of a function of kernel IR reads as a whole, once for each layer. Tables of
/// which embeddings pick rows do not count, unless a product reads them too.
int64_t weightBytesRead(mlir::func::FuncOp function);

} // namespace tenon

#endif // TENON_PASSES_WEIGHTS_H
