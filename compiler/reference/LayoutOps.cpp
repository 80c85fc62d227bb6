//===- LayoutOps.cpp - Reference semantics of the batch layout ------------===//

#include "reference/Batch.h"
#include "reference/Models.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static LogicalResult evaluateOp(PositionIdsOp op, State<Scalar> &state) {
  const Tensor<Scalar> &ids = state.get(op.getIds());
  const Tensor<Scalar> *past = state.find(op.getPast());
  if (past && past->size() != ids.dim(0))
    return op.emitError() << "past has " << past->size() << " elements for " << ids.dim(0) << " sequences";
  std::vector<int32_t> result;
  for (int64_t b = 0; b < ids.dim(0); ++b)
    for (int64_t t = 0; t < ids.dim(1); ++t)
      result.push_back(static_cast<int32_t>((past ? past->ints()[b] : 0) + t));
  return state.set(op, op.getResult(), Tensor<Scalar>(ids.shape(), std::move(result)));
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
  llvm::append_range(shape, row);
  auto result = rearrange(input, shape, countElements(row), [&](auto copy) {
    return forEachRow(op, state, shape[0], shape[1], input.dim(0),
                      [&](int64_t padded, int64_t packed) { copy(packed, padded); });
  });
  return failed(result) ? failure() : state.set(op, op.getResult(), *result);
}

void attachLayoutOpModels(MLIRContext *context) {
  attachModels<PositionIdsOp, RowStartsOp, PackRowsOp, UnpackRowsOp>(context);
}

} // namespace tenon::reference
