//===- ModelOps.cpp - Verifiers of model IR -------------------------------===//

#include "tenon/Dialect.h"
#include "tenon/Verifiers.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;

LogicalResult ModelOp::verifyRegions() {
  if (failed(verifyPositive(*this, "width", getWidth())))
    return failure();
  unsigned stacks = 0, poolings = 0;
  for (Operation &op : getBody().front()) {
    if (auto stack = dyn_cast<StackOp>(op)) {
      ++stacks;
      auto input = dyn_cast<TokenInputOp>(stack.getBody().front().front());
      if (input && input.getPositions().getKind() == PositionKind::Sinusoidal && getWidth() % 2 != 0)
        return input.emitOpError() << "has sinusoidal positions, which need an even width, not " << getWidth();
    } else if (auto pooling = dyn_cast<PoolingOp>(op)) {
      ++poolings;
      if (!lookupSymbol<StackOp>(pooling.getStack()))
        return pooling.emitOpError() << "names stack '" << pooling.getStack() << "', which the model does not have";
    } else {
      return op.emitOpError() << "does not belong into a model, which holds stacks and a pooling";
    }
  }
  if (stacks == 0)
    return emitOpError() << "has no stack";
  if (poolings > 1)
    return emitOpError() << "has " << poolings << " poolings, where one is the most";
  return success();
}

/// Rotary positions turn pairs of components within each head.
static LogicalResult verifyRotary(AttentionLayerOp op, PositionsAttr positions) {
  int64_t headSize = op.getHeadSize(), dims = positions.getDims() > 0 ? positions.getDims() : headSize;
  if (positions.getKind() == PositionKind::Rotary && (dims % 2 != 0 || dims > headSize))
    return op.emitOpError() << "has head_size " << headSize << ", of which rotary positions turn " << dims
                            << ", expected an even number of at most head_size";
  return success();
}

LogicalResult StackOp::verifyRegions() {
  if (failed(verifyPositive(*this, "layers", getLayers())))
    return failure();
  Block &block = getBody().front();
  if (block.empty() || !isa<TokenInputOp>(block.front()))
    return emitOpError() << "does not begin with its input";
  PositionsAttr positions = cast<TokenInputOp>(block.front()).getPositions();
  llvm::StringSet<> names;
  for (Operation &op : llvm::drop_begin(block)) {
    if (!isa<AttentionLayerOp, MlpLayerOp>(op))
      return op.emitOpError() << "is not a sublayer";
    if (auto attention = dyn_cast<AttentionLayerOp>(op); attention && failed(verifyRotary(attention, positions)))
      return failure();
    StringRef name = op.getAttrOfType<StringAttr>("name").getValue();
    if (!names.insert(name).second)
      return op.emitOpError() << "has the name '" << name << "' of another sublayer of its block";
  }
  if (names.empty())
    return emitOpError() << "has no sublayer";
  return success();
}

LogicalResult TokenInputOp::verify() {
  if (failed(verifyPositive(*this, "vocab", getVocab())))
    return failure();
  return verifyNotNegative(*this, "types", getTypes());
}

LogicalResult AttentionLayerOp::verify() { return verifyHeads(*this, getHeads(), getKeyValueHeads(), getHeadSize()); }

LogicalResult MlpLayerOp::verify() { return verifyPositive(*this, "hidden", getHidden()); }
