//===- Oracle.cpp - Regions by plain loops ---------------------------------===//

#include "Oracle.h"
#include "expressions/Evaluate.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

namespace tenon::kernels::test {

namespace {

template <typename T> struct Value {
  std::vector<int64_t> shape;
  std::vector<T> floats;
  std::vector<int32_t> ints;

  int64_t rows() const { return shape[0]; }
  int64_t width() const { return shape[1]; }
  T at(int64_t row, int64_t column) const { return floats[static_cast<size_t>(row * shape[1] + column)]; }
  T &at(int64_t row, int64_t column) { return floats[static_cast<size_t>(row * shape[1] + column)]; }
  T at(int64_t i) const { return floats[static_cast<size_t>(i)]; }
};

template <typename T> class Evaluator {
public:
  std::vector<std::vector<double>> evaluate(const KernelDescription &description, const std::vector<Array> &arguments) {
    for (const Array &argument : arguments) {
      Value<T> value;
      value.shape = argument.shape;
      if (argument.data.index() == 0)
        value.floats.assign(argument.floats().begin(), argument.floats().end());
      else
        value.ints = std::get<1>(argument.data);
      values.push_back(value);
    }
    for (const Operation &each : description.operations)
      apply(each);
    std::vector<std::vector<double>> results;
    for (int value : description.results)
      results.emplace_back(values[static_cast<size_t>(value)].floats.begin(),
                           values[static_cast<size_t>(value)].floats.end());
    return results;
  }

private:
  using Matrix = Value<T>;

  const Matrix &in(const Operation &op, size_t i) const { return values[static_cast<size_t>(op.operands[i])]; }
  static int64_t integer(const Operation &op, const char *name) { return std::get<int64_t>(op.attributes.at(name)); }
  static T real(const Operation &op, const char *name) {
    return static_cast<T>(std::get<double>(op.attributes.at(name)));
  }
  static std::string text(const Operation &op, const char *name) {
    return std::get<std::string>(op.attributes.at(name));
  }

  static Matrix matrix(int64_t rows, int64_t width) {
    return {{rows, width}, std::vector<T>(static_cast<size_t>(rows * width)), {}};
  }

  template <typename Element> Matrix each(const Matrix &like, Element element) const {
    Matrix result = matrix(like.rows(), like.width());
    for (int64_t r = 0; r < like.rows(); ++r)
      for (int64_t c = 0; c < like.width(); ++c)
        result.at(r, c) = element(r, c);
    return result;
  }

  void apply(const Operation &op) {
    if (op.kind == "split")
      return split(op);
    values.push_back(op.kind == "linear"         ? linear(op)
                     : op.kind == "attention"    ? attention(op)
                     : op.kind == "cache_append" ? cacheAppend(op)
                     : op.kind == "append_rows"  ? appendRows(op)
                     : op.kind == "scan"         ? scan(op)
                     : op.kind == "depthwise"    ? depthwise(op)
                     : op.kind == "unfold"       ? unfold(op)
                     : op.kind == "norm"         ? norm(op)
                     : op.kind == "pool"         ? pool(op)
                     : op.kind == "concat"       ? concat(op)
                     : op.kind == "rotary"       ? rotary(op)
                     : op.kind == "embed"        ? embed(op)
                                                 : elementwise(op));
  }

  void split(const Operation &op) {
    Matrix x = in(op, 0);
    int64_t first = 0;
    for (const TensorType &type : op.results) {
      Matrix part = matrix(x.rows(), type.shape[1]);
      values.push_back(each(part, [&](int64_t r, int64_t c) { return x.at(r, first + c); }));
      first += type.shape[1];
    }
  }

  Matrix elementwise(const Operation &op) const {
    const Matrix &x = in(op, 0);
    return each(x, [&](int64_t r, int64_t c) -> T {
      if (op.kind == "add")
        return x.at(r, c) + in(op, 1).at(r, c);
      if (op.kind == "multiply")
        return x.at(r, c) * in(op, 1).at(r, c);
      if (op.kind == "scale")
        return x.at(r, c) * real(op, "factor");
      if (op.kind == "softcap")
        return real(op, "cap") * std::tanh(x.at(r, c) / real(op, "cap"));
      if (op.kind != "activation")
        throw std::logic_error(op.kind);
      return activation(text(op, "function"), x.at(r, c));
    });
  }

  static T activation(const std::string &function, T x) {
    if (function == "relu")
      return x < 0 ? T(0) : x;
    if (function == "relu_squared")
      return x < 0 ? T(0) : x * x;
    if (function == "tanh")
      return std::tanh(x);
    if (function == "sigmoid")
      return T(1) / (T(1) + std::exp(-x));
    // The limits, where the formulas are infinity times zero.
    if (std::isinf(x))
      return x > 0 ? x : T(0);
    if (function == "silu")
      return x / (T(1) + std::exp(-x));
    if (function == "quick_gelu")
      return x / (T(1) + std::exp(T(-1.702) * x));
    if (function == "gelu")
      return T(0.5) * x * (T(1) + std::erf(x * T(0.70710678118654752440)));
    return T(0.5) * x * (T(1) + std::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x)));
  }

