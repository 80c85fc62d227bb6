//===- UnfoldTest.cpp - Each row with its neighbours -----------------------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Unfold : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Unfold, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

KernelDescription unfold(int64_t width, int64_t window, int64_t stride, int64_t rowTile) {
  RegionBuilder region;
  int x = region.rows(width), starts = region.indices(), lengths = region.indices();
  int resultStarts = region.indices(), resultLengths = region.indices();
  KernelDescription kernel = region.yield({region.operation("unfold", {x, starts, lengths, resultStarts, resultLengths},
                                                            width * window, {{"window", window}, {"stride", stride}})});
  kernel.rowTile = rowTile;
  return kernel;
}

Batch strided(const Batch &batch, int32_t stride, int32_t rowTile) {
  std::vector<int32_t> lengths;
  for (int32_t length : batch.lengths)
    lengths.push_back((length + stride - 1) / stride);
  return Batch(lengths, rowTile);
}

void checkUnfold(int64_t width, int32_t window, int32_t stride, int32_t rowTile, const std::vector<int32_t> &lengths,
                 const std::string &target) {
  Batch batch(lengths, rowTile), result = strided(batch, stride, rowTile);
  check(unfold(width, window, stride, rowTile), target,
        {randomRows(batch, width, 1), batch.startsArray(), batch.lengthsArray(), result.startsArray(),
         result.lengthsArray()},
        result);
}

TEST_P(Unfold, windowsAndStrides) {
  for (int32_t window : {1, 3, 5})
    for (int32_t stride : {1, 2, 3})
      for (int32_t rowTile : {1, 16})
        checkUnfold(7, window, stride, rowTile, {5, 0, 16, 1, 33, 2, 17}, GetParam());
}

TEST_P(Unfold, widths) {
  for (int64_t width : {1, 15, 16, 17, 80})
    checkUnfold(width, 3, 2, 16, {100, 31}, GetParam());
}

/// Neighbours are those of the own sequence, whatever stands beside it.
TEST_P(Unfold, notANumberStaysInItsSequence) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Batch batch({16, 16});
  Array rows = randomRows(batch, 4, 1);
  rows.floats()[15 * 4] = std::numeric_limits<float>::quiet_NaN();
  Array found = run(unfold(4, 3, 1, 16), GetParam(),
                    {rows, batch.startsArray(), batch.lengthsArray(), batch.startsArray(), batch.lengthsArray()},
                    batch.rows())[0];
  for (int64_t row = 0; row < batch.rows(); ++row)
    for (int64_t c = 0; c < 12; ++c)
      ASSERT_EQ(std::isnan(found.floats()[static_cast<size_t>(row * 12 + c)]),
                (row == 14 && c == 2) || (row == 15 && c == 1))
          << row << ", " << c;
}

} // namespace
