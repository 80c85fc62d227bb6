//===- SequenceOps.cpp - Reference semantics of operations on sequences ---===//

#include "expressions/Evaluate.h"
#include "reference/Batch.h"
#include "reference/Models.h"
#include "support/CachePage.h"

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
  template <typename Op>
  Scores(Op op, const State<Scalar> &state)
      : mask(parse(op.getMask(), expressions::Kind::Mask)), score(parse(op.getScore(), expressions::Kind::Score)) {
    for (Value table : op.getTables())
      tables.push_back(&state.get(table));
    if (mask)
      visible.emplace(*mask);
    if (score)
      changed.emplace(*score);
  }

  Scalar operator()(int64_t query, int64_t key, int64_t head, int64_t batch, Scalar product) {
    expressions::Point<Scalar> point{static_cast<int32_t>(query), static_cast<int32_t>(key), static_cast<int32_t>(head),
                                     static_cast<int32_t>(batch), product};
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

  std::optional<expressions::Expression> mask, score;
  std::optional<expressions::Evaluator<Scalar>> visible, changed;
  SmallVector<const Tensor<Scalar> *> tables;
};

/// What attention reads of one sequence: `count` keys, with one row of D components each for a key head.
template <typename Scalar> struct Keys {
  int64_t count;
  llvm::function_ref<SmallVector<Scalar>(int64_t key, int64_t head)> key, value;
};

/// Attends from the rows [begin, end), the first of which has the position `past`.
template <typename Scalar, typename Op>
static void attend(Op op, const State<Scalar> &state, const Tensor<Scalar> &query, int64_t begin, int64_t end,
                   int64_t past, int64_t batch, const Keys<Scalar> &keys, std::vector<Scalar> &result) {
  int64_t heads = op.getHeads(), size = op.getHeadSize(), sharers = heads / op.getKeyValueHeads();
  Scalar scale = static_cast<Scalar>(op.getScale().convertToDouble());
  Scores<Scalar> scores(op, state);
  SmallVector<Scalar> weights(keys.count);
  for (int64_t h = 0; h < heads; ++h) {
    SmallVector<SmallVector<Scalar>> keyRows, valueRows;
    for (int64_t s = 0; s < keys.count; ++s) {
      keyRows.push_back(keys.key(s, h / sharers));
      valueRows.push_back(keys.value(s, h / sharers));
    }
    for (int64_t t = begin; t < end; ++t) {
      ArrayRef<Scalar> own = query.row(t).slice(h * size, size);
      for (int64_t s = 0; s < keys.count; ++s)
        weights[s] = scores(past + t - begin, s, h, batch, scale * dot<Scalar>(own, keyRows[s]));
      softmax(MutableArrayRef<Scalar>(weights));
      for (int64_t s = 0; s < keys.count; ++s)
        for (auto [d, x] : llvm::enumerate(valueRows[s]))
          if (weights[s] != 0)
            result[(t * heads + h) * size + d] += weights[s] * x;
    }
  }
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
  int64_t size = op.getHeadSize();
  std::vector<Scalar> result(query.size(), 0);
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    auto rowOf = [&, first = sequence.begin](const Tensor<Scalar> &rows) {
      return [&rows, first, size](int64_t s, int64_t h) {
        return SmallVector<Scalar>(rows.row(first + s).slice(h * size, size));
      };
    };
    auto keyRow = rowOf(key), valueRow = rowOf(value);
    attend<Scalar>(op, state, query, sequence.begin, sequence.end, 0, b, {sequence.length, keyRow, valueRow}, result);
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(query.shape(), std::move(result)));
}

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

