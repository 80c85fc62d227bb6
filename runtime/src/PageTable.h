//===- PageTable.h - Where rows of one sequence are kept --------*- C++ -*-===//

#ifndef TENON_RUNTIME_PAGETABLE_H
#define TENON_RUNTIME_PAGETABLE_H

#include "PagePool.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tenon::runtime {

/// One page for each 16 rows that follow each other. Copies share pages; whoever writes to a page that is shared copies
/// it first. One thread at a time uses a table, several use tables with common pages.
class PageTable {
public:
  explicit PageTable(std::shared_ptr<PagePool> pool) : pool(std::move(pool)) {}
  PageTable(const PageTable &other);
  PageTable(PageTable &&other) noexcept = default;
  PageTable &operator=(PageTable other) noexcept;
  ~PageTable();

  /// -1 where a window has passed.
  std::span<const int32_t> pages() const { return table; }

  /// Makes room for `count` rows behind `length`. Fails with TENON_ERROR_CACHE_FULL, having changed nothing that can be
  /// seen.
  void prepare(int64_t length, int64_t count);
  /// Keeps what the first `length` rows need.
  void cut(int64_t length) noexcept;
  /// Gives back what no query behind `length` rows sees.
  void dropPassed(int64_t length) noexcept;
  /// Fails where a window has passed what the first `length` rows, of which there are some, would need.
  void checkRewind(int64_t length) const;

private:
  std::shared_ptr<PagePool> pool;
  std::vector<int32_t> table;
  size_t passed = 0; ///< slots that a window has passed
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_PAGETABLE_H
