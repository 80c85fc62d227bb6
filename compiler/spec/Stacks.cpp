//===- Stacks.cpp ---------------------------------------------------------===//

#include "spec/Stacks.h"
#include "expressions/Analysis.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include <numeric>

using namespace tenon;
using namespace tenon::spec;

template <typename Place>
static void forEachAttentionOf(const Place &place, llvm::function_ref<void(const AttentionSublayer &)> visit) {
  forEachSublayer(place, [&]<typename Kind>(const Kind &sublayer) {
    if constexpr (std::is_same_v<Kind, AttentionSublayer>)
      visit(sublayer);
  });
}

void tenon::spec::forEachAttention(const Block &block, llvm::function_ref<void(const AttentionSublayer &)> visit) {
  forEachAttentionOf(block, visit);
}

void tenon::spec::forEachAttention(const Stack &stack, llvm::function_ref<void(const AttentionSublayer &)> visit) {
  forEachAttentionOf(stack, visit);
}

std::vector<std::string> tenon::spec::sourcesOf(const Stack &stack) {
  std::vector<std::string> sources;
  forEachAttention(stack, [&](const AttentionSublayer &attention) {
    for (const Source &source : attention.sources)
      if (!llvm::is_contained(sources, source.stack))
        sources.push_back(source.stack);
  });
  return sources;
}

std::vector<int64_t> tenon::spec::sourceLayers(const Stack &reader, const Source &source) {
  switch (source.state) {
  case SourceState::Final:
    return {};
  case SourceState::SameLayer: {
    std::vector<int64_t> layers(reader.layers);
    std::iota(layers.begin(), layers.end(), 0);
    return layers;
  }
  case SourceState::Layers:
    return source.layers;
  }
  llvm_unreachable("state of no kind");
}

int32_t tenon::spec::ownSegment(const Stack &stack, const AttentionSublayer &attention) {
  size_t parts = stack.input.parts.size();
  return static_cast<int32_t>(parts > 0 ? parts - 1 : attention.sources.size());
}

namespace {

/// Finds out why rows of a stack depend on later ones.
struct LookAhead {
  const Stack &stack;
  llvm::StringRef what;
  std::string why;

  void operator()(const AttentionSublayer &attention) {
    int32_t own = ownSegment(stack, attention);
    if (attention.hasOwnKeys() && expressions::seesLaterKeys(std::string_view(attention.mask), {own, own}))
      why = ("an attention of " + llvm::Twine(what) + " lets a query see later keys: write 'mask: causal'").str();
  }

  template <KeyedSublayer Kind> void operator()(const Kind &sublayer) {
    Kind::forEachKey(sublayer, [&]<typename Key>(const Key &key, const auto &value) {
      if constexpr (std::is_same_v<Key, FlagKey>)
        if (key.mayLookAhead && !value)
          why = "sublayer '" + sublayer.name + "' of " + what.str() + " reads later rows: write '" +
                std::string(key.name) + ": true'";
    });
  }
};

} // namespace

std::string tenon::spec::whyNotCausal(const Stack &stack, llvm::StringRef what) {
  LookAhead lookAhead{stack, what, ""};
  forEachSublayer(stack, [&](const auto &sublayer) { lookAhead(sublayer); });
  return lookAhead.why;
}

bool tenon::spec::isCausal(const Stack &stack) { return whyNotCausal(stack, "").empty(); }

std::vector<bool> tenon::spec::growingStacks(const Model &model) {
  std::vector<bool> grows(model.stacks.size());
  for (size_t index = 0; index < model.stacks.size(); ++index) {
    const Stack *stack = &model.stacks[index];
    bool goesOn = stack->cache || (model.head && model.head->stack == stack->name);
    if (grows[index] || !goesOn || !isCausal(*stack))
      continue;
    grows[index] = true;
    // Its last part, the last part of that, and so on, until one that is known.
    while (stack && !stack->input.parts.empty()) {
      stack = model.findStack(stack->input.parts.back());
      size_t part = stack ? stack - model.stacks.data() : 0;
      if (!stack || grows[part])
        break;
      grows[part] = true;
    }
  }
  return grows;
}

bool tenon::spec::keepsCache(const Model &model, const Stack &stack) {
  return growingStacks(model)[&stack - model.stacks.data()];
}

const Stack *tenon::spec::targetOf(const Model &model, const Stack &stack) {
  const Stack *target = &stack;
  // As many steps as there are stacks: more would lead in a circle.
  for (size_t steps = 0; target && !target->input.parts.empty(); ++steps)
    target = steps < model.stacks.size() ? model.findStack(target->input.parts.back()) : nullptr;
  return target;
}

static int64_t componentsBehind(const std::vector<PoolingLayer> &layers, int64_t size) {
  for (const PoolingLayer &layer : layers)
    if (const auto *dense = std::get_if<DenseLayer>(&layer))
      size = dense->size;
  return size;
}

int64_t tenon::spec::pooledSize(const Model &model) {
  const Stack *stack = model.pooling ? model.findStack(model.pooling->stack) : nullptr;
  if (!stack)
    return 0;
  int64_t size = componentsBehind(model.pooling->tokenLayers, model.widthOf(*stack));
  return componentsBehind(model.pooling->layers, size * static_cast<int64_t>(model.pooling->kinds.size()));
}
