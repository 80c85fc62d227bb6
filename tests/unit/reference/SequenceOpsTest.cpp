//===- SequenceOpsTest.cpp - Operations on sequences against their formulas ===//

#include "Interpreter.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

using namespace tenon::reference;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Heads {
  int heads, keyValueHeads, size;
  double scale;
};

/// One query's result in long double, straight from the definition of the softmax.
std::vector<double> attend(const std::vector<double> &query, const std::vector<double> &keys,
                           const std::vector<double> &values, int length, Heads config) {
  std::vector<double> result;
  int columns = config.keyValueHeads * config.size;
  for (int h = 0; h < config.heads; ++h) {
    int g = h * config.keyValueHeads / config.heads * config.size;
    std::vector<long double> scores;
    long double maximum = -std::numeric_limits<long double>::infinity(), sum = 0;
    for (int s = 0; s < length; ++s) {
      long double score = 0;
      for (int d = 0; d < config.size; ++d)
        score += (long double)query[h * config.size + d] * keys[s * columns + g + d];
      scores.push_back(config.scale * score);
      maximum = std::max(maximum, scores.back());
    }
    for (long double score : scores)
      sum += std::exp(score - maximum);
    for (int d = 0; d < config.size; ++d) {
      long double total = 0;
      for (int s = 0; s < length; ++s)
        total += std::exp(scores[s] - maximum) / sum * values[s * columns + g + d];
      result.push_back(static_cast<double>(total));
    }
  }
  return result;
}

std::string attributes(Heads config) {
  return "{heads = " + std::to_string(config.heads) +
         " : i64, key_value_heads = " + std::to_string(config.keyValueHeads) +
         " : i64, head_size = " + std::to_string(config.size) + " : i64, scale = " + std::to_string(config.scale) +
         " : f64}";
}

Tensor<double> attention(Heads config, const std::vector<Tensor<double>> &inputs, bool packed) {
  std::string rows = packed ? "?x" : "?x?x", starts = packed ? ", %s: tensor<?xi32>" : "";
  std::string q = "tensor<" + rows + std::to_string(config.heads * config.size) + "xf32>";
  std::string k = "tensor<" + rows + std::to_string(config.keyValueHeads * config.size) + "xf32>";
  return compute<double>("(%q: " + q + ", %k: " + k + ", %v: " + k + starts + ", %n: tensor<?xi32>) -> " + q,
                         "%0 = tenon.attention %q " + std::string(packed ? "starts(%s) " : "") +
                             "lengths(%n) to rows(%k, %v) " + attributes(config) + " : (" + q +
                             (packed ? ", tensor<?xi32>" : "") + ", tensor<?xi32>, " + k + ", " + k + ") -> " + q + "\nreturn %0 : " + q,
                         inputs);
}

std::vector<double> slice(const std::vector<double> &values, int64_t begin, int64_t count) {
  return {values.begin() + begin, values.begin() + begin + count};
}

void checkAttention(Heads config, double range) {
  const std::vector<int32_t> lengths = {7, 0, 1, 5};
  const int time = 7, columns = config.heads * config.size, keyColumns = config.keyValueHeads * config.size;
  auto query = randomValues(4 * time * columns, 1, range), key = randomValues(4 * time * keyColumns, 2, range),
       value = randomValues(4 * time * keyColumns, 3);
  for (int b = 0; b < 4; ++b) // what stands in padding reaches no row that counts
    for (int t = lengths[b]; t < time; ++t)
      for (int i = 0; i < keyColumns; ++i)
        key[(b * time + t) * keyColumns + i] = value[(b * time + t) * keyColumns + i] = kNaN;
  Tensor<double> result = attention(config,
                                    {tensor({4, time, columns}, query), tensor({4, time, keyColumns}, key),
                                     tensor({4, time, keyColumns}, value), ints({4}, lengths)},
                                    false);
  for (int b = 0; b < 4; ++b) {
    auto keys = slice(key, b * time * keyColumns, time * keyColumns),
         vs = slice(value, b * time * keyColumns, time * keyColumns);
    for (int t = 0; t < lengths[b]; ++t)
      expectNear(result.row(b * time + t).vec(),
                 attend(slice(query, (b * time + t) * columns, columns), keys, vs, lengths[b], config), 1e-12);
  }
}

