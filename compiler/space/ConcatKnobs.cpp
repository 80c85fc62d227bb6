//===- ConcatKnobs.cpp - Rows behind each other ---------------------------===//
//
// Instead of attending to sources, a stack may be one that both sequences go through, one behind the other: the upper
// half of a reader's layers become such a stack, whose input is the sources and what is left of the reader. The way
// back gives the layers of such a stack to its last part, which attends to the others.
//
//===----------------------------------------------------------------------===//

#include "expressions/Sugar.h"
#include "space/Knobs.h"
#include "spec/Writer.h"
#include "llvm/ADT/STLExtras.h"
#include <tuple>

using namespace tenon;
using namespace tenon::space;
using namespace tenon::spec;

static std::string layersOf(const std::string &stack) { return stack + ".layers"; }

/// `path` with `to` in place of the parts `from`, where it begins with them.
static std::string moved(llvm::StringRef path, llvm::StringRef from, llvm::StringRef to) {
  return isBelow(path, from) ? (to + path.drop_front(from.size())).str() : path.str();
}

/// A name that a sublayer of `stack` has; empty where none attends to the stack's own rows.
static std::string attentionToOwnRows(const Stack &stack) {
  for (const AttentionSublayer *attention : attentionsOf(stack))
    if (attention->hasOwnKeys())
      return attention->name;
  return "";
}

/// All that names a stack names another one.
static void rename(Model &model, const std::string &from, const std::string &to) {
  for (Stack &stack : model.stacks) {
    llvm::replace(stack.input.parts, from, to);
    if (stack.input.positions.behind == from)
      stack.input.positions.behind = to;
    changeAttentions(stack, [&](AttentionSublayer &each) {
      for (Source &source : each.sources)
        source.stack = source.stack == from ? to : source.stack;
    });
  }
  if (model.head && model.head->stack == from)
    model.head->stack = to;
  if (model.pooling && model.pooling->stack == from)
    model.pooling->stack = to;
}

//===----------------------------------------------------------------------===//
// From attentions to sources
//===----------------------------------------------------------------------===//

/// Both must be the same layers, and rows of both must meet in them.
static std::string whyNotConcatenated(const Stack &reader) {
  unsigned attentions = llvm::count_if(
      attentionsOf(reader), [](const AttentionSublayer *attention) { return !attention->sources.empty(); });
  std::string name = "'" + reader.name + "'";
  if (attentions > 1)
    return name + " attends to sources in " + std::to_string(attentions) +
           " sublayers, in place of which no single concatenation stands";
  if (!reader.cycle.empty())
    return "the layers of " + name +
           " have several blocks in turn; which of them both sequences go through is a choice of its own";
  if (reader.layers < 2)
    return name + " has one layer; its upper half is what both sequences would go through";
  if (attentionToOwnRows(reader).empty())
    return "no sublayer of " + name + " attends to its own rows, which is where both sequences would meet";
  return "";
}

static void forgetSources(Stack &stack, const std::string &name) {
  auto isIt = [&](const auto &sublayer) {
    const auto *attention = std::get_if<AttentionSublayer>(&sublayer);
    return attention && attention->name == name && !attention->joint;
  };
  llvm::erase_if(stack.block, isIt);
  for (Sublayer &sublayer : stack.block)
    if (auto *parallel = std::get_if<ParallelSublayer>(&sublayer))
      llvm::erase_if(parallel->block, isIt);
  changeAttentions(stack, name, [](AttentionSublayer &joint) {
    auto own = static_cast<int32_t>(joint.sources.size());
    joint.mask = maskOfSegment(joint.mask, own, own);
    joint.sources.clear();
    joint.joint = false;
  });
}

/// Angles go on through the whole; embeddings of positions were added to the parts.
static Positions positionsOfAll(const Model &model, const std::vector<std::string> &parts) {
  Positions positions = model.findStack(parts.back())->input.positions;
  if (positions.kind != PositionKind::Rotary)
    return {};
  positions.behind.clear();
  positions.length = 0;
  for (const std::string &part : parts)
    positions.length += model.findStack(part)->input.positions.length;
  return positions;
}

static Stack upperHalf(const Model &model, const Stack &reader, const AttentionSublayer &attention) {
  Stack upper = reader;
  upper.name = unusedName(model, "both");
  upper.layers = reader.layers / 2;
  upper.input = {};
  for (const Source &source : attention.sources)
    upper.input.parts.push_back(source.stack);
  upper.input.parts.push_back(reader.name);
  upper.input.positions = positionsOfAll(model, upper.input.parts);
  forgetSources(upper, attention.name);
  // What is there before is seen by all.
  auto first = static_cast<int32_t>(attention.sources.size());
  changeAttentions(upper, [&](AttentionSublayer &own) {
    if (!own.mask.empty())
      own.mask = expressions::fromSegment(first, *expressions::parse(own.mask, expressions::Kind::Mask)).print();
  });
  return upper;
}

/// Rules about all layers of a stack are about those of both halves.
static void shareInBothHalves(Model &model, const std::string &lower, const std::string &upper) {
  std::string all = layersOf(lower) + ".*", others = layersOf(upper) + ".*";
  std::vector<Share> added;
  for (const Share &share : model.shares)
    if (std::string left = moved(share.parameters, all, others); left != share.parameters)
      added.push_back({left, moved(share.source, all, others)});
  model.shares.insert(model.shares.end(), added.begin(), added.end());
}

