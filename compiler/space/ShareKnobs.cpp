//===- ShareKnobs.cpp - Which parameters are one --------------------------===//

#include "space/Knobs.h"
#include "spec/Parameters.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace tenon;
using namespace tenon::space;
using namespace tenon::spec;

static constexpr char kSeparate[] = "separate", kShared[] = "shared";

bool tenon::space::isBelow(llvm::StringRef name, llvm::StringRef path) {
  return name.consume_front(path) && (name.empty() || name.front() == '.');
}

namespace {

/// Parameters whose names begin with `own` that could be those with `other` in its place.
struct Group {
  std::string own, other;
};

/// The parameters that a model has places for.
class Places {
public:
  explicit Places(const Model &model) : sharing(sharingOf(model)) {
    for (const Parameter &place : placesOfParameters(model))
      if (known.insert(place.name).second)
        names.push_back(place.name);
  }

  /// The name of the group's other side; empty where the model has no such parameter.
  std::string counterpart(llvm::StringRef name, const Group &group) const {
    std::string other = group.other + name.drop_front(group.own.size()).str();
    return known.contains(other) ? other : "";
  }

  /// How many of the groups' parameters have a counterpart, and how many of them are it.
  std::pair<unsigned, unsigned> count(llvm::ArrayRef<Group> groups) {
    unsigned pairs = 0, shared = 0;
    for (const Group &group : groups)
      for (const std::string &name : names) {
        std::string other = isBelow(name, group.own) ? counterpart(name, group) : "";
        pairs += !other.empty();
        shared += !other.empty() && sharing.resolve(name) == sharing.resolve(other);
      }
    return {pairs, shared};
  }

  /// Whether a rule that is not the path's own, or below it, holds for a parameter there.
  bool hasShorterRule(llvm::StringRef path) const {
    return llvm::any_of(names, [&](const std::string &name) {
      std::optional<size_t> rule = isBelow(name, path) ? sharing.ruleOf(name) : std::nullopt;
      return rule && !isBelow(sharing.rules()[*rule].left, path);
    });
  }

  std::string resolved(const std::string &name) { return sharing.resolve(name).value_or(name); }

  /// The longest beginnings below the group of which no parameter has a counterpart.
  std::vector<std::string> withoutCounterpart(const Group &group) const {
    llvm::StringSet<> paired;
    for (const std::string &name : names)
      if (isBelow(name, group.own) && !counterpart(name, group).empty())
        for (llvm::StringRef path = name; path.contains('.'); path = path.rsplit('.').first)
          paired.insert(path);
    std::vector<std::string> alone;
    for (const std::string &name : names) {
      if (!isBelow(name, group.own) || paired.contains(name))
        continue;
      llvm::StringRef path = name;
      while (path.size() > group.own.size() && !paired.contains(path.rsplit('.').first))
        path = path.rsplit('.').first;
      if (!llvm::is_contained(alone, path))
        alone.push_back(path.str());
    }
    return alone;
  }

  std::vector<std::string> names;

private:
  llvm::StringSet<> known;
  Sharing sharing;
};

} // namespace

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static void setRule(Model &model, const std::string &left, const std::string &right) {
  for (Share &share : model.shares)
    if (share.parameters == left) {
      share.source = right;
      return;
    }
  model.shares.push_back({left, right});
}

static bool hasRule(const Model &model, llvm::StringRef left) {
  return llvm::any_of(model.shares, [&](const Share &share) { return share.parameters == left; });
}

/// Rules below the group's own side that lead to the other one go; those within the own stay.
static void eraseRules(Model &model, const Group &group) {
  llvm::erase_if(model.shares, [&](const Share &share) {
    return isBelow(share.parameters, group.own) && isBelow(share.source, group.other) &&
           !isBelow(share.source, group.own);
  });
}

static void share(Model &model, const Group &group) {
  std::vector<std::string> alone = Places(model).withoutCounterpart(group);
  // Nothing but the group's rule says what has a counterpart, as far as it leads elsewhere.
  llvm::erase_if(model.shares, [&](const Share &share) {
    return isBelow(share.parameters, group.own) && !isBelow(share.source, group.own) &&
           llvm::none_of(alone, [&](const std::string &path) { return isBelow(share.parameters, path); });
  });
  // What the other side does not have stays the own.
  for (const std::string &path : alone)
    if (path != group.own && !hasRule(model, path))
      setRule(model, path, path);
  setRule(model, group.own, group.other);
}

static void share(Model &model, llvm::ArrayRef<Group> groups) {
  for (const Group &group : groups)
    if (Places(model).count(group).first > 0)
      share(model, group);
}

static void separate(Model &model, const Group &group) {
  eraseRules(model, group);
  // A shorter rule would hold instead.
  if (Places(model).hasShorterRule(group.own))
    setRule(model, group.own, group.own);
}

