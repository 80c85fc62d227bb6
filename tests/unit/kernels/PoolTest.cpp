//===- PoolTest.cpp - One row for each sequence ----------------------------===//

#include "Checks.h"

#include <gtest/gtest.h>

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
