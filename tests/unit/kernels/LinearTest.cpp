//===- LinearTest.cpp - Matrix products with what is fused into them ------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Linear : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Linear, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

const Batch batch({5, 16, 1, 33});

/// Weights [N, K], plain where `panel` is 0.
Array weights(int64_t width, int64_t depth, int64_t panel, unsigned seed = 2) {
  Array plain = randomArray({width, depth}, seed, 1.0f / std::sqrt(static_cast<float>(depth)));
  return panel ? inPanels(plain, panel) : plain;
}

struct Size {
  int64_t depth, width, panel;
};

TEST_P(Linear, sizesThatNoTileDivides) {
  for (Size size : {Size{1, 1, 16},
                    {7, 5, 16},
                    {45, 30, 48},
                    {33, 49, 48},
                    {64, 96, 32},
                    {13, 131, 24},
                    {17, 21, 7},
                    {48, 48, 48},
                    {9, 11, 0},
                    {50, 97, 0}})
    for (bool bias : {true, false}) {
      RegionBuilder region;
      int x = region.rows(size.depth);
      Array w = weights(size.width, size.depth, size.panel);
      std::vector<int> operands = {x, region.array(w.shape)};
      std::vector<Array> arguments = {randomRows(batch, size.depth, 1), w};
      if (bias) {
        operands.push_back(region.array({size.width}));
        arguments.push_back(randomArray({size.width}, 3));
      }
      check(region.yield({region.operation("linear", operands, size.width)}), GetParam(), arguments, batch);
    }
}

TEST_P(Linear, manyRows) {
  Batch many({200, 16, 170});
  RegionBuilder region;
  int x = region.rows(40), w = region.array({2, 40, 48}), residual = region.rows(90);
  int sum = region.operation("add", {region.operation("linear", {x, w}, 90), residual}, 90);
  check(region.yield({sum}), GetParam(), {randomRows(many, 40, 1), weights(90, 40, 48), randomRows(many, 90, 4)}, many);
}

TEST_P(Linear, epilogues) {
  for (int64_t width : {48, 37}) {
    RegionBuilder region;
    int x = region.rows(20), w = region.array({1, 20, 48}), bias = region.array({width}), residual = region.rows(width);
    int gate = region.rows(width);
    int value = region.operation("linear", {x, w, bias}, width);
    value = region.operation("activation", {value}, width, {{"function", std::string("gelu")}});
    value = region.operation("multiply", {value, gate}, width);
    value = region.operation("scale", {value}, width, {{"factor", 0.3}});
    value = region.operation("add", {residual, value}, width);
    check(region.yield({value}), GetParam(),
          {randomRows(batch, 20, 1), weights(width, 20, 48), randomArray({width}, 3), randomRows(batch, width, 4),
           randomRows(batch, width, 5)},
          batch);
  }
}

TEST_P(Linear, normBefore) {
  for (const char *function : {"layernorm", "rmsnorm"})
    for (int64_t depth : {30, 64}) {
      RegionBuilder region;
      int x = region.rows(depth), gamma = region.array({depth}), w = region.array({3, depth, 32});
      int normed =
          region.operation("norm", {x, gamma}, depth, {{"function", std::string(function)}, {"epsilon", 1e-5}});
      int value = region.operation("linear", {normed, w}, 70);
      check(region.yield({value}), GetParam(),
            {randomRows(batch, depth, 1), randomArray({depth}, 3), weights(70, depth, 32)}, batch);
    }
}

TEST_P(Linear, gateBefore) {
  RegionBuilder region;
  int x = region.rows(62), w = region.array({1, 31, 48});
  int parts = region.split(x, {31, 31});
  int gate = region.operation("activation", {parts}, 31, {{"function", std::string("silu")}});
  int value = region.operation("linear", {region.operation("multiply", {gate, parts + 1}, 31), w}, 45);
  check(region.yield({value}), GetParam(), {randomRows(batch, 62, 1), weights(45, 31, 48)}, batch);
}

