//===- Stacks.cpp ---------------------------------------------------------===//

#include "spec/Stacks.h"
#include "expressions/Analysis.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon;
using namespace tenon::spec;

void tenon::spec::forEachAttention(const Block &block, llvm::function_ref<void(const AttentionSublayer &)> visit) {
  for (const Sublayer &sublayer : block) {
    if (const auto *attention = std::get_if<AttentionSublayer>(&sublayer))
      visit(*attention);
    if (const auto *parallel = std::get_if<ParallelSublayer>(&sublayer))
      for (const auto &inner : parallel->block)
        if (const auto *attention = std::get_if<AttentionSublayer>(&inner))
          visit(*attention);
  }
}

static void forEachAttention(const Stack &stack, llvm::function_ref<void(const AttentionSublayer &)> visit) {
  if (stack.cycle.empty())
    return forEachAttention(stack.block, visit);
  for (const Block &block : stack.cycle)
    forEachAttention(block, visit);
}

std::string tenon::spec::sourceOf(const Stack &stack) {
  std::string source;
  ::forEachAttention(stack, [&](const AttentionSublayer &attention) {
    if (source.empty())
      source = attention.from;
  });
  return source;
}

bool tenon::spec::isCausal(const Stack &stack) {
  bool causal = true;
  ::forEachAttention(stack, [&](const AttentionSublayer &attention) {
    causal &= !attention.from.empty() || !expressions::seesLaterKeys(std::string_view(attention.mask));
  });
  return causal;
}

bool tenon::spec::keepsCache(const Model &model, const Stack &stack) {
  return (stack.cache || (model.head && model.head->stack == stack.name)) && isCausal(stack);
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
