//===- SequenceOps.cpp - Reference semantics of operations on sequences ---===//

#include "reference/Batch.h"
#include "reference/Models.h"

#include <cmath>

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static Scalar dot(ArrayRef<Scalar> a, ArrayRef<Scalar> b) {
  Scalar sum = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum += x * y;
  return sum;
}

/// Turns scores into weights that add up to 1.
template <typename Scalar> static void softmax(MutableArrayRef<Scalar> scores) {
  Scalar maximum = scores.front(), sum = 0;
  for (Scalar score : scores)
    maximum = score > maximum ? score : maximum;
  for (Scalar &score : scores)
    sum += score = std::exp(score - maximum);
  for (Scalar &score : scores)
    score /= sum;
}

template <typename Scalar> static LogicalResult evaluateOp(AttentionOp op, State<Scalar> &state) {
  const Tensor<Scalar> &query = state.get(op.getQuery()), &key = state.get(op.getKey()),
                       &value = state.get(op.getValue());
  for (const Tensor<Scalar> *other : {&key, &value})
    if (other->shape().drop_back() != query.shape().drop_back())
      return op.emitError() << "query has shape [" << query.shape() << "] and key or value [" << other->shape()
                            << "], expected the same rows";
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, query, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t heads = op.getHeads(), size = op.getHeadSize(), sharers = heads / op.getKeyValueHeads();
  Scalar scale = static_cast<Scalar>(op.getScale().convertToDouble());
  auto headOf = [size](const Tensor<Scalar> &rows, int64_t row, int64_t head) {
    return rows.row(row).slice(head * size, size);
  };

  std::vector<Scalar> result(query.size(), 0);
  for (auto [begin, end, length] : *sequences) {
    if (length == 0)
      continue;
    SmallVector<Scalar> weights(length);
    for (int64_t t = begin; t < end; ++t)
      for (int64_t h = 0; h < heads; ++h) {
        for (int64_t s = 0; s < length; ++s)
          weights[s] = scale * dot(headOf(query, t, h), headOf(key, begin + s, h / sharers));
        softmax(MutableArrayRef<Scalar>(weights));
        for (int64_t s = 0; s < length; ++s)
          for (auto [d, x] : llvm::enumerate(headOf(value, begin + s, h / sharers)))
            result[(t * heads + h) * size + d] += weights[s] * x;
      }
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(query.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(PoolOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, input, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t width = input.columns(), batch = sequences->size();
  std::vector<Scalar> result(batch * width, 0);
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    int64_t count = op.getFunction() == PoolFunction::Mean ? sequence.length : std::min<int64_t>(sequence.length, 1);
    for (int64_t t = 0; t < count; ++t)
      for (int64_t i = 0; i < width; ++i)
        result[b * width + i] += input.row(sequence.begin + t)[i];
    for (int64_t i = 0; i < width && count > 0; ++i)
      result[b * width + i] /= static_cast<Scalar>(count);
  }
  return state.set(op, op.getResult(), Tensor<Scalar>({batch, width}, std::move(result)));
}

void attachSequenceOpModels(MLIRContext *context) { attachModels<AttentionOp, PoolOp>(context); }

} // namespace tenon::reference