TEST(Attention, HeadsOfTheirOwnKeys) { checkAttention({3, 3, 5, 0.447214}, 1); }
TEST(Attention, HeadsThatShareKeys) { checkAttention({6, 2, 3, 0.5}, 1); }
TEST(Attention, LargeScores) { checkAttention({2, 1, 4, 1.0}, 100); }

TEST(Attention, PackedRowsGiveTheSameBits) {
  Heads config = {4, 2, 3, 0.5};
  auto query = randomValues(2 * 5 * 12, 1), key = randomValues(2 * 5 * 6, 2), value = randomValues(2 * 5 * 6, 3);
  Tensor<double> padded = attention(
      config, {tensor({2, 5, 12}, query), tensor({2, 5, 6}, key), tensor({2, 5, 6}, value), ints({2}, {5, 3})}, false);
  // Sequence 0 has rows 0 to 4 of 8, sequence 1 rows 8 to 10 of 4 more.
  auto pack = [](const std::vector<double> &values, int columns) {
    std::vector<double> packed(12 * columns, 0);
    std::copy_n(values.begin(), 5 * columns, packed.begin());
    std::copy_n(values.begin() + 5 * columns, 3 * columns, packed.begin() + 8 * columns);
    return packed;
  };
  Tensor<double> packed = attention(config,
                                    {tensor({12, 12}, pack(query, 12)), tensor({12, 6}, pack(key, 6)),
                                     tensor({12, 6}, pack(value, 6)), ints({3}, {0, 8, 12}), ints({2}, {5, 3})},
                                    true);
  for (int t = 0; t < 5; ++t)
    EXPECT_EQ(packed.row(t), padded.row(t));
  for (int t = 0; t < 3; ++t)
    EXPECT_EQ(packed.row(8 + t), padded.row(5 + t));
}

Tensor<double> pool(const std::string &function, const std::vector<Tensor<double>> &inputs) {
  return compute<double>("(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>) -> tensor<?x2xf32>",
                         "%0 = tenon.pool " + function +
                             " %x lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>) -> "
                             "tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>",
                         inputs);
}

TEST(Pool, MeanAndFirstRowOfEachLength) {
  std::vector<Tensor<double>> inputs = {
      tensor({3, 3, 2}, {1, 2, 3, 5, 8, 8, 4, 5, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN}),
      ints({3}, {3, 1, 0})};
  EXPECT_EQ(values(pool("mean", inputs)), (std::vector<double>{4, 5, 4, 5, 0, 0}));
  EXPECT_EQ(values(pool("cls", inputs)), (std::vector<double>{1, 2, 4, 5, 0, 0}));
}

/// The values of sentence-transformers 6.2 for a mask of ones behind the skipped tokens.
TEST(Pool, FunctionsOfTheRowsBehindThoseThatAreSkipped) {
  std::vector<Tensor<double>> inputs = {tensor({3, 3, 1}, {1, 5, 3, 2, 7, kNaN, 4, kNaN, kNaN}), ints({3}, {3, 2, 1}),
                                        ints({3}, {1, 0, 1})};
  auto pooled = [&](const std::string &function) {
    return values(compute<double>(
        "(%x: tensor<?x?x1xf32>, %n: tensor<?xi32>, %s: tensor<?xi32>) -> tensor<?x1xf32>",
        "%0 = tenon.pool " + function +
            " %x lengths(%n) skips(%s) : (tensor<?x?x1xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x1xf32>\n"
            "return %0 : tensor<?x1xf32>",
        inputs));
  };
  EXPECT_EQ(pooled("mean"), (std::vector<double>{4, 4.5, 0}));
  EXPECT_EQ(pooled("mean_sqrt"), (std::vector<double>{8 / std::sqrt(2), 9 / std::sqrt(2), 0}));
  EXPECT_EQ(pooled("weighted_mean"), (std::vector<double>{19.0 / 5, 16.0 / 3, 0}));
  EXPECT_EQ(pooled("max"), (std::vector<double>{5, 7, -std::numeric_limits<double>::infinity()}));
  EXPECT_EQ(pooled("cls"), (std::vector<double>{5, 2, 4}));
  EXPECT_EQ(pooled("last"), (std::vector<double>{3, 7, 0}));
}

