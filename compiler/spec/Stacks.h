//===- Stacks.h - What stacks have to do with each other --------*- C++ -*-===//

#ifndef TENON_SPEC_STACKS_H
#define TENON_SPEC_STACKS_H

#include "spec/Spec.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::spec {

/// A sublayer that is known by its keys.
template <typename Kind>
concept KeyedSublayer = requires { Kind::operation; };

/// Calls `visit` with every sublayer of `block`, those that stand in parallel one by one.
template <typename Visitor> void forEachSublayer(const Block &block, Visitor &&visit) {
  auto visitOne = [&]<typename Kind>(const Kind &sublayer) {
    if constexpr (std::is_same_v<Kind, ParallelSublayer>)
      for (const SingleSublayer &inner : sublayer.block)
        std::visit(visit, inner);
    else
      visit(sublayer);
  };
  for (const Sublayer &sublayer : block)
    std::visit(visitOne, sublayer);
}

/// With every sublayer of all its blocks.
template <typename Visitor> void forEachSublayer(const Stack &stack, Visitor &&visit) {
  if (stack.cycle.empty())
    forEachSublayer(stack.block, visit);
  for (const Block &block : stack.cycle)
    forEachSublayer(block, visit);
}

/// Calls `visit` for every attention of `block`, or of all blocks of `stack`, also for those that stand in parallel.
void forEachAttention(const Block &block, llvm::function_ref<void(const AttentionSublayer &)> visit);
void forEachAttention(const Stack &stack, llvm::function_ref<void(const AttentionSublayer &)> visit);

/// The stacks that attentions of `stack` take keys and values from, each once.
std::vector<std::string> sourcesOf(const Stack &stack);

/// For each layer of `reader` the layer of `source` whose entering state it reads; none where it reads the last state.
std::vector<int64_t> sourceLayers(const Stack &reader, const Source &source);

/// The number of the own keys' segment in an attention of `stack`: they are the last, of a stack of parts the last's.
int32_t ownSegment(const Stack &stack, const AttentionSublayer &attention);

/// Why rows of `stack`, which is called `what`, depend on later ones of its own, or of its last part, and what to write
/// instead; empty where none does.
std::string whyNotCausal(const Stack &stack, llvm::StringRef what);
bool isCausal(const Stack &stack);

/// For each stack whether it goes on from the keys and values of what it has read: it generates, or is told to, and is
/// causal; or it is the last part of one that does.
std::vector<bool> growingStacks(const Model &model);

/// The same of one stack.
bool keepsCache(const Model &model, const Stack &stack);

/// Whose tokens or features become the rows that `stack` gives: its own, or those of its last part. Null where that is
/// no stack of the model.
const Stack *targetOf(const Model &model, const Stack &stack);

/// Components of the vectors that the model's pooling makes before it leaves some out; 0 without a pooling.
int64_t pooledSize(const Model &model);

} // namespace tenon::spec

#endif // TENON_SPEC_STACKS_H
