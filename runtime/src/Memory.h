//===- Memory.h - Pages, working memory and kernel scratch ------*- C++ -*-===//

#ifndef TENON_RUNTIME_MEMORY_H
#define TENON_RUNTIME_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tenon::runtime {

/// Owns a range of pages.
class Pages {
public:
  Pages() = default;
  Pages(Pages &&other) noexcept { swap(other); }
  Pages &operator=(Pages &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Pages();

  /// Zeroed memory on a boundary of 2 MiB, in huge pages where the system has them if it is that large. Holds nothing
  /// when there is no memory.
  static Pages allocate(size_t bytes);
  /// Maps a whole file for reading; holds nothing on failure, with errno set.
  static Pages mapFile(int file, size_t bytes);

  explicit operator bool() const { return start != nullptr; }
  uint8_t *data() const { return start; }
  size_t size() const { return bytes; }

private:
  void swap(Pages &other) noexcept {
    std::swap(start, other.start);
    std::swap(bytes, other.bytes);
    std::swap(mapping, other.mapping);
    std::swap(mappingBytes, other.mappingBytes);
  }

  uint8_t *start = nullptr;
  size_t bytes = 0;
  void *mapping = nullptr;
  size_t mappingBytes = 0;
};

/// Memory that only grows and keeps its address as long as it need not grow.
class Arena {
public:
  /// At least `bytes`, aligned to 64, holding anything; nullptr if there is no memory, and what was there is kept.
  uint8_t *reserve(size_t bytes);

private:
  Pages pages;
};

/// Kernel scratch of one thread: freed blocks are kept for the next kernel, so that a call allocates nothing once it
/// has run before. Blocks may be freed into the cache of another thread of the same session.
class alignas(128) ScratchCache {
public:
  ScratchCache() = default;
  ScratchCache(const ScratchCache &) = delete;
  ScratchCache &operator=(const ScratchCache &) = delete;
  ~ScratchCache();

  /// Aligned to 128 bytes, Halide's widest; nullptr if there is no memory.
  void *allocate(size_t bytes);
  void release(void *memory);

  /// The same without a cache, for kernels that run outside of a session.
  static void *allocateUncached(size_t bytes);
  static void freeUncached(void *memory);

private:
  std::vector<void *> free;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_MEMORY_H
