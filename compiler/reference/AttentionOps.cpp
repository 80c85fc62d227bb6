//===- AttentionOps.cpp - Reference semantics of attention ----------------===//

#include "expressions/Evaluate.h"
#include "reference/Batch.h"
#include "reference/Models.h"
#include "reference/Pages.h"

#include <cmath>
#include <limits>
#include <optional>

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static Scalar dot(ArrayRef<Scalar> a, ArrayRef<Scalar> b) {
  Scalar sum = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum += x * y;
  return sum;
}

/// Turns scores into weights that add up to 1, or that are all 0 where no key is left.
template <typename Scalar> static void softmax(MutableArrayRef<Scalar> scores) {
  Scalar maximum = -std::numeric_limits<Scalar>::infinity(), sum = 0;
  for (Scalar score : scores)
    maximum = score > maximum ? score : maximum;
  for (Scalar &score : scores)
    sum += score = score == -std::numeric_limits<Scalar>::infinity() ? 0 : std::exp(score - maximum);
  for (Scalar &score : scores)
    score = sum == 0 ? 0 : score / sum;
}

/// The masked and changed score of a query for a key.
template <typename Scalar> class Scores {
public:
  Scores(AttentionOp op, const State<Scalar> &state)
      : querySegment(op.getQuerySegment().value_or(op.getSegments().size() - 1)),
        mask(parse(op.getMask(), expressions::Kind::Mask)), score(parse(op.getScore(), expressions::Kind::Score)) {
    for (Value table : op.getTables())
      tables.push_back(&state.get(table));
    if (mask)
      visible.emplace(*mask);
    if (score)
      changed.emplace(*score);
  }

  Scalar operator()(int64_t query, int64_t key, int64_t head, int64_t batch, int64_t segment, Scalar product) {
    expressions::Point<Scalar> point{static_cast<int32_t>(query),
                                     static_cast<int32_t>(key),
                                     static_cast<int32_t>(head),
                                     static_cast<int32_t>(batch),
                                     product,
                                     static_cast<int32_t>(segment),
                                     static_cast<int32_t>(querySegment)};
    auto lookup = [&](unsigned table, int32_t i, int32_t j) {
      const Tensor<Scalar> &values = *tables[table];
      return values.row(expressions::clampIndex(i, values.dim(0)))[expressions::clampIndex(j, values.dim(1))];
    };
    if (visible && !visible->mask(point, lookup))
      return -std::numeric_limits<Scalar>::infinity();
    return changed ? changed->score(point, lookup) : product;
  }

private:
  /// Verifiers have read the text before.
  static std::optional<expressions::Expression> parse(std::optional<StringRef> text, expressions::Kind kind) {
    if (!text)
      return std::nullopt;
    return *expressions::parse(std::string_view(text->data(), text->size()), kind);
  }

  int64_t querySegment;
  std::optional<expressions::Expression> mask, score;
  std::optional<expressions::Evaluator<Scalar>> visible, changed;
  SmallVector<const Tensor<Scalar> *> tables;
};

/// One number for each sequence, zeros where the operand is absent.
template <typename Scalar>
static FailureOr<SmallVector<int64_t>> numbersOf(AttentionOp op, const State<Scalar> &state, StringRef name,
                                                 Value value, size_t sequences) {
  if (!value)
    return SmallVector<int64_t>(sequences, 0);
  ArrayRef<int32_t> numbers = state.get(value).ints();
  if (numbers.size() != sequences)
    return op.emitError() << "has " << numbers.size() << " " << name << " for " << sequences << " sequences";
  return SmallVector<int64_t>(numbers);
}

