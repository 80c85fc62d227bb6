//===- Memory.cpp - Pages, working memory and kernel scratch --------------===//

#include "Memory.h"

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <sys/mman.h>

namespace tenon::runtime {
namespace {

constexpr size_t hugePage = size_t(2) << 20;
constexpr size_t smallPage = 4096;
/// In front of each scratch block: its capacity. As wide as the alignment, to keep it.
constexpr size_t scratchAlignment = 128;
/// More blocks than a kernel has scratch buffers at once; bounds what an odd sequence of sizes can pin.
constexpr size_t cachedBlocks = 16;

size_t roundUp(size_t value, size_t to) { return (value + to - 1) / to * to; }

size_t &capacityOf(void *memory) { return *reinterpret_cast<size_t *>(static_cast<char *>(memory) - scratchAlignment); }

} // namespace

Pages::~Pages() {
  if (mapping)
    munmap(mapping, mappingBytes);
}

Pages Pages::allocate(size_t bytes) {
  Pages pages;
  if (bytes > std::numeric_limits<size_t>::max() / 2)
    return pages;
  size_t rounded = roundUp(bytes == 0 ? 1 : bytes, bytes < hugePage ? smallPage : hugePage);
  size_t total = rounded + hugePage;
  void *mapping = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return pages;
  pages.mapping = mapping;
  pages.mappingBytes = total;
  auto address = reinterpret_cast<uintptr_t>(mapping);
  pages.start = static_cast<uint8_t *>(mapping) + (roundUp(address, hugePage) - address);
  pages.bytes = rounded;
  // Advice: where the system has no huge pages, small ones do.
  if (rounded >= hugePage)
    (void)madvise(pages.start, rounded, MADV_HUGEPAGE);
  return pages;
}

Pages Pages::mapFile(int file, size_t bytes) {
  Pages pages;
  void *mapping = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (mapping == MAP_FAILED)
    return pages;
  pages.mapping = mapping;
  pages.mappingBytes = bytes;
  pages.start = static_cast<uint8_t *>(mapping);
  pages.bytes = bytes;
  (void)madvise(mapping, bytes, MADV_WILLNEED);
  return pages;
}

uint8_t *Arena::reserve(size_t bytes) {
  if (!pages || bytes > pages.size()) {
    Pages larger = Pages::allocate(bytes);
    if (!larger)
      return nullptr;
    pages = std::move(larger);
  }
  return pages.data();
}

ScratchCache::~ScratchCache() {
  for (void *memory : free)
    freeUncached(memory);
}

void *ScratchCache::allocateUncached(size_t bytes) {
  if (bytes > std::numeric_limits<size_t>::max() / 2)
    return nullptr;
  size_t capacity = roundUp(bytes == 0 ? 1 : bytes, scratchAlignment);
  void *block = std::aligned_alloc(scratchAlignment, capacity + scratchAlignment);
  if (!block)
    return nullptr;
  void *memory = static_cast<char *>(block) + scratchAlignment;
  capacityOf(memory) = capacity;
  return memory;
}

void ScratchCache::freeUncached(void *memory) {
  if (memory)
    std::free(static_cast<char *>(memory) - scratchAlignment);
}

void *ScratchCache::allocate(size_t bytes) {
  size_t best = free.size();
  for (size_t index = 0; index < free.size(); ++index) {
    size_t capacity = capacityOf(free[index]);
    if (capacity >= bytes && (best == free.size() || capacity < capacityOf(free[best])))
      best = index;
  }
  if (best == free.size())
    return allocateUncached(bytes);
  void *memory = free[best];
  free[best] = free.back();
  free.pop_back();
  return memory;
}

void ScratchCache::release(void *memory) {
  if (!memory)
    return;
  try {
    free.push_back(memory);
  } catch (...) {
    freeUncached(memory);
    return;
  }
  if (free.size() <= cachedBlocks)
    return;
  // The smallest goes: it is the cheapest to have again.
  size_t smallest = 0;
  for (size_t index = 1; index < free.size(); ++index)
    if (capacityOf(free[index]) < capacityOf(free[smallest]))
      smallest = index;
  freeUncached(free[smallest]);
  free[smallest] = free.back();
  free.pop_back();
}

} // namespace tenon::runtime
