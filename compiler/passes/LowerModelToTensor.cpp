//===- LowerModelToTensor.cpp - Model IR to tensor IR ---------------------===//

#include "passes/EntryLowering.h"
#include "passes/Passes.h"
#include "tenon/StackGraph.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERMODELTOTENSOR
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

LogicalResult checkBound(ModelOp model) {
  WalkResult walked = model.walk([](ParameterizedOpInterface op) -> WalkResult {
    if (op.getParametersAttr())
      return WalkResult::advance();
    return op->emitOpError() << "is not bound to its parameters, which tenon-bind-parameters does";
  });
  return failure(walked.wasInterrupted());
}

/// Whether the rows of a stack's prefix see each other by masks of their own.
bool hasPrefixMasks(StackOp stack) {
  WalkResult walked = stack.walk(
      [](AttentionLayerOp op) { return op.getPrefixMask() ? WalkResult::interrupt() : WalkResult::advance(); });
  return walked.wasInterrupted();
}

void lower(ModelOp model) {
  OpBuilder builder(model);
  SmallVector<StackOp> whole, growing;
  // A stack that grows with another one is in that one's entry points.
  for (StackOp stack : model.getBody().getOps<StackOp>())
    if (!growingReaderOf(stack))
      (stack.getCached() ? growing : whole).push_back(stack);
  auto nameOf = [](StringRef name, StackOp stack, ArrayRef<StackOp> all) {
    return all.size() == 1 ? name.str() : (name + "_" + stack.getSymName()).str();
  };
  for (StackOp stack : model.getBody().getOps<StackOp>()) {
    if (llvm::is_contained(whole, stack))
      EntryLowering(model, builder, ShapedType::kDynamic).encode(stack, nameOf("encode", stack, whole));
    if (!llvm::is_contained(growing, stack))
      continue;
    EntryLowering(model, builder, ShapedType::kDynamic).start(stack, nameOf("start", stack, growing));
    if (hasPrefixMasks(stack))
      EntryLowering(model, builder, ShapedType::kDynamic).prefix(stack, nameOf("start", stack, growing));
    EntryLowering(model, builder, ShapedType::kDynamic).step(stack, nameOf("prefill", stack, growing));
    EntryLowering(model, builder, 1).step(stack, nameOf("decode", stack, growing));
  }
}

struct LowerModelToTensor : tenon::impl::LowerModelToTensorBase<LowerModelToTensor> {
  void runOnOperation() override {
    for (ModelOp model : llvm::make_early_inc_range(getOperation().getOps<ModelOp>())) {
      if (failed(checkBound(model)))
        return signalPassFailure();
      lower(model);
      model.erase();
    }
  }
};

} // namespace
