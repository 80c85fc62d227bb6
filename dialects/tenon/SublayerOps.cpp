//===- SublayerOps.cpp - Verifiers, parameters and states of sublayers ----===//

#include "expressions/Analysis.h"
#include "support/CachePage.h"
#include "tenon/Dialect.h"
#include "tenon/Verifiers.h"

using namespace mlir;
using namespace tenon;

static StackOp stackOf(Operation *op) { return op->getParentOfType<StackOp>(); }

//===----------------------------------------------------------------------===//
// Side by side
//===----------------------------------------------------------------------===//

LogicalResult ParallelOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (!isa<SublayerOpInterface>(op))
      return op.emitOpError() << "is not a sublayer that others can stand beside";
  return success();
}

void ParallelOp::declareParameters(ParameterList &list) {
  StackOp stack = stackOf(*this);
  if (getSharedNorm())
    list.addNorm("norm", stack.getHiddenWidth(), stack.getNorm().getBias());
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

LogicalResult AttentionLayerOp::verify() {
  if (failed(verifyHeads(*this, getHeads(), getKeyValueHeads(), getHeadSize())))
    return failure();
  if (getSources().size() > maximumSources)
    return emitOpError() << "has " << getSources().size() << " sources, where " << maximumSources << " are the most";
  ArrayRef<int64_t> sizes = getTableSizes().value_or(ArrayRef<int64_t>());
  if (sizes.size() % 2 != 0 || llvm::any_of(sizes, [](int64_t size) { return size <= 0; }))
    return emitOpError() << "table_sizes are [" << sizes << "], expected positive rows and columns in turn";
  for (size_t i = 0; i < sizes.size(); i += 2)
    if (failed(verifyElements(*this, "a table", sizes.slice(i, 2))))
      return failure();
  if (std::optional<RelativeBiasAttr> relative = getRelative())
    if (failed(verifyElements(*this, "a relative bias by distance",
                              {2 * relative->getDistance() + 1, static_cast<int64_t>(getHeads())})))
      return failure();
  if (getRelative() && !getSources().empty())
    return emitOpError() << "has a relative bias beside sources, to whose positions there is no distance";
  if (getJoint() && getSources().empty())
    return emitOpError() << "is joint, but has no sources to join the own keys with";
  if (getRelative() && getScore())
    return emitOpError() << "has a relative bias beside a score, expected one of them";
  if (getPrefixMask() && !getSources().empty())
    return emitOpError() << "has a prefix_mask, but takes keys from other stacks";
  if (failed(verifyMaskAndScore(*this, getPrefixMask(), {}, sizes.size() / 2)))
    return failure();
  return verifyMaskAndScore(*this, getMask(), getScore(), sizes.size() / 2);
}

/// Rotary positions turn pairs of components within each head.
static LogicalResult verifyRotary(AttentionLayerOp op) {
  PositionsAttr positions = stackOf(op).getInput().getPositions();
  int64_t headSize = op.getHeadSize(), dims = positions.getDims() > 0 ? positions.getDims() : headSize;
  bool turns = positions.getKind() == PositionKind::Rotary;
  if (std::optional<RotaryAttr> own = op.getRotary()) {
    dims = own->getDims();
    turns = true;
  }
  if (!op.hasOwnKeys() && op.getRotary())
    return op.emitOpError() << "takes keys from another stack, whose positions do not turn with the queries'";
  if (turns && op.hasOwnKeys() && (dims % 2 != 0 || dims > headSize))
    return op.emitOpError() << "has head_size " << headSize << ", of which rotary positions turn " << dims
                            << ", expected an even number of at most head_size";
  return success();
}

LogicalResult AttentionLayerOp::verifyPlace() {
  if (getPrefixMask() && !stackOf(*this).getPrefix())
    return emitOpError() << "has a prefix_mask, but its stack has no prefix";
  return verifyRotary(*this);
}

/// Whether a mask may let a query of one segment see a key of the other that has a higher position.
static bool seesLaterKeys(AttentionLayerOp op, int32_t querySegment, int32_t segment) {
  return expressions::seesLaterKeys(std::string_view(op.getMask().value_or("")), {segment, querySegment});
}

/// Queries see no later keys of their own stack. Those of parts before the last are there before it has any.
LogicalResult AttentionLayerOp::verifyGrowing() {
  StackOp stack = stackOf(*this);
  auto parts = static_cast<int32_t>(stack.getParts().size());
  int32_t own = parts > 0 ? parts - 1 : static_cast<int32_t>(ownSegment());
  if (hasOwnKeys() && seesLaterKeys(*this, own, own))
    return stack.emitOpError() << "is cached, but has an attention whose mask may let a query see later keys";
  for (int32_t part = 0; part < parts - 1; ++part)
    if (seesLaterKeys(*this, part, own))
      return emitOpError() << "has a mask that may let a query of part " << part << " see keys of the last part, "
                           << "which is cached";
  return success();
}

/// Components of what a source gives; of one that is not there, as in half a checkpoint, as many as its reader has.
static int64_t sourceWidth(Operation *op, SourceAttr source) {
  auto stack = op->getParentOfType<ModelOp>().lookupSymbol<StackOp>(source.getStack());
  return (stack ? stack : stackOf(op)).getHiddenWidth();
}

static void declareHeadNorm(std::optional<HeadNormAttr> norm, const Twine &role, int64_t heads, int64_t headSize,
                            ParameterList &list) {
  if (norm)
    list.addNorm(role, norm->getWhole() ? heads * headSize : headSize, norm->getBias());
}

void AttentionLayerOp::declareParameters(ParameterList &list) {
  int64_t width = stackOf(*this).getHiddenWidth(), heads = getHeads(), keyHeads = getKeyValueHeads();
  int64_t headSize = getHeadSize();
  auto declareKeys = [&](const Twine &prefix, int64_t components) {
    list.addLinear(prefix + "key", keyHeads * headSize, components, getBias() && !getNoKeyBias());
    list.addLinear(prefix + "value", keyHeads * headSize, components, getBias());
    declareHeadNorm(getHeadNorm(), prefix + "key_norm", keyHeads, headSize, list);
  };
  list.addLinear("query", heads * headSize, width, getBias());
  declareHeadNorm(getHeadNorm(), "query_norm", heads, headSize, list);
  for (SourceAttr source : sourceList()) {
    int64_t components = sourceWidth(*this, source);
    if (normalisesSource(source))
      list.addNorm(source.getStack().getValue() + ".norm", components, stackOf(*this).getNorm().getBias());
    declareKeys(sourcePrefix(source), components);
  }
  if (hasOwnKeys())
    declareKeys("", width);
  ArrayRef<int64_t> tables = getTableSizes().value_or(ArrayRef<int64_t>());
  for (size_t i = 0; i + 1 < tables.size(); i += 2)
    list.add("table" + Twine(i / 2) + ".weight", tables.slice(i, 2));
  if (std::optional<RelativeBiasAttr> relative = getRelative())
    list.add("relative.weight", {relative->getBuckets(), heads});
  list.addLinear("output", width, heads * headSize, getOutputBias());
}

SmallVector<SourceAttr> AttentionLayerOp::sourceList() {
  return llvm::to_vector(getSources().getAsRange<SourceAttr>());
}

std::string AttentionLayerOp::sourcePrefix(SourceAttr source) {
  bool alone = ownSegment() == 1 && !hasOwnKeys();
  return alone ? "" : source.getStack().getValue().str() + ".";
}

bool AttentionLayerOp::normalisesSource(SourceAttr source) {
  return source.getLayers() && stackOf(*this).getNorm().getPlace() != NormPlace::After;
}

/// Pages of keys and values: `cache.NAME`, or where none are its stack's own `source.NAME`.
SmallVector<SublayerState> AttentionLayerOp::getStates() {
  SublayerState state;
  state.name = ((hasOwnKeys() ? "cache." : "source.") + getName()).str();
  state.pageFloats = keyValuePageFloats(getKeyValueHeads(), getHeadSize());
  for (SourceAttr source : sourceList())
    state.sources.push_back(source.getStack().getValue());
  state.holdsOwn = hasOwnKeys();
  return {state};
}

/// Of its own keys: what it reads of other stacks stays.
std::optional<int64_t> AttentionLayerOp::getWindow() {
  if (!hasOwnKeys())
    return std::nullopt;
  auto parts = static_cast<int32_t>(stackOf(*this).getParts().size());
  int32_t own = parts > 0 ? parts - 1 : static_cast<int32_t>(ownSegment());
  return expressions::windowOf(std::string_view(getMask().value_or("")), {own, own});
}

RotaryAttr AttentionLayerOp::turns() {
  if (!hasOwnKeys())
    return {};
  RotaryAttr rotary = getRotary().value_or(RotaryAttr());
  PositionsAttr positions = stackOf(*this).getInput().getPositions();
  if (!rotary && positions.getKind() == PositionKind::Rotary)
    rotary = RotaryAttr::get(getContext(), positions.getLength(),
                             positions.getDims() > 0 ? positions.getDims() : getHeadSize(), positions.getBase(),
                             positions.getInterleaved(), DenseF64ArrayAttr(), FloatAttr());
  return rotary && rotary.getDims() > 0 ? rotary : RotaryAttr();
}

bool AttentionLayerOp::readsPositions() { return static_cast<bool>(turns()); }

//===----------------------------------------------------------------------===//
// Other kinds
//===----------------------------------------------------------------------===//

LogicalResult MlpLayerOp::verify() { return verifyPositive(*this, "hidden", getHidden()); }

void MlpLayerOp::declareParameters(ParameterList &list) {
  int64_t width = stackOf(*this).getHiddenWidth(), hidden = getHidden();
  if (getGated())
    list.addLinear("gate", hidden, width, getBias());
  list.addLinear("up", hidden, width, getBias());
  list.addLinear("down", width, hidden, getBias());
}

void SsruLayerOp::declareParameters(ParameterList &list) {
  int64_t width = stackOf(*this).getHiddenWidth();
  list.addLinear("forget", width, width, getBias());
  list.addLinear("input", width, width, getInputBias());
}

SmallVector<SublayerState> SsruLayerOp::getStates() {
  return {{("cache." + getName()).str(), rowPageFloats(stackOf(*this).getHiddenWidth()), {}, /*holdsOwn=*/true}};
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

LogicalResult ConvolutionLayerOp::verify() {
  if (failed(verifyPositive(*this, "hidden", getHidden())))
    return failure();
  return verifyPositive(*this, "kernel", getKernel(), maximumTaps);
}

LogicalResult ConvolutionLayerOp::verifyGrowing() {
  if (!getCausal())
    return emitOpError() << "reads later rows, but its stack is cached, expected a causal one";
  return success();
}

void ConvolutionLayerOp::declareParameters(ParameterList &list) {
  int64_t width = stackOf(*this).getHiddenWidth(), hidden = getHidden();
  list.add("depthwise.weight", {static_cast<int64_t>(getKernel()), width});
  list.addLinear("gate", hidden, width, getBias());
  list.addLinear("up", hidden, width, getBias());
  list.addLinear("down", width, hidden, getBias());
}

SmallVector<SublayerState> ConvolutionLayerOp::getStates() {
  return {{("cache." + getName()).str(), rowPageFloats(stackOf(*this).getHiddenWidth()), {}, /*holdsOwn=*/true}};
}
