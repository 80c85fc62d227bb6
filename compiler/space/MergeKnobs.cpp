//===- MergeKnobs.cpp - How the keys of sources meet the own --------------===//
//
// An attention to sources and the one to the stack's own rows before it become one softmax, and the other way round:
// one sublayer more or less, whose parameters `share` may name.
//
//===----------------------------------------------------------------------===//

#include "expressions/Sugar.h"
#include "space/Knobs.h"
#include "spec/Writer.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon;
using namespace tenon::space;
using namespace tenon::spec;

//===----------------------------------------------------------------------===//
// Attentions that are alike
//===----------------------------------------------------------------------===//

/// All that an attention is but for what it attends to and its name, as text.
static std::string withoutKeys(const Stack &stack, AttentionSublayer attention) {
  attention.name = "attention";
  attention.sources.clear();
  attention.joint = false;
  attention.mask.clear();
  return writeSublayer(attention, stack, 0);
}

const AttentionSublayer *tenon::space::partnerOf(const Stack &stack, const AttentionSublayer &attention) {
  const AttentionSublayer *partner = nullptr;
  for (const Sublayer &sublayer : stack.block) {
    const auto *other = std::get_if<AttentionSublayer>(&sublayer);
    if (!other)
      continue;
    if (other->name == attention.name)
      return partner;
    if (other->sources.empty() && withoutKeys(stack, *other) == withoutKeys(stack, attention))
      partner = other;
  }
  // One that stands in parallel has none.
  return nullptr;
}

static std::string nameOf(const Stack &stack, const std::string &sublayer) {
  return stack.name + ".layers.*." + sublayer;
}

//===----------------------------------------------------------------------===//
// What becomes of `share`
//===----------------------------------------------------------------------===//

namespace {

/// Where the parameters of the source's keys and values are: in an attention of their own (`cross.key`), or in the one
/// that has the stack's own too (`attention.encoder.key`).
struct KeyPlaces {
  std::string cross, joint; ///< "decoder.layers.*.cross", "decoder.layers.*.attention".
  std::vector<Source> sources;

  /// What a path below `cross` becomes below `joint`; nothing for those of queries and outputs, which go.
  std::optional<std::string> joined(llvm::StringRef path) const {
    if (path == cross)
      return sources.size() == 1 ? std::optional(joint + "." + sources[0].stack) : std::nullopt;
    if (!path.consume_front(cross + "."))
      return path.str();
    llvm::StringRef role = path.split('.').first;
    for (const Source &source : sources)
      if (role == source.stack)
        return joint + "." + path.str();
    if (sources.size() == 1 && (role == "key" || role == "value" || role == "key_norm"))
      return joint + "." + sources[0].stack + "." + path.str();
    return std::nullopt;
  }

  /// The other way round: the part that is a source's has the whole attention's parameters.
  std::string apart(llvm::StringRef path) const {
    for (const Source &source : sources) {
      std::string part = joint + "." + source.stack;
      if (path != part && !path.starts_with(part + "."))
        continue;
      llvm::StringRef rest = path.drop_front(part.size());
      bool ofSource = sources.size() > 1 || rest.starts_with(".norm");
      return cross + (ofSource ? "." + source.stack : "") + rest.str();
    }
    return path.str();
  }
};

} // namespace

static void joinShares(Model &model, const KeyPlaces &places) {
  std::vector<Share> shares;
  for (const Share &share : model.shares) {
    std::optional<std::string> left = places.joined(share.parameters), right = places.joined(share.source);
    if (left && right)
      shares.push_back({*left, *right});
  }
  model.shares = std::move(shares);
}

static void separateShares(Model &model, const KeyPlaces &places) {
  std::vector<Share> added;
  for (Share &share : model.shares) {
    // The norm of a state that is read is the source's in both, the one of the queries the reader's.
    for (const Source &source : places.sources)
      if (places.sources.size() == 1 && source.state != SourceState::Final &&
          share.parameters == places.joint + "." + source.stack)
        added.push_back({places.cross + "." + source.stack, share.source});
    share = {places.apart(share.parameters), places.apart(share.source)};
  }
  model.shares.insert(model.shares.end(), added.begin(), added.end());
}

//===----------------------------------------------------------------------===//
// What becomes of the sublayers
//===----------------------------------------------------------------------===//

/// The mask of both: each says which keys of its own are seen.
static std::string joinedMask(const std::string &cross, const std::string &own, int32_t sources) {
  std::string ownKeys = own.empty() ? "true" : own;
  if (cross.empty())
    return own.empty() ? ""
                       : expressions::fromSegment(sources, *expressions::parse(own, expressions::Kind::Mask)).print();
  std::string first = std::to_string(sources);
  return expressions::parse("segment < " + first + " && (" + cross + ") || segment >= " + first + " && (" + ownKeys +
                                ")",
                            expressions::Kind::Mask)
      ->print();
}