TEST_P(Linear, normedInputIsAlsoTheResidual) {
  RegionBuilder region;
  int x = region.rows(48), w = region.array({1, 48, 48});
  int normed = region.operation("norm", {x}, 48, {{"function", std::string("layernorm")}, {"epsilon", 1e-5}});
  int value = region.operation("add", {region.operation("linear", {normed, w}, 48), normed}, 48);
  check(region.yield({value}), GetParam(), {randomRows(batch, 48, 1), weights(48, 48, 48)}, batch);
}

TEST_P(Linear, twoProductsInOneRegion) {
  RegionBuilder region;
  int x = region.rows(20), first = region.array({2, 20, 16}), second = region.array({1, 25, 48});
  int hidden = region.operation("linear", {x, first}, 25);
  int active = region.operation("activation", {hidden}, 25, {{"function", std::string("relu")}});
  int value = region.operation("linear", {active, second}, 33);
  check(region.yield({value}), GetParam(), {randomRows(batch, 20, 1), weights(25, 20, 16), weights(33, 25, 48, 7)},
        batch);
}

TEST_P(Linear, splitAfter) {
  RegionBuilder region;
  int x = region.rows(20), w = region.array({1, 20, 48});
  int parts = region.split(region.operation("linear", {x, w}, 40), {23, 17});
  check(region.yield({parts, parts + 1}), GetParam(), {randomRows(batch, 20, 1), weights(40, 20, 48)}, batch);
}

TEST_P(Linear, notANumberStaysInItsRow) {
  RegionBuilder region;
  int x = region.rows(20), w = region.array({1, 20, 48});
  int value =
      region.operation("activation", {region.operation("linear", {x, w}, 40)}, 40, {{"function", std::string("gelu")}});
  Array rows = randomRows(batch, 20, 1);
  rows.floats()[2 * 20 + 3] = std::numeric_limits<float>::quiet_NaN();
  rows.floats()[4 * 20 + 5] = std::numeric_limits<float>::infinity();
  check(region.yield({value}), GetParam(), {rows, weights(40, 20, 48)}, batch);
}

/// A region of one product with what decoders have around it.
struct RowsOneByOne {
  int64_t depth = 52, width, panel = 48;
  size_t residuals;
  KernelDescription kernel;
  explicit RowsOneByOne(int64_t width = 130, size_t residuals = 1) : width(width), residuals(residuals) {
    RegionBuilder region;
    int x = region.rows(depth), gamma = region.array({depth});
    int w = region.array({(width + panel - 1) / panel, depth, panel}), bias = region.array({width});
    std::vector<int> added;
    for (size_t i = 0; i < residuals; ++i)
      added.push_back(region.rows(width));
    int normed = region.operation("norm", {x, gamma}, depth, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}});
    int sum = region.operation("linear", {normed, w, bias}, width);
    for (int residual : added)
      sum = region.operation("add", {sum, residual}, width);
    kernel = region.oneByOne().yield({sum});
  }
  std::vector<Array> arguments(const Batch &batch) const {
    std::vector<Array> list = {randomRows(batch, depth, 1), randomArray({depth}, 3), weights(width, depth, panel),
                               randomArray({width}, 5)};
    for (size_t i = 0; i < residuals; ++i)
      list.push_back(randomRows(batch, width, static_cast<unsigned>(6 + i)));
    return list;
  }
};

TEST_P(Linear, anyNumberOfRowsOneByOne) {
  RowsOneByOne region;
  for (int32_t rows : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33}) {
    Batch rowsAlone(std::vector<int32_t>(static_cast<size_t>(rows), 1), 1);
    check(region.kernel, GetParam(), region.arguments(rowsAlone), rowsAlone);
  }
}

TEST_P(Linear, sizesThatNoTileDividesOneByOne) {
  for (Size size : {Size{1, 1, 16}, {7, 5, 16}, {33, 49, 48}, {64, 96, 32}, {13, 131, 24}, {17, 21, 7}, {50, 97, 0}})
    for (int32_t rows : {1, 5}) {
      Batch rowsAlone(std::vector<int32_t>(static_cast<size_t>(rows), 1), 1);
      Array w = weights(size.width, size.depth, size.panel);
      RegionBuilder region;
      int x = region.rows(size.depth), matrix = region.array(w.shape);
      check(region.oneByOne().yield({region.operation("linear", {x, matrix}, size.width)}), GetParam(),
            {randomRows(rowsAlone, size.depth, 1), w}, rowsAlone);
    }
}

