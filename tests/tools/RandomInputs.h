//===- RandomInputs.h - Inputs and parameters out of nothing ----*- C++ -*-===//

#ifndef TENON_TESTS_TOOLS_RANDOMINPUTS_H
#define TENON_TESTS_TOOLS_RANDOMINPUTS_H

#include "reference/Reference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace tenon {

/// What the command line says of a function's inputs.
struct InputShape {
  std::vector<int64_t> dims;      ///< The first dynamic dimension of every tensor, the second, …
  std::vector<int32_t> lengths;   ///< Empty for full ones.
  int32_t maxId = 8;              ///< Ids are below it where the function states no limit.
  llvm::StringMap<int64_t> sizes; ///< Of dimensions that `tenon.dims` names, in place of `dims`.
  std::vector<int32_t> past;      ///< The argument `past`; empty for zeros.
};

/// Parameters whose values follow from their names alone and whose shapes from the `tenon.weight`s of a module, so that
/// two modules with the same parameters in different layouts get the same.
class RandomParameters {
public:
  /// Fails with a diagnostic where two weights disagree on a parameter's shape.
  mlir::LogicalResult collect(mlir::ModuleOp module);
  mlir::FailureOr<reference::FloatTensor> operator()(llvm::StringRef name) const;

private:
  llvm::StringMap<llvm::SmallVector<int64_t>> shapes;
};

/// Inputs that follow from the signature: random floats between -1 and 1, random ids, and the lengths for the first
/// vector of integers. Arguments called `past` and `pages` are what a cache needs: given counts, and pages that no two
/// tokens share.
mlir::FailureOr<reference::Tensors<double>> makeInputs(mlir::func::FuncOp function, const InputShape &shape);

} // namespace tenon

#endif // TENON_TESTS_TOOLS_RANDOMINPUTS_H
