//===- Pages.h - Where the pages of a cache hold tokens ---------*- C++ -*-===//

#ifndef TENON_REFERENCE_PAGES_H
#define TENON_REFERENCE_PAGES_H

#include "reference/State.h"
#include "support/CachePage.h"

namespace tenon::reference {

/// In which page of one layer of a cache each token of a batch's sequences lies; `past` is null where the tokens are
/// those of other sequences.
template <typename Scalar> class PageTable {
public:
  PageTable(const State<Scalar> &state, mlir::Value pages, mlir::Value past, int64_t count)
      : table(state.get(pages)), past(past ? state.get(past).ints() : llvm::ArrayRef<int32_t>()), count(count) {}

  int64_t pastOf(int64_t batch) const { return past[batch]; }
  int64_t pageOf(int64_t batch, int64_t token) const {
    return table.ints()[batch * table.columns() + token / kPageTokens];
  }

  /// Fails where `length` new tokens of the sequence do not fit its pages.
  mlir::LogicalResult check(mlir::Operation *op, int64_t batch, int64_t length) const {
    int64_t first = past[batch], most = table.columns() * kPageTokens;
    if (first < 0 || first + length > most)
      return op->emitError() << "sequence " << batch << " has " << first << " cached and " << length
                             << " new tokens, expected at most " << most;
    return checkTokens(op, batch, first + length);
  }

  /// Fails where the sequence has no pages for `tokens`.
  mlir::LogicalResult checkTokens(mlir::Operation *op, int64_t batch, int64_t tokens) const {
    if (tokens < 0 || tokens > table.columns() * kPageTokens)
      return op->emitError() << "sequence " << batch << " has " << tokens << " keys, expected at most "
                             << table.columns() * kPageTokens;
    for (int64_t slot = 0; slot * kPageTokens < tokens; ++slot)
      if (int32_t page = table.ints()[batch * table.columns() + slot]; page < 0 || page >= count)
        return op->emitError() << "page " << page << " of sequence " << batch << " is not one of " << count;
    return mlir::success();
  }

private:
  const Tensor<Scalar> &table;
  llvm::ArrayRef<int32_t> past;
  int64_t count;
};

/// Where keys and values lie in these pages.
template <typename Scalar> class Pages : public PageTable<Scalar> {
public:
  Pages(const State<Scalar> &state, mlir::Value pages, mlir::Value past, int64_t count, int64_t keyValueHeads,
        int64_t headSize)
      : PageTable<Scalar>(state, pages, past, count), heads(keyValueHeads), size(static_cast<int>(headSize)) {}

  int64_t keyIndex(int64_t batch, int64_t token, int64_t head, int64_t d) const {
    return pageBegin(batch, token) + keyPlace(size, head, token % kPageTokens, d);
  }
  int64_t valueIndex(int64_t batch, int64_t token, int64_t head, int64_t d) const {
    return pageBegin(batch, token) + valuePlace(size, head, token % kPageTokens, d);
  }

private:
  int64_t pageBegin(int64_t batch, int64_t token) const {
    return this->pageOf(batch, token) * keyValuePageFloats(heads, size);
  }

  int64_t heads;
  int size;
};

} // namespace tenon::reference

#endif // TENON_REFERENCE_PAGES_H
