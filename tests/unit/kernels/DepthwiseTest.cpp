//===- DepthwiseTest.cpp - Convolutions of each component alone ------------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Depthwise : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Depthwise, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

KernelDescription depthwise(int64_t width, int64_t taps, int64_t before, bool cached, int64_t rowTile) {
  RegionBuilder region;
  std::vector<int> operands = {region.rows(width), region.array({taps, width})};
  if (cached)
    operands.push_back(region.rows(16 * width));
  for (int i = 0; i < (cached ? 3 : 2); ++i)
    operands.push_back(region.indices());
  if (cached)
    operands.push_back(region.indexTable());
  KernelDescription kernel = region.yield({region.operation(
      "depthwise", operands, width, {{"before", before}, {"cached", int64_t(cached ? 1 : 0)}})});
  kernel.rowTile = rowTile;
  return kernel;
}

/// Pages of rows; what was not written is NaN.
struct Kept {
  Kept(const Batch &batch, const std::vector<int32_t> &past, int64_t width)
      : keys(batch, past, 1, 1), cache({keys.pages, 16 * width}) {
    std::fill(cache.floats().begin(), cache.floats().end(), std::numeric_limits<float>::quiet_NaN());
    Array rows = randomArray({static_cast<int64_t>(past.size()) * 128, width}, 21);
    for (size_t b = 0; b < past.size(); ++b)
      for (int32_t token = 0; token < past[b]; ++token) {
        int64_t page = keys.table[b * static_cast<size_t>(keys.slots) + static_cast<size_t>(token / 16)];
        std::copy_n(rows.floats().begin() + (static_cast<int64_t>(b) * 128 + token) * width, width,
                    cache.floats().begin() + (page * 16 + token % 16) * width);
      }
  }
  Paged keys; ///< For its table.
  Array cache;
};

void checkWhole(int64_t width, int64_t taps, int64_t before, int32_t rowTile, const std::vector<int32_t> &lengths,
                const std::string &target) {
  Batch batch(lengths, rowTile);
  check(depthwise(width, taps, before, false, rowTile), target,
        {randomRows(batch, width, 1), randomArray({taps, width}, 2), batch.startsArray(), batch.lengthsArray()}, batch);
}

void checkCached(int64_t width, int64_t taps, int32_t rowTile, const std::vector<int32_t> &lengths,
                 const std::vector<int32_t> &past, const std::string &target) {
  Batch batch(lengths, rowTile);
  Kept kept(batch, past, width);
  check(depthwise(width, taps, taps - 1, true, rowTile), target,
        {randomRows(batch, width, 1), randomArray({taps, width}, 2), kept.cache, batch.startsArray(),
         batch.lengthsArray(), kept.keys.pastArray(), kept.keys.tableArray()},
        batch);
}

TEST_P(Depthwise, widths) {
  for (int64_t width : {1, 7, 15, 16, 17, 31, 33, 256})
    checkWhole(width, 3, 1, 16, {5, 0, 16, 1, 33, 17}, GetParam());
}

TEST_P(Depthwise, windowsBeforeAroundAndBehind) {
  for (int64_t taps : {1, 2, 5, 31})
    for (int64_t before : {int64_t(0), (taps - 1) / 2, taps - 1})
      checkWhole(17, taps, before, 16, {5, 0, 16, 1, 33, 17, 2}, GetParam());
  checkWhole(7, 4, 3, 1, {5, 1, 20}, GetParam());
}

TEST_P(Depthwise, goesOnFromTheRowsThatAreKept) {
  for (int64_t width : {1, 16, 33}) {
    checkCached(width, 7, 16, {5, 0, 16, 1, 33, 17}, {0, 7, 15, 16, 17, 3}, GetParam());
    checkCached(width, 7, 1, {1, 1, 1, 1, 1, 1}, {0, 1, 15, 16, 17, 100}, GetParam());
  }
  checkCached(5, 40, 1, {1, 1, 1, 1}, {0, 38, 39, 100}, GetParam());
  checkCached(5, 1, 1, {1, 1}, {0, 20}, GetParam());
}

TEST_P(Depthwise, manySequences) {
  std::vector<int32_t> lengths(70, 1), past(70);
  for (size_t b = 0; b < past.size(); ++b)
    past[b] = static_cast<int32_t>(b);
  checkCached(20, 4, 1, lengths, past, GetParam());
}

