//===- ModelOps.cpp - Verifiers and parameters of model IR ----------------===//

#include "support/Sharing.h"
#include "tenon/Dialect.h"
#include "tenon/StackGraph.h"
#include "tenon/Verifiers.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;

/// What a stack's rows become is long enough to take the first components of.
static LogicalResult verifyPooledSize(PoolingOp op, StackOp stack) {
  int64_t size = PoolingOp::componentsBehind(op.getTokenLayers(), stack.getHiddenWidth());
  size = PoolingOp::componentsBehind(op.getLayers(), size * static_cast<int64_t>(op.getFunctions().size()));
  if (static_cast<int64_t>(op.getSize()) > size)
    return op.emitOpError() << "gives " << op.getSize() << " of " << size << " components";
  if (op.getSkipsPrompt() && stack.getCached())
    return op.emitOpError() << "skips the prompts of stack '" << op.getStack() << "', which is cached";
  return success();
}

/// How many layers repeat an operation; 0 where it stands outside of them.
static int64_t layersAround(ParameterizedOpInterface op) {
  return isa<SublayerOpInterface, ParallelOp>(*op) ? op->getParentOfType<StackOp>().getLayers() : 0;
}

/// What an operation is bound to is what it needs.
static LogicalResult verifyBound(ParameterizedOpInterface op, const ParameterList &needed, ModelOp model) {
  DictionaryAttr bound = op.getParametersAttr();
  for (const Parameter &parameter : needed) {
    auto name = bound.getAs<FlatSymbolRefAttr>(parameter.role);
    if (!name)
      return op->emitOpError() << "is bound to no parameter as '" << parameter.role << "'";
    auto bearer = model.lookupSymbol<ParameterOp>(name);
    if (!bearer)
      return op->emitOpError() << "is bound to parameter '" << name.getValue() << "', which the model does not have";
    if (bearer.getShape() != ArrayRef(parameter.shape))
      return op->emitOpError() << "is bound to parameter '" << name.getValue() << "' of [" << bearer.getShape()
                               << "] as '" << parameter.role << "', expected [" << ArrayRef(parameter.shape) << "]";
    if (int64_t layers = bearer.getLayers().value_or(0); layers > 0 && layers != layersAround(op))
      return op->emitOpError() << "is bound to parameter '" << name.getValue() << "' of " << layers
                               << " layers, but stands in " << layersAround(op);
  }
  for (NamedAttribute pair : bound)
    if (llvm::none_of(needed, [&](const Parameter &known) { return known.role == pair.getName(); }))
      return op->emitOpError() << "is bound to " << pair.getValue() << " as '" << pair.getName().getValue()
                               << "', which it does not need";
  return success();
}