static void concatenate(Model &model, const std::string &reader, const std::string &attention) {
  Stack &lower = stackNamed(model, reader);
  Stack upper = upperHalf(model, lower, *findAttention(lower, attention));
  lower.layers -= upper.layers;
  lower.cache = false;
  lower.input.positions.behind.clear();
  forgetSources(lower, attention);
  rename(model, reader, upper.name);
  shareInBothHalves(model, reader, upper.name);
  model.stacks.push_back(std::move(upper));
  // Those about what attended to sources are about nothing.
  dropEmptyRules(model, model.stacks.back().name);
}

Turn tenon::space::concatenated(const Stack &reader, const AttentionSublayer &attention) {
  return {"concat",
          [reader = reader.name, name = attention.name](Model &model) { concatenate(model, reader, name); },
          whyNotConcatenated(reader)};
}

//===----------------------------------------------------------------------===//
// And back
//===----------------------------------------------------------------------===//

/// What the layers are but for what rows see, as text.
static std::vector<std::string> withoutMasks(Stack stack) {
  std::vector<std::string> list;
  changeAttentions(stack, [](AttentionSublayer &each) { each.mask.clear(); });
  for (const Sublayer &sublayer : stack.block)
    list.push_back(writeSublayer(sublayer, stack, 0));
  return list;
}

static bool areAlike(const Stack &one, const Stack &other) {
  auto norm = [](const Norm &norm) {
    return std::tie(norm.kind, norm.place, norm.epsilon, norm.bias, norm.final, norm.weightOffset);
  };
  return one.cycle.empty() && other.cycle.empty() && norm(one.norm) == norm(other.norm) &&
         withoutMasks(one) == withoutMasks(other);
}

/// Its layers must be ones that the last part could have.
static std::string whyNotApart(const Model &model, const Stack &joined) {
  const Stack &last = *model.findStack(joined.input.parts.back());
  if (!areAlike(last, joined))
    return "the layers of '" + joined.name + "' are none that '" + last.name +
           "' could have more of: their blocks or norms differ";
  if (attentionToOwnRows(last).empty())
    return "no sublayer of '" + last.name + "' attends to its own rows, beside which it would attend to others";
  return "";
}

/// The attention to the other parts, beside the one to the own rows.
static AttentionSublayer attentionToParts(const Stack &joined, const std::string &own, const std::string &name) {
  AttentionSublayer cross = *findAttention(joined, own);
  cross.name = name;
  for (const std::string &part : llvm::ArrayRef(joined.input.parts).drop_back())
    cross.sources.push_back({part, SourceState::Final});
  cross.mask = cross.sources.size() == 1 ? maskOfSegment(cross.mask, 0, 1) : cross.mask;
  // Nothing turns in it.
  cross.ownRotary = false;
  cross.rotary.reset();
  return cross;
}

template <typename AnyBlock>
static void insertBehind(AnyBlock &block, const AttentionSublayer &cross, llvm::StringRef own) {
  for (auto at = block.begin(); at != block.end(); ++at)
    if (const auto *attention = std::get_if<AttentionSublayer>(&*at); attention && attention->name == own) {
      block.insert(at + 1, cross);
      return;
    }
}

/// Rules about the layers of one stack are about another's; those about the rest of it go.
static void moveShares(Model &model, const std::string &from, const std::string &to) {
  std::vector<Share> shares;
  for (const Share &share : model.shares) {
    Share changed{moved(share.parameters, layersOf(from), layersOf(to)),
                  moved(share.source, layersOf(from), layersOf(to))};
    bool known = llvm::any_of(shares, [&](const Share &other) { return other.parameters == changed.parameters; });
    if (!known && !isBelow(changed.parameters, from) && !isBelow(changed.source, from) && changed.parameters != changed.source)
      shares.push_back(changed);
  }
  model.shares = std::move(shares);
}

static void takeApart(Model &model, const std::string &name) {
  Stack joined = stackNamed(model, name);
  std::string reader = joined.input.parts.back();
  Stack &stack = stackNamed(model, reader);
  std::string own = attentionToOwnRows(stack);
  AttentionSublayer cross = attentionToParts(joined, own, crossName(stack, own));
  insertBehind(stack.block, cross, own);
  for (Sublayer &sublayer : stack.block)
    if (auto *parallel = std::get_if<ParallelSublayer>(&sublayer))
      insertBehind(parallel->block, cross, own);
  stack.layers += joined.layers;
  stack.cache |= joined.cache;
  llvm::erase_if(model.stacks, [&](const Stack &each) { return each.name == name; });
  moveShares(model, name, reader);
  rename(model, name, reader);
}

void tenon::space::addConcats(const Model &model, std::vector<Knob> &knobs) {
  for (const Stack &stack : model.stacks)
    if (!stack.input.parts.empty())
      knobs.push_back({"merge",
                       stack.name,
                       "concat",
                       "cross",
                       "joint",
                       {{"cross", [name = stack.name](Model &changed) { takeApart(changed, name); },
                         whyNotApart(model, stack)}}});
}