/// Between operations that are computed in the same kernel.
TEST_P(Depthwise, ofASplit) {
  Batch batch({17, 3});
  RegionBuilder region;
  int x = region.rows(40), weights = region.array({3, 20}), starts = region.indices(), lengths = region.indices();
  int parts = region.split(x, {20, 20});
  int input = region.operation("activation", {parts}, 20, {{"function", std::string("sigmoid")}});
  int value = region.operation("depthwise", {input, weights, starts, lengths}, 20,
                               {{"before", int64_t(1)}, {"cached", int64_t(0)}});
  check(region.yield({region.operation("multiply", {value, parts + 1}, 20)}), GetParam(),
        {randomRows(batch, 40, 1), randomArray({3, 20}, 2), batch.startsArray(), batch.lengthsArray()}, batch);
}

/// On one thread and on three; alone and beside others; whole, and behind what is kept of its first rows.
TEST_P(Depthwise, bitsDoNotDependOnTheRowsBeside) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Batch many(std::vector<int32_t>(40, 3)), alone({3}), last({1}, 1);
  Array input = randomRows(many, 20, 1), weights = randomArray({3, 20}, 2);
  Array own({16, 20}, std::vector<float>(input.floats().begin() + 16 * 20, input.floats().begin() + 32 * 20));
  KernelDescription kernel = depthwise(20, 3, 2, false, 16);
  setThreads(3);
  Array together =
      run(kernel, GetParam(), {input, weights, many.startsArray(), many.lengthsArray()}, many.rows())[0];
  setThreads(1);
  Array single = run(kernel, GetParam(), {own, weights, alone.startsArray(), alone.lengthsArray()}, alone.rows())[0];
  Kept kept(last, {2}, 20);
  size_t page = static_cast<size_t>(kept.keys.table[0]) * 16 * 20;
  std::copy_n(own.floats().begin(), 2 * 20, kept.cache.floats().begin() + static_cast<int64_t>(page));
  Array row({1, 20}, std::vector<float>(own.floats().begin() + 2 * 20, own.floats().begin() + 3 * 20));
  Array next = run(depthwise(20, 3, 2, true, 1), GetParam(),
                   {row, weights, kept.cache, last.startsArray(), last.lengthsArray(), kept.keys.pastArray(),
                    kept.keys.tableArray()},
                   1)[0];
  for (size_t i = 0; i < 3 * 20; ++i)
    ASSERT_EQ(single.floats()[i], together.floats()[16 * 20 + i]) << "element " << i;
  for (size_t i = 0; i < 20; ++i)
    ASSERT_EQ(next.floats()[i], single.floats()[2 * 20 + i]) << "component " << i;
}

/// Padding is never read, whatever it is.
TEST_P(Depthwise, notANumberStaysInItsColumnAndSequence) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Batch batch({4, 16});
  Array rows = randomRows(batch, 20, 1);
  for (size_t row : {3, 4, 15}) // One of the sequence's, and padding behind it.
    rows.floats()[row * 20 + 7] = std::numeric_limits<float>::quiet_NaN();
  Array found = run(depthwise(20, 5, 2, false, 16), GetParam(),
                    {rows, randomArray({5, 20}, 2), batch.startsArray(), batch.lengthsArray()}, batch.rows())[0];
  for (int64_t row = 0; row < batch.rows(); ++row)
    for (int64_t c = 0; batch.isReal(row) && c < 20; ++c)
      ASSERT_EQ(std::isnan(found.floats()[static_cast<size_t>(row * 20 + c)]), c == 7 && row >= 1 && row <= 3)
          << row << ", " << c;
}

/// Sums near the largest and the smallest floats.
TEST_P(Depthwise, extremeValues) {
  Batch batch({9, 16});
  Array rows = randomRows(batch, 18, 1), weights = randomArray({4, 18}, 2);
  for (size_t i = 0; i < rows.floats().size(); ++i)
    rows.floats()[i] *= i % 18 < 6 ? 1e30f : i % 18 < 12 ? 1e-30f : 1.0f;
  for (size_t i = 0; i < weights.floats().size(); ++i)
    weights.floats()[i] *= i % 18 < 6 ? 1e6f : i % 18 < 12 ? 1e-6f : 1.0f;
  check(depthwise(18, 4, 3, false, 16), GetParam(), {rows, weights, batch.startsArray(), batch.lengthsArray()}, batch);
}

} // namespace
