//===- CacheOps.cpp - Verifiers of operations on caches -------------------===//

#include "support/CachePage.h"
#include "tenon/Dialect.h"
#include "tenon/TensorVerifiers.h"

using namespace mlir;
using namespace tenon;

/// A slice is layers×pages×F without the layers.
static LogicalResult verifySlice(Operation *op, RankedTensorType cache, RankedTensorType slice) {
  if (cache.getRank() != 3 || slice.getShape() != cache.getShape().drop_front() ||
      slice.getElementType() != cache.getElementType())
    return op->emitOpError() << "relates " << cache << " to " << slice << ", which is not one layer of it";
  return success();
}

LogicalResult CacheLayerOp::verify() { return verifySlice(*this, getCache().getType(), getResult().getType()); }

LogicalResult CacheUpdateOp::verify() { return verifySlice(*this, getCache().getType(), getSlice().getType()); }

MutableOperandRange CacheAppendOp::getDpsInitsMutable() { return getCacheMutable(); }

LogicalResult CacheAppendOp::verify() {
  int64_t keyValueHeads = getKeyValueHeads(), headSize = getHeadSize();
  if (failed(verifyHeads(*this, keyValueHeads, keyValueHeads, headSize)) ||
      failed(verifySequences(*this, getKey(), getStarts(), getLengths())) ||
      failed(verifyKeyPages(*this, getCache(), keyValueHeads, headSize)) ||
      failed(verifyRank(*this, "past", getPast(), 1)) || failed(verifyRank(*this, "pages", getPages(), 2)))
    return failure();
  for (auto [name, value] : {std::pair<StringRef, Value>("key", getKey()), {"value", getValue()}}) {
    if (failed(verifySameRows(*this, name, value, getKey())))
      return failure();
    if (columns(value) != keyValueHeads * headSize)
      return emitOpError() << name << " has " << columns(value)
                           << " columns, expected key_value_heads x head_size = " << keyValueHeads * headSize;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Recurrences and convolutions
//===----------------------------------------------------------------------===//

/// One layer of a cache of rows, and what says where a batch's rows lie in it.
static LogicalResult verifyRowPages(Operation *op, Value cache, Value past, Value pages, Value rows) {
  if (failed(verifyRank(op, "cache", cache, 2)) || failed(verifyRank(op, "past", past, 1)) ||
      failed(verifyRank(op, "pages", pages, 2)))
    return failure();
  int64_t floats = rowPageFloats(columns(rows));
  if (columns(cache) != floats)
    return op->emitOpError() << "cache has pages of " << columns(cache) << " floats, expected " << floats << " for " << kPageTokens << " rows of " << columns(rows);
  return success();
}

LogicalResult ScanOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())) ||
      failed(verifySequences(*this, getInput(), getStarts(), getLengths())))
    return failure();
  if (static_cast<bool>(getCache()) != static_cast<bool>(getPast()))
    return emitOpError() << "has " << (getCache() ? "a cache without" : "no cache, but") << " past and pages";
  return getCache() ? verifyRowPages(*this, getCache(), getPast(), getPages(), getInput()) : success();
}

kernels::Operation ScanOp::describe() {
  kernels::Operation description = describeOperation(*this);
  description.attributes["cached"] = int64_t(getCache() ? 1 : 0);
  return description;
}

LogicalResult DepthwiseOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())) ||
      failed(verifySequences(*this, getInput(), getStarts(), getLengths())))
    return failure();
  RankedTensorType weight = getWeight().getType();
  if (weight.getRank() != 2 || !weight.hasStaticShape() || columns(getWeight()) != columns(getInput()))
    return emitOpError() << "weight is " << weight << ", expected a static number of rows of " << columns(getInput())
                         << " columns";
  int64_t taps = weight.getDimSize(0), before = getBefore();
  if (taps > maximumTaps)
    return emitOpError() << "weight has " << taps << " rows, where " << maximumTaps << " are the most";
  if (before < 0 || before >= taps)
    return emitOpError() << "before (" << before << ") is not a number of rows below the weight's " << taps;
  if (static_cast<bool>(getCache()) != static_cast<bool>(getPast()))
    return emitOpError() << "has " << (getCache() ? "a cache without" : "no cache, but") << " past and pages";
  if (!getCache())
    return success();
  if (before != taps - 1)
    return emitOpError() << "has a cache, but rows depend on " << taps - 1 - before << " later ones";
  return verifyRowPages(*this, getCache(), getPast(), getPages(), getInput());
}

kernels::Operation DepthwiseOp::describe() {
  kernels::Operation description = describeOperation(*this);
  description.attributes["cached"] = int64_t(getCache() ? 1 : 0);
  return description;
}

MutableOperandRange AppendRowsOp::getDpsInitsMutable() { return getCacheMutable(); }

LogicalResult AppendRowsOp::verify() {
  if (failed(verifyStaticColumns(*this, "rows", getRows())) ||
      failed(verifySequences(*this, getRows(), getStarts(), getLengths())))
    return failure();
  return verifyRowPages(*this, getCache(), getPast(), getPages(), getRows());
}
