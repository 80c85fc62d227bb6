//===- OutputLiveness.h - Which outputs an operation is for -----*- C++ -*-===//

#ifndef TENON_PASSES_OUTPUTLIVENESS_H
#define TENON_PASSES_OUTPUTLIVENESS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace tenon {

/// For each operation of a function, loops as a whole, the results of the function that it is computed for.
class OutputLiveness {
public:
  explicit OutputLiveness(mlir::func::FuncOp function);

  /// The results for the sake of which alone a kernel is run, or none where it is always run: all results need it, a
  /// state does, or none does. A caller may not want some results, but states are always updated.
  llvm::ArrayRef<unsigned> onlyFor(mlir::Operation *op);

private:
  mlir::func::FuncOp function;
  llvm::DenseMap<mlir::Operation *, llvm::SmallSetVector<unsigned, 4>> reached;
};

} // namespace tenon

#endif // TENON_PASSES_OUTPUTLIVENESS_H