/// The knob of groups that are shared together.
static std::optional<Knob> sharing(const Model &model, std::string name, std::string place, std::vector<Group> groups,
                                   std::optional<std::string> encoderDecoder) {
  auto [pairs, shared] = Places(model).count(groups);
  if (pairs == 0)
    return std::nullopt;
  std::string value = shared == 0 ? kSeparate : shared == pairs ? kShared : "partly shared";
  Knob knob{std::move(name), std::move(place), value, std::move(encoderDecoder), kShared, {}};
  if (value != kSeparate)
    knob.turns.push_back({kSeparate, [groups](Model &changed) {
                            for (const Group &group : groups)
                              separate(changed, group);
                          }});
  if (value != kShared)
    knob.turns.push_back({kShared, [groups](Model &changed) { share(changed, groups); }});
  return knob;
}

/// Whether a rule is about any parameter.
static bool covers(const Places &places, const Share &share) {
  return llvm::any_of(places.names, [&](const std::string &name) { return isBelow(name, share.parameters); });
}

void tenon::space::dropLostRules(const Model &before, Model &model) {
  Places had(before), has(model);
  llvm::erase_if(model.shares, [&](const Share &share) { return covers(had, share) && !covers(has, share); });
}

void tenon::space::dropEmptyRules(Model &model, const std::string &stack) {
  Places has(model);
  llvm::erase_if(model.shares,
                 [&](const Share &share) { return isBelow(share.parameters, stack) && !covers(has, share); });
}

//===----------------------------------------------------------------------===//
// Within a layer
//===----------------------------------------------------------------------===//

/// What an attention makes keys and values of its sources with, and what the one to the own rows has for it.
static std::vector<Group> groupsOf(const Stack &stack, const AttentionSublayer &attention) {
  std::string layer = stack.name + ".layers.*.", name = layer + attention.name;
  std::vector<Group> groups;
  const AttentionSublayer *partner = attention.joint ? &attention : partnerOf(stack, attention);
  if (!partner)
    return {};
  std::string own = layer + partner->name;
  if (!attention.joint)
    groups.push_back({name, own});
  for (const Source &source : attention.sources)
    groups.push_back({name + "." + source.stack, own});
  return groups;
}

bool tenon::space::sharesAttention(const Model &model, const Stack &stack, const AttentionSublayer &attention) {
  auto [pairs, shared] = Places(model).count(groupsOf(stack, attention));
  return pairs > 0 && pairs == shared;
}

void tenon::space::shareAttention(Model &model, const std::string &stack, const std::string &attention) {
  const Stack &reader = stackNamed(model, stack);
  share(model, groupsOf(reader, *findAttention(reader, attention)));
}

void tenon::space::addSharedAttention(const Model &model, std::vector<Knob> &knobs) {
  for (const Stack &stack : model.stacks)
    for (const AttentionSublayer *attention : attentionsOf(stack)) {
      if (attention->sources.empty())
        continue;
      std::optional<Knob> knob = sharing(model, "share attention", stack.name + "." + attention->name,
                                         groupsOf(stack, *attention), std::string(kSeparate));
      if (knob)
        knobs.push_back(std::move(*knob));
    }
}

//===----------------------------------------------------------------------===//
// Between stacks
//===----------------------------------------------------------------------===//

void tenon::space::addSharedStacks(const Model &model, std::vector<Knob> &knobs) {
  for (const Stack &stack : model.stacks) {
    std::vector<std::string> others = sourcesOf(stack);
    others.insert(others.end(), stack.input.parts.begin(), stack.input.parts.end());
    for (const std::string &other : others) {
      std::string place = stack.name + " with " + other;
      auto add = [&](std::string name, std::vector<Group> groups, std::optional<std::string> encoderDecoder) {
        if (std::optional<Knob> knob = sharing(model, std::move(name), place, std::move(groups), encoderDecoder))
          knobs.push_back(std::move(*knob));
      };
      // The first of them shared embeddings, others do not.
      add("share input", {{stack.name + ".input", other + ".input"}}, std::nullopt);
      add("share layers", {{stack.name + ".layers.*", other + ".layers.*"}, {stack.name + ".norm", other + ".norm"}},
          std::string(kSeparate));
    }
  }
}

//===----------------------------------------------------------------------===//
// Between layers
//===----------------------------------------------------------------------===//

void tenon::space::addSharedLayers(const Model &model, std::vector<Knob> &knobs) {
  static constexpr char kOwn[] = "each its own", kOne[] = "one for all";
  Places places(model);
  for (const Stack &stack : model.stacks) {
    std::string layers = stack.name + ".layers.*", first = stack.name + ".layers.0";
    bool own = stack.layers > 1, one = true, any = false;
    for (const std::string &name : places.names) {
      if (!isBelow(name, layers))
        continue;
      any = true;
      std::string end = places.resolved(name), plain = Sharing::withoutLayer(end);
      // What is another stack's is that one's to choose.
      own &= isBelow(plain, layers);
      one &= plain != end;
    }
    if (!own || !any)
      continue;
    Knob knob{"layers", stack.name, one ? kOne : kOwn, kOwn, kOwn, {}};
    knob.turns.push_back({one ? kOwn : kOne, [=](Model &changed) {
                            llvm::erase_if(changed.shares, [&](const Share &share) {
                              return isBelow(share.parameters, layers) &&
                                     isBelow(Sharing::withoutLayer(share.source), layers) &&
                                     Sharing::withoutLayer(share.source) != share.source;
                            });
                            if (!one)
                              setRule(changed, layers, first);
                          }});
    knobs.push_back(std::move(knob));
  }
}
