//===- Ssru.cpp - Tensor IR of a recurrence -------------------------------===//

#include "passes/StackBuilder.h"

using namespace mlir;
using namespace tenon;

SmallVector<Value> SsruLayerOp::lower(StackBuilder &builder, ValueRange rows) {
  const StackPart &part = builder.parts.front(); // The only one: it does not support others.
  Value forget = builder.activation(builder.linear(*this, "forget", rows.front()), ActivationFunction::Sigmoid);
  Value own = builder.linear(*this, "input", rows.front());
  bool keeps = builder.hasStates();
  Value slice = keeps ? builder.readState(*this) : Value(), pages = keeps ? builder.pages(*this, part.stack) : Value();
  Value state = ScanOp::create(builder.builder, builder.location, own.getType(), forget, own, slice, Value(),
                               part.lengths, part.past, pages);
  if (keeps)
    builder.writeState(*this, AppendRowsOp::create(builder.builder, builder.location, slice.getType(), slice, state,
                                                   Value(), part.lengths, part.past, pages));
  return {builder.activation(state, getActivation())};
}
