//===- Models.h - From an evaluate function to the interface ----*- C++ -*-===//

#ifndef TENON_REFERENCE_MODELS_H
#define TENON_REFERENCE_MODELS_H

#include "reference/State.h"

namespace tenon::reference {

/// `ReferenceOpInterface` of an operation for which a template `evaluateOp(Op, State<Scalar> &)` exists.
template <typename Op> struct Model : ReferenceOpInterface::ExternalModel<Model<Op>, Op> {
  mlir::LogicalResult evaluateInDouble(mlir::Operation *op, State<double> &state) const {
    return evaluateOp(mlir::cast<Op>(op), state);
  }
  mlir::LogicalResult evaluateInFloat(mlir::Operation *op, State<float> &state) const {
    return evaluateOp(mlir::cast<Op>(op), state);
  }
};

template <typename... Ops> void attachModels(mlir::MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

void attachParameterOpModels(mlir::MLIRContext *context);
void attachRowOpModels(mlir::MLIRContext *context);
void attachSequenceOpModels(mlir::MLIRContext *context);
void attachCacheOpModels(mlir::MLIRContext *context);
void attachAttentionOpModels(mlir::MLIRContext *context);
void attachLayoutOpModels(mlir::MLIRContext *context);
void attachRegionOpModels(mlir::MLIRContext *context);
void attachAffineModels(mlir::MLIRContext *context);

} // namespace tenon::reference

#endif // TENON_REFERENCE_MODELS_H
