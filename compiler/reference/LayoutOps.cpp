//===- LayoutOps.cpp - Reference semantics of the batch layout ------------===//

#include "reference/Batch.h"
#include "reference/Models.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace tenon::reference {

/// How many tokens of each sequence come before, none where the operation does not say.
template <typename Op, typename Scalar>
static FailureOr<SmallVector<int32_t>> pastOf(Op op, const State<Scalar> &state, int64_t sequences) {
  const Tensor<Scalar> *past = state.find(op.getPast());
  if (!past)
    return SmallVector<int32_t>(sequences, 0);
  if (past->size() != sequences)
    return op.emitError() << "past has " << past->size() << " elements for " << sequences << " sequences";
  return SmallVector<int32_t>(past->ints());
}

template <typename Scalar> static LogicalResult evaluateOp(PositionIdsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &like = state.get(op.getLike());
  FailureOr<SmallVector<int32_t>> past = pastOf(op, state, like.dim(0));
  if (failed(past))
    return failure();
  std::vector<int32_t> result;
  for (int32_t next : *past)
    for (int64_t t = 0; t < like.dim(1); ++t)
      result.push_back(op.getPad() && like.ints()[result.size()] == int64_t(*op.getPad()) ? -1 : next++);
  return state.set(op, op.getResult(), Tensor<Scalar>(like.shape().take_front(2), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(RowPositionsOp op, State<Scalar> &state) {
  ArrayRef<int32_t> starts = state.get(op.getStarts()).ints();
  if (starts.empty() || starts.front() != 0 || !llvm::is_sorted(starts))
    return op.emitError() << "starts do not ascend from 0";
  FailureOr<SmallVector<int32_t>> past = pastOf(op, state, static_cast<int64_t>(starts.size()) - 1);
  if (failed(past))
    return failure();
  const Tensor<Scalar> *tokens = state.find(op.getTokens());
  if (tokens && tokens->size() != starts.back())
    return op.emitError() << "there are " << tokens->size() << " tokens for " << starts.back() << " rows";
  std::vector<int32_t> result;
  for (auto [b, next] : llvm::enumerate(*past))
    for (int32_t t = starts[b]; t < starts[b + 1]; ++t)
      result.push_back(tokens && tokens->ints()[t] == int64_t(*op.getPad()) ? -1 : next++);
  return state.set(op, op.getResult(), Tensor<Scalar>({starts.back()}, std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(StridedLengthsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &lengths = state.get(op.getLengths());
  int64_t stride = op.getStride();
  std::vector<int32_t> result;
  for (auto [b, length] : llvm::enumerate(lengths.ints())) {
    if (length < 0)
      return op.emitError() << "length " << length << " of sequence " << b << " is negative";
    result.push_back(static_cast<int32_t>(llvm::divideCeil(length, stride)));
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(lengths.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(ZeroLengthsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &lengths = state.get(op.getLengths());
  return state.set(op, op.getResult(), Tensor<Scalar>(lengths.shape(), std::vector<int32_t>(lengths.size())));
}

template <typename Scalar> static LogicalResult evaluateOp(AddLengthsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &lhs = state.get(op.getLhs()), &rhs = state.get(op.getRhs());
  if (lhs.size() != rhs.size())
    return op.emitError() << "adds " << lhs.size() << " lengths to " << rhs.size();
  std::vector<int32_t> result;
  for (auto [first, second] : llvm::zip(lhs.ints(), rhs.ints())) {
    int64_t sum = int64_t(first) + second;
    if (first < 0 || second < 0 || sum > std::numeric_limits<int32_t>::max())
      return op.emitError() << "adds " << first << " and " << second << ", whose sum is no length";
    result.push_back(static_cast<int32_t>(sum));
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(lhs.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(RowStartsOp op, State<Scalar> &state) {
  int64_t start = 0, tile = op.getTile();
  std::vector<int32_t> starts = {0};
  for (int32_t length : state.get(op.getLengths()).ints()) {
    if (length < 0)
      return op.emitError() << "length " << length << " of sequence " << starts.size() - 1 << " is negative";
    start += llvm::divideCeil(length, tile) * tile;
    if (start > std::numeric_limits<int32_t>::max())
      return op.emitError() << "the batch has more than " << std::numeric_limits<int32_t>::max() << " packed rows";
    starts.push_back(static_cast<int32_t>(start));
  }
  return state.set(op, op.getStarts(), Tensor<Scalar>({static_cast<int64_t>(starts.size())}, std::move(starts)));
}

/// Calls `copy(row of the padded batch, row of the packed one)` for every row that counts.
template <typename Scalar, typename Op>
static LogicalResult forEachRow(Op op, State<Scalar> &state, int64_t batch, int64_t time, int64_t packedRows,
                                llvm::function_ref<void(int64_t, int64_t)> copy) {
  ArrayRef<int32_t> starts = state.get(op.getStarts()).ints(), lengths = state.get(op.getLengths()).ints();
  FailureOr<SmallVector<Sequence>> padded = getSequences(op, lengths, {batch, time});
  FailureOr<SmallVector<Sequence>> packed = getSequences(op, lengths, starts, packedRows);
  if (failed(padded) || failed(packed))
    return failure();
  for (auto [from, to] : llvm::zip_equal(*padded, *packed))
    for (int64_t t = 0; t < from.length; ++t)
      copy(from.begin + t, to.begin + t);
  return success();
}

/// A tensor of `shape` into which `move` copies elements of `input`, and which is zero elsewhere.
template <typename Scalar, typename Element>
static FailureOr<Tensor<Scalar>>
rearrange(ArrayRef<Element> input, ArrayRef<int64_t> shape, int64_t rowSize,
          llvm::function_ref<LogicalResult(llvm::function_ref<void(int64_t, int64_t)>)> forEachMove) {
  std::vector<Element> result(countElements(shape), 0);
  auto copy = [&](int64_t from, int64_t to) {
    llvm::copy(input.slice(from * rowSize, rowSize), result.begin() + to * rowSize);
  };
  if (failed(forEachMove(copy)))
    return failure();
  return Tensor<Scalar>(shape, std::move(result));
}

template <typename Scalar>
static FailureOr<Tensor<Scalar>>
rearrange(const Tensor<Scalar> &input, ArrayRef<int64_t> shape, int64_t rowSize,
          llvm::function_ref<LogicalResult(llvm::function_ref<void(int64_t, int64_t)>)> forEachMove) {
  if (input.isInteger())
    return rearrange<Scalar>(input.ints(), shape, rowSize, forEachMove);
  return rearrange<Scalar>(input.values(), shape, rowSize, forEachMove);
}

template <typename Scalar> static LogicalResult evaluateOp(PackRowsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput());
  ArrayRef<int64_t> row = input.shape().drop_front(2);
  ArrayRef<int32_t> starts = state.get(op.getStarts()).ints();
  SmallVector<int64_t> shape = {starts.empty() ? 0 : starts.back()};
  llvm::append_range(shape, row);
  auto result = rearrange(input, shape, countElements(row),
                          [&](auto copy) { return forEachRow(op, state, input.dim(0), input.dim(1), shape[0], copy); });
  return failed(result) ? failure() : state.set(op, op.getResult(), *result);
}

template <typename Scalar> static LogicalResult evaluateOp(UnpackRowsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput()), &like = state.get(op.getLike());
  ArrayRef<int64_t> row = input.shape().drop_front(1);
  SmallVector<int64_t> shape(like.shape().take_front(2));
  shape[1] = llvm::divideCeil(shape[1], static_cast<int64_t>(op.getStride()));
  llvm::append_range(shape, row);
  auto result = rearrange(input, shape, countElements(row), [&](auto copy) {
    return forEachRow(op, state, shape[0], shape[1], input.dim(0),
                      [&](int64_t padded, int64_t packed) { copy(packed, padded); });
  });
  return failed(result) ? failure() : state.set(op, op.getResult(), *result);
}

void attachLayoutOpModels(MLIRContext *context) {
  attachModels<PositionIdsOp, RowPositionsOp, RowStartsOp, StridedLengthsOp, ZeroLengthsOp, AddLengthsOp, PackRowsOp, UnpackRowsOp>(
      context);
}

} // namespace tenon::reference