/// The keys and values of one segment: those of each sequence in order, one row of D components for a key head.
template <typename Scalar> class Segment {
public:
  Segment(AttentionOp op, const State<Scalar> &state, const KeySegment &operands)
      : op(op), state(state), operands(operands) {
    if (!operands.isInPages())
      return;
    cache = &state.get(op.getCache());
    pages.emplace(state, operands.pages, op.getPast(), cache->dim(0), op.getKeyValueHeads(), op.getHeadSize());
  }

  /// Finds the keys of each query sequence. Fails where there are not as many of something as there must be.
  LogicalResult find(const Tensor<Scalar> &query, ArrayRef<Sequence> queries, ArrayRef<int64_t> past) {
    FailureOr<SmallVector<int64_t>> positions =
        numbersOf(op, state, "offsets of keys", operands.offset, queries.size());
    if (failed(positions))
      return failure();
    offsets = *positions;
    if (operands.isInPages())
      return findInPages(queries, past);
    const Tensor<Scalar> &key = state.get(operands.key), &value = state.get(operands.value);
    const Tensor<Scalar> &like = operands.isOwn() ? query : key;
    for (const Tensor<Scalar> *other : {&key, &value})
      if (other->shape().drop_back() != like.shape().drop_back())
        return op.emitError() << (operands.isOwn() ? "query" : "key") << " has shape [" << like.shape()
                              << "] and key or value [" << other->shape() << "], expected the same rows";
    sequences.assign(queries.begin(), queries.end());
    if (!operands.isOwn()) {
      FailureOr<SmallVector<Sequence>> others = getSequences(op, state, key, operands.starts, operands.lengths);
      if (failed(others))
        return failure();
      sequences = *others;
    }
    if (sequences.size() != queries.size())
      return op.emitError() << "has keys of " << sequences.size() << " sequences for " << queries.size()
                            << " sequences";
    for (const Sequence &sequence : sequences)
      counts.push_back(sequence.length);
    return success();
  }

  int64_t count(int64_t batch) const { return counts[batch]; }
  int64_t offset(int64_t batch) const { return offsets[batch]; }

  SmallVector<Scalar> row(bool isKey, int64_t batch, int64_t token, int64_t head) const {
    int64_t size = op.getHeadSize();
    if (!operands.isInPages())
      return SmallVector<Scalar>(state.get(isKey ? operands.key : operands.value)
                                     .row(sequences[batch].begin + token)
                                     .slice(head * size, size));
    SmallVector<Scalar> components;
    for (int64_t d = 0; d < size; ++d)
      components.push_back(
          cache->values()[isKey ? pages->keyIndex(batch, token, head, d) : pages->valueIndex(batch, token, head, d)]);
    return components;
  }

private:
  LogicalResult findInPages(ArrayRef<Sequence> queries, ArrayRef<int64_t> past) {
    FailureOr<SmallVector<int64_t>> lengths = numbersOf(op, state, "numbers of keys", operands.lengths, queries.size());
    if (failed(lengths))
      return failure();
    for (auto [b, sequence] : llvm::enumerate(queries)) {
      counts.push_back(operands.isOwn() ? past[b] + sequence.length : (*lengths)[b]);
      if (failed(pages->checkTokens(op, b, counts.back())))
        return failure();
    }
    return success();
  }

  mutable AttentionOp op;
  const State<Scalar> &state;
  KeySegment operands;
  const Tensor<Scalar> *cache = nullptr;
  std::optional<Pages<Scalar>> pages;
  SmallVector<Sequence> sequences; ///< In rows.
  SmallVector<int64_t> counts, offsets;
};

/// Attends from the rows of one sequence, the first of which has the position `position`.
template <typename Scalar>
static void attend(AttentionOp op, Scores<Scalar> &scores, ArrayRef<Segment<Scalar>> segments,
                   const Tensor<Scalar> &query, const Sequence &rows, int64_t position, int64_t batch,
                   std::vector<Scalar> &result) {
  int64_t heads = op.getHeads(), size = op.getHeadSize(), sharers = heads / static_cast<int64_t>(op.getKeyValueHeads());
  Scalar scale = static_cast<Scalar>(op.getScale().convertToDouble());
  for (int64_t h = 0; h < heads; ++h) {
    SmallVector<std::pair<int64_t, int64_t>> places; // segment and position of each key
    SmallVector<SmallVector<Scalar>> keyRows, valueRows;
    for (auto [number, segment] : llvm::enumerate(segments))
      for (int64_t s = 0; s < segment.count(batch); ++s) {
        places.emplace_back(number, segment.offset(batch) + s);
        keyRows.push_back(segment.row(true, batch, s, h / sharers));
        valueRows.push_back(segment.row(false, batch, s, h / sharers));
      }
    SmallVector<Scalar> weights(places.size());
    for (int64_t t = rows.begin; t < rows.begin + rows.length; ++t) {
      ArrayRef<Scalar> own = query.row(t).slice(h * size, size);
      for (auto [s, place] : llvm::enumerate(places))
        weights[s] = scores(position + t - rows.begin, place.second, h, batch, place.first,
                            scale * dot<Scalar>(own, keyRows[s]));
      softmax(MutableArrayRef<Scalar>(weights));
      for (size_t s = 0; s < weights.size(); ++s)
        for (auto [d, x] : llvm::enumerate(valueRows[s]))
          if (weights[s] != 0)
            result[(t * heads + h) * size + d] += weights[s] * x;
    }
  }
}

template <typename Scalar> static LogicalResult evaluateOp(AttentionOp op, State<Scalar> &state) {
  const Tensor<Scalar> &query = state.get(op.getQuery());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, query, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  FailureOr<SmallVector<int64_t>> past = numbersOf(op, state, "past rows", op.getPast(), sequences->size());
  FailureOr<SmallVector<int64_t>> offset = numbersOf(op, state, "offsets", op.getOffset(), sequences->size());
  if (failed(past) || failed(offset))
    return failure();
  std::vector<Segment<Scalar>> segments;
  for (const KeySegment &operands : op.getKeySegments()) {
    segments.emplace_back(op, state, operands);
    if (failed(segments.back().find(query, *sequences, *past)))
      return failure();
  }
  Scores<Scalar> scores(op, state);
  std::vector<Scalar> result(query.size(), 0);
  for (auto [b, sequence] : llvm::enumerate(*sequences))
    attend<Scalar>(op, scores, segments, query, sequence, (*past)[b] + (*offset)[b], b, result);
  return state.set(op, op.getResult(), Tensor<Scalar>(query.shape(), std::move(result)));
}

void attachAttentionOpModels(MLIRContext *context) { attachModels<AttentionOp>(context); }

} // namespace tenon::reference
