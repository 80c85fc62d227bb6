//===- ModelOps.cpp - Verifiers of model IR -------------------------------===//

#include "tenon/Dialect.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;

LogicalResult ModelOp::verifyRegions() {
  if (getWidth() <= 0)
    return emitOpError() << "width (" << getWidth() << ") is not positive";
  unsigned stacks = 0, poolings = 0;
  for (Operation &op : getBody().front()) {
    if (isa<StackOp>(op)) {
      ++stacks;
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

LogicalResult StackOp::verifyRegions() {
  if (getLayers() <= 0)
    return emitOpError() << "layers (" << getLayers() << ") is not positive";
  Block &block = getBody().front();
  if (block.empty() || !isa<TokenInputOp>(block.front()))
    return emitOpError() << "does not begin with its input";
  llvm::StringSet<> names;
  for (Operation &op : llvm::drop_begin(block)) {
    if (!isa<AttentionLayerOp, MlpLayerOp>(op))
      return op.emitOpError() << "is not a sublayer";
    StringRef name = op.getAttrOfType<StringAttr>("name").getValue();
    if (!names.insert(name).second)
      return op.emitOpError() << "has the name '" << name << "' of another sublayer of its block";
  }
  if (names.empty())
    return emitOpError() << "has no sublayer";
  return success();
}

LogicalResult TokenInputOp::verify() {
  if (getVocab() <= 0)
    return emitOpError() << "vocab (" << getVocab() << ") is not positive";
  if (getTypes() < 0)
    return emitOpError() << "types (" << getTypes() << ") is negative";
  return success();
}

LogicalResult AttentionLayerOp::verify() {
  if (getHeads() <= 0 || getKeyValueHeads() <= 0 || getHeadSize() <= 0)
    return emitOpError() << "heads (" << getHeads() << "), key_value_heads (" << getKeyValueHeads()
                         << ") and head_size (" << getHeadSize() << ") are not all positive";
  if (getHeads() % getKeyValueHeads() != 0)
    return emitOpError() << "heads (" << getHeads() << ") is not a multiple of key_value_heads ("
                         << getKeyValueHeads() << ")";
  return success();
}

LogicalResult MlpLayerOp::verify() {
  if (getHidden() <= 0)
    return emitOpError() << "hidden (" << getHidden() << ") is not positive";
  return success();
}
