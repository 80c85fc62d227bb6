//===- Sequence.cpp - Tokens whose keys and values are cached -------------===//

#include "Sequence.h"

#include "Failure.h"

#include <algorithm>
#include <utility>

namespace tenon::runtime {
namespace {

size_t pagesFor(int64_t tokens) { return size_t((tokens + PagePool::pageTokens - 1) / PagePool::pageTokens); }

} // namespace

Sequence::Sequence(const Sequence &other)
    : pool(other.pool), about(other.about), table(other.table), history(other.history), passed(other.passed) {
  pool->retain(table);
}

Sequence &Sequence::operator=(Sequence other) noexcept {
  std::swap(pool, other.pool);
  std::swap(about, other.about);
  std::swap(table, other.table);
  std::swap(history, other.history);
  std::swap(passed, other.passed);
  return *this;
}

Sequence::~Sequence() {
  if (pool)
    pool->release(table);
}

void Sequence::begin(std::shared_ptr<const Source> source) noexcept {
  cutTable(0);
  history.clear();
  passed = 0;
  about = std::move(source);
}

void Sequence::prepare(int64_t count) {
  if (auto needed = size_t(length() + count); needed > history.capacity())
    history.reserve(std::max(needed, 2 * history.size()));
  // Only the last page has room. Another holder may copy it at the same time; then both copies are used and nobody has
  // the original.
  if (length() % PagePool::pageTokens != 0 && count > 0) {
    int32_t &last = table[size_t(length() / PagePool::pageTokens)];
    if (pool->isShared(last)) {
      int32_t shared = std::exchange(last, pool->copy(last));
      pool->release({&shared, 1});
    }
  }
  size_t wanted = pagesFor(length() + count);
  if (wanted > table.size())
    pool->acquire(wanted - table.size(), table);
}

void Sequence::commit(std::span<const int32_t> tokens) {
  history.insert(history.end(), tokens.begin(), tokens.end());
  dropPassed();
}

void Sequence::dropPassed() noexcept {
  int64_t firstNeeded = pool->window() ? length() - pool->window() + 1 : 0;
  for (; int64_t(passed + 1) * PagePool::pageTokens <= firstNeeded; ++passed) {
    pool->release({&table[passed], 1});
    table[passed] = -1;
  }
}

void Sequence::cutTable(int64_t tokens) noexcept {
  size_t kept = std::min(pagesFor(tokens), table.size());
  pool->release(std::span(table).subspan(kept));
  table.resize(kept);
}

void Sequence::rewind(int64_t wanted) {
  if (wanted < 0 || wanted > length())
    fail(TENON_ERROR_OUT_OF_RANGE, "cannot rewind to ", wanted, " tokens, the session has ", length());
  int64_t firstNeeded = pool->window() ? std::max<int64_t>(0, wanted - pool->window() + 1) : 0;
  if (wanted > 0 && firstNeeded < int64_t(passed) * PagePool::pageTokens)
    fail(TENON_ERROR_OUT_OF_RANGE, "cannot rewind to ", wanted, " tokens: the model sees ", pool->window(),
         " tokens back, and those before ", int64_t(passed) * PagePool::pageTokens, " are no longer kept");
  cutTable(wanted);
  history.resize(size_t(wanted));
  passed = std::min(passed, table.size());
}

} // namespace tenon::runtime