  Matrix linear(const Operation &op) const {
    const Matrix &x = in(op, 0), &w = in(op, 1);
    Matrix like = matrix(x.rows(), op.results[0].shape[1]);
    return each(like, [&](int64_t r, int64_t n) {
      T sum = 0;
      for (int64_t k = 0; k < x.width(); ++k) {
        int64_t depth = x.width();
        T weight = w.shape.size() == 2 ? w.at(n, k) : w.at((n / w.shape[2] * depth + k) * w.shape[2] + n % w.shape[2]);
        sum += x.at(r, k) * weight;
      }
      return op.operands.size() > 2 ? sum + in(op, 2).at(n) : sum;
    });
  }

  /// Each group of columns is a row of its own.
  Matrix norm(const Operation &op) const {
    Matrix x = in(op, 0);
    std::vector<int64_t> shape = x.shape;
    int64_t groups = op.attributes.count("groups") ? integer(op, "groups") : 1;
    x.shape = {shape[0] * groups, shape[1] / groups};
    Matrix result = normOfRows(op, x);
    result.shape = shape;
    return result;
  }

  Matrix normOfRows(const Operation &op, const Matrix &x) const {
    T offset = op.attributes.count("weight_offset") ? real(op, "weight_offset") : T(0);
    std::string function = text(op, "function");
    T epsilon = real(op, "epsilon"), width = static_cast<T>(x.width());
    std::vector<T> means, factors;
    for (int64_t r = 0; r < x.rows(); ++r) {
      T sum = 0, squares = 0;
      for (int64_t c = 0; c < x.width(); ++c)
        sum += x.at(r, c);
      means.push_back(function == "layernorm" ? sum / width : T(0));
      for (int64_t c = 0; c < x.width(); ++c)
        squares += (x.at(r, c) - means.back()) * (x.at(r, c) - means.back());
      T length = std::sqrt(squares);
      factors.push_back(function == "l2" ? (length < epsilon ? epsilon : length)
                                         : std::sqrt(squares / width + epsilon));
    }
    return each(x, [&](int64_t r, int64_t c) {
      size_t row = static_cast<size_t>(r);
      T value = (x.at(r, c) - means[row]) / factors[row];
      if (op.operands.size() > 1)
        value *= in(op, 1).at(c) + offset;
      return op.operands.size() > 2 ? value + in(op, 2).at(c) : value;
    });
  }

  Matrix embed(const Operation &op) const {
    const Matrix &ids = in(op, 0), &table = in(op, 1);
    int64_t offset = op.attributes.count("offset") ? integer(op, "offset") : 0;
    Matrix like = matrix(ids.rows(), table.width());
    return each(like, [&](int64_t r, int64_t c) {
      if (op.operands.size() == 3 && in(op, 2).ints[static_cast<size_t>(r)] == 0)
        return T(0);
      int64_t panel = table.shape.size() == 3 ? table.shape[2] : 1;
      int64_t id = std::clamp<int64_t>(ids.ints[static_cast<size_t>(r)] + offset, 0, table.rows() * panel - 1);
      return table.at((id / panel * table.width() + c) * panel + id % panel);
    });
  }

