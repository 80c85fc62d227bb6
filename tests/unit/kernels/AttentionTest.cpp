//===- AttentionTest.cpp - Attention within the sequences of a batch ------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Attention : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Attention, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

struct Heads {
  int64_t heads, keyHeads, size;
  int64_t queryWidth() const { return heads * size; }
  int64_t keyWidth() const { return keyHeads * size; }
  int64_t allWidth() const { return queryWidth() + 2 * keyWidth(); }
  std::map<std::string, Attribute> attributes(double scale) const {
    return {
        {"heads", heads}, {"key_value_heads", keyHeads}, {"head_size", size}, {"scale", scale}, {"segments", ownRows}};
  }
};

/// Attention over a fused [R, (H + 2 KVH) D] input.
KernelDescription fused(const Heads &heads, double scale) {
  RegionBuilder region;
  int x = region.rows(heads.allWidth()), starts = region.indices(), lengths = region.indices();
  int q = region.split(x, {heads.queryWidth(), heads.keyWidth(), heads.keyWidth()});
  return region.yield(
      {region.operation("attention", {q, starts, lengths, q + 1, q + 2}, heads.queryWidth(), heads.attributes(scale))});
}

void checkFused(const Heads &heads, const Batch &batch, const std::string &target, float deviation = 1.0f) {
  check(fused(heads, 1 / std::sqrt(static_cast<double>(heads.size))), target,
        {randomRows(batch, heads.allWidth(), 1, deviation), batch.startsArray(), batch.lengthsArray()}, batch);
}

TEST_P(Attention, headSizesThatNoVectorDivides) {
  Batch batch({17, 1, 40});
  for (Heads heads : {Heads{1, 1, 1}, {2, 2, 7}, {3, 3, 20}, {2, 1, 33}, {6, 2, 16}, {4, 4, 32}, {2, 2, 64}})
    checkFused(heads, batch, GetParam());
}

TEST_P(Attention, lengthsThatNoTileDivides) {
  for (int32_t length : {1, 2, 15, 16, 17, 31, 32, 33, 100})
    checkFused({2, 2, 20}, Batch({length}), GetParam());
  checkFused({2, 2, 20}, Batch({3, 50, 16, 1, 17, 129, 8}), GetParam());
}

/// All sequences empty: there is nothing to read, and nothing is written.
TEST_P(Attention, batchesWithoutRows) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (const Heads &heads : {Heads{2, 1, 4}, {2, 2, 16}}) {
    Array none({2}, std::vector<int32_t>{0, 0});
    std::vector<Array> found = run(fused(heads, 1.0), GetParam(), {Array({0, heads.allWidth()}), none, none}, 0);
    EXPECT_TRUE(found[0].floats().empty());
  }
}

TEST_P(Attention, largeScores) {
  // Scores of several thousand: without the row's maximum taken off, every weight would overflow.
  checkFused({2, 2, 24}, Batch({40, 7}), GetParam(), 60.0f);
}

TEST_P(Attention, separateOperands) {
  Batch batch({12, 20});
  Heads heads{4, 2, 10};
  RegionBuilder region;
  int q = region.rows(40), k = region.rows(20), v = region.rows(20), starts = region.indices();
  int lengths = region.indices();
  check(region.yield({region.operation("attention", {q, starts, lengths, k, v}, 40, heads.attributes(0.25))}),
        GetParam(),
        {randomRows(batch, 40, 1), randomRows(batch, 20, 2), randomRows(batch, 20, 3), batch.startsArray(),
         batch.lengthsArray()},
        batch);
}

TEST_P(Attention, rotaryOnQueriesAndKeys) {
  Batch batch({12, 20});
  Heads heads{4, 2, 12};
  RegionBuilder region;
  int x = region.rows(heads.allWidth()), starts = region.indices(), lengths = region.indices();
  int positions = region.indices(), cosines = region.array({30, 4}), sines = region.array({30, 4});
  int q = region.split(x, {48, 24, 24});
  std::map<std::string, Attribute> turn = {
      {"head_size", int64_t(12)}, {"dims", int64_t(8)}, {"interleaved", int64_t(0)}};
  int turnedQ = region.operation("rotary", {q, positions, cosines, sines}, 48, turn);
  int turnedK = region.operation("rotary", {q + 1, positions, cosines, sines}, 24, turn);
  int result = region.operation("attention", {turnedQ, starts, lengths, turnedK, q + 2}, 48, heads.attributes(0.3));
  std::vector<int32_t> rowPositions;
  for (int64_t row = 0; row < batch.rows(); ++row)
    rowPositions.push_back(batch.isReal(row) ? static_cast<int32_t>(row % 16) : std::numeric_limits<int32_t>::max());
  check(region.yield({result}), GetParam(),
        {randomRows(batch, heads.allWidth(), 1), batch.startsArray(), batch.lengthsArray(),
         Array({batch.rows()}, rowPositions), randomArray({30, 4}, 5), randomArray({30, 4}, 6)},
        batch);
}

