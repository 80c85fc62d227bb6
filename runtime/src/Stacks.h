//===- Stacks.h - What entry points have to do with each other --*- C++ -*-===//
//
// Entry points of a model that generates work on the same rows of the same stacks, which roles tell apart. They are
// looked at once, when the model is opened.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_STACKS_H
#define TENON_RUNTIME_STACKS_H

#include "Manifest.h"

namespace tenon::runtime {

/// Finds the pools of a manifest's states, and the stacks of `prefill`, `decode` and `start` and those that these
/// attend to; gives states, page tables and limits their places in these. Fails (TENON_ERROR_LIBRARY) where entry
/// points are not as docs/library.md says.
void findStacks(Manifest &manifest);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_STACKS_H