/// A row's bits, alone and among any number of others.
void expectSameBitsBeside(const RowsOneByOne &region, const std::string &target) {
  Batch alone({1}, 1);
  std::vector<Array> row = region.arguments(alone);
  std::vector<Array> expected = run(region.kernel, target, row, 1);
  for (int32_t rows = 2; rows <= 17; ++rows) {
    Batch batch(std::vector<int32_t>(static_cast<size_t>(rows), 1), 1);
    std::vector<Array> arguments = region.arguments(batch);
    int64_t place = rows / 2;
    for (size_t i = 0; i < row.size(); ++i)
      if (i == 0 || i >= 4)
        std::copy(row[i].floats().begin(), row[i].floats().end(),
                  arguments[i].floats().begin() + place * row[i].shape[1]);
    setThreads(3);
    std::vector<Array> found = run(region.kernel, target, arguments, rows);
    setThreads(1);
    for (int64_t c = 0; c < region.width; ++c)
      ASSERT_EQ(found[0].floats()[place * region.width + c], expected[0].floats()[c])
          << rows << " rows of " << region.width << ", column " << c;
  }
}

TEST_P(Linear, bitsDoNotDependOnTheRowsBeside) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int64_t width : {130, 36, 37, 30})
    for (size_t residuals : {1, 3})
      expectSameBitsBeside(RowsOneByOne(width, residuals), GetParam());
}

TEST_P(Linear, ofPooledRows) {
  Batch batch({5, 40, 16});
  RegionBuilder region;
  int x = region.rows(20), starts = region.indices(), lengths = region.indices(), w = region.array({1, 20, 48});
  int last = region.operation("pool", {x, starts, lengths}, 20, {{"function", std::string("last")}});
  KernelDescription kernel = region.yield({region.operation("linear", {last, w}, 45)});
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  std::vector<Array> arguments = {randomRows(batch, 20, 1), batch.startsArray(), batch.lengthsArray(),
                                  weights(45, 20, 48)};
  expectAccurate(kernel, arguments, run(kernel, GetParam(), arguments, 3), {true, true, true});
}

/// The bits of each sequence's rows, alone and in a batch, on one thread and on three.
void expectSameBitsAlone(const std::string &function, Size size, const std::string &target) {
  auto [depth, width, panel] = size;
  RegionBuilder region;
  Array matrix = weights(width, depth, panel);
  int x = region.rows(depth), gamma = region.array({depth}), w = region.array(matrix.shape);
  int normed = region.operation("norm", {x, gamma}, depth, {{"function", function}, {"epsilon", 1e-5}});
  int product = region.operation("linear", {normed, w}, width);
  KernelDescription kernel =
      region.yield({region.operation("activation", {product}, width, {{"function", std::string("gelu")}})});
  Batch together({100, 30, 45, 33});
  Array rows = randomRows(together, depth, 2), scale = randomArray({depth}, 3);
  setThreads(3);
  std::vector<Array> all = run(kernel, target, {rows, scale, matrix}, together.rows());
  setThreads(1);
  for (size_t sequence = 0; sequence < together.lengths.size(); ++sequence) {
    Batch alone({together.lengths[sequence]});
    int64_t first = together.starts[sequence];
    Array own = randomRows(alone, depth, 1);
    std::copy_n(rows.floats().begin() + first * depth, alone.lengths[0] * depth, own.floats().begin());
    std::vector<Array> one = run(kernel, target, {own, scale, matrix}, alone.rows());
    for (int64_t i = 0; i < alone.lengths[0] * width; ++i)
      ASSERT_EQ(one[0].floats()[i], all[0].floats()[first * width + i])
          << function << " of " << depth << ", sequence " << sequence << ", element " << i;
  }
}

TEST_P(Linear, bitsDoNotDependOnTheBatch) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  expectSameBitsAlone("layernorm", {70, 130, 48}, GetParam());
  expectSameBitsAlone("rmsnorm", {40, 5, 16}, GetParam());
}

} // namespace
