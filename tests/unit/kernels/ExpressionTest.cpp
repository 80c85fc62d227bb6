//===- ExpressionTest.cpp - Masks and scores in attention ------------------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Expressions : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Expressions, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

constexpr int64_t kHeads = 4, kKeyHeads = 2, kSize = 20, kPageWidth = 2 * kKeyHeads * kSize * 16;

/// Attention over a cache with two tables f32[3, 40] and f32[4, 70].
KernelDescription attend(int64_t rowTile, const std::string &mask, const std::string &score) {
  RegionBuilder region;
  int queries = region.rows(kHeads * kSize), cache = region.rows(kPageWidth), starts = region.indices();
  int lengths = region.indices(), past = region.indices(), pages = region.indexTable();
  int first = region.array({3, 40}), second = region.array({4, 70});
  std::map<std::string, Attribute> attributes = {
      {"heads", kHeads},    {"key_value_heads", kKeyHeads}, {"head_size", kSize},  {"scale", 0.2},
      {"past", int64_t(1)}, {"segments", ownPages},         {"tables", int64_t(2)}};
  if (!mask.empty())
    attributes["mask"] = mask;
  if (!score.empty())
    attributes["score"] = score;
  KernelDescription kernel = region.yield({region.operation(
      "attention", {queries, cache, starts, lengths, past, pages, first, second}, kHeads * kSize, attributes)});
  kernel.rowTile = rowTile;
  return kernel;
}

std::vector<Array> arguments(const Batch &batch, const Paged &paged) {
  Array documents({3, 40});
  for (size_t i = 0; i < documents.floats().size(); ++i)
    documents.floats()[i] = static_cast<float>(i % 40 / 11);
  return {randomRows(batch, kHeads * kSize, 1),
          paged.cache,
          batch.startsArray(),
          batch.lengthsArray(),
          paged.pastArray(),
          paged.tableArray(),
          documents,
          randomArray({4, 70}, 9)};
}

struct Case {
  const char *mask, *score;
};

const Case cases[] = {
    {"k <= q", ""},
    {"k <= q && q - k < 20", ""},
    {"k <= q || k < 25", ""},
    {"k <= q && q / 16 == k / 16", ""},
    {"abs(q - k) < 9", ""},
    {"k <= q && (q - k) % 3 == 0", ""},
    {"k <= q && (k < 4 || q - k < 10)", ""},
    {"k <= q && table0(b, q) == table0(b, k)", ""},
    {"k <= q && q - k < 8 * (h + 1)", ""},
    {"q % 5 != 0 && k <= q", ""},
    {"k <= q && (k + b) % 2 == 0", "s - 0.1 * (q - k)"},
    {"k <= q", "5 * tanh(s / 5)"},
    {"k <= q", "s + select(h == 0, 0.5, select(h == 1, 0.25, 0.125)) * float(k - q)"},
    {"k <= q", "s + table1(h, q - k)"},
    {"", "s * sqrt(float(1 + abs(q - k))) - log(2.0 + k) + exp(-s)"},
    {"k / -7 != q / -7 || k == q", "max(s, -1) % 3"},
};

void checkCase(const Case &one, int32_t rowTile, const std::string &target) {
  Batch batch(rowTile == 1 ? std::vector<int32_t>{1, 1, 3} : std::vector<int32_t>{5, 33, 18}, rowTile);
  Paged paged(batch, {0, 31, 17}, kKeyHeads, kSize);
  check(attend(rowTile, one.mask, one.score), target, arguments(batch, paged), batch);
}

TEST_P(Expressions, tilesOfRows) {
  for (const Case &one : cases)
    checkCase(one, 16, GetParam());
}

TEST_P(Expressions, rowsOneByOne) {
  for (const Case &one : cases)
    checkCase(one, 1, GetParam());
}

TEST_P(Expressions, withoutACache) {
  for (Case one : {Case{"q - k < 5 && k - q < 7", ""}, {"k <= q && q - k < 20", "10 * tanh(s / 10)"}}) {
    Batch batch({21, 1, 50});
    RegionBuilder region;
    int q = region.rows(57), k = region.rows(19), v = region.rows(19), starts = region.indices();
    int lengths = region.indices();
    std::map<std::string, Attribute> attributes = {{"heads", int64_t(3)},      {"key_value_heads", int64_t(1)},
                                                   {"head_size", int64_t(19)}, {"scale", 0.25},
                                                   {"segments", ownRows},      {"mask", std::string(one.mask)}};
    if (*one.score)
      attributes["score"] = std::string(one.score);
    check(region.yield({region.operation("attention", {q, starts, lengths, k, v}, 57, attributes)}), GetParam(),
          {randomRows(batch, 57, 1), randomRows(batch, 19, 2), randomRows(batch, 19, 3), batch.startsArray(),
           batch.lengthsArray()},
          batch);
  }
}

