//===- Stacks.h - What stacks have to do with each other --------*- C++ -*-===//

#ifndef TENON_SPEC_STACKS_H
#define TENON_SPEC_STACKS_H

#include "spec/Spec.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tenon::spec {

/// Calls `visit` for every attention of `block`, also for those that stand in parallel.
void forEachAttention(const Block &block, llvm::function_ref<void(const AttentionSublayer &)> visit);

/// The stack that `stack` attends to beside itself; empty for none.
std::string sourceOf(const Stack &stack);

/// Whether no attention of `stack` lets a query see later keys of the stack.
bool isCausal(const Stack &stack);

/// Whether `stack` goes on from the keys and values of what it has read: it generates, or is told to, and is causal.
bool keepsCache(const Model &model, const Stack &stack);

/// Components of the vectors that the model's pooling makes before it leaves some out; 0 without a pooling.
int64_t pooledSize(const Model &model);

} // namespace tenon::spec

#endif // TENON_SPEC_STACKS_H
