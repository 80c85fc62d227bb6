//===- DropUnseenKeys.cpp - Keys that no query sees -----------------------===//

#include "expressions/Analysis.h"
#include "passes/Passes.h"
#include "passes/StackReaders.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_DROPUNSEENKEYS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;
using expressions::Expression;

namespace {

/// Attentions of one name, one in each block of a stack, which have one set of sources and parameters.
using Attention = SmallVector<AttentionLayerOp, 1>;

/// Whether no query sees a segment, neither of the stack's own rows nor of its prefix.
bool isUnseen(AttentionLayerOp op, int64_t segment) {
  return expressions::seesNothing(maskOfSegment(op, segment)) &&
         (!op.getPrefixMask() || expressions::seesNothing(prefixMaskOfSegment(op, segment)));
}

/// One expression for keys of all segments, from those of each. Only `query_segment` is known in them.
std::string joined(ArrayRef<Expression> segments, bool isMask) {
  if (llvm::all_equal(segments))
    return segments.front().print();
  std::string text = isMask ? "" : segments.back().print();
  for (size_t number = segments.size(); number-- > 0;) {
    std::string is = "segment == " + std::to_string(number), own = segments[number].print();
    if (isMask)
      text = is + " && (" + own + ")" + (text.empty() ? "" : " || " + text);
    else if (number + 1 < segments.size())
      text = "select(" + is + ", " + own + ", " + text + ")";
  }
  return text;
}

class UnseenKeys {
public:
  explicit UnseenKeys(StackOp stack) : stack(stack) {
    stack.walk([&](AttentionLayerOp op) { attentions[op.getName()].push_back(op); });
  }

  /// Drops what no query sees; whether there was any.
  bool drop() {
    bool changed = false;
    for (Attention &attention : llvm::make_second_range(attentions)) {
      llvm::BitVector unseen = unseenSegments(attention);
      if (unseen.none())
        continue;
      if (!unseen.all())
        changed |= drop(attention, unseen);
      else if (canLeaveOut(attention)) {
        leaveOut(attention);
        changed = true;
      }
    }
    return changed;
  }

  /// The stacks that it took keys from.
  ArrayRef<StringRef> droppedSources() const { return dropped.getArrayRef(); }

private:
  /// The segments that can be dropped.
  llvm::BitVector unseenSegments(const Attention &attention) {
    AttentionLayerOp first = attention.front();
    SmallVector<SourceAttr> sources = first.sourceList();
    auto count = static_cast<unsigned>(sources.size());
    llvm::BitVector unseen(count + (first.hasOwnKeys() ? 1 : 0));
    for (unsigned segment = 0; segment < unseen.size(); ++segment)
      unseen[segment] = llvm::all_of(attention, [&](AttentionLayerOp op) { return isUnseen(op, segment); });
    for (auto [segment, source] : llvm::enumerate(sources))
      if (unseen[segment] && isCountedBy(first, source.getStack().getValue()))
        unseen.reset(segment);
    // Keys of others turn where own ones do.
    bool turns = llvm::any_of(attention, [](AttentionLayerOp op) { return op.turns() != nullptr; });
    if (unseen.size() > count && turns && !unseen.all())
      unseen.reset(count);
    return unseen;
  }

  /// Whether the stack's positions begin behind a source that no other attention reads.
  bool isCountedBy(AttentionLayerOp op, StringRef source) {
    FlatSymbolRefAttr behind = stack.getInput().getPositions().getBehind();
    if (!behind || behind.getValue() != source)
      return false;
    bool others = false;
    stack.walk([&](AttentionLayerOp other) {
      others |= other.getName() != op.getName() && llvm::any_of(other.sourceList(), [&](SourceAttr attribute) {
                  return attribute.getStack().getValue() == source;
                });
    });
    return !others;
  }

  /// An attention to no keys gives zeros, and the output's bias.
  bool canLeaveOut(const Attention &attention) {
    NormAttr norm = stack.getNorm();
    bool addsNothing = norm.getPlace() == NormPlace::Before || (norm.getPlace() == NormPlace::Both && !norm.getBias());
    bool isAlone = llvm::any_of(attention, [](AttentionLayerOp op) {
      return llvm::hasSingleElement(
          llvm::make_filter_range(*op->getBlock(), [](Operation &other) { return !isa<InputOpInterface>(other); }));
    });
    AttentionLayerOp first = attention.front();
    return addsNothing && !isAlone && !first.getOutputBias() && (!stack.getCached() || othersKeepRows(first));
  }

  /// A stack that grows keeps something of its rows.
  bool othersKeepRows(AttentionLayerOp op) {
    WalkResult walked = stack.walk([&](SublayerOpInterface other) {
      return WalkResult(failure(other.getName() != op.getName() && !other.getStates().empty()));
    });
    return walked.wasInterrupted();
  }

  void leaveOut(const Attention &attention) {
    AttentionLayerOp first = attention.front();
    for (SourceAttr source : first.sourceList())
      dropped.insert(source.getStack().getValue());
    first.emitRemark() << "attention '" << first.getName() << "' of stack '" << stack.getSymName()
                       << "' sees no key and adds nothing: it is left out";
    for (AttentionLayerOp op : attention)
      op.erase();
  }

  /// False where what is left would be longer than an expression can be.
  bool drop(const Attention &attention, const llvm::BitVector &unseen) {
    SmallVector<Said, 1> said;
    for (AttentionLayerOp op : attention)
      if (std::optional<Said> ofSeen = saidOfSeen(op, unseen))
        said.push_back(*ofSeen);
    if (said.size() != attention.size())
      return false;
    AttentionLayerOp first = attention.front();
    SmallVector<StringRef> names;
    for (auto [segment, source] : llvm::enumerate(first.sourceList()))
      if (unseen[segment])
        names.push_back(source.getStack().getValue());
    dropped.insert_range(names);
    if (unseen.size() > first.sourceList().size() && unseen.test(unseen.size() - 1))
      names.push_back(stack.getSymName());
    remarkOn(first, names);
    for (auto [op, ofSeen] : llvm::zip_equal(attention, said))
      drop(op, unseen, ofSeen);
    return true;
  }