/// No parameter is larger than a tensor can be, and where operations are bound, they are to what they need.
static LogicalResult verifyParameters(ModelOp model) {
  WalkResult walked = model.walk([&](ParameterizedOpInterface op) -> WalkResult {
    ParameterList needed = parametersOf(op);
    for (const Parameter &parameter : needed)
      if (failed(verifyElements(op, parameter.role, parameter.shape)))
        return failure();
    return op.getParametersAttr() ? verifyBound(op, needed, model) : success();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult ParameterOp::verify() {
  for (int64_t size : getShape())
    if (failed(verifyPositive(*this, "a size", size)))
      return failure();
  if (getLayers() && failed(verifyPositive(*this, "layers", *getLayers(), maximumLayers)))
    return failure();
  if (getSymName().count('*') != (getLayers() ? 1 : 0))
    return emitOpError() << "is one " << (getLayers() ? "for each of several layers" : "for all layers")
                         << ", expected a name with " << (getLayers() ? "one" : "no") << " '*' for the layer";
  return verifyElements(*this, "the tensor", getShape());
}

LogicalResult ModelOp::verifyRegions() {
  if (failed(verifyPositive(*this, "width", getWidth())))
    return failure();
  unsigned stacks = 0, poolings = 0, heads = 0;
  for (Operation &op : getBody().front()) {
    if (isa<StackOp>(op)) {
      ++stacks;
    } else if (auto pooling = dyn_cast<PoolingOp>(op)) {
      ++poolings;
      auto stack = lookupSymbol<StackOp>(pooling.getStack());
      if (!stack)
        return pooling.emitOpError() << "names stack '" << pooling.getStack() << "', which the model does not have";
      if (failed(verifyPooledSize(pooling, stack)))
        return failure();
    } else if (auto head = dyn_cast<HeadOp>(op)) {
      ++heads;
      auto stack = lookupSymbol<StackOp>(head.getStack());
      if (!stack)
        return head.emitOpError() << "names stack '" << head.getStack() << "', which the model does not have";
    } else if (!isa<ParameterOp>(op)) {
      return op.emitOpError() << "does not belong into a model, which holds parameters, stacks, a pooling and a head";
    }
  }
  if (stacks == 0)
    return emitOpError() << "has no stack";
  if (stacks > maximumStacks)
    return emitOpError() << "has " << stacks << " stacks, where " << maximumStacks << " are the most";
  for (NamedAttribute pair : getShare().value_or(DictionaryAttr::get(getContext())))
    if (!isa<StringAttr>(pair.getValue()))
      return emitOpError() << "shares '" << pair.getName().getValue() << "' with " << pair.getValue()
                           << ", expected the name of parameters";
  if (poolings > 1)
    return emitOpError() << "has " << poolings << " poolings, where one is the most";
  if (heads > 1)
    return emitOpError() << "has " << heads << " heads, where one is the most";
  return failure(failed(verifyStackGraph(*this)) || failed(verifyParameters(*this)));
}

/// Sublayers have names of their own in a block, since their parameters are named after them.
static LogicalResult verifyBlock(Operation *op, llvm::iterator_range<Block::iterator> body, llvm::StringSet<> &names) {
  if (body.empty())
    return op->emitOpError() << "has no sublayer";
  if (size_t count = llvm::range_size(body); count > maximumSublayers)
    return op->emitOpError() << "has " << count << " sublayers, where " << maximumSublayers << " are the most";
  for (Operation &inner : body) {
    if (!isa<SublayerOpInterface, ParallelOp>(inner))
      return inner.emitOpError() << "is not a sublayer";
    StringRef name = inner.getAttrOfType<StringAttr>("name").getValue();
    if (!names.insert(name).second)
      return inner.emitOpError() << "has the name '" << name << "' of another sublayer of its block";
    if (auto sublayer = dyn_cast<SublayerOpInterface>(inner); sublayer && failed(sublayer.verifyPlace()))
      return failure();
    if (auto parallel = dyn_cast<ParallelOp>(inner))
      if (failed(verifyBlock(parallel, parallel.getBody().front(), names)))
        return failure();
  }
  return success();
}

/// What the sublayers of a block keep, by name.
static llvm::StringMap<SublayerState> statesOf(Operation *block) {
  llvm::StringMap<SublayerState> states;
  block->walk([&](SublayerOpInterface op) {
    for (const SublayerState &state : op.getStates())
      states[state.name] = state;
  });
  return states;
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

InputOpInterface StackOp::getInput() { return cast<InputOpInterface>(getBody().front().front()); }

int64_t StackOp::getHiddenWidth() { return getWidth().value_or((*this)->getParentOfType<ModelOp>().getWidth()); }

/// The last convolution gives rows of the stack's width.
static LogicalResult verifyChannels(FeatureInputOp input, StackOp stack) {
  int64_t channels = input.getFeatures();
  for (auto convolution : input.getConvolutions().getAsRange<ConvolutionAttr>())
    channels = convolution.getChannels();
  if (channels != stack.getHiddenWidth())
    return input.emitOpError() << "gives rows of " << channels << " components, expected the width ("
                               << stack.getHiddenWidth() << ")";
  if (stack.getCached())
    return input.emitOpError() << "belongs to a cached stack, which reads tokens";
  return success();
}

LogicalResult StackOp::verifyRegions() {
  if (failed(verifyPositive(*this, "layers", getLayers(), maximumLayers)))
    return failure();
  Block &body = getBody().front();
  if (body.empty() || !isa<InputOpInterface>(body.front()))
    return emitOpError() << "does not begin with its input";
  if (getWidth() && failed(verifyPositive(*this, "width", *getWidth())))
    return failure();
  PositionsAttr positions = getInput().getPositions();
  if (positions.getKind() == PositionKind::Sinusoidal && getHiddenWidth() % 2 != 0)
    return getInput()->emitOpError() << "has sinusoidal positions, which need an even width, not " << getHiddenWidth();
  if (auto features = dyn_cast<FeatureInputOp>(body.front()); features && failed(verifyChannels(features, *this)))
    return failure();
  if (positions.getPad() && (getCached() || !isa<TokenInputOp>(body.front())))
    return emitOpError() << "has positions that skip pad tokens, but "
                         << (getCached() ? "is cached" : "reads features");
  if (failed(verifyParallelNorms(*this)))
    return failure();
  if (getPrefix() && !getCached())
    return emitOpError() << "has a prefix, but is not cached";
  auto blocks = llvm::to_vector(body.getOps<BlockOp>());
  if (blocks.empty()) {
    llvm::StringSet<> names;
    return verifyBlock(*this, llvm::drop_begin(body), names);
  }
  for (Operation &op : llvm::drop_begin(body))
    if (!isa<BlockOp>(op))
      return op.emitOpError() << "stands beside blocks, expected it in one of them";
  if (blocks.size() > static_cast<size_t>(getLayers()))
    return emitOpError() << "has " << blocks.size() << " blocks for " << getLayers() << " layers";
  for (BlockOp block : blocks) {
    llvm::StringSet<> names;
    if (failed(verifyBlock(block, block.getBody().front(), names)))
      return failure();
    if (statesOf(block) != statesOf(blocks[0]))
      return block.emitOpError() << "has attentions of other names, sizes or sources than the stack's first block";
  }
  return success();
}

LogicalResult BlockOp::verifyRegions() {
  if (getBody().front().empty())
    return emitOpError() << "has no sublayer";
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

LogicalResult FeatureInputOp::verify() {
  if (failed(verifyPositive(*this, "features", getFeatures())))
    return failure();
  if (getConvolutions().size() > maximumConvolutions)
    return emitOpError() << "has " << getConvolutions().size() << " convolutions, where " << maximumConvolutions
                         << " are the most";
  int64_t channels = getFeatures();
  for (auto convolution : getConvolutions().getAsRange<ConvolutionAttr>()) {
    if (failed(verifyElements(*this, "channels x kernel x channels before",
                              {convolution.getChannels(), convolution.getKernel(), channels})))
      return failure();
    channels = convolution.getChannels();
  }
  return success();
}

LogicalResult ConcatInputOp::verify() {
  if (size_t count = getStacks().size(); count < 2 || count > maximumSources)
    return emitOpError() << "has " << count << " parts, expected 2 to " << maximumSources;
  if (getPositions().getPad() || getPositions().getBehind())
    return emitOpError() << "has positions that "
                         << (getPositions().getPad() ? "skip pad tokens" : "begin behind another stack's rows")
                         << ", expected places in the whole";
  return success();
}

int64_t PoolingOp::componentsBehind(ArrayAttr layers, int64_t size) {
  for (Attribute layer : layers)
    if (auto dense = dyn_cast<DenseAttr>(layer))
      size = dense.getSize();
  return size;
}

LogicalResult PoolingOp::verify() {
  if (getFunctions().empty() || !llvm::all_of(getFunctions(), llvm::IsaPred<PoolFunctionAttr>))
    return emitOpError() << "functions are " << getFunctions() << ", expected one or more pool functions";
  for (ArrayAttr layers : {getTokenLayers(), getLayers()})
    for (Attribute layer : layers)
      if (!isa<DenseAttr, VectorNormAttr>(layer))
        return emitOpError() << "has the layer " << layer << ", expected a dense layer or a vector norm";
  return verifyNotNegative(*this, "size", getSize());
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

static StackOp stackOf(Operation *op) { return op->getParentOfType<StackOp>(); }

static StackOp namedStack(Operation *op, StringRef name) {
  return op->getParentOfType<ModelOp>().lookupSymbol<StackOp>(name);
}

std::string tenon::parameterPath(Operation *op) {
  if (auto stack = dyn_cast<StackOp>(op))
    return stack.getSymName().str();
  StackOp stack = stackOf(op);
  if (!stack)
    return op->getName().stripDialect().str(); // The model's pooling and head.
  if (isa<InputOpInterface>(op))
    return (stack.getSymName() + ".input").str();
  return (stack.getSymName() + ".layers.*." + op->getAttrOfType<StringAttr>("name").getValue()).str();
}

/// A tied head reads the embedding of the tokens that it scores.
std::string HeadOp::getParameterName(StringRef role) {
  if (getTied() && role == "weight")
    return namedStack(*this, getStack()).getTarget().getSymName().str() + ".input.tokens.weight";
  return getParameterPath() + "." + role.str();
}

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

std::string ModelOp::getSharedParameter(StringRef name) {
  Sharing sharing;
  for (NamedAttribute pair : getShare().value_or(DictionaryAttr::get(getContext())))
    sharing.add(pair.getName().getValue(), cast<StringAttr>(pair.getValue()).getValue());
  return sharing.resolve(name).value_or(name.str());
}
