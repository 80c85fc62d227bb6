//===- PagePool.cpp - Keys and values of all sessions of a model ----------===//

#include "PagePool.h"

#include "Failure.h"
#include "Sizes.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace tenon::runtime {
namespace {

constexpr size_t systemPage = 4096;
/// Pages are made usable in growing steps, since each step is a system call per layer.
constexpr size_t firstStep = 16;
/// Freed pages beyond this give their memory back to the system.
constexpr size_t keptBytes = size_t(64) << 20;

size_t roundDown(size_t value) { return value / systemPage * systemPage; }
size_t roundUp(size_t value) { return roundDown(value + systemPage - 1); }

uint64_t memoryOfMachine() {
  long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? uint64_t(pages) * uint64_t(bytes) : uint64_t(1) << 30;
}

} // namespace

ReservedMemory::ReservedMemory(ReservedMemory &&other) noexcept
    : start(std::exchange(other.start, nullptr)), size(std::exchange(other.size, 0)) {}

ReservedMemory::~ReservedMemory() {
  if (start)
    munmap(start, size);
}

ReservedMemory ReservedMemory::reserve(size_t bytes) {
  ReservedMemory memory;
  void *mapping = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping != MAP_FAILED) {
    memory.start = static_cast<uint8_t *>(mapping);
    memory.size = bytes;
  }
  return memory;
}

bool ReservedMemory::makeUsable(size_t offset, size_t bytes) {
  size_t first = roundDown(offset), end = std::min(roundUp(offset + bytes), roundUp(size));
  return mprotect(start + first, end - first, PROT_READ | PROT_WRITE) == 0;
}

void ReservedMemory::discard(size_t offset, size_t bytes) {
  size_t end = offset + bytes, first = std::min(roundUp(offset), end), last = std::max(roundDown(end), first);
  bool whole = last > first && madvise(start + first, last - first, MADV_DONTNEED) == 0;
  std::memset(start + offset, 0, whole ? first - offset : bytes);
  if (whole)
    std::memset(start + last, 0, end - last);
}

PagePool::PagePool(const std::vector<StateType> &types, int64_t positions, uint64_t cacheBytes,
                   uint64_t sharedPageBytes) {
  int64_t most = INT32_MAX;
  CheckedSize allBytes = 0;
  for (const StateType &type : types) {
    allBytes += CheckedSize(type.pageFloats) * type.layers * sizeof(float);
    if (!allBytes.isValid())
      fail(TENON_ERROR_LIBRARY, "a page of all layers of state ", type.name, " has more than 2^63 bytes");
    most = std::min(most, elementLimit / type.pageFloats);
    longestWindow = std::max(longestWindow, type.window);
  }
  if (std::any_of(types.begin(), types.end(), [](const StateType &type) { return type.window == 0; }))
    longestWindow = 0;
  bytesPerPage = size_t(allBytes.get());
  uint64_t ofAll = std::max<uint64_t>(bytesPerPage, sharedPageBytes);
  int64_t wanted = int64_t(std::min<uint64_t>((cacheBytes ? cacheBytes : memoryOfMachine() / 2) / ofAll, INT32_MAX));
  int64_t least = cacheBytes ? 1 : (positions + pageTokens - 1) / pageTokens;
  count = std::clamp<int64_t>(std::max(wanted, least), 1, most);
  // Where the process may not have that much address space, a smaller pool does.
  while (!reserveStates(types))
    if ((count /= 2) == 0)
      fail(TENON_ERROR_NO_MEMORY, "no address space for a cache of ", bytesPerPage, " bytes for each ", pageTokens,
           " tokens");
  // Slots without a page say 0, and kernels may look there: also for rows that have no page, where nobody has one yet.
  growTo(1);
}

bool PagePool::reserveStates(const std::vector<StateType> &types) {
  states.clear();
  for (const StateType &type : types) {
    size_t pageBytes = size_t(type.pageFloats) * sizeof(float);
    std::optional<size_t> bytes = (CheckedSize(count) * type.layers * pageBytes).as<size_t>();
    if (!bytes)
      return false;
    states.push_back({type.layers, pageBytes, ReservedMemory::reserve(*bytes)});
    if (!states.back().memory)
      return false;
  }
  return true;
}

uint8_t *PagePool::address(const State &state, int64_t layer, int64_t page) const {
  return state.memory.data() + size_t(layer * count + page) * state.pageBytes;
}

