//===- FailingAllocations.cpp - A program without memory ------------------===//

#include "FailingAllocations.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::tests {
namespace {

/// Allocations until one fails; negative while none shall.
std::atomic<int64_t> left{-1};
std::atomic<bool> goesOn{false}, refused{false};

bool isRefused() {
  int64_t now = left.load();
  while (now > 0 || (now == 0 && !goesOn))
    if (left.compare_exchange_weak(now, now - 1))
      break;
  if (now != 0)
    return false;
  refused = true;
  return true;
}

void *take(size_t bytes, size_t alignment) {
  void *memory = nullptr;
  if (isRefused() || posix_memalign(&memory, alignment, bytes ? bytes : 1) != 0)
    return nullptr;
  return memory;
}

void *takeOrThrow(size_t bytes, size_t alignment = alignof(std::max_align_t)) {
  if (void *memory = take(bytes, alignment))
    return memory;
  throw std::bad_alloc();
}

} // namespace

void refuseAllocation(int64_t first, Refusing mode) {
  refused = false;
  goesOn = mode == Refusing::FromThenOn;
  left = first;
}

bool stopRefusing() {
  left = -1;
  return refused;
}

} // namespace tenon::tests

using namespace tenon::tests;

void *operator new(size_t bytes) { return takeOrThrow(bytes); }
void *operator new[](size_t bytes) { return takeOrThrow(bytes); }
void *operator new(size_t bytes, std::align_val_t alignment) { return takeOrThrow(bytes, size_t(alignment)); }
void *operator new[](size_t bytes, std::align_val_t alignment) { return takeOrThrow(bytes, size_t(alignment)); }
void *operator new(size_t bytes, const std::nothrow_t &) noexcept { return take(bytes, alignof(std::max_align_t)); }
void *operator new[](size_t bytes, const std::nothrow_t &) noexcept { return take(bytes, alignof(std::max_align_t)); }
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t) noexcept { std::free(memory); }
void operator delete(void *memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void *memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void *memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t, std::align_val_t) noexcept { std::free(memory); }

extern "C" {

void *aligned_alloc(size_t alignment, size_t bytes) { return take(bytes, alignment); }

void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  if (isRefused()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void *>(syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}

int mprotect(void *address, size_t bytes, int protection) noexcept {
  if (isRefused()) {
    errno = ENOMEM;
    return -1;
  }
  return int(syscall(SYS_mprotect, address, bytes, protection));
}

} // extern "C"