/// In which page of one layer of a cache each token of a batch's sequences lies.
template <typename Scalar> class PageTable {
public:
  PageTable(const State<Scalar> &state, Value pages, Value past, int64_t count)
      : table(state.get(pages)), past(state.get(past).ints()), count(count) {}

  int64_t pastOf(int64_t batch) const { return past[batch]; }
  int64_t pageOf(int64_t batch, int64_t token) const {
    return table.ints()[batch * table.columns() + token / kPageTokens];
  }

  /// Fails where `length` new tokens of the sequence do not fit its pages.
  LogicalResult check(Operation *op, int64_t batch, int64_t length) const {
    int64_t first = past[batch], most = table.columns() * kPageTokens;
    if (first < 0 || first + length > most)
      return op->emitError() << "sequence " << batch << " has " << first << " cached and " << length
                             << " new tokens, expected at most " << most;
    return checkTokens(op, batch, first + length);
  }

  /// Fails where the sequence has no pages for `tokens`.
  LogicalResult checkTokens(Operation *op, int64_t batch, int64_t tokens) const {
    if (tokens < 0 || tokens > table.columns() * kPageTokens)
      return op->emitError() << "sequence " << batch << " has " << tokens << " keys, expected at most "
                             << table.columns() * kPageTokens;
    for (int64_t slot = 0; slot * kPageTokens < tokens; ++slot)
      if (int32_t page = table.ints()[batch * table.columns() + slot]; page < 0 || page >= count)
        return op->emitError() << "page " << page << " of sequence " << batch << " is not one of " << count;
    return success();
  }

private:
  const Tensor<Scalar> &table;
  ArrayRef<int32_t> past;
  int64_t count;
};

/// Where keys and values lie in these pages.
template <typename Scalar> class Pages : public PageTable<Scalar> {
public:
  Pages(const State<Scalar> &state, Value pages, Value past, int64_t count, int64_t keyValueHeads, int64_t headSize)
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

template <typename Scalar> static LogicalResult evaluateOp(CachedAttentionOp op, State<Scalar> &state) {
  const Tensor<Scalar> &query = state.get(op.getQuery()), &cache = state.get(op.getCache());
  FailureOr<SmallVector<Sequence>> sequences = getSequences(op, state, query, op.getStarts(), op.getLengths());
  if (failed(sequences))
    return failure();
  int64_t size = op.getHeadSize();
  Pages<Scalar> pages(state, op.getPages(), op.getPast(), cache.dim(0), op.getKeyValueHeads(), size);
  const Tensor<Scalar> *ownKeys = state.find(op.getKeys());
  if (ownKeys && ownKeys->size() != static_cast<int64_t>(sequences->size()))
    return op.emitError() << "has " << ownKeys->size() << " numbers of keys for " << sequences->size() << " sequences";
  std::vector<Scalar> result(query.size(), 0);
  for (auto [b, sequence] : llvm::enumerate(*sequences)) {
    int64_t count = ownKeys ? ownKeys->ints()[b] : pages.pastOf(b) + sequence.length;
    if (failed(pages.checkTokens(op, b, count)))
      return failure();
    auto gather = [&](auto indexOf) {
      return [&cache, indexOf, size](int64_t s, int64_t h) {
        SmallVector<Scalar> row;
        for (int64_t d = 0; d < size; ++d)
          row.push_back(cache.values()[indexOf(s, h, d)]);
        return row;
      };
    };
    auto keyRow = gather([&, b = b](int64_t s, int64_t h, int64_t d) { return pages.keyIndex(b, s, h, d); });
    auto valueRow = gather([&, b = b](int64_t s, int64_t h, int64_t d) { return pages.valueIndex(b, s, h, d); });
    int64_t end = sequence.begin + sequence.length, past = pages.pastOf(b);
    attend<Scalar>(op, state, query, sequence.begin, end, past, b, {count, keyRow, valueRow}, result);
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(query.shape(), std::move(result)));
}

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
      value = !largest                         ? value + static_cast<Scalar>(weight) * x
              : (x > value || std::isnan(x)) ? x
                                               : value;
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

void attachSequenceOpModels(MLIRContext *context) {
  attachModels<AttentionOp, CachedAttentionOp, CacheLayerOp, CacheUpdateOp, CacheAppendOp, ScanOp, AppendRowsOp,
               UnfoldOp, PoolOp>(context);
}

} // namespace tenon::reference