TEST_P(Attention, noKeysGiveZeros) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{2, 2, 20};
  Batch batch({18, 0, 5, 0});
  std::vector<Array> results =
      run(fused(heads, 0.2), GetParam(),
          {randomRows(batch, heads.allWidth(), 1), batch.startsArray(), batch.lengthsArray()}, batch.rows());
  for (size_t sequence : {1, 3})
    for (int64_t i = batch.starts[sequence] * 40; i < batch.starts[sequence + 1] * 40; ++i)
      ASSERT_EQ(results[0].floats()[i], 0.0f) << "element " << i;
}

TEST_P(Attention, sequencesWithoutRows) {
  Heads heads{2, 2, 20};
  Batch batch({18, 5});
  Array rows = randomRows(batch, heads.allWidth(), 1);
  std::vector<Array> expected =
      run(fused(heads, 0.2), "x86-64-v3", {rows, batch.startsArray(), batch.lengthsArray()}, batch.rows());
  // The same two sequences, and three that take no rows: at the start, between and at the end.
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  KernelDescription kernel = fused(heads, 0.2);
  std::vector<Array> found = run(
      kernel, GetParam(),
      {rows, Array({6}, std::vector<int32_t>{0, 0, 32, 32, 48, 48}), Array({5}, std::vector<int32_t>{0, 18, 0, 5, 0})},
      batch.rows());
  for (int64_t row = 0; row < batch.rows(); ++row)
    for (int64_t c = 0; batch.isReal(row) && c < 40; ++c)
      ASSERT_NEAR(found[0].floats()[row * 40 + c], expected[0].floats()[row * 40 + c], 1e-5) << row << ", " << c;
}

/// A query that is not a number: only its own row has it. A key: all rows of its sequence.
TEST_P(Attention, notANumberStaysInItsSequence) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{1, 1, 8};
  Batch batch({10, 20});
  for (bool key : {false, true}) {
    Array rows = randomRows(batch, heads.allWidth(), 1);
    rows.floats()[3 * 24 + (key ? 10 : 2)] = std::numeric_limits<float>::quiet_NaN();
    std::vector<Array> results =
        run(fused(heads, 0.3), GetParam(), {rows, batch.startsArray(), batch.lengthsArray()}, batch.rows());
    for (int64_t row = 0; row < batch.rows(); ++row)
      for (int64_t c = 0; batch.isReal(row) && c < 8; ++c)
        ASSERT_EQ(std::isnan(results[0].floats()[row * 8 + c]), key ? row < 10 : row == 3) << "row " << row;
  }
}

/// The bits of a sequence's rows, alone and in a batch, on one thread and on three.
TEST_P(Attention, bitsDoNotDependOnTheBatch) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{3, 3, 20};
  KernelDescription kernel = fused(heads, 0.2);
  Batch alone({30}), together({100, 30, 45});
  Array small = randomRows(alone, 180, 1), large = randomRows(together, 180, 2);
  std::copy(small.floats().begin(), small.floats().end(), large.floats().begin() + together.starts[1] * 180);
  std::vector<Array> one = run(kernel, GetParam(), {small, alone.startsArray(), alone.lengthsArray()}, alone.rows());
  setThreads(3);
  std::vector<Array> three =
      run(kernel, GetParam(), {large, together.startsArray(), together.lengthsArray()}, together.rows());
  setThreads(1);
  for (int64_t i = 0; i < 30 * 60; ++i)
    ASSERT_EQ(one[0].floats()[i], three[0].floats()[together.starts[1] * 60 + i]) << "element " << i;
}

} // namespace