/// A page that no query of the batch sees is not read: its slot of the table points at NaN.
TEST_P(Expressions, pagesBeforeTheWindowMayBeAnything) {
  for (int32_t rowTile : {1, 16}) {
    Batch batch({rowTile == 1 ? 1 : 20}, rowTile);
    Paged paged(batch, {90}, kKeyHeads, kSize);
    KernelDescription kernel = attend(rowTile, "k <= q && q - k < 24", "");
    std::vector<Array> all = arguments(batch, paged);
    // Query 90 sees keys from 67 on: those of slot 4.
    for (int slot = 0; slot < 4; ++slot)
      std::fill_n(all[1].floats().begin() + paged.table[static_cast<size_t>(slot)] * kPageWidth, kPageWidth,
                  std::numeric_limits<float>::quiet_NaN());
    if (cpuHas(GetParam()))
      for (int64_t row = 0; row < batch.rows(); ++row)
        for (int64_t c = 0; batch.isReal(row) && c < kHeads * kSize; ++c) {
          static std::vector<Array> found;
          if (row == 0 && c == 0)
            found = run(kernel, GetParam(), all, batch.rows());
          ASSERT_FALSE(std::isnan(found[0].floats()[static_cast<size_t>(row * kHeads * kSize + c)])) << row;
        }
  }
}

/// A score that is not a number makes its own row so, and no other.
TEST_P(Expressions, scoresThatAreNotNumbers) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int32_t rowTile : {1, 16}) {
    Batch batch({20}, rowTile);
    Paged paged(batch, {5}, kKeyHeads, kSize);
    // The logarithm of a negative number for query 9, which is row 4.
    KernelDescription kernel = attend(rowTile, "k <= q", "s + select(q == 9, log(s * 0 - 1), 0.0)");
    std::vector<Array> found = run(kernel, GetParam(), arguments(batch, paged), batch.rows());
    for (int64_t row = 0; row < 20; ++row)
      for (int64_t c = 0; c < kHeads * kSize; ++c)
        ASSERT_EQ(std::isnan(found[0].floats()[static_cast<size_t>(row * kHeads * kSize + c)]), row == 4) << row;
  }
}

TEST(KeyRanges, visitedBlocks) {
  auto visited = [](const char *mask, int64_t rowTile, std::vector<int64_t> lengths, std::vector<int64_t> past) {
    return visitedKeyBlocks(attend(rowTile, mask, ""), lengths, past);
  };
  // 8 tiles of 16 queries each: all 8 blocks of keys, or t + 1 of tile t.
  EXPECT_EQ(visited("", 16, {128}, {0}), 64);
  EXPECT_EQ(visited("k <= q", 16, {128}, {0}), 36);
  // After 100 keys a tile of queries ends in the middle of a block.
  EXPECT_EQ(visited("k <= q", 16, {32}, {100}), 8 + 9);
  // A window of 16 keys: the block of the queries and the one before.
  EXPECT_EQ(visited("k <= q && q - k < 16", 16, {128}, {0}), 1 + 7 * 2);
  EXPECT_EQ(visited("k <= q && q - k < 16", 1, {1, 1}, {1000, 15}), 2 + 1);
  // A prefix of 40 keys, 3 blocks, is seen by all.
  EXPECT_EQ(visited("k <= q || k < 40", 16, {128}, {0}), 3 + 3 + 3 + 4 + 5 + 6 + 7 + 8);
  // Blocks of 64 positions that see themselves alone.
  EXPECT_EQ(visited("q / 64 == k / 64", 16, {128}, {0}), 8 * 4);
  EXPECT_EQ(visited("abs(q - k) < 8", 16, {64}, {0}), 2 + 3 + 3 + 2);
  EXPECT_EQ(visited("k < 0", 16, {64}, {0}), 0);
  EXPECT_EQ(visited("k <= q && k < 16 * (b + 1)", 16, {64, 64}, {0, 0}), 4 + 7);
  EXPECT_EQ(visited("k < int(table0(b, 0))", 16, {64}, {0}), std::nullopt);
}

TEST(KeyRanges, text) {
  EXPECT_EQ(keyRangeText(attend(16, "k <= q", "")), "keys 0 to last_query\n");
  EXPECT_EQ(keyRangeText(attend(16, "k <= q && q - k < 16", "")), "keys (first_query + -15) to last_query\n");
  EXPECT_EQ(keyRangeText(attend(16, "k <= q || k < 40", "")), "keys 0 to max(last_query, 39)\n");
  EXPECT_EQ(keyRangeText(attend(16, "", "")), "keys 0 to the last\n");
}

} // namespace
