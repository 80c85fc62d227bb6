//===- UnifyStacks.cpp - Stacks that are one decoder ----------------------===//

#include "passes/Passes.h"
#include "passes/StackReaders.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_UNIFYSTACKS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

using expressions::Expression;

/// Segments of a joint attention with one source.
constexpr int64_t kSource = 0, kOwn = 1;

/// Attributes but those of `others`, which are compared for themselves.
bool agree(Operation *left, Operation *right, ArrayRef<StringRef> others) {
  auto rest = [&](Operation *op) {
    NamedAttrList list(op->getAttrDictionary());
    for (StringRef name : others)
      list.erase(name);
    return list.getDictionary(op->getContext());
  };
  return left->getName() == right->getName() && rest(left) == rest(right);
}

/// Whether `reader` has, for each role of `other`, the same parameter.
bool readsParametersOf(Operation *reader, Operation *other, ArrayRef<StringRef> unread = {}) {
  auto own = cast<ParameterizedOpInterface>(reader).getParametersAttr();
  auto wanted = cast<ParameterizedOpInterface>(other).getParametersAttr();
  return own && wanted && llvm::all_of(wanted, [&](NamedAttribute pair) {
           return llvm::is_contained(unread, pair.getName().getValue()) || own.get(pair.getName()) == pair.getValue();
         });
}

/// Whether a stack that attends to a source layer by layer computes what it would compute if the source's rows came
/// before its own: the keys of both are made by the same parameters of the same states at the same positions.
class Unifier {
public:
  Unifier(StackOp stack, StackOp source) : stack(stack), source(source) {}

  bool isOneStack() {
    if (stack.getLayers() != source.getLayers() || stack.getHiddenWidth() != source.getHiddenWidth())
      return false;
    return sameNorms() && sameInputs() && sameSublayers(stack.getBody().front(), source.getBody().front());
  }

  /// Makes them one.
  void unify() {
    MLIRContext *context = stack.getContext();
    for (auto &[op, own, ofPrefix] : attentions) {
      if (ofPrefix != own)
        op.setPrefixMaskAttr(StringAttr::get(context, ofPrefix.print()));
      op.setMaskAttr(expressionAttr(own, context));
      op.setScoreAttr(expressionAttr(scoreOfSegment(op, kOwn), context));
      op.setSourcesAttr(ArrayAttr::get(context, {}));
      op.setJoint(false);
      NamedAttrList parameters;
      for (NamedAttribute pair : op.getParametersAttr())
        if (roleOfSource(pair.getName().getValue(), source.getSymName()).empty())
          parameters.push_back(pair);
      op.setParametersAttr(parameters.getDictionary(context));
    }
    InputOpInterface input = stack.getInput();
    cast<TokenInputOp>(*input).setPositionsAttr(withoutBehind(input.getPositions()));
    stack.setPrefixAttr(source.getSymNameAttr());
    source.erase();
  }

private:
  /// The final norm of a source stands behind every state that is read.
  bool sameNorms() {
    auto withoutFinal = [](NormAttr norm) {
      return NormAttr::get(norm.getContext(), norm.getFunction(), norm.getPlace(), norm.getEpsilon(), norm.getBias(),
                           /*final=*/false, norm.getWeightOffset());
    };
    return withoutFinal(stack.getNorm()) == withoutFinal(source.getNorm());
  }

  static PositionsAttr withoutBehind(PositionsAttr positions) {
    return PositionsAttr::get(positions.getContext(), positions.getKind(), positions.getLength(), positions.getOffset(),
                              positions.getBase(), positions.getDims(), positions.getInterleaved(),
                              positions.getEvenSpacing(), positions.getPad(), FlatSymbolRefAttr());
  }

  bool sameInputs() {
    auto own = dyn_cast<TokenInputOp>(*stack.getInput()), other = dyn_cast<TokenInputOp>(*source.getInput());
    if (!own || !other || own.getTypes() != 0 || own.getZeroFirst())
      return false;
    FlatSymbolRefAttr behind = own.getPositions().getBehind();
    return behind && behind.getValue() == source.getSymName() && agree(own, other, {"positions", "parameters"}) &&
           withoutBehind(own.getPositions()) == other.getPositions() && readsParametersOf(own, other);
  }

  bool sameSublayers(Block &own, Block &other) {
    auto isInput = [](Operation &op) { return isa<InputOpInterface>(op); };
    auto left = llvm::make_filter_range(own, [&](Operation &op) { return !isInput(op); });
    auto right = llvm::make_filter_range(other, [&](Operation &op) { return !isInput(op); });
    auto at = right.begin();
    for (Operation &op : left)
      if (at == right.end() || !same(&op, &*at++))
        return false;
    return at == right.end();
  }

