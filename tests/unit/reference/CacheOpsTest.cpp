//===- CacheOpsTest.cpp - Operations on caches against their formulas -----===//

#include "Interpreter.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::reference;

namespace {

constexpr int kTokens = 16; // of a page

/// One layer of a cache of a head or more, as docs/levels.md says it lies: for each head K transposed, then V.
struct Layer {
  int pages, heads, size;
  std::vector<double> floats = std::vector<double>(static_cast<size_t>(pages) * pageFloats(), 0);

  int pageFloats() const { return 2 * heads * size * kTokens; }
  double &key(int page, int token, int head, int d) {
    return floats[static_cast<size_t>(page) * pageFloats() + head * 2 * size * kTokens + d * kTokens + token];
  }
  double &value(int page, int token, int head, int d) {
    return floats[static_cast<size_t>(page) * pageFloats() + head * 2 * size * kTokens + size * kTokens + token * size +
                  d];
  }
  Tensor<double> tensor() const { return tenon::reference::tensor({pages, pageFloats()}, floats); }
  std::string type() const { return "tensor<?x" + std::to_string(pageFloats()) + "xf32>"; }
};

std::string floats(const std::string &rows, int columns) {
  return "tensor<" + rows + "x" + std::to_string(columns) + "xf32>";
}

Outcome<double> append(const Layer &cache, const std::vector<Tensor<double>> &rows, const std::vector<int32_t> &lengths,
                       const std::vector<int32_t> &past, const Tensor<double> &pages) {
  std::string type = cache.type(), row = floats("?x?", cache.heads * cache.size);
  int64_t batch = static_cast<int64_t>(lengths.size());
  return run<double>("func.func @f(%c: " + type + ", %k: " + row + ", %v: " + row +
                         ", %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> " + type +
                         " {\n%0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = " +
                         std::to_string(cache.heads) + " : i64, head_size = " + std::to_string(cache.size) +
                         " : i64} : (" + type + ", " + row + ", " + row +
                         ", tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> " + type + "\nreturn %0 : " + type +
                         "\n}",
                     {cache.tensor(), rows[0], rows[1], ints({batch}, lengths), ints({batch}, past), pages});
}

TEST(CacheAppend, WritesNewTokensBehindOldOnesAndNothingElse) {
  Layer cache{4, 2, 3};
  cache.floats = randomValues(static_cast<int64_t>(cache.floats.size()), 1);
  // Two sequences: two tokens across the end of page 2 into page 0; one at the start of page 3.
  auto key = randomValues(2 * 2 * 6, 2), value = randomValues(2 * 2 * 6, 3);
  Outcome<double> outcome =
      append(cache, {tensor({2, 2, 6}, key), tensor({2, 2, 6}, value)}, {2, 1}, {15, 0}, ints({2, 2}, {2, 0, 3, 1}));
  ASSERT_EQ(outcome.errors, "");
  Layer expected = cache;
  struct {
    int row, page, token;
  } moves[] = {{0, 2, 15}, {1, 0, 0}, {2, 3, 0}};
  for (auto [row, page, token] : moves)
    for (int h = 0; h < 2; ++h)
      for (int d = 0; d < 3; ++d) {
        expected.key(page, token, h, d) = key[row * 6 + h * 3 + d];
        expected.value(page, token, h, d) = value[row * 6 + h * 3 + d];
      }
  EXPECT_EQ(values(outcome.results[0]), expected.floats);
}

void expectAppendError(std::vector<int32_t> lengths, std::vector<int32_t> past, const Tensor<double> &pages,
                       const std::string &message) {
  Layer cache{4, 1, 2};
  int64_t batch = static_cast<int64_t>(lengths.size());
  Tensor<double> rows = tensor({batch, 2, 2}, std::vector<double>(batch * 4, 1));
  Outcome<double> outcome = append(cache, {rows, rows}, lengths, past, pages);
  EXPECT_TRUE(outcome.results.empty());
  EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors << "expected " << message;
}

TEST(CacheAppend, PageOutOfRange) {
  expectAppendError({1}, {0}, ints({1, 1}, {4}), "page 4 of sequence 0 is not one of 4");
  expectAppendError({0, 2}, {0, 15}, ints({2, 2}, {9, 9, 0, -1}), "page -1 of sequence 1 is not one of 4");
}

TEST(CacheAppend, MoreTokensThanPages) {
  expectAppendError({2}, {15}, ints({1, 1}, {0}), "sequence 0 has 15 cached and 2 new tokens, expected at most 16");
  expectAppendError({1}, {-1}, ints({1, 1}, {0}), "sequence 0 has -1 cached and 1 new tokens, expected at most 16");
}

TEST(CacheAppend, PagesPastTheEndMayBeAnything) {
  Layer cache{1, 1, 2};
  Tensor<double> row = tensor({1, 1, 2}, {1, 2});
  Outcome<double> outcome = append(cache, {row, row}, {1}, {15}, ints({1, 3}, {0, -7, 99}));
  EXPECT_EQ(outcome.errors, "");
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

struct Attention {
  int heads;
  double scale;
  std::string expressions = ""; // mask and score as attributes
};

Outcome<double> attend(const Layer &cache, Attention config, const Tensor<double> &query, std::vector<int32_t> lengths,
                       std::vector<int32_t> past, const Tensor<double> &pages) {
  std::string row = floats("?x?", config.heads * cache.size);
  int64_t batch = static_cast<int64_t>(lengths.size());
  return run<double>("func.func @f(%q: " + row + ", %c: " + cache.type() +
                         ", %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> " + row +
                         " {\n%0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) {heads = " +
                         std::to_string(config.heads) + " : i64, key_value_heads = " + std::to_string(cache.heads) +
                         " : i64, head_size = " + std::to_string(cache.size) +
                         " : i64, scale = " + std::to_string(config.scale) + " : f64" + config.expressions + "} : (" +
                         row + ", " + cache.type() + ", tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> " + row +
                         "\nreturn %0 : " + row + "\n}",
                     {query, cache.tensor(), ints({batch}, std::move(lengths)), ints({batch}, std::move(past)), pages});
}

/// One head's result from the definition, over the keys that `score` gives a finite score for.
std::vector<double> attendOne(Layer &cache, const std::vector<int> &pages, int head, int keys,
                              const std::function<double(int)> &score) {
  std::vector<double> result(cache.size, 0);
  double sum = 0;
  for (int k = 0; k < keys; ++k)
    sum += std::exp(score(k));
  for (int k = 0; k < keys && sum > 0; ++k)
    for (int d = 0; d < cache.size; ++d)
      result[d] += std::exp(score(k)) / sum * cache.value(pages[k / kTokens], k % kTokens, head, d);
  return result;
}

TEST(CachedAttention, ReadsOldAndNewTokensAtTheirPositions) {
  Layer cache{4, 2, 3};
  cache.floats = randomValues(static_cast<int64_t>(cache.floats.size()), 1);
  auto query = randomValues(2 * 2 * 12, 2);
  Outcome<double> outcome =
      attend(cache, {4, 0.5, ", mask = \"k <= q && q - k < 9\", score = \"s + 0.25 * float(k - q) * float(h)\""},
             tensor({2, 2, 12}, query), {2, 1}, {17, 3}, ints({2, 2}, {2, 0, 3, 1}));
  ASSERT_EQ(outcome.errors, "");
  const std::vector<int> pages[] = {{2, 0}, {3, 1}};
  const int past[] = {17, 3}, lengths[] = {2, 1};
  for (int b = 0; b < 2; ++b)
    for (int t = 0; t < lengths[b]; ++t)
      for (int h = 0; h < 4; ++h) {
        int q = past[b] + t;
        auto score = [&](int k) {
          if (k > q || q - k >= 9)
            return -std::numeric_limits<double>::infinity();
          double product = 0;
          for (int d = 0; d < 3; ++d)
            product += query[((b * 2 + t) * 4 + h) * 3 + d] * cache.key(pages[b][k / kTokens], k % kTokens, h / 2, d);
          return 0.5 * product + 0.25 * (k - q) * h;
        };
        std::vector<double> expected = attendOne(cache, pages[b], h / 2, past[b] + lengths[b], score);
        llvm::ArrayRef<double> actual = outcome.results[0].row(b * 2 + t).slice(h * 3, 3);
        expectNear(actual.vec(), expected, 1e-12);
      }
}

TEST(CachedAttention, WithoutAMaskQueriesSeeLaterKeys) {
  Layer cache{1, 1, 1};
  cache.value(0, 0, 0, 0) = 1;
  cache.value(0, 1, 0, 0) = 3;
  Outcome<double> outcome = attend(cache, {1, 1.0}, tensor({1, 2, 1}, {0, 0}), {2}, {0}, ints({1, 1}, {0}));
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), (std::vector<double>{2, 2}));
}

