//===- PoolTest.cpp - One row for each sequence ----------------------------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Pool : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Pool, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

void checkPool(const KernelDescription &kernel, const std::string &target, const std::vector<Array> &arguments,
               const Batch &batch) {
  if (!cpuHas(target))
    return;
  int64_t sequences = static_cast<int64_t>(batch.lengths.size());
  std::vector<bool> all(batch.lengths.size(), true);
  expectAccurate(kernel, arguments, run(kernel, target, arguments, sequences), all);
}

TEST_P(Pool, functionsAndWidths) {
  Batch batch({5, 0, 16, 1, 33});
  for (const char *function : {"mean", "cls", "last"})
    for (int64_t width : {1, 30, 64, 130})
      for (bool normed : {false, true}) {
        RegionBuilder region;
        int x = region.rows(width), starts = region.indices(), lengths = region.indices();
        int value = region.operation("pool", {x, starts, lengths}, width, {{"function", std::string(function)}});
        if (normed)
          value = region.operation("norm", {value}, width, {{"function", std::string("l2")}, {"epsilon", 1e-12}});
        checkPool(region.yield({value}), GetParam(),
                  {randomRows(batch, width, 1), batch.startsArray(), batch.lengthsArray()}, batch);
      }
}

const char *const kFunctions[] = {"mean", "cls", "last", "max", "mean_sqrt", "weighted_mean"};

Array skipsOf(std::vector<int32_t> skips) { return {{static_cast<int64_t>(skips.size())}, std::move(skips)}; }

TEST_P(Pool, rowsThatAreSkipped) {
  Batch batch({5, 2, 16, 1, 33, 40});
  for (const char *function : kFunctions)
    for (int64_t width : {1, 30, 130}) {
      RegionBuilder region;
      int x = region.rows(width), starts = region.indices(), lengths = region.indices(), skips = region.indices();
      int value = region.operation("pool", {x, starts, lengths, skips}, width, {{"function", std::string(function)}});
      checkPool(region.yield({value}), GetParam(),
                {randomRows(batch, width, 1), batch.startsArray(), batch.lengthsArray(), skipsOf({0, 1, 4, 0, 32, 17})},
                batch);
    }
}

/// What sentence-transformers 6 gives where a prompt is all that a text has.
TEST_P(Pool, nothingIsLeft) {
  if (!cpuHas(GetParam()))
    return;
  Batch batch({2, 0});
  constexpr float kLargest = -std::numeric_limits<float>::infinity();
  for (const char *function : kFunctions) {
    RegionBuilder region;
    int x = region.rows(3), starts = region.indices(), lengths = region.indices(), skips = region.indices();
    int value = region.operation("pool", {x, starts, lengths, skips}, 3, {{"function", std::string(function)}});
    Array rows = randomRows(batch, 3, 1);
    std::vector<Array> found =
        run(region.yield({value}), GetParam(), {rows, batch.startsArray(), batch.lengthsArray(), skipsOf({2, 0})}, 2);
    float usual = std::string(function) == "max" ? kLargest : 0;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(found[0].floats()[i], std::string(function) == "cls" ? rows.floats()[i] : usual) << function;
      EXPECT_EQ(found[0].floats()[3 + i], usual) << function;
    }
  }
}

TEST_P(Pool, theLargestIsNaNWhereOneIs) {
  if (!cpuHas(GetParam()))
    return;
  Batch batch({4});
  RegionBuilder region;
  int x = region.rows(2), starts = region.indices(), lengths = region.indices();
  int value = region.operation("pool", {x, starts, lengths}, 2, {{"function", std::string("max")}});
  Array rows = randomRows(batch, 2, 1);
  rows.floats()[2] = NAN;
  std::vector<Array> found =
      run(region.yield({value}), GetParam(), {rows, batch.startsArray(), batch.lengthsArray()}, 1);
  EXPECT_TRUE(std::isnan(found[0].floats()[0]));
  EXPECT_FALSE(std::isnan(found[0].floats()[1]));
}

TEST_P(Pool, sideBySideThenAProduct) {
  Batch batch({5, 1, 33});
  RegionBuilder region;
  int x = region.rows(30), starts = region.indices(), lengths = region.indices();
  int largest = region.operation("pool", {x, starts, lengths}, 30, {{"function", std::string("max")}});
  int weighted = region.operation("pool", {x, starts, lengths}, 30, {{"function", std::string("weighted_mean")}});
  int joined = region.operation("concat", {largest, weighted, largest}, 90);
  checkPool(region.yield({joined}), GetParam(), {randomRows(batch, 30, 1), batch.startsArray(), batch.lengthsArray()},
            batch);
}

TEST_P(Pool, rowsOneByOne) {
  Batch batch({5, 1, 1, 17}, 1);
  for (const char *function : {"mean", "cls", "last"}) {
    RegionBuilder region;
    int x = region.rows(30), starts = region.indices(), lengths = region.indices();
    int value = region.operation("pool", {x, starts, lengths}, 30, {{"function", std::string(function)}});
    checkPool(region.oneByOne().yield({value}), GetParam(),
              {randomRows(batch, 30, 1), batch.startsArray(), batch.lengthsArray()}, batch);
  }
}

TEST_P(Pool, normBefore) {
  Batch batch({5, 40});
  RegionBuilder region;
  int x = region.rows(45), starts = region.indices(), lengths = region.indices();
  int normed = region.operation("norm", {x}, 45, {{"function", std::string("layernorm")}, {"epsilon", 1e-6}});
  int value = region.operation("pool", {normed, starts, lengths}, 45, {{"function", std::string("mean")}});
  checkPool(region.yield({value}), GetParam(), {randomRows(batch, 45, 1), batch.startsArray(), batch.lengthsArray()},
            batch);
}

} // namespace
