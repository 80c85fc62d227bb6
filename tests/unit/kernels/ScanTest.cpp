//===- ScanTest.cpp - Running means, and the rows that they keep -----------===//

#include "Checks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Scan : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Scan, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

/// Pages of rows for the sequences of a batch; all but the row before each sequence's first is NaN.
struct RowPages {
  RowPages(const Batch &batch, const std::vector<int32_t> &past, int64_t width)
      : keys(batch, past, 1, 1), past(past), cache({keys.pages, 16 * width}) {
    std::fill(cache.floats().begin(), cache.floats().end(), std::numeric_limits<float>::quiet_NaN());
    Array states = randomArray({static_cast<int64_t>(past.size()), width}, 21);
    for (size_t b = 0; b < past.size(); ++b)
      if (past[b] > 0)
        std::copy_n(states.floats().begin() + static_cast<int64_t>(b) * width, width,
                    cache.floats().begin() + at(b, past[b] - 1, width));
  }
  int64_t at(size_t sequence, int64_t token, int64_t width) const {
    int64_t page = keys.table[sequence * static_cast<size_t>(keys.slots) + static_cast<size_t>(token / 16)];
    return (page * 16 + token % 16) * width;
  }
  Paged keys; ///< For its table.
  std::vector<int32_t> past;
  Array cache;
};

KernelDescription scan(int64_t width, bool cached, int64_t rowTile) {
  RegionBuilder region;
  std::vector<int> operands = {region.rows(width), region.rows(width)};
  if (cached)
    operands.push_back(region.rows(16 * width));
  for (int i = 0; i < (cached ? 3 : 2); ++i)
    operands.push_back(region.indices());
  if (cached)
    operands.push_back(region.indexTable());
  KernelDescription kernel =
      region.yield({region.operation("scan", operands, width, {{"cached", int64_t(cached ? 1 : 0)}})});
  kernel.rowTile = rowTile;
  return kernel;
}

/// Weights of what was before are between 0 and 1.
Array randomForget(const Batch &batch, int64_t width) {
  Array forget = randomRows(batch, width, 1);
  for (float &value : forget.floats())
    value = 1 / (1 + std::exp(-value));
  return forget;
}

void checkScan(int64_t width, int32_t rowTile, const std::vector<int32_t> &lengths, const std::vector<int32_t> &past,
               const std::string &target) {
  Batch batch(lengths, rowTile);
  Array forget = randomForget(batch, width), input = randomRows(batch, width, 2);
  check(scan(width, false, rowTile), target, {forget, input, batch.startsArray(), batch.lengthsArray()}, batch);
  RowPages pages(batch, past, width);
  check(scan(width, true, rowTile), target,
        {forget, input, pages.cache, batch.startsArray(), batch.lengthsArray(), pages.keys.pastArray(),
         pages.keys.tableArray()},
        batch);
}

TEST_P(Scan, rowsFollowOneAnother) {
  for (int64_t width : {1, 5, 16, 31, 33, 256}) {
    checkScan(width, 16, {5, 0, 16, 1, 33, 17}, {0, 7, 15, 16, 17, 0}, GetParam());
    checkScan(width, 1, {1, 1, 1, 1, 1, 1}, {0, 1, 15, 16, 17, 100}, GetParam());
  }
  checkScan(7, 1, {5, 1, 20}, {0, 17, 31}, GetParam());
}

TEST_P(Scan, manySequences) {
  std::vector<int32_t> lengths(70, 1), past(70);
  for (size_t b = 0; b < past.size(); ++b)
    past[b] = static_cast<int32_t>(b);
  checkScan(20, 1, lengths, past, GetParam());
}

TEST_P(Scan, ofASplit) {
  Batch batch({17, 3});
  RegionBuilder region;
  int x = region.rows(40), starts = region.indices(), lengths = region.indices();
  int parts = region.split(x, {20, 20});
  int forget = region.operation("activation", {parts}, 20, {{"function", std::string("sigmoid")}});
  int value = region.operation("scan", {forget, parts + 1, starts, lengths}, 20, {{"cached", int64_t(0)}});
  check(region.yield({region.operation("activation", {value}, 20, {{"function", std::string("relu")}})}), GetParam(),
        {randomRows(batch, 40, 1), batch.startsArray(), batch.lengthsArray()}, batch);
}