TEST(CachedAttention, FullyMaskedRowsAreZeros) {
  Layer cache{1, 1, 2};
  cache.floats = randomValues(static_cast<int64_t>(cache.floats.size()), 1);
  Outcome<double> outcome = attend(cache, {1, 1.0, ", mask = \"q != 1 && k <= q\""}, tensor({1, 2, 2}, {1, 2, 3, 4}),
                                   {2}, {0}, ints({1, 1}, {0}));
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), (std::vector<double>{cache.value(0, 0, 0, 0), cache.value(0, 0, 0, 1), 0, 0}));
}

TEST(CachedAttention, SequencesWithoutNewTokensGiveZeros) {
  Layer cache{1, 1, 1};
  cache.floats.assign(cache.floats.size(), 5);
  Outcome<double> outcome = attend(cache, {1, 1.0}, tensor({1, 1, 1}, {2}), {0}, {7}, ints({1, 1}, {0}));
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), std::vector<double>{0});
}

TEST(CachedAttention, PageOutOfRange) {
  Layer cache{2, 1, 1};
  Outcome<double> outcome = attend(cache, {1, 1.0}, tensor({1, 1, 1}, {2}), {1}, {16}, ints({1, 2}, {0, 2}));
  EXPECT_NE(outcome.errors.find("page 2 of sequence 0 is not one of 2"), std::string::npos) << outcome.errors;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

TEST(CacheLayer, ReadsAndReplacesOneLayer) {
  const std::string cache = "tensor<3x?x2xf32>";
  std::vector<double> floats(3 * 2 * 2);
  for (size_t i = 0; i < floats.size(); ++i)
    floats[i] = static_cast<double>(i);
  Outcome<double> outcome =
      run<double>("func.func @f(%c: " + cache + ", %from: index, %to: index) -> (tensor<?x2xf32>, " + cache +
                      ") {\n%0 = tenon.cache_layer %c[%from] : " + cache +
                      " -> tensor<?x2xf32>\n%1 = tenon.cache_update %0 into %c[%to] : tensor<?x2xf32> into " + cache +
                      "\nreturn %0, %1 : tensor<?x2xf32>, " + cache + "\n}",
                  {tensor({3, 2, 2}, floats), ints({}, {2}), ints({}, {0})});
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), (std::vector<double>{8, 9, 10, 11}));
  EXPECT_EQ(values(outcome.results[1]), (std::vector<double>{8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(CacheLayer, LayerPastTheLast) {
  Outcome<double> outcome = run<double>("func.func @f(%c: tensor<3x?x2xf32>, %l: index) -> tensor<?x2xf32> {\n%0 = "
                                        "tenon.cache_layer %c[%l] : tensor<3x?x2xf32> -> tensor<?x2xf32>\nreturn %0 : "
                                        "tensor<?x2xf32>\n}",
                                        {tensor({3, 1, 2}, std::vector<double>(6, 0)), ints({}, {3})});
  EXPECT_NE(outcome.errors.find("layer 3 is not one of 3"), std::string::npos) << outcome.errors;
}

TEST(CacheUpdate, LayerPastTheLast) {
  Outcome<double> outcome =
      run<double>("func.func @f(%c: tensor<3x?x2xf32>, %s: tensor<?x2xf32>, %l: index) -> tensor<3x?x2xf32> {\n%0 = "
                  "tenon.cache_update %s into %c[%l] : tensor<?x2xf32> into tensor<3x?x2xf32>\nreturn %0 : "
                  "tensor<3x?x2xf32>\n}",
                  {tensor({3, 1, 2}, std::vector<double>(6, 0)), tensor({1, 2}, {1, 2}), ints({}, {3})});
  EXPECT_NE(outcome.errors.find("[1, 2] is not layer 3 of a cache [3, 1, 2]"), std::string::npos) << outcome.errors;
}

} // namespace
