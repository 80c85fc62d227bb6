//===- SequenceOps.cpp - Reference semantics of operations on sequences ---===//

#include "reference/Batch.h"
#include "reference/Models.h"
#include "reference/Pages.h"

#include <cmath>
#include <limits>
#include <optional>

using namespace mlir;

namespace tenon::reference {

//===----------------------------------------------------------------------===//
// Recurrences and convolutions
//===----------------------------------------------------------------------===//

template <typename Scalar> static LogicalResult evaluateOp(ScanOp op, State<Scalar> &state) {
  const Tensor<Scalar> &forget = state.get(op.getForget()), &input = state.get(op.getInput());
  const Tensor<Scalar> *cache = state.find(op.getCache());
  if (forget.shape() != input.shape())
    return op.emitError() << "operands have shapes [" << forget.shape() << "] and [" << input.shape()
                          << "], expected the same";
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, input, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t width = input.columns();
  std::optional<PageTable<Scalar>> pages;
  if (cache)
    pages.emplace(state, op.getPages(), op.getPast(), cache->dim(0));
  std::vector<Scalar> result(input.size(), 0), current(width);
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    std::fill(current.begin(), current.end(), Scalar(0));
    if (pages && failed(pages->check(op, b, sequence.length)))
      return failure();
    if (int64_t past = pages ? pages->pastOf(b) : 0; past > 0)
      llvm::copy(
          cache->row(pages->pageOf(b, past - 1)).slice(rowPlace<int64_t>(width, (past - 1) % kPageTokens, 0), width),
          current.begin());
    for (int64_t row = sequence.begin; row < sequence.begin + sequence.length; ++row)
      for (int64_t i = 0; i < width; ++i) {
        Scalar kept = forget.row(row)[i];
        result[row * width + i] = current[i] = kept * current[i] + (Scalar(1) - kept) * input.row(row)[i];
      }
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(input.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(DepthwiseOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput()), &weight = state.get(op.getWeight());
  const Tensor<Scalar> *cache = state.find(op.getCache());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, input, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t width = input.columns(), taps = weight.dim(0), before = op.getBefore();
  std::optional<PageTable<Scalar>> pages;
  if (cache)
    pages.emplace(state, op.getPages(), op.getPast(), cache->dim(0));
  std::vector<Scalar> result(input.size(), 0);
  const std::vector<Scalar> zeros(width, 0);
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    if (pages && failed(pages->check(op, b, sequence.length)))
      return failure();
    int64_t past = pages ? pages->pastOf(b) : 0;
    auto rowAt = [&, begin = sequence.begin, length = sequence.length](int64_t number) -> ArrayRef<Scalar> {
      if (number >= 0 && number < length)
        return input.row(begin + number);
      int64_t token = past + number;
      if (number >= 0 || token < 0)
        return zeros;
      return cache->row(pages->pageOf(b, token)).slice(rowPlace<int64_t>(width, token % kPageTokens, 0), width);
    };
    for (int64_t t = 0; t < sequence.length; ++t)
      for (int64_t j = 0; j < taps; ++j)
        for (auto [sum, factor, x] :
             llvm::zip_equal(MutableArrayRef(result).slice((sequence.begin + t) * width, width), weight.row(j),
                             rowAt(t + j - before)))
          sum += factor * x;
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(input.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(UnfoldOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput());
  int64_t window = op.getWindow(), stride = op.getStride(), channels = input.columns();
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, input, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  SmallVector<int64_t> shape(input.shape());
  FailureOr<SmallVector<Sequence>> targets = failure();
  if (op.getResultStarts()) {
    ArrayRef<int32_t> starts = state.get(op.getResultStarts()).ints();
    shape = {starts.empty() ? 0 : starts.back(), channels * window};
    targets = getSequences(op, state.get(op.getResultLengths()).ints(), starts, shape[0]);
  } else {
    shape[1] = llvm::divideCeil(shape[1], stride);
    shape[2] = channels * window;
    SmallVector<int32_t> lengths = llvm::map_to_vector(*sequences, [&](const Sequence &sequence) {
      return static_cast<int32_t>(llvm::divideCeil(sequence.length, stride));
    });
    targets = getSequences(op, lengths, shape);
  }
  if (failed(targets))
    return failure();
  std::vector<Scalar> result(countElements(shape), 0);
  for (auto [from, to] : llvm::zip_equal(*sequences, *targets)) {
    if (to.length != static_cast<int64_t>(llvm::divideCeil(from.length, stride)))
      return op.emitError() << "a sequence of " << from.length << " rows becomes one of " << to.length << ", expected "
                            << llvm::divideCeil(from.length, stride);
    for (int64_t t = 0; t < to.length; ++t)
      for (int64_t j = 0; j < window; ++j)
        if (int64_t row = t * stride + j - window / 2; row >= 0 && row < from.length)
          for (int64_t c = 0; c < channels; ++c)
            result[(to.begin + t) * channels * window + c * window + j] = input.row(from.begin + row)[c];
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(shape, std::move(result)));
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// How much row t of a sequence counts, and what the sum is divided by for so many rows of this weight in all.
static double poolWeight(PoolFunction function, int64_t t) {
  return function == PoolFunction::WeightedMean ? static_cast<double>(t + 1) : 1;
}

static double poolDivisor(PoolFunction function, double weights) {
  return function == PoolFunction::MeanSqrt ? std::sqrt(weights) : weights;
}

/// One vector of the rows from `skip` on.
template <typename Scalar>
static std::vector<Scalar> pooled(PoolFunction function, const Tensor<Scalar> &input, Sequence sequence, int64_t skip) {
  int64_t first = skip, end = sequence.length;
  if (function == PoolFunction::Cls) {
    first = skip < sequence.length ? skip : 0;
    end = std::min<int64_t>(first + 1, sequence.length);
  } else if (function == PoolFunction::Last) {
    first = std::max(skip, sequence.length - 1);
  }
  bool largest = function == PoolFunction::Max;
  std::vector<Scalar> result(input.columns(), largest ? -std::numeric_limits<Scalar>::infinity() : 0);
  double weights = 0;
  for (int64_t t = first; t < end; ++t) {
    double weight = function == PoolFunction::Last || function == PoolFunction::Cls ? 1 : poolWeight(function, t);
    weights += weight;
    for (auto [value, x] : llvm::zip_equal(result, input.row(sequence.begin + t)))
      value = !largest ? value + static_cast<Scalar>(weight) * x : (x > value || std::isnan(x)) ? x : value;
  }
  if (!largest && weights > 0)
    for (Scalar &value : result)
      value /= static_cast<Scalar>(poolDivisor(function, weights));
  return result;
}

template <typename Scalar> static LogicalResult evaluateOp(PoolOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, input, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t width = input.columns(), batch = sequences->size();
  std::vector<Scalar> result;
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    int64_t skip = op.getSkips() ? std::max<int32_t>(state.get(op.getSkips()).ints()[b], 0) : 0;
    llvm::append_range(result, pooled(op.getFunction(), input, sequence, skip));
  }
  return state.set(op, op.getResult(), Tensor<Scalar>({batch, width}, std::move(result)));
}

void attachSequenceOpModels(MLIRContext *context) { attachModels<ScanOp, DepthwiseOp, UnfoldOp, PoolOp>(context); }

} // namespace tenon::reference
