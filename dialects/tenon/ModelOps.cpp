//===- ModelOps.cpp - Verifiers of model IR -------------------------------===//

#include "tenon/Dialect.h"
#include "expressions/Analysis.h"
#include "tenon/Verifiers.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;

LogicalResult ModelOp::verifyRegions() {
  if (failed(verifyPositive(*this, "width", getWidth())))
    return failure();
  unsigned stacks = 0, poolings = 0, heads = 0;
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
    } else if (auto head = dyn_cast<HeadOp>(op)) {
      ++heads;
      if (!lookupSymbol<StackOp>(head.getStack()))
        return head.emitOpError() << "names stack '" << head.getStack() << "', which the model does not have";
    } else {
      return op.emitOpError() << "does not belong into a model, which holds stacks, a pooling and a head";
    }
  }
  if (stacks == 0)
    return emitOpError() << "has no stack";
  if (poolings > 1)
    return emitOpError() << "has " << poolings << " poolings, where one is the most";
  if (heads > 1)
    return emitOpError() << "has " << heads << " heads, where one is the most";
  return success();
}

/// Rotary positions turn pairs of components within each head.
static LogicalResult verifyRotary(AttentionLayerOp op, PositionsAttr positions) {
  int64_t headSize = op.getHeadSize(), dims = positions.getDims() > 0 ? positions.getDims() : headSize;
  bool turns = positions.getKind() == PositionKind::Rotary;
  if (std::optional<RotaryAttr> own = op.getRotary()) {
    dims = own->getDims();
    turns = true;
  }
  if (turns && (dims % 2 != 0 || dims > headSize))
    return op.emitOpError() << "has head_size " << headSize << ", of which rotary positions turn " << dims
                            << ", expected an even number of at most head_size";
  return success();
}

/// Sublayers have names of their own in a block, since their parameters are named after them.
static LogicalResult verifyBlock(Operation *op, llvm::iterator_range<Block::iterator> body, PositionsAttr positions,
                                 llvm::StringSet<> &names) {
  if (body.empty())
    return op->emitOpError() << "has no sublayer";
  for (Operation &inner : body) {
    if (!isa<AttentionLayerOp, MlpLayerOp, ParallelOp>(inner))
      return inner.emitOpError() << "is not a sublayer";
    StringRef name = inner.getAttrOfType<StringAttr>("name").getValue();
    if (!names.insert(name).second)
      return inner.emitOpError() << "has the name '" << name << "' of another sublayer of its block";
    if (auto attention = dyn_cast<AttentionLayerOp>(inner); attention && failed(verifyRotary(attention, positions)))
      return failure();
    if (auto parallel = dyn_cast<ParallelOp>(inner))
      if (failed(verifyBlock(parallel, parallel.getBody().front(), positions, names)))
        return failure();
  }
  return success();
}

/// What the cached keys and values of an attention look like.
using CacheShape = std::pair<int64_t, int64_t>;

static llvm::StringMap<CacheShape> cacheShapes(Operation *block) {
  llvm::StringMap<CacheShape> shapes;
  block->walk([&](AttentionLayerOp op) {
    shapes[op.getName()] = {static_cast<int64_t>(op.getKeyValueHeads()), static_cast<int64_t>(op.getHeadSize())};
  });
  return shapes;
}

static bool seesLaterKeys(AttentionLayerOp op) {
  return expressions::seesLaterKeys(std::string_view(op.getMask().value_or("")));
}

/// Sublayers side by side are added together: no norm can follow the sum of each.
static LogicalResult verifyParallelNorms(StackOp stack) {
  WalkResult walked = stack.walk([&](ParallelOp op) -> WalkResult {
    if (stack.getNorm().getPlace() != NormPlace::After)
      return WalkResult::advance();
    return op.emitOpError() << "stands in a stack whose norms follow its sublayers, expected norms before them or both";
  });
  return failure(walked.wasInterrupted());
}

LogicalResult StackOp::verifyRegions() {
  if (failed(verifyPositive(*this, "layers", getLayers())))
    return failure();
  Block &body = getBody().front();
  if (body.empty() || !isa<TokenInputOp>(body.front()))
    return emitOpError() << "does not begin with its input";
  PositionsAttr positions = cast<TokenInputOp>(body.front()).getPositions();
  if (getCached() && walk([](AttentionLayerOp op) {
                       return seesLaterKeys(op) ? WalkResult::interrupt() : WalkResult::advance();
                     }).wasInterrupted())
    return emitOpError() << "is cached, but has an attention whose mask may let a query see later keys";
  if (failed(verifyParallelNorms(*this)))
    return failure();
  auto blocks = llvm::to_vector(body.getOps<BlockOp>());
  if (blocks.empty()) {
    llvm::StringSet<> names;
    return verifyBlock(*this, llvm::drop_begin(body), positions, names);
  }
  for (Operation &op : llvm::drop_begin(body))
    if (!isa<BlockOp>(op))
      return op.emitOpError() << "stands beside blocks, expected it in one of them";
  if (blocks.size() > static_cast<size_t>(getLayers()))
    return emitOpError() << "has " << blocks.size() << " blocks for " << getLayers() << " layers";
  for (BlockOp block : blocks) {
    llvm::StringSet<> names;
    if (failed(verifyBlock(block, block.getBody().front(), positions, names)))
      return failure();
    if (cacheShapes(block) != cacheShapes(blocks[0]))
      return block.emitOpError() << "has attentions of other names or sizes than the stack's first block";
  }
  return success();
}

LogicalResult BlockOp::verifyRegions() {
  if (getBody().front().empty())
    return emitOpError() << "has no sublayer";
  return success();
}

LogicalResult ParallelOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (!isa<AttentionLayerOp, MlpLayerOp>(op))
      return op.emitOpError() << "is not a sublayer that others can stand beside";
  return success();
}

LogicalResult HeadOp::verify() {
  if (!(getSoftcap().convertToDouble() >= 0))
    return emitOpError() << "softcap (" << getSoftcap().convertToDouble() << ") is negative";
  return success();
}

LogicalResult TokenInputOp::verify() {
  if (failed(verifyPositive(*this, "vocab", getVocab())))
    return failure();
  return verifyNotNegative(*this, "types", getTypes());
}

LogicalResult AttentionLayerOp::verify() {
  if (failed(verifyHeads(*this, getHeads(), getKeyValueHeads(), getHeadSize())))
    return failure();
  ArrayRef<int64_t> sizes = getTableSizes().value_or(ArrayRef<int64_t>());
  if (sizes.size() % 2 != 0 || llvm::any_of(sizes, [](int64_t size) { return size <= 0; }))
    return emitOpError() << "table_sizes are [" << sizes << "], expected positive rows and columns in turn";
  return verifyMaskAndScore(*this, getMask(), getScore(), sizes.size() / 2);
}

LogicalResult MlpLayerOp::verify() { return verifyPositive(*this, "hidden", getHidden()); }
