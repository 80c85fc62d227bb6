//===- Sequence.h - Tokens whose keys and values are cached -----*- C++ -*-===//

#ifndef TENON_RUNTIME_SEQUENCE_H
#define TENON_RUNTIME_SEQUENCE_H

#include "PageTable.h"
#include "Source.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tenon::runtime {

/// Tokens, and a page table in each pool that keeps something of them. Copies share pages. One thread at a time uses a
/// sequence, several use sequences with common pages.
class Sequence {
public:
  /// `pools`: those of Manifest::ownPools.
  explicit Sequence(std::span<const std::shared_ptr<PagePool>> pools) : tables(pools.begin(), pools.end()) {}
  Sequence(const Sequence &other) = default;
  Sequence(Sequence &&other) noexcept = default;
  Sequence &operator=(Sequence other) noexcept;

  int64_t length() const { return int64_t(history.size()); }
  /// Rows that are kept: the tokens, and those of a prefix in front of them.
  int64_t rows() const { return prefixRows + length(); }
  std::span<const int32_t> tokens() const { return history; }
  /// One page for each 16 rows; -1 where a window has passed.
  std::span<const int32_t> pages(size_t table) const { return tables[table].pages(); }
  /// What it is about; null where nothing was set.
  const Source *source() const { return about.get(); }

  /// Forgets all tokens and is about another source from now on.
  void begin(std::shared_ptr<const Source> source) noexcept;
  /// The same, behind the tokens of a sequence, which stay in front of all that follow.
  void begin(std::shared_ptr<const Source> source, Sequence prefix) noexcept;

  /// Makes room for `count` more tokens. Fails with TENON_ERROR_CACHE_FULL, having changed nothing that can be seen.
  void prepare(int64_t count);
  /// Takes tokens in whose keys and values have been written to the room for them.
  void commit(std::span<const int32_t> tokens);
  /// Gives back room that was not used.
  void trim() noexcept { cutTables(rows()); }
  /// Keeps the first `length` tokens. Fails where a window has passed what they would need.
  void rewind(int64_t length);

private:
  void cutTables(int64_t rows) noexcept;

  std::shared_ptr<const Source> about;
  std::vector<PageTable> tables;
  std::vector<int32_t> history;
  int64_t prefixRows = 0;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SEQUENCE_H
