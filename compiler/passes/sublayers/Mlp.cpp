//===- Mlp.cpp - Tensor IR of two projections -----------------------------===//

#include "passes/StackBuilder.h"

using namespace mlir;
using namespace tenon;

SmallVector<Value> MlpLayerOp::lower(StackBuilder &builder, ValueRange rows) {
  return builder.each(rows, [&](Value input) {
    Value gate = getGated() ? builder.linear(*this, "gate", input) : Value();
    Value up = builder.linear(*this, "up", input);
    Value active = builder.activation(gate ? gate : up, getActivation());
    return builder.linear(*this, "down", gate ? builder.multiply(active, up) : active);
  });
}
