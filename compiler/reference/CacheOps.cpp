//===- CacheOps.cpp - Reference semantics of operations on caches ---------===//

#include "reference/Batch.h"
#include "reference/Models.h"
#include "reference/Pages.h"

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static LogicalResult evaluateOp(CacheLayerOp op, State<Scalar> &state) {
  const Tensor<Scalar> &cache = state.get(op.getCache());
  int64_t layer = state.getIndex(op.getLayer()), size = cache.dim(1) * cache.dim(2);
  if (layer < 0 || layer >= cache.dim(0))
    return op.emitError() << "layer " << layer << " is not one of " << cache.dim(0);
  return state.set(op, op.getResult(),
                   Tensor<Scalar>(cache.shape().drop_front(), cache.values().slice(layer * size, size).vec()));
}

template <typename Scalar> static LogicalResult evaluateOp(CacheUpdateOp op, State<Scalar> &state) {
  const Tensor<Scalar> &cache = state.get(op.getCache()), &slice = state.get(op.getSlice());
  int64_t layer = state.getIndex(op.getLayer());
  if (layer < 0 || layer >= cache.dim(0) || slice.shape() != cache.shape().drop_front())
    return op.emitError() << "[" << slice.shape() << "] is not layer " << layer << " of a cache [" << cache.shape()
                          << "]";
  std::vector<Scalar> values = cache.values().vec();
  llvm::copy(slice.values(), values.begin() + layer * slice.size());
  return state.set(op, op.getResult(), Tensor<Scalar>(cache.shape(), std::move(values)));
}

template <typename Scalar> static LogicalResult evaluateOp(CacheAppendOp op, State<Scalar> &state) {
  const Tensor<Scalar> &cache = state.get(op.getCache()), &key = state.get(op.getKey()),
                       &value = state.get(op.getValue());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, key, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t heads = op.getKeyValueHeads(), size = op.getHeadSize();
  Pages<Scalar> pages(state, op.getPages(), op.getPast(), cache.dim(0), heads, size);
  std::vector<Scalar> result = cache.values().vec();
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    if (failed(pages.check(op, b, sequence.length)))
      return failure();
    for (int64_t t = 0; t < sequence.length; ++t)
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t d = 0; d < size; ++d) {
          int64_t token = pages.pastOf(b) + t;
          result[pages.keyIndex(b, token, h, d)] = key.row(sequence.begin + t)[h * size + d];
          result[pages.valueIndex(b, token, h, d)] = value.row(sequence.begin + t)[h * size + d];
        }
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(cache.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(AppendRowsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &cache = state.get(op.getCache()), &rows = state.get(op.getRows());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, rows, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t width = rows.columns();
  PageTable<Scalar> pages(state, op.getPages(), op.getPast(), cache.dim(0));
  std::vector<Scalar> result = cache.values().vec();
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    if (failed(pages.check(op, b, sequence.length)))
      return failure();
    for (int64_t t = 0; t < sequence.length; ++t) {
      int64_t token = pages.pastOf(b) + t;
      llvm::copy(rows.row(sequence.begin + t), result.begin() + pages.pageOf(b, token) * cache.columns() +
                                                   rowPlace<int64_t>(width, token % kPageTokens, 0));
    }
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(cache.shape(), std::move(result)));
}

void attachCacheOpModels(MLIRContext *context) {
  attachModels<CacheLayerOp, CacheUpdateOp, CacheAppendOp, AppendRowsOp>(context);
}

} // namespace tenon::reference