/// On one thread and on three; alone and beside others.
TEST_P(Scan, bitsDoNotDependOnTheRowsBeside) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  std::vector<int32_t> lengths(40, 3);
  Batch many(lengths), alone({3});
  Array forget = randomForget(many, 20), input = randomRows(many, 20, 2);
  auto part = [&](const Array &rows) {
    return Array({16, 20}, std::vector<float>(rows.floats().begin() + 16 * 20, rows.floats().begin() + 32 * 20));
  };
  KernelDescription kernel = scan(20, false, 16);
  setThreads(3);
  Array together = run(kernel, GetParam(), {forget, input, many.startsArray(), many.lengthsArray()}, many.rows())[0];
  setThreads(1);
  Array single =
      run(kernel, GetParam(), {part(forget), part(input), alone.startsArray(), alone.lengthsArray()}, alone.rows())[0];
  for (size_t i = 0; i < 3 * 20; ++i)
    ASSERT_EQ(single.floats()[i], together.floats()[16 * 20 + i]) << "element " << i;
}

TEST_P(Scan, notANumberStaysInItsColumnAndSequence) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Batch batch({4, 5});
  Array forget = randomForget(batch, 20), input = randomRows(batch, 20, 2);
  input.floats()[2 * 20 + 7] = std::numeric_limits<float>::quiet_NaN();
  Array found =
      run(scan(20, false, 16), GetParam(), {forget, input, batch.startsArray(), batch.lengthsArray()}, batch.rows())[0];
  for (int64_t row = 0; row < batch.rows(); ++row)
    for (int64_t c = 0; batch.isReal(row) && c < 20; ++c)
      ASSERT_EQ(std::isnan(found.floats()[static_cast<size_t>(row * 20 + c)]), c == 7 && (row == 2 || row == 3))
          << row << ", " << c;
}

void checkAppend(int64_t width, int32_t rowTile, const std::vector<int32_t> &lengths, const std::vector<int32_t> &past,
                 const std::string &target) {
  if (!cpuHas(target))
    return;
  Batch batch(lengths, rowTile);
  RowPages pages(batch, past, width);
  RegionBuilder region;
  int cache = region.rows(16 * width), rows = region.rows(width), starts = region.indices();
  int lengthsOperand = region.indices(), pastOperand = region.indices(), table = region.indexTable();
  KernelDescription kernel = region.yield(
      {region.operation("append_rows", {cache, rows, starts, lengthsOperand, pastOperand, table}, 16 * width)});
  kernel.rowTile = rowTile;
  std::vector<Array> arguments = {pages.cache,          randomRows(batch, width, 1), batch.startsArray(),
                                  batch.lengthsArray(), pages.keys.pastArray(),      pages.keys.tableArray()};
  Array found = runInto(kernel, target, arguments, {pages.cache})[0];
  int64_t changed = 0, written = 0;
  for (size_t i = 0; i < found.floats().size(); ++i)
    changed += std::memcmp(&found.floats()[i], &pages.cache.floats()[i], sizeof(float)) != 0;
  for (int32_t length : lengths)
    written += length * width;
  EXPECT_EQ(changed, written);
  expectAccurate(kernel, arguments, {found}, std::vector<bool>(static_cast<size_t>(found.shape[0]), true));
}

TEST_P(Scan, appendWritesTheNewRowsAlone) {
  for (int64_t width : {1, 5, 16, 33, 256}) {
    checkAppend(width, 16, {5, 0, 16, 1, 33}, {0, 7, 15, 16, 17}, GetParam());
    checkAppend(width, 1, {1, 1, 1, 1, 1}, {0, 1, 15, 16, 17}, GetParam());
  }
  checkAppend(5, 16, {200, 3, 100}, {0, 40, 1}, GetParam());
}

} // namespace
