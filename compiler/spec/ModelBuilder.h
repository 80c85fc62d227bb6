//===- ModelBuilder.h - Spec to model IR ------------------------*- C++ -*-===//

#ifndef TENON_SPEC_MODELBUILDER_H
#define TENON_SPEC_MODELBUILDER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "spec/Spec.h"

namespace tenon {

/// A module with the `tenon.model` that `model` describes.
mlir::OwningOpRef<mlir::ModuleOp> buildModel(const spec::Model &model, mlir::MLIRContext *context);

} // namespace tenon

#endif // TENON_SPEC_MODELBUILDER_H
