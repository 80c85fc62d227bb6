//===- Stacks.h - What stacks have to do with each other --------*- C++ -*-===//

#ifndef TENON_SPEC_STACKS_H
#define TENON_SPEC_STACKS_H

#include "spec/Spec.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tenon::spec {

/// Calls `visit` for every attention of `block`, or of all blocks of `stack`, also for those that stand in parallel.
void forEachAttention(const Block &block, llvm::function_ref<void(const AttentionSublayer &)> visit);
void forEachAttention(const Stack &stack, llvm::function_ref<void(const AttentionSublayer &)> visit);

/// The stacks that attentions of `stack` take keys and values from, each once.
std::vector<std::string> sourcesOf(const Stack &stack);

/// For each layer of `reader` the layer of `source` whose entering state it reads; none where it reads the last state.
std::vector<int64_t> sourceLayers(const Stack &reader, const Source &source);

/// The number of the own keys' segment in an attention of `stack`: they are the last, of a stack of parts the last's.
int32_t ownSegment(const Stack &stack, const AttentionSublayer &attention);

/// Whether no attention of `stack` lets a query see later keys of the stack, or of its last part.
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
