//===- PagePool.h - Keys and values of all sessions of a model --*- C++ -*-===//
//
// A page holds the keys and values of TENON_PAGE_TOKENS positions, in every layer under the same number. Address space
// for all pages is reserved at once and made usable as they are handed out, so that nothing ever moves.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PAGEPOOL_H
#define TENON_RUNTIME_PAGEPOOL_H

#include "Manifest.h"
#include "tenon/library.h"

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace tenon::runtime {

/// Address space without memory behind it, of which a part is made usable.
class ReservedMemory {
public:
  ReservedMemory() = default;
  ReservedMemory(ReservedMemory &&other) noexcept;
  ReservedMemory &operator=(ReservedMemory &&) = delete;
  ~ReservedMemory();
  /// Holds nothing where the system does not grant it.
  static ReservedMemory reserve(size_t bytes);
  explicit operator bool() const { return start != nullptr; }
  uint8_t *data() const { return start; }
  bool makeUsable(size_t offset, size_t bytes);
  /// Zeroes a part, giving the memory of what is whole pages of the system's back to it.
  void discard(size_t offset, size_t bytes);

private:
  uint8_t *start = nullptr;
  size_t size = 0;
};

/// Any thread may use it. Pages are handed out lowest number first, full of zeros, and counted.
class PagePool {
public:
  static constexpr int64_t pageTokens = TENON_PAGE_TOKENS;

  /// `cacheBytes`: most memory that the pages take; 0 for half of the machine's, but no less than one row of
  /// `positions` tokens needs. Where other pools have a part of it, `sharedPageBytes` are those of a page of each.
  PagePool(const std::vector<StateType> &states, int64_t positions, uint64_t cacheBytes, uint64_t sharedPageBytes = 0);

  int64_t pageCount() const { return count; }
  size_t pageBytes() const { return bytesPerPage; }
  void *state(size_t index) const { return states[index].memory.data(); }
  /// The longest window of all states; 0 if one has none.
  int64_t window() const { return longestWindow; }
  size_t pagesInUse() const;
  /// Of `bytes` of memory, how many come before pages that were never handed out; all of memory that is not the pool's.
  size_t readableBytes(const uint8_t *memory, size_t bytes) const;

  /// Appends the numbers of `wanted` pages with one reference each; fails with TENON_ERROR_CACHE_FULL, having changed
  /// nothing.
  void acquire(size_t wanted, std::vector<int32_t> &pages);
  void retain(std::span<const int32_t> pages);
  void release(std::span<const int32_t> pages) noexcept;
  bool isShared(int32_t page) const;
  /// A page with one reference and the contents of `page`.
  int32_t copy(int32_t page);

private:
  struct State {
    int64_t layers;
    size_t pageBytes;
    ReservedMemory memory;
  };
  struct Page {
    uint32_t references = 0;
    bool written = false; ///< may hold something else than zeros
  };

  bool reserveStates(const std::vector<StateType> &types);
  void growTo(size_t pages);
  /// With the mutex held; pages that are not `cleared` may hold anything.
  void take(size_t wanted, std::vector<int32_t> &pages, bool cleared);
  uint8_t *address(const State &state, int64_t layer, int64_t page) const;
  void clear(int32_t first, int64_t pages);
  void giveBackMemory();

  int64_t count = 0;
  size_t bytesPerPage = 0;
  int64_t longestWindow = 0;
  std::vector<State> states;

  mutable std::mutex mutex;
  std::vector<Page> pages;    ///< those that were ever handed out
  std::vector<int32_t> freed; ///< of these, the ones that nobody has: a heap, lowest first
  size_t usable = 0;
  size_t writtenFree = 0;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_PAGEPOOL_H
