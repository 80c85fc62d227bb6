//===- FailingAllocations.h - A program without memory ----------*- C++ -*-===//
//
// Replaces, for the program that is linked with it, every way in which the runtime and compiled kernels get memory:
// operator new, aligned_alloc (kernels' scratch), mmap and mprotect (working memory, weights, caches). Not what the C
// library takes for itself.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_FAILINGALLOCATIONS_H
#define TENON_TESTS_FAILINGALLOCATIONS_H

#include <cstdint>

namespace tenon::tests {

enum class Refusing { Once, FromThenOn };

/// From here on the `first`-th allocation of any thread fails, the first being 0, and with FromThenOn all after it.
void refuseAllocation(int64_t first, Refusing mode);
/// Lets all succeed; returns whether one was refused.
bool stopRefusing();

} // namespace tenon::tests

#endif // TENON_TESTS_FAILINGALLOCATIONS_H
