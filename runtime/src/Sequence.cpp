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
  std::swap(prefixRows, other.prefixRows);
  return *this;
}

void Sequence::begin(std::shared_ptr<const Source> source) noexcept {
  cutTables(0);
  history.clear();
  prefixRows = 0;
  about = std::move(source);
}

void Sequence::begin(std::shared_ptr<const Source> source, Sequence prefix) noexcept {
  begin(std::move(source));
  std::swap(tables, prefix.tables);
  prefixRows = prefix.length();
}

void Sequence::prepare(int64_t count) {
  if (auto needed = size_t(length() + count); needed > history.capacity())
    history.reserve(std::max(needed, 2 * history.size()));
  for (PageTable &table : tables)
    table.prepare(rows(), count);
}

void Sequence::commit(std::span<const int32_t> tokens) {
  history.insert(history.end(), tokens.begin(), tokens.end());
  for (PageTable &table : tables)
    table.dropPassed(rows());
}

void Sequence::cutTables(int64_t rows) noexcept {
  for (PageTable &table : tables)
    table.cut(rows);
}

void Sequence::rewind(int64_t wanted) {
  if (wanted < 0 || wanted > length())
    fail(TENON_ERROR_OUT_OF_RANGE, "cannot rewind to ", wanted, " tokens, the session has ", length());
  for (const PageTable &table : tables)
    if (prefixRows + wanted > 0)
      table.checkRewind(prefixRows + wanted);
  cutTables(prefixRows + wanted);
  history.resize(size_t(wanted));
}

} // namespace tenon::runtime
