//===- PageTable.cpp - Where rows of one sequence are kept ----------------===//

#include "PageTable.h"

#include "Failure.h"

#include <algorithm>
#include <utility>

namespace tenon::runtime {
namespace {

size_t pagesFor(int64_t rows) { return size_t((rows + PagePool::pageTokens - 1) / PagePool::pageTokens); }

} // namespace

PageTable::PageTable(const PageTable &other) : pool(other.pool), table(other.table), passed(other.passed) {
  pool->retain(table);
}

PageTable &PageTable::operator=(PageTable other) noexcept {
  std::swap(pool, other.pool);
  std::swap(table, other.table);
  std::swap(passed, other.passed);
  return *this;
}

PageTable::~PageTable() {
  if (pool)
    pool->release(table);
}

void PageTable::prepare(int64_t length, int64_t count) {
  // Only the last page has room. Another holder may copy it at the same time; then both copies are used and nobody has
  // the original.
  if (length % PagePool::pageTokens != 0 && count > 0) {
    int32_t &last = table[size_t(length / PagePool::pageTokens)];
    if (pool->isShared(last)) {
      int32_t shared = std::exchange(last, pool->copy(last));
      pool->release({&shared, 1});
    }
  }
  size_t wanted = pagesFor(length + count);
  if (wanted > table.size())
    pool->acquire(wanted - table.size(), table);
}

void PageTable::cut(int64_t length) noexcept {
  size_t kept = std::min(pagesFor(length), table.size());
  pool->release(std::span(table).subspan(kept));
  table.resize(kept);
  passed = std::min(passed, kept);
}

void PageTable::dropPassed(int64_t length) noexcept {
  int64_t firstNeeded = pool->window() ? length - pool->window() + 1 : 0;
  for (; int64_t(passed + 1) * PagePool::pageTokens <= firstNeeded; ++passed) {
    pool->release({&table[passed], 1});
    table[passed] = -1;
  }
}

void PageTable::checkRewind(int64_t length) const {
  int64_t firstNeeded = pool->window() ? std::max<int64_t>(0, length - pool->window() + 1) : 0;
  if (firstNeeded < int64_t(passed) * PagePool::pageTokens)
    fail(TENON_ERROR_OUT_OF_RANGE, "cannot rewind to ", length, " tokens: the model sees ", pool->window(),
         " tokens back, and those before ", int64_t(passed) * PagePool::pageTokens, " are no longer kept");
}

} // namespace tenon::runtime