/// Makes that many pages, and some to come, usable.
void PagePool::growTo(size_t wanted) {
  if (wanted <= usable)
    return;
  size_t target = std::min(std::max({wanted, usable * 2, firstStep}), size_t(count));
  for (State &state : states)
    for (int64_t layer = 0; layer < state.layers; ++layer) {
      size_t offset = size_t(layer * count + int64_t(usable)) * state.pageBytes;
      if (!state.memory.makeUsable(offset, (target - usable) * state.pageBytes))
        fail(TENON_ERROR_NO_MEMORY, "no memory for ", target, " cache pages of ", bytesPerPage, " bytes");
    }
  usable = target;
}

void PagePool::clear(int32_t first, int64_t pageRun) {
  for (State &state : states)
    for (int64_t layer = 0; layer < state.layers; ++layer)
      state.memory.discard(size_t(layer * count + first) * state.pageBytes, size_t(pageRun) * state.pageBytes);
}

size_t PagePool::pagesInUse() const {
  std::lock_guard lock(mutex);
  return pages.size() - freed.size();
}

size_t PagePool::readableBytes(const uint8_t *memory, size_t bytes) const {
  std::lock_guard lock(mutex);
  for (const State &state : states) {
    const uint8_t *start = state.memory.data();
    size_t layer = size_t(count) * state.pageBytes;
    if (memory < start || memory >= start + size_t(state.layers) * layer)
      continue;
    size_t readable = pages.size() * state.pageBytes, offset = size_t(memory - start) % layer;
    return std::min(bytes, readable - std::min(readable, offset));
  }
  return bytes;
}

void PagePool::acquire(size_t wanted, std::vector<int32_t> &to) {
  std::lock_guard lock(mutex);
  take(wanted, to, true);
}

void PagePool::take(size_t wanted, std::vector<int32_t> &to, bool cleared) {
  size_t used = pages.size() - freed.size();
  if (wanted > size_t(count) - used)
    fail(TENON_ERROR_CACHE_FULL, "the cache is full: of its ", count, " pages of ", pageTokens, " tokens, ", used,
         " are in use, and ", wanted, " more are needed");
  size_t recycled = std::min(wanted, freed.size()), fresh = wanted - recycled;
  to.reserve(to.size() + wanted);
  pages.reserve(pages.size() + fresh);
  freed.reserve(pages.size() + fresh); // so that releasing never allocates
  growTo(pages.size() + fresh);
  for (size_t index = 0; index < recycled; ++index) {
    std::pop_heap(freed.begin(), freed.end(), std::greater<>());
    int32_t page = freed.back();
    freed.pop_back();
    bool written = pages[size_t(page)].written;
    writtenFree -= written;
    for (State &state : states)
      for (int64_t layer = 0; written && cleared && layer < state.layers; ++layer)
        std::memset(address(state, layer, page), 0, state.pageBytes);
    pages[size_t(page)] = {1, true};
    to.push_back(page);
  }
  for (size_t index = 0; index < fresh; ++index) {
    to.push_back(int32_t(pages.size()));
    pages.push_back({1, true});
  }
}

void PagePool::retain(std::span<const int32_t> held) {
  std::lock_guard lock(mutex);
  for (int32_t page : held)
    if (page >= 0)
      ++pages[size_t(page)].references;
}

void PagePool::release(std::span<const int32_t> held) noexcept {
  std::lock_guard lock(mutex);
  for (int32_t page : held) {
    if (page < 0 || --pages[size_t(page)].references != 0)
      continue;
    freed.push_back(page);
    std::push_heap(freed.begin(), freed.end(), std::greater<>());
    ++writtenFree;
  }
  if (writtenFree * bytesPerPage > keptBytes)
    giveBackMemory();
}

void PagePool::giveBackMemory() {
  auto isWritten = [this](size_t page) { return pages[page].references == 0 && pages[page].written; };
  for (size_t first = 0; first < pages.size(); ++first) {
    size_t end = first;
    while (end < pages.size() && isWritten(end))
      pages[end++].written = false;
    if (end == first)
      continue;
    clear(int32_t(first), int64_t(end - first));
    first = end;
  }
  writtenFree = 0;
}

bool PagePool::isShared(int32_t page) const {
  std::lock_guard lock(mutex);
  return pages[size_t(page)].references > 1;
}

int32_t PagePool::copy(int32_t page) {
  std::vector<int32_t> made;
  {
    std::lock_guard lock(mutex);
    take(1, made, false); // all of it is overwritten
  }
  for (const State &state : states)
    for (int64_t layer = 0; layer < state.layers; ++layer)
      std::memcpy(address(state, layer, made[0]), address(state, layer, page), state.pageBytes);
  return made[0];
}

} // namespace tenon::runtime
