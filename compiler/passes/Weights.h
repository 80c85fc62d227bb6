//===- Weights.h - The packed weights that IR names -------------*- C++ -*-===//

#ifndef TENON_PASSES_WEIGHTS_H
#define TENON_PASSES_WEIGHTS_H

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

} // namespace tenon

#endif // TENON_PASSES_WEIGHTS_H
