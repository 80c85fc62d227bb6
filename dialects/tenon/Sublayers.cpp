//===- Sublayers.cpp - Parameters and states of model IR's operations -----===//

#include "expressions/Analysis.h"
#include "support/CachePage.h"
#include "tenon/Dialect.h"

using namespace mlir;
using namespace tenon;

static StackOp stackOf(Operation *op) { return op->getParentOfType<StackOp>(); }

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static std::string inputPath(Operation *input) { return (stackOf(input).getSymName() + ".input").str(); }

static std::string sublayerPath(Operation *sublayer, StringRef name) {
  return (stackOf(sublayer).getSymName() + ".layers.*." + name).str();
}

std::string StackOp::getParameterPath() { return getSymName().str(); }
std::string TokenInputOp::getParameterPath() { return inputPath(*this); }
std::string FeatureInputOp::getParameterPath() { return inputPath(*this); }
std::string ConcatInputOp::getParameterPath() { return inputPath(*this); }
std::string ParallelOp::getParameterPath() { return sublayerPath(*this, getName()); }
std::string AttentionLayerOp::getParameterPath() { return sublayerPath(*this, getName()); }
std::string MlpLayerOp::getParameterPath() { return sublayerPath(*this, getName()); }
std::string SsruLayerOp::getParameterPath() { return sublayerPath(*this, getName()); }
std::string PoolingOp::getParameterPath() { return "pooling"; }
std::string HeadOp::getParameterPath() { return "head"; }

static StackOp namedStack(Operation *op, StringRef name) {
  return op->getParentOfType<ModelOp>().lookupSymbol<StackOp>(name);
}

/// A tied head reads the embedding of the tokens that it scores.
std::string HeadOp::getParameterName(StringRef role) {
  if (getTied() && role == "weight")
    return namedStack(*this, getStack()).getTarget().getSymName().str() + ".input.tokens.weight";
  return "head." + role.str();
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

void StackOp::declareParameters(ParameterList &list) {
  if (getNorm().getFinal())
    list.addNorm("norm", getHiddenWidth(), getNorm().getBias());
}

/// What all inputs have: learned positions, and a norm.
static void declareInput(InputOpInterface input, ParameterList &list) {
  StackOp stack = stackOf(input);
  PositionsAttr positions = input.getPositions();
  if (positions.getKind() == PositionKind::Learned)
    list.add("positions.weight", {positions.getOffset() + positions.getLength(), stack.getHiddenWidth()});
  if (input.getNorm())
    list.addNorm("norm", stack.getHiddenWidth(), stack.getNorm().getBias());
}

void TokenInputOp::declareParameters(ParameterList &list) {
  int64_t width = stackOf(*this).getHiddenWidth();
  list.add("tokens.weight", {static_cast<int64_t>(getVocab()), width});
  if (getTypes() > 0)
    list.add("types.weight", {static_cast<int64_t>(getTypes()), width});
  declareInput(*this, list);
}

void FeatureInputOp::declareParameters(ParameterList &list) {
  int64_t components = getFeatures();
  for (auto [index, convolution] : llvm::enumerate(getConvolutions().getAsRange<ConvolutionAttr>())) {
    list.addLinear("convolutions." + Twine(index), convolution.getChannels(), components * convolution.getKernel(),
                   convolution.getBias());
    components = convolution.getChannels();
  }
  declareInput(*this, list);
}

void ConcatInputOp::declareParameters(ParameterList &list) { declareInput(*this, list); }

void ParallelOp::declareParameters(ParameterList &list) {
  StackOp stack = stackOf(*this);
  if (getSharedNorm())
    list.addNorm("norm", stack.getHiddenWidth(), stack.getNorm().getBias());
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
    int64_t components = namedStack(*this, source.getStack().getValue()).getHiddenWidth();
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

/// Those of layers one after the other; roles are named after the layers' places. Returns what the last one gives.
static int64_t declareLayers(ArrayAttr layers, const Twine &prefix, int64_t components, ParameterList &list) {
  for (auto [index, layer] : llvm::enumerate(layers)) {
    std::string role = (prefix + Twine(index)).str();
    if (auto norm = dyn_cast<VectorNormAttr>(layer)) {
      if (norm.getFunction() != NormFunction::L2)
        list.addNorm(role, components, /*bias=*/true);
      continue;
    }
    auto dense = cast<DenseAttr>(layer);
    list.addLinear(role, dense.getSize(), components, dense.getBias());
    if (dense.getResidual() && dense.getSize() != components)
      list.addLinear(role + ".residual", dense.getSize(), components, /*bias=*/false);
    components = dense.getSize();
  }
  return components;
}

void PoolingOp::declareParameters(ParameterList &list) {
  int64_t components = declareLayers(getTokenLayers(), "tokens.", namedStack(*this, getStack()).getHiddenWidth(), list);
  declareLayers(getLayers(), "", components * static_cast<int64_t>(getFunctions().size()), list);
}

void HeadOp::declareParameters(ParameterList &list) {
  StackOp stack = namedStack(*this, getStack());
  int64_t vocab = cast<TokenInputOp>(*stack.getTarget().getInput()).getVocab();
  list.add("weight", {vocab, stack.getHiddenWidth()});
  if (getBias())
    list.add("bias", vocab);
}

ParameterList tenon::parametersOf(ParameterizedOpInterface op) {
  ParameterList list;
  if (!isa<SublayerOpInterface>(*op)) {
    op.declareParameters(list);
    return list;
  }
  NormAttr norm = stackOf(op).getNorm();
  int64_t width = stackOf(op).getHiddenWidth();
  auto parallel = op->getParentOfType<ParallelOp>();
  if (norm.getPlace() != NormPlace::After && !(parallel && parallel.getSharedNorm()))
    list.addNorm("norm", width, norm.getBias());
  op.declareParameters(list);
  if (norm.getPlace() != NormPlace::Before)
    list.addNorm(norm.getPlace() == NormPlace::After ? "norm" : "norm_after", width, norm.getBias());
  return list;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

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
// Recurrences
//===----------------------------------------------------------------------===//

SmallVector<SublayerState> SsruLayerOp::getStates() {
  return {{("cache." + getName()).str(), rowPageFloats(stackOf(*this).getHiddenWidth()), {}, /*holdsOwn=*/true}};
}

/// What it has of one stack's rows would have to go on with the next one's.
bool SsruLayerOp::readsParts() { return false; }