  bool same(Operation *own, Operation *other) {
    if (own->getName() != other->getName())
      return false;
    if (auto attention = dyn_cast<AttentionLayerOp>(own))
      return sameAttention(attention, cast<AttentionLayerOp>(other));
    // What other sublayers keep of a source's rows is not what their stack's own rows go on from.
    if (auto sublayer = dyn_cast<SublayerOpInterface>(own); sublayer && !sublayer.getStates().empty())
      return false;
    if (!agree(own, other, {"name", "parameters"}))
      return false;
    if (isa<ParameterizedOpInterface>(own) && !readsParametersOf(own, other))
      return false;
    for (auto [left, right] : llvm::zip_equal(own->getRegions(), other->getRegions()))
      if (!sameSublayers(left.front(), right.front()))
        return false;
    return true;
  }

  bool sameAttention(AttentionLayerOp own, AttentionLayerOp other) {
    return agree(own, other, {"name", "parameters", "mask", "score", "sources", "joint"}) &&
           other.getSources().empty() && readsParametersOf(own, other) && readsLayerByLayer(own) && comesFirst(own) &&
           sharesKeys(own) && scoresSourceAsOwn(own, other) && seesSourceAsOwn(own, other);
  }

  bool readsLayerByLayer(AttentionLayerOp op) {
    SmallVector<SourceAttr> sources = op.sourceList();
    if (!op.getJoint() || sources.size() != 1 || sources[0].getStack().getValue() != source.getSymName())
      return false;
    DenseI64ArrayAttr layers = sources[0].getLayers();
    return layers && llvm::all_of(llvm::enumerate(layers.asArrayRef()),
                                  [](auto pair) { return pair.value() == int64_t(pair.index()); });
  }

  /// Whether what a sublayer reads is what enters its layer, as the state of a source is.
  static bool comesFirst(Operation *sublayer) {
    if (auto parallel = dyn_cast<ParallelOp>(sublayer->getParentOp()))
      return comesFirst(parallel);
    for (Operation *before = sublayer->getPrevNode(); before; before = before->getPrevNode())
      if (!isa<InputOpInterface>(before))
        return false;
    return true;
  }

  /// The roles of the source's keys have the parameters of the own ones.
  bool sharesKeys(AttentionLayerOp op) {
    DictionaryAttr parameters = op.getParametersAttr(), ofNorm = parameters;
    // Sublayers beside one another may have one norm before all of them.
    if (auto parallel = dyn_cast<ParallelOp>(op->getParentOp()); parallel && parallel.getSharedNorm())
      ofNorm = parallel.getParametersAttr();
    return llvm::all_of(parameters, [&](NamedAttribute pair) {
      StringRef role = roleOfSource(pair.getName().getValue(), source.getSymName());
      return role.empty() || (role.starts_with("norm.") ? ofNorm : parameters).get(role) == pair.getValue();
    });
  }

  /// Whether the source's keys, which are all before the queries, have the scores that earlier own ones would have.
  static bool scoresSourceAsOwn(AttentionLayerOp op, AttentionLayerOp other) {
    Expression own = scoreOfSegment(op, kOwn);
    return areSame(scoreOfSegment(op, kSource).ofEarlierKeys(), own.ofEarlierKeys()) &&
           areSame(scoreOfSegment(other, 0), own);
  }

  /// Whether queries see the source's keys, which are all before them, as they would see earlier ones of their own.
  bool seesSourceAsOwn(AttentionLayerOp op, AttentionLayerOp other) {
    Expression own = maskOfSegment(op, kOwn), ofPrefix = maskOfSegment(other, 0);
    if (!areSame(maskOfSegment(op, kSource).ofEarlierKeys(), own.ofEarlierKeys()))
      return false;
    attentions.push_back({op, areSame(own, ofPrefix) ? ofPrefix : own, ofPrefix});
    return true;
  }

  struct Masked {
    AttentionLayerOp op;
    Expression own, ofPrefix; ///< The masks of its own keys, and of the source's in the source.
  };

  StackOp stack, source;
  SmallVector<Masked> attentions;
};

struct UnifyStacks : tenon::impl::UnifyStacksBase<UnifyStacks> {
  void runOnOperation() override {
    for (ModelOp model : getOperation().getOps<ModelOp>())
      for (StackOp stack : llvm::to_vector(model.getBody().getOps<StackOp>()))
        if (stack.getCached())
          unify(model, stack);
  }

  static void unify(ModelOp model, StackOp stack) {
    SmallVector<StringRef> sources = stack.getSources();
    if (sources.size() != 1 || isTakenByOthers(stack, stack))
      return;
    auto source = model.lookupSymbol<StackOp>(sources[0]);
    Unifier unifier(stack, source);
    if (isTakenByOthers(source, stack) || isResult(source) || !unifier.isOneStack())
      return;
    InFlightDiagnostic remark = stack.emitRemark();
    remark << "stacks '" << source.getSymName() << "' and '" << stack.getSymName()
           << "' are one decoder: they share all parameters, and '" << stack.getSymName()
           << "' sees the states of the same layer of '" << source.getSymName()
           << "' behind which its positions go on; '" << source.getSymName() << "' becomes its prefix";
    remark.attachNote(source.getLoc()) << "the prefix";
    remark.report();
    unifier.unify();
    eraseUnreadParameters(model);
  }
};

} // namespace
