//===- RegionOps.cpp - Reference semantics of layers and kernels ----------===//

#include "reference/Models.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;

namespace tenon::reference {

template <typename Scalar>
static LogicalResult setResults(Operation *op, const Tensors<Scalar> &values, State<Scalar> &state) {
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values))
    if (failed(state.set(op, result, value)))
      return failure();
  return success();
}

template <typename Scalar> static LogicalResult evaluateOp(RepeatOp op, State<Scalar> &state) {
  Block &body = op.getBody().front();
  Tensors<Scalar> carried = state.get(op.getInits());
  for (int64_t layer = 0; layer < static_cast<int64_t>(op.getCount()); ++layer) {
    state.setIndex(body.getArgument(0), layer);
    FailureOr<Tensors<Scalar>> yielded = state.run(op, body, carried);
    if (failed(yielded))
      return failure();
    carried = std::move(*yielded);
  }
  return setResults(op, carried, state);
}

template <typename Scalar> static LogicalResult evaluateOp(KernelOp op, State<Scalar> &state) {
  Tensors<Scalar> inputs = state.get(op.getInputs());
  FailureOr<Tensors<Scalar>> outputs = state.run(op, op.getBody().front(), inputs);
  if (failed(outputs) || failed(setResults(op, *outputs, state)))
    return failure();
  if (state.getOptions().onKernel)
    state.getOptions().onKernel(op, inputs, *outputs);
  return success();
}

/// Which layer a turn of blocks is at.
template <typename Scalar> static LogicalResult evaluateOp(affine::AffineApplyOp op, State<Scalar> &state) {
  SmallVector<Attribute> operands, results;
  for (Value operand : op.getMapOperands())
    operands.push_back(IntegerAttr::get(IndexType::get(op.getContext()), state.getIndex(operand)));
  if (failed(op.getAffineMap().constantFold(operands, results)))
    return op.emitError() << "has no value for these operands";
  state.setIndex(op.getResult(), cast<IntegerAttr>(results[0]).getInt());
  return success();
}

void attachRegionOpModels(MLIRContext *context) { attachModels<RepeatOp, KernelOp>(context); }

void attachAffineModels(MLIRContext *context) { attachModels<affine::AffineApplyOp>(context); }

} // namespace tenon::reference
