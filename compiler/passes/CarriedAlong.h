//===- CarriedAlong.h - Kernels and parameters within host IR ---*- C++ -*-===//
//
// Drivers hold nothing but calls of kernels and places of parameters. What those are goes with them, in two modules
// beside them (see EntryPoints.h).
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_CARRIEDALONG_H
#define TENON_PASSES_CARRIEDALONG_H

#include "passes/Weights.h"
#include "tenon/Dialect.h"

namespace tenon {

/// Fails where a name that host IR gives to what it carries along is taken.
mlir::LogicalResult checkCarriedNames(mlir::ModuleOp module);

/// A function that returns the parameters in the order of the weights' file.
void carryParameters(mlir::ModuleOp module, const WeightTable &weights);

/// The private function, over memrefs of `types`, that stands for the kernels of one name. The first of a name is
/// carried along; another must be the same.
mlir::FailureOr<mlir::func::FuncOp> kernelFunction(KernelOp kernel, mlir::TypeRange types, mlir::SymbolTable &symbols);

} // namespace tenon

#endif // TENON_PASSES_CARRIEDALONG_H