static void joinWith(Block &block, const std::string &partner, const std::string &cross) {
  auto named = [&](const std::string &name) {
    return llvm::find_if(block, [&](const Sublayer &sublayer) {
      const auto *attention = std::get_if<AttentionSublayer>(&sublayer);
      return attention && attention->name == name;
    });
  };
  auto own = named(partner), other = named(cross);
  if (own == block.end() || other == block.end())
    return;
  auto &joint = std::get<AttentionSublayer>(*own);
  const auto &taken = std::get<AttentionSublayer>(*other);
  joint.mask = joinedMask(taken.mask, joint.mask, static_cast<int32_t>(taken.sources.size()));
  joint.sources = taken.sources;
  joint.joint = true;
  block.erase(other);
}

static void separate(Block &block, const std::string &name, const std::string &cross) {
  for (auto at = block.begin(); at != block.end(); ++at) {
    auto *joint = std::get_if<AttentionSublayer>(&*at);
    if (!joint || joint->name != name || !joint->joint)
      continue;
    AttentionSublayer other = *joint;
    auto own = static_cast<int32_t>(joint->sources.size());
    other.name = cross;
    other.joint = false;
    other.mask = own == 1 ? maskOfSegment(joint->mask, 0, 1) : joint->mask;
    joint->mask = maskOfSegment(joint->mask, own, own);
    joint->sources.clear();
    joint->joint = false;
    block.insert(at + 1, std::move(other));
    return;
  }
}

static void changeBlocks(Stack &stack, llvm::function_ref<void(Block &)> change) {
  change(stack.block);
  for (Block &block : stack.cycle)
    change(block);
}

//===----------------------------------------------------------------------===//
// The knob
//===----------------------------------------------------------------------===//

std::string tenon::space::crossName(const Stack &stack, const std::string &own) {
  std::string cross = "cross";
  while (findAttention(stack, cross))
    cross = own + "_" + cross;
  return cross;
}

static Turn joined(const Stack &stack, const AttentionSublayer &attention, bool grows) {
  const AttentionSublayer *partner = partnerOf(stack, attention);
  // Where no attention to the own rows is like it, it has keys of its own from then on; none later, where its stack
  // writes.
  if (!partner)
    return {"joint", [grows, stack = stack.name, name = attention.name](Model &model) {
              changeAttentions(stackNamed(model, stack), name, [&](AttentionSublayer &each) {
                std::string own = grows ? expressions::causal().print() : "";
                each.mask = joinedMask(each.mask, own, static_cast<int32_t>(each.sources.size()));
                each.joint = true;
              });
            }};
  KeyPlaces places{nameOf(stack, attention.name), nameOf(stack, partner->name), attention.sources};
  return {"joint", [=, stack = stack.name, own = partner->name, cross = attention.name](Model &model) {
            changeBlocks(stackNamed(model, stack), [&](Block &block) { joinWith(block, own, cross); });
            joinShares(model, places);
          }};
}

/// Whether another attention of the block is to its own rows, or no sublayer can stand beside this one alone.
static bool leavesOwnKeys(const Stack &stack, const AttentionSublayer &attention) {
  bool alone = false, others = false;
  for (const Sublayer &sublayer : stack.block)
    if (const auto *other = std::get_if<AttentionSublayer>(&sublayer)) {
      alone |= other->name == attention.name;
      others |= other->sources.empty();
    }
  return others || !alone;
}

static Turn apart(const Stack &stack, const AttentionSublayer &attention) {
  if (leavesOwnKeys(stack, attention))
    return {"cross", [stack = stack.name, name = attention.name](Model &model) {
              changeAttentions(stackNamed(model, stack), name, [](AttentionSublayer &each) {
                each.mask = each.sources.size() == 1 ? maskOfSegment(each.mask, 0, 1) : each.mask;
                each.joint = false;
              });
            }};
  std::string cross = crossName(stack, attention.name);
  KeyPlaces places{nameOf(stack, cross), nameOf(stack, attention.name), attention.sources};
  return {"cross", [=, stack = stack.name, name = attention.name](Model &model) {
            changeBlocks(stackNamed(model, stack), [&](Block &block) { separate(block, name, cross); });
            separateShares(model, places);
          }};
}

void tenon::space::addMerges(const Model &model, std::vector<Knob> &knobs) {
  for (auto [stack, grows] : llvm::zip_equal(model.stacks, growingStacks(model)))
    for (const AttentionSublayer *attention : attentionsOf(stack)) {
      if (attention->sources.empty())
        continue;
      Turn turn = attention->joint ? apart(stack, *attention) : joined(stack, *attention, grows);
      knobs.push_back({"merge",
                       stack.name + "." + attention->name,
                       attention->joint ? "joint" : "cross",
                       "cross",
                       "joint",
                       {turn, concatenated(stack, *attention)}});
    }
}
