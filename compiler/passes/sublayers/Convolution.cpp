//===- Convolution.cpp - Tensor IR of a gated convolution -----------------===//

#include "passes/StackBuilder.h"

using namespace mlir;
using namespace tenon;

SmallVector<Value> ConvolutionLayerOp::lower(StackBuilder &builder, ValueRange rows) {
  const StackPart &part = builder.parts.front(); // The only one: it does not support others.
  Value input = rows.front();
  bool keeps = builder.hasStates();
  Value slice = keeps ? builder.readState(*this) : Value(), pages = keeps ? builder.pages(*this, part.stack) : Value();
  int64_t before = getCausal() ? getKernel() - 1 : (getKernel() - 1) / 2;
  Value convolved = DepthwiseOp::create(builder.builder, builder.location, input.getType(), input,
                                        builder.weight(*this, "depthwise.weight"), slice, Value(), part.lengths,
                                        keeps ? part.past : Value(), pages, before);
  if (keeps)
    builder.writeState(*this, AppendRowsOp::create(builder.builder, builder.location, slice.getType(), slice, input,
                                                   Value(), part.lengths, part.past, pages));
  Value gate = builder.activation(builder.linear(*this, "gate", convolved), getActivation());
  return {builder.linear(*this, "down", builder.multiply(gate, builder.linear(*this, "up", convolved)))};
}