  void remarkOn(AttentionLayerOp op, ArrayRef<StringRef> names) {
    InFlightDiagnostic remark = op.emitRemark();
    remark << "attention '" << op.getName() << "' of stack '" << stack.getSymName() << "' sees no key of ";
    llvm::interleaveComma(names, remark, [&](StringRef name) { remark << "'" << name << "'"; });
    remark << ": none is made for it";
  }

  /// An attention's mask and score, null where they say nothing.
  struct Said {
    StringAttr mask, score;
  };

  /// What an attention says of the segments that are seen; nothing where that is too long.
  static std::optional<Said> saidOfSeen(AttentionLayerOp op, const llvm::BitVector &unseen) {
    SmallVector<Expression> masks, scores;
    for (unsigned segment = 0; segment < unseen.size(); ++segment) {
      if (unseen[segment])
        continue;
      masks.push_back(maskOfSegment(op, segment));
      scores.push_back(scoreOfSegment(op, segment));
    }
    expressions::ParseResult mask = expressions::parse(joined(masks, /*isMask=*/true), expressions::Kind::Mask);
    expressions::ParseResult score = expressions::parse(joined(scores, /*isMask=*/false), expressions::Kind::Score);
    if (!mask || !score)
      return std::nullopt;
    return Said{expressionAttr(*mask, op.getContext()), expressionAttr(*score, op.getContext())};
  }

  static void drop(AttentionLayerOp op, const llvm::BitVector &unseen, const Said &said) {
    MLIRContext *context = op.getContext();
    SmallVector<SourceAttr> before = op.sourceList();
    SmallVector<NamedAttribute> parameters(op.getParametersAttr().getValue());
    SmallVector<Attribute> kept;
    for (auto [segment, source] : llvm::enumerate(before)) {
      if (!unseen[segment])
        kept.push_back(source);
      else
        llvm::erase_if(parameters, [&](NamedAttribute pair) { return isOf(pair, source); });
    }
    bool own = op.hasOwnKeys() && !unseen.test(before.size());
    if (op.hasOwnKeys() && !own) {
      llvm::erase_if(parameters, [&](NamedAttribute pair) { return isOwn(pair, before); });
      // Nothing turns, which an attention to others alone need not say.
      op.removeRotaryAttr();
    }
    op.setSourcesAttr(ArrayAttr::get(context, kept));
    op.setJoint(own && !kept.empty());
    if (kept.size() == 1 && !own)
      for (NamedAttribute &pair : parameters)
        pair = ofOnlySource(pair, cast<SourceAttr>(kept.front()));
    op.setParametersAttr(DictionaryAttr::get(context, parameters));
    op.setMaskAttr(said.mask);
    op.setScoreAttr(said.score);
  }

  static bool isOf(NamedAttribute pair, SourceAttr source) {
    return !roleOfSource(pair.getName().getValue(), source.getStack().getValue()).empty();
  }

  /// Whether a parameter is one of the own keys.
  static bool isOwn(NamedAttribute pair, ArrayRef<SourceAttr> sources) {
    StringRef name = pair.getName().getValue(), role = name.split('.').first;
    return (role == "key" || role == "value" || role == "key_norm") &&
           llvm::none_of(sources, [&](SourceAttr source) { return isOf(pair, source); });
  }

  /// Of one segment the keys' roles name no stack.
  static NamedAttribute ofOnlySource(NamedAttribute pair, SourceAttr source) {
    StringRef role = roleOfSource(pair.getName().getValue(), source.getStack().getValue());
    if (role.empty() || role.starts_with("norm."))
      return pair;
    return NamedAttribute(StringAttr::get(pair.getName().getContext(), role), pair.getValue());
  }

  StackOp stack;
  llvm::MapVector<StringRef, Attention> attentions;
  llvm::SetVector<StringRef> dropped;
};

/// Stacks of `names` that nobody reads any more, and those that were there for these.
void eraseUnread(ModelOp model, llvm::SetVector<StringAttr> names) {
  while (!names.empty()) {
    StringAttr name = names.pop_back_val();
    auto stack = model.lookupSymbol<StackOp>(name);
    if (!stack || isTakenByOthers(stack, stack) || isResult(stack))
      continue;
    for (StringRef other : stack.getSources())
      names.insert(StringAttr::get(model.getContext(), other));
    for (StringRef other : stack.getParts())
      names.insert(StringAttr::get(model.getContext(), other));
    stack.emitRemark() << "nothing reads stack '" << stack.getSymName()
                       << "' any more: it is left out, and is no source that a session takes";
    stack.erase();
  }
}

struct DropUnseenKeys : tenon::impl::DropUnseenKeysBase<DropUnseenKeys> {
  void runOnOperation() override {
    for (ModelOp model : getOperation().getOps<ModelOp>()) {
      llvm::SetVector<StringAttr> dropped;
      bool changed = false;
      for (StackOp stack : model.getBody().getOps<StackOp>()) {
        // Which part a key is of is another thing for queries of each part.
        if (!stack.getParts().empty())
          continue;
        UnseenKeys unseen(stack);
        changed |= unseen.drop();
        for (StringRef name : unseen.droppedSources())
          dropped.insert(StringAttr::get(&getContext(), name));
      }
      if (!changed)
        continue;
      eraseUnread(model, std::move(dropped));
      eraseUnreadParameters(model);
    }
  }
};

} // namespace
