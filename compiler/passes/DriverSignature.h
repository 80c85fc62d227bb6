//===- DriverSignature.h - What a driver takes of its function --*- C++ -*-===//

#ifndef TENON_PASSES_DRIVERSIGNATURE_H
#define TENON_PASSES_DRIVERSIGNATURE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tenon {

/// A tensor's memory: dense, row-major.
mlir::MemRefType bufferType(mlir::Type tensor);

/// Whether a result is a state that the function has updated: the same memory as one of its last arguments.
bool isState(mlir::func::FuncOp function, unsigned result);

/// Fails where a function of kernel IR is not one that a driver can be made of.
mlir::LogicalResult checkSignature(mlir::func::FuncOp function);

/// The driver of a function whose signature is checked, with an empty body: it takes the weights' bytes, the function's
/// arguments, and memory for each result that is no state. Names, roles and limits of the entry point go with it: the
/// manifest is made of them.
mlir::FailureOr<mlir::OwningOpRef<mlir::func::FuncOp>> declareDriver(mlir::func::FuncOp function);

} // namespace tenon

#endif // TENON_PASSES_DRIVERSIGNATURE_H