  Matrix rotary(const Operation &op) const {
    Matrix result = in(op, 0);
    int64_t size = integer(op, "head_size"), half = integer(op, "dims") / 2;
    for (int64_t r = 0; r < result.rows(); ++r) {
      int64_t position = std::clamp<int64_t>(in(op, 1).ints[static_cast<size_t>(r)], 0, in(op, 2).rows() - 1);
      for (int64_t head = 0; head < result.width(); head += size)
        for (int64_t i = 0; i < half; ++i) {
          bool interleaved = integer(op, "interleaved");
          T &a = result.at(r, head + (interleaved ? 2 * i : i));
          T &b = result.at(r, head + (interleaved ? 2 * i + 1 : i + half));
          T cosine = in(op, 2).at(position, i), sine = in(op, 3).at(position, i), first = a;
          a = first * cosine - b * sine;
          b = b * cosine + first * sine;
        }
    }
    return result;
  }

  /// Where a cache holds a component of a sequence's key, or of its value.
  struct Pages {
    const std::vector<int32_t> &table;
    int64_t slots, heads, size;
    size_t at(size_t sequence, int64_t key, int64_t head, int64_t component, bool isKey) const {
      int64_t page = table[sequence * static_cast<size_t>(slots) + static_cast<size_t>(key / 16)], i = key % 16;
      int64_t first = (page * heads + head) * 2 * size * 16;
      return static_cast<size_t>(isKey ? first + component * 16 + i : first + size * 16 + i * size + component);
    }
  };

  Pages pages(const Operation &op, size_t operand) const {
    const Matrix &table = in(op, operand);
    return {table.ints, table.shape[1], integer(op, "key_value_heads"), integer(op, "head_size")};
  }

  Matrix cacheAppend(const Operation &op) const {
    Matrix cache = in(op, 0);
    Pages where = pages(op, 6);
    const std::vector<int32_t> &starts = in(op, 3).ints, &lengths = in(op, 4).ints, &past = in(op, 5).ints;
    for (size_t b = 0; b < lengths.size(); ++b)
      for (int64_t t = 0; t < lengths[b]; ++t)
        for (int64_t c = 0; c < where.heads * where.size; ++c)
          for (bool isKey : {true, false})
            cache.floats[where.at(b, past[b] + t, c / where.size, c % where.size, isKey)] =
                in(op, isKey ? 1 : 2).at(starts[b] + t, c);
    return cache;
  }

  /// Where a cache of rows holds a token's.
  size_t rowAt(const Operation &op, size_t tableOperand, size_t sequence, int64_t token, int64_t width) const {
    const Matrix &table = in(op, tableOperand);
    int64_t page = table.ints[sequence * static_cast<size_t>(table.shape[1]) + static_cast<size_t>(token / 16)];
    return static_cast<size_t>((page * 16 + token % 16) * width);
  }

  Matrix appendRows(const Operation &op) const {
    Matrix cache = in(op, 0);
    const Matrix &rows = in(op, 1);
    const std::vector<int32_t> &starts = in(op, 2).ints, &lengths = in(op, 3).ints, &past = in(op, 4).ints;
    for (size_t b = 0; b < lengths.size(); ++b)
      for (int64_t t = 0; t < lengths[b]; ++t)
        for (int64_t c = 0; c < rows.width(); ++c)
          cache.floats[rowAt(op, 5, b, past[b] + t, rows.width()) + static_cast<size_t>(c)] = rows.at(starts[b] + t, c);
    return cache;
  }

