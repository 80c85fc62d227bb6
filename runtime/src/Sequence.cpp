//===- Sequence.cpp - Tokens whose keys and values are cached -------------===//

#include "Sequence.h"

#include "Failure.h"

#include <algorithm>
#include <utility>

namespace tenon::runtime {

Sequence &Sequence::operator=(Sequence other) noexcept {
  std::swap(about, other.about);
  std::swap(tables, other.tables);
  std::swap(history, other.history);
  return *this;
}

void Sequence::begin(std::shared_ptr<const Source> source) noexcept {
  cutTables(0);
  history.clear();
  about = std::move(source);
}

void Sequence::prepare(int64_t count) {
  if (auto needed = size_t(length() + count); needed > history.capacity())
    history.reserve(std::max(needed, 2 * history.size()));
  for (PageTable &table : tables)
    table.prepare(length(), count);
}

void Sequence::commit(std::span<const int32_t> tokens) {
  history.insert(history.end(), tokens.begin(), tokens.end());
  for (PageTable &table : tables)
    table.dropPassed(length());
}

void Sequence::cutTables(int64_t length) noexcept {
  for (PageTable &table : tables)
    table.cut(length);
}

void Sequence::rewind(int64_t wanted) {
  if (wanted < 0 || wanted > length())
    fail(TENON_ERROR_OUT_OF_RANGE, "cannot rewind to ", wanted, " tokens, the session has ", length());
  for (const PageTable &table : tables)
    if (wanted > 0)
      table.checkRewind(wanted);
  cutTables(wanted);
  history.resize(size_t(wanted));
}

} // namespace tenon::runtime