TEST(Pool, PackedRows) {
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x1xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) -> tensor<?x1xf32>",
      "%0 = tenon.pool mean %x starts(%s) lengths(%n) : (tensor<?x1xf32>, tensor<?xi32>, tensor<?xi32>) -> "
      "tensor<?x1xf32>\nreturn %0 : tensor<?x1xf32>",
      {tensor({6, 1}, {1, 2, 99, 99, 7, 99}), ints({4}, {0, 4, 4, 6}), ints({3}, {2, 0, 1})});
  EXPECT_EQ(values(result), (std::vector<double>{1.5, 0, 7}));
}

TEST(Pool, LastRowOfEachLength) {
  std::vector<Tensor<double>> inputs = {
      tensor({3, 3, 2}, {1, 2, 3, 5, 8, 9, 4, 5, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN}),
      ints({3}, {3, 1, 0})};
  EXPECT_EQ(values(pool("last", inputs)), (std::vector<double>{8, 9, 4, 5, 0, 0}));
}

/// One head of one component, whose keys are all 1 and whose values are their positions.
std::vector<double> attendPositions(int count, const std::string &expressions) {
  std::vector<double> ones(count, 1), positions(count);
  std::iota(positions.begin(), positions.end(), 0);
  return values(compute<double>(
      "(%q: tensor<?x?x1xf32>, %v: tensor<?x?x1xf32>, %n: tensor<?xi32>) -> tensor<?x?x1xf32>",
      "%0 = tenon.attention %q lengths(%n) to rows(%q, %v) {heads = 1 : i64, key_value_heads = 1 : i64, head_size = 1 : i64, "
      "scale = 1.0 : f64" +
          expressions +
          "} : (tensor<?x?x1xf32>, tensor<?xi32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>) -> tensor<?x?x1xf32>\n"
          "return %0 : tensor<?x?x1xf32>",
      {tensor({1, count, 1}, ones), tensor({1, count, 1}, positions), ints({1}, {count})}));
}

TEST(Attention, MasksLeaveKeysOut) {
  expectNear(attendPositions(4, ", mask = \"k <= q\""), {0, 0.5, 1, 1.5}, 1e-15);
  expectNear(attendPositions(4, ", mask = \"k <= q && q - k < 2\""), {0, 0.5, 1.5, 2.5}, 1e-15);
}

TEST(Attention, FullyMaskedRowsAreZeros) {
  EXPECT_EQ(attendPositions(3, ", mask = \"q == 1 && k == 2\""), (std::vector<double>{0, 2, 0}));
  EXPECT_EQ(attendPositions(2, ", score = \"-inf\""), (std::vector<double>{0, 0}));
}

TEST(Attention, ScoresReplaceProducts) {
  auto actual = attendPositions(3, ", score = \"s * float(k) - 0.5 * float(q)\"");
  double expected = (std::exp(1.0) + 2 * std::exp(2.0)) / (1 + std::exp(1.0) + std::exp(2.0));
  expectNear(actual, {expected, expected, expected}, 1e-15); // what all keys of a query share changes nothing
}

TEST(Attention, ExpressionsReadTables) {
  std::vector<double> table(2 * 3);
  std::iota(table.begin(), table.end(), 0);
  Tensor<double> result = compute<double>(
      "(%q: tensor<?x?x1xf32>, %v: tensor<?x?x1xf32>, %n: tensor<?xi32>, %t: tensor<2x3xf32>) -> tensor<?x?x1xf32>",
      "%0 = tenon.attention %q lengths(%n) to rows(%q, %v) tables(%t) {heads = 1 : i64, key_value_heads = 1 : i64, head_size = "
      "1 : i64, scale = 1.0 : f64, mask = \"table0(q, k) == 4.0 || table0(q, k) == 2.0\"} : (tensor<?x?x1xf32>, "
      "tensor<?xi32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>, tensor<2x3xf32>) -> tensor<?x?x1xf32>\nreturn %0 : "
      "tensor<?x?x1xf32>",
      {tensor({1, 3, 1}, {1, 1, 1}), tensor({1, 3, 1}, {10, 20, 30}), ints({1}, {3}), tensor({2, 3}, table)});
  EXPECT_EQ(values(result), (std::vector<double>{30, 20, 20})); // row 2 is row 1: indices are clamped
}

} // namespace
