//===- Reference.cpp - The reference interpreter --------------------------===//

#include "reference/Reference.h"

#include "reference/Models.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;

namespace tenon::reference {

void registerReferenceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, TenonDialect *) {
    attachParameterOpModels(context);
    attachRowOpModels(context);
    attachSequenceOpModels(context);
    attachCacheOpModels(context);
    attachAttentionOpModels(context);
    attachLayoutOpModels(context);
    attachRegionOpModels(context);
  });
  registry.addExtension(+[](MLIRContext *context, affine::AffineDialect *) { attachAffineModels(context); });
}

/// Splits the inputs of a block into tensors and layer numbers, and runs it.
template <typename Scalar>
static FailureOr<Tensors<Scalar>> evaluateBlock(Operation *owner, Block &block, ArrayRef<Tensor<Scalar>> inputs,
                                                const Options<Scalar> &options) {
  if (inputs.size() != block.getNumArguments())
    return owner->emitError() << "is given " << inputs.size() << " inputs, expected " << block.getNumArguments();
  State<Scalar> state(options);
  Tensors<Scalar> tensors;
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), inputs)) {
    if (!argument.getType().isIndex())
      tensors.push_back(input);
    else if (input.isInteger() && input.size() == 1)
      state.setIndex(argument, input.ints().front());
    else
      return owner->emitError() << "input " << argument.getArgNumber() << " is an index, expected one integer";
  }
  return state.run(owner, block, tensors);
}

template <typename Scalar>
FailureOr<Tensors<Scalar>> evaluateBlock(Block &block, ArrayRef<Tensor<Scalar>> inputs,
                                         const Options<Scalar> &options) {
  return evaluateBlock(block.getParentOp(), block, inputs, options);
}

template <typename Scalar>
FailureOr<Tensors<Scalar>> evaluate(func::FuncOp function, ArrayRef<Tensor<Scalar>> inputs,
                                    const Options<Scalar> &options) {
  if (!function.getBody().hasOneBlock())
    return function.emitError() << "has " << function.getBody().getBlocks().size() << " blocks, expected one";
  return evaluateBlock(function, function.getBody().front(), inputs, options);
}

template <typename Scalar>
FailureOr<Tensors<Scalar>> evaluateKernel(KernelOp kernel, ArrayRef<Tensor<Scalar>> inputs,
                                          const Options<Scalar> &options) {
  return evaluateBlock(kernel, kernel.getBody().front(), inputs, options);
}

#define INSTANTIATE(Scalar)                                                                                            \
  template FailureOr<Tensors<Scalar>> evaluate(func::FuncOp, ArrayRef<Tensor<Scalar>>, const Options<Scalar> &);       \
  template FailureOr<Tensors<Scalar>> evaluateKernel(KernelOp, ArrayRef<Tensor<Scalar>>, const Options<Scalar> &);     \
  template FailureOr<Tensors<Scalar>> evaluateBlock(Block &, ArrayRef<Tensor<Scalar>>, const Options<Scalar> &);

INSTANTIATE(float)
INSTANTIATE(double)

} // namespace tenon::reference
