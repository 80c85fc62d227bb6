//===- Weights.h - The packed weights that IR names -------------*- C++ -*-===//

#ifndef TENON_PASSES_WEIGHTS_H
#define TENON_PASSES_WEIGHTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "tenon/Dialect.h"
#include "weights/PackedWeights.h"
#include "llvm/ADT/DenseMap.h"

namespace tenon {

/// Where in a packed tensor an operation's values begin.
struct WeightPlace {
  size_t tensor = 0;
  uint64_t byte = 0; ///< In a layer.
};

/// Every `tenon.weight` and `tenon.position_table` below `root` as tensors of the packed file. Operations that name the
/// same values in the same layout share one, and so do those that name some of its parameters, where they stand side by
/// side in there as they would alone.
struct WeightTable {
  explicit WeightTable(mlir::Operation *root);

  std::vector<weights::PackedTensor> tensors;
  std::vector<mlir::Operation *> operations; ///< One that names all of each tensor.
  llvm::DenseMap<mlir::Operation *, WeightPlace> places;
};

/// The row of `all` at which the parameters of `some` begin, which stand one after another in there: both are rows of
/// the same layers.
std::optional<int64_t> rowsWithin(WeightOp some, WeightOp all);

/// Bytes of the parameters that one call of a function of kernel IR reads as a whole, once for each layer. Tables of
/// which embeddings pick rows do not count, unless a product reads them too.
int64_t weightBytesRead(mlir::func::FuncOp function);

} // namespace tenon

#endif // TENON_PASSES_WEIGHTS_H