  Matrix scan(const Operation &op) const {
    const Matrix &forget = in(op, 0), &input = in(op, 1);
    bool cached = integer(op, "cached") != 0;
    size_t first = cached ? 3 : 2;
    const std::vector<int32_t> &starts = in(op, first).ints, &lengths = in(op, first + 1).ints;
    Matrix result = matrix(input.rows(), input.width());
    for (size_t b = 0; b < lengths.size(); ++b)
      for (int64_t c = 0; c < input.width(); ++c) {
        int64_t past = cached ? in(op, 5).ints[b] : 0;
        T state = past > 0 ? in(op, 2).floats[rowAt(op, 6, b, past - 1, input.width()) + static_cast<size_t>(c)] : T(0);
        for (int64_t r = starts[b]; r < starts[b] + lengths[b]; ++r)
          result.at(r, c) = state = forget.at(r, c) * state + (T(1) - forget.at(r, c)) * input.at(r, c);
      }
    return result;
  }

  Matrix depthwise(const Operation &op) const {
    const Matrix &x = in(op, 0), &weights = in(op, 1);
    bool cached = integer(op, "cached") != 0;
    size_t first = cached ? 3 : 2;
    const std::vector<int32_t> &starts = in(op, first).ints, &lengths = in(op, first + 1).ints;
    Matrix result = matrix(x.rows(), x.width());
    for (size_t b = 0; b < lengths.size(); ++b)
      for (int64_t t = 0; t < lengths[b]; ++t)
        for (int64_t j = 0; j < weights.rows(); ++j) {
          int64_t row = t + j - integer(op, "before"), token = cached ? in(op, 5).ints[b] + row : -1;
          for (int64_t c = 0; c < x.width(); ++c) {
            T other = row >= 0 && row < lengths[b] ? x.at(starts[b] + row, c)
                      : row < 0 && token >= 0
                          ? in(op, 2).floats[rowAt(op, 6, b, token, x.width()) + static_cast<size_t>(c)]
                          : T(0);
            result.at(starts[b] + t, c) += weights.at(j, c) * other;
          }
        }
    return result;
  }

  Matrix unfold(const Operation &op) const {
    const Matrix &x = in(op, 0);
    const std::vector<int32_t> &starts = in(op, 1).ints, &lengths = in(op, 2).ints;
    const std::vector<int32_t> &resultStarts = in(op, 3).ints, &resultLengths = in(op, 4).ints;
    int64_t window = integer(op, "window"), stride = op.attributes.count("stride") ? integer(op, "stride") : 1;
    Matrix result = matrix(resultStarts.back(), x.width() * window);
    for (size_t b = 0; b < lengths.size(); ++b)
      for (int64_t t = 0; t < resultLengths[b]; ++t)
        for (int64_t c = 0; c < x.width(); ++c)
          for (int64_t j = 0; j < window; ++j)
            if (int64_t row = t * stride + j - window / 2; row >= 0 && row < lengths[b])
              result.at(resultStarts[b] + t, c * window + j) = x.at(starts[b] + row, c);
    return result;
  }

  /// The mask and the score of an attention, over the tables that are its last operands.
  class Modifiers {
  public:
    Modifiers(const Operation &op, const std::vector<Matrix> &values) {
      int64_t count = op.attributes.count("tables") ? integer(op, "tables") : 0;
      for (size_t i = op.operands.size() - static_cast<size_t>(count); i < op.operands.size(); ++i)
        tables.push_back(&values[static_cast<size_t>(op.operands[i])]);
      querySegment = static_cast<int32_t>(
          op.attributes.count("query_segment")
              ? integer(op, "query_segment")
              : static_cast<int64_t>(std::get<std::vector<std::string>>(op.attributes.at("segments")).size()) - 1);
      if (op.attributes.count("mask"))
        maskTree = *expressions::parse(text(op, "mask"), expressions::Kind::Mask);
      if (op.attributes.count("score"))
        scoreTree = *expressions::parse(text(op, "score"), expressions::Kind::Score);
    }
    bool sees(int64_t q, int64_t k, int64_t h, size_t b, size_t segment) const {
      return !maskTree || expressions::Evaluator<T>(*maskTree).mask(point(T(0), q, k, h, b, segment), lookup());
    }
    T score(T s, int64_t q, int64_t k, int64_t h, size_t b, size_t segment) const {
      return scoreTree ? expressions::Evaluator<T>(*scoreTree).score(point(s, q, k, h, b, segment), lookup()) : s;
    }

