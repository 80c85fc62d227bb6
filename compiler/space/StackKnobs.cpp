//===- StackKnobs.cpp - Stacks, and where they begin ----------------------===//

#include "space/Knobs.h"
#include "llvm/ADT/STLExtras.h"
#include <utility>

using namespace tenon;
using namespace tenon::space;
using namespace tenon::spec;

//===----------------------------------------------------------------------===//
// How many stacks
//===----------------------------------------------------------------------===//

std::string tenon::space::unusedName(const Model &model, const std::string &wish) {
  std::string name = wish;
  while (model.findStack(name))
    name += "_";
  return name;
}

/// The sublayer whose one norm an attention's input passes with that of others; empty where it has a norm of its own.
static std::string commonNorm(const Stack &stack, const std::string &attention) {
  for (const Sublayer &sublayer : stack.block)
    if (const auto *parallel = std::get_if<ParallelSublayer>(&sublayer);
        parallel && parallel->norm == ParallelNorm::One)
      for (const auto &inner : parallel->block)
        if (const auto *leaf = std::get_if<AttentionSublayer>(&inner); leaf && leaf->name == attention)
          return parallel->name;
  return "";
}

/// What the one stack reads before it writes becomes a stack of its own, with the same parameters, whose keys it has
/// beside its own: the same function, unless a recurrence goes on from it too.
static void splitSourceOff(Model &model) {
  Stack &stack = model.stacks.front();
  // A prefix is such a stack already, but for its name.
  std::string name = unusedName(model, stack.prefix.empty() ? "source" : std::exchange(stack.prefix, ""));
  Stack source = stack;
  source.name = name;
  source.cache = false;
  changeAttentions(source, [](AttentionSublayer &changed) {
    std::string mask = std::exchange(changed.prefixMask, "");
    changed.mask = mask.empty() ? changed.mask : mask == "true" ? "" : mask;
  });
  // What was shared within the stack is shared within the source, whose parameters the stack has.
  for (Share &share : model.shares)
    for (std::string *side : {&share.parameters, &share.source})
      if (llvm::StringRef(*side).starts_with(stack.name + "."))
        *side = name + side->substr(stack.name.size());
  model.shares.push_back({stack.name, name});
  stack.input.positions.behind = name;
  for (const AttentionSublayer *attention : attentionsOf(source)) {
    changeAttentions(stack, attention->name, [&](AttentionSublayer &changed) {
      changed.sources = {{name, SourceState::SameLayer}};
      changed.joint = true;
      changed.prefixMask.clear();
    });
    std::string layer = stack.name + ".layers.*.", own = layer + attention->name;
    model.shares.push_back({own + "." + name, own});
    if (std::string common = commonNorm(source, attention->name); !common.empty())
      model.shares.push_back({own + "." + name + ".norm", layer + common + ".norm"});
  }
  model.stacks.insert(model.stacks.begin(), std::move(source));
}

void tenon::space::addStackCount(const Model &model, std::vector<Knob> &knobs) {
  bool alone = model.stacks.size() == 1, writes = growingStacks(model).front();
  std::string count = !alone ? std::to_string(model.stacks.size()) : writes ? "1 decoder" : "1 encoder";
  Knob knob{"stacks", "model", count, "2", "1 decoder", {}};
  if (alone && writes)
    knob.turns.push_back({"2", splitSourceOff});
  knobs.push_back(std::move(knob));
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

void tenon::space::addPositions(const Model &model, std::vector<Knob> &knobs) {
  auto named = [](const std::string &behind) { return behind.empty() ? "anew" : "behind " + behind; };
  for (const Stack &stack : model.stacks) {
    std::vector<std::string> places = sourcesOf(stack);
    if (places.empty())
      continue;
    const std::string &behind = stack.input.positions.behind;
    Knob knob{"positions", stack.name, named(behind), named(""), named(behind.empty() ? places.front() : behind), {}};
    places.insert(places.begin(), "");
    for (const std::string &place : places)
      if (place != behind)
        knob.turns.push_back({named(place), [=, stack = stack.name](Model &changed) {
                                stackNamed(changed, stack).input.positions.behind = place;
                              }});
    knobs.push_back(std::move(knob));
  }
}
