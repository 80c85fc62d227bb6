//===- Sequence.h - Tokens whose keys and values are cached -----*- C++ -*-===//

#ifndef TENON_RUNTIME_SEQUENCE_H
#define TENON_RUNTIME_SEQUENCE_H

#include "Source.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tenon::runtime {

/// A page table, and the tokens that it is about. Copies share pages; whoever writes to a page that is shared copies it
/// first. One thread at a time uses a sequence, several use sequences with common pages.
class Sequence {
public:
  explicit Sequence(std::shared_ptr<PagePool> pool) : pool(std::move(pool)) {}
  Sequence(const Sequence &other);
  Sequence(Sequence &&other) noexcept = default;
  Sequence &operator=(Sequence other) noexcept;
  ~Sequence();

  int64_t length() const { return int64_t(history.size()); }
  std::span<const int32_t> tokens() const { return history; }
  /// One page for each 16 tokens; -1 where a window has passed.
  std::span<const int32_t> pages() const { return table; }
  const PagePool &pagePool() const { return *pool; }
  /// What it is about; null where nothing was set.
  const Source *source() const { return about.get(); }

  /// Forgets all tokens and is about another source from now on.
  void begin(std::shared_ptr<const Source> source) noexcept;

  /// Makes room for `count` more tokens. Fails with TENON_ERROR_CACHE_FULL, having changed nothing that can be seen.
  void prepare(int64_t count);
  /// Takes tokens in whose keys and values have been written to the room for them.
  void commit(std::span<const int32_t> tokens);
  /// Gives back room that was not used.
  void trim() noexcept { cutTable(length()); }
  /// Keeps the first `length` tokens. Fails where a window has passed what they would need.
  void rewind(int64_t length);

private:
  void cutTable(int64_t tokens) noexcept;
  void dropPassed() noexcept;

  std::shared_ptr<PagePool> pool;
  std::shared_ptr<const Source> about;
  std::vector<int32_t> table;
  std::vector<int32_t> history;
  size_t passed = 0; ///< slots that a window has passed
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SEQUENCE_H