  private:
    expressions::Point<T> point(T s, int64_t q, int64_t k, int64_t h, size_t b, size_t segment) const {
      return {static_cast<int32_t>(q),
              static_cast<int32_t>(k),
              static_cast<int32_t>(h),
              static_cast<int32_t>(b),
              s,
              static_cast<int32_t>(segment),
              querySegment};
    }
    auto lookup() const {
      return [this](unsigned n, int32_t i, int32_t j) {
        const Matrix &table = *tables[n];
        return table.at(expressions::clampIndex(i, table.rows()), expressions::clampIndex(j, table.width()));
      };
    }
    std::vector<const Matrix *> tables;
    std::optional<expressions::Expression> maskTree, scoreTree;
    int32_t querySegment;
  };

  /// One segment of an attention's keys: how many there are of each sequence, and where.
  struct KeySegment {
    std::function<int64_t(size_t sequence)> count, offset;
    std::function<T(size_t sequence, int64_t key, int64_t column, bool isKey)> at;
  };

  /// Reads the segment that `words` describe from the operands from `next` on.
  KeySegment segment(const Operation &op, const std::string &words, size_t &next, size_t ownStarts,
                     std::function<int64_t(size_t)> own) const {
    KeySegment result;
    bool hasLengths = words.find(" lengths") != std::string::npos, inPages = words.starts_with("pages");
    size_t first = next, lengthsAt = first + (inPages ? 1 : 3);
    next = first + (inPages ? 1 : 2) + (hasLengths ? (inPages ? 1 : 2) : 0);
    result.count = own;
    if (hasLengths)
      result.count = [&, lengthsAt](size_t b) { return in(op, lengthsAt).ints[b]; };
    result.offset = [](size_t) { return 0; };
    if (words.ends_with(" offset"))
      result.offset = [&, at = next++](size_t b) { return in(op, at).ints[b]; };
    if (inPages) {
      Pages where = pages(op, first);
      result.at = [&, where](size_t b, int64_t key, int64_t column, bool isKey) {
        return in(op, 1).floats[where.at(b, key, column / where.size, column % where.size, isKey)];
      };
    } else {
      size_t starts = hasLengths ? first + 2 : ownStarts;
      result.at = [&, first, starts](size_t b, int64_t key, int64_t column, bool isKey) {
        return in(op, first + (isKey ? 0 : 1)).at(in(op, starts).ints[b] + key, column);
      };
    }
    return result;
  }

  Matrix attention(const Operation &op) const {
    Modifiers modifiers(op, values);
    const std::vector<std::string> &words = std::get<std::vector<std::string>>(op.attributes.at("segments"));
    auto has = [&](const char *name) { return op.attributes.count(name) && integer(op, name); };
    size_t next = 1;
    for (const std::string &one : words)
      next = one.starts_with("pages") ? 2 : next;
    const std::vector<int32_t> &starts = in(op, next).ints, &lengths = in(op, next + 1).ints;
    size_t startsAt = next;
    next += 2;
    const std::vector<int32_t> none(lengths.size(), 0);
    const std::vector<int32_t> &past = has("past") ? in(op, next++).ints : none;
    const std::vector<int32_t> &offset = has("offset") ? in(op, next++).ints : none;
    std::vector<KeySegment> segments;
    for (const std::string &one : words)
      segments.push_back(segment(op, one, next, startsAt, [&](size_t b) { return past[b] + lengths[b]; }));
    Matrix result = matrix(in(op, 0).rows(), in(op, 0).width());
    for (size_t b = 0; b < lengths.size(); ++b)
      for (int64_t t = 0; t < lengths[b]; ++t)
        for (int64_t h = 0; h < integer(op, "heads"); ++h)
          attendFrom(op, modifiers, segments, b, starts[b] + t, past[b] + t + offset[b], h, result);
    return result;
  }

  /// The result of one query and head.
  void attendFrom(const Operation &op, const Modifiers &modifiers, const std::vector<KeySegment> &segments, size_t b,
                  int64_t row, int64_t position, int64_t h, Matrix &result) const {
    int64_t size = integer(op, "head_size"), first = h / (integer(op, "heads") / integer(op, "key_value_heads")) * size;
    struct Seen {
      const KeySegment &segment;
      int64_t key;
      T weight;
    };
    std::vector<Seen> seen;
    T largest = -std::numeric_limits<T>::infinity(), sum = 0;
    for (size_t s = 0; s < segments.size(); ++s)
      for (int64_t key = 0; key < segments[s].count(b); ++key) {
        int64_t at = key + segments[s].offset(b);
        if (!modifiers.sees(position, at, h, b, s))
          continue;
        T dot = 0;
        for (int64_t d = 0; d < size; ++d)
          dot += in(op, 0).at(row, h * size + d) * segments[s].at(b, key, first + d, true);
        seen.push_back({segments[s], key, modifiers.score(dot * real(op, "scale"), position, at, h, b, s)});
        largest = std::max(largest, seen.back().weight);
      }
    for (Seen &one : seen)
      sum += one.weight = std::exp(one.weight - largest);
    for (int64_t d = 0; d < size; ++d) {
      T weighted = 0;
      for (const Seen &one : seen)
        weighted += one.weight * one.segment.at(b, one.key, first + d, false);
      result.at(row, h * size + d) = seen.empty() ? T(0) : weighted / sum;
    }
  }

  Matrix pool(const Operation &op) const {
    const Matrix &x = in(op, 0);
    const std::vector<int32_t> &starts = in(op, 1).ints, &lengths = in(op, 2).ints;
    Matrix like = matrix(static_cast<int64_t>(lengths.size()), x.width());
    return each(like, [&](int64_t b, int64_t c) {
      int64_t length = lengths[static_cast<size_t>(b)], start = starts[static_cast<size_t>(b)];
      int64_t skip = op.operands.size() > 3 ? in(op, 3).ints[static_cast<size_t>(b)] : 0;
      const std::string &function = text(op, "function");
      if (function == "cls" && length > 0)
        return x.at(start + (skip < length ? skip : 0), c);
      if (function == "last" && skip < length)
        return x.at(start + length - 1, c);
      bool weighted = function == "weighted_mean";
      T sum = 0, largest = -std::numeric_limits<T>::infinity(), weights = 0;
      for (int64_t t = skip; t < length && function != "cls" && function != "last"; ++t) {
        T weight = weighted ? static_cast<T>(t + 1) : T(1);
        weights += weight;
        sum += weight * x.at(start + t, c);
        largest = x.at(start + t, c) > largest || std::isnan(x.at(start + t, c)) ? x.at(start + t, c) : largest;
      }
      if (function == "max")
        return largest;
      return weights == 0 ? T(0) : sum / (function == "mean_sqrt" ? std::sqrt(weights) : weights);
    });
  }

  Matrix concat(const Operation &op) const {
    Matrix result = matrix(in(op, 0).rows(), op.results[0].shape[1]);
    return each(result, [&](int64_t r, int64_t c) {
      size_t part = 0;
      for (; c >= in(op, part).width(); ++part)
        c -= in(op, part).width();
      return in(op, part).at(r, c);
    });
  }

  std::vector<Matrix> values;
};

} // namespace

std::vector<std::vector<double>> evaluateDouble(const KernelDescription &description,
                                                const std::vector<Array> &arguments) {
  return Evaluator<double>().evaluate(description, arguments);
}

std::vector<std::vector<double>> evaluateFloat(const KernelDescription &description,
                                               const std::vector<Array> &arguments) {
  return Evaluator<float>().evaluate(description, arguments);
}

std::vector<TensorType> valueTypes(const KernelDescription &description) {
  std::vector<TensorType> types = description.arguments;
  for (const Operation &operation : description.operations)
    types.insert(types.end(), operation.results.begin(), operation.results.end());
  return types;
}

} // namespace tenon::kernels::test
