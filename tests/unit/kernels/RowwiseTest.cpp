//===- RowwiseTest.cpp - Operations on each row by itself ------------------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Rowwise : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Rowwise, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

const Batch batch({5, 16, 1, 33});
const char *const activations[] = {"gelu",         "gelu_tanh", "quick_gelu", "relu",
                                   "relu_squared", "sigmoid",   "silu",       "tanh"};

KernelDescription activationRegion(const std::string &function, int64_t width) {
  RegionBuilder region;
  return region.yield(
      {region.operation("activation", {region.rows(width)}, width, {{"function", std::string(function)}})});
}

TEST_P(Rowwise, activationsOfWidths) {
  for (const char *function : activations)
    for (int64_t width : {1, 30, 64})
      check(activationRegion(function, width), GetParam(), {randomRows(batch, width, 1, 3.0f)}, batch);
}

TEST_P(Rowwise, activationsOfEveryMagnitude) {
  Batch one({16});
  for (const char *function : activations)
    for (float largest : {1e-6f, 0.1f, 1.0f, 6.0f, 20.0f, 100.0f}) {
      Array x({16, 1000});
      for (size_t i = 0; i < x.floats().size(); ++i)
        x.floats()[i] = largest * (static_cast<float>(i) / 8000.0f - 1.0f);
      check(activationRegion(function, 1000), GetParam(), {x}, one);
    }
}

TEST_P(Rowwise, activationsOfExtremes) {
  Batch one({1});
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float extremes[] = {0.0f,   -0.0f,   1e30f,    -1e30f,    3e38f,        -3e38f,
                            1e-40f, -1e-40f, infinity, -infinity, std::nanf("")};
  for (const char *function : activations)
    for (float value : extremes) {
      Array x = randomArray({16, 20}, 1);
      x.floats()[3] = value;
      check(activationRegion(function, 20), GetParam(), {x}, one);
    }
}

TEST_P(Rowwise, norms) {
  for (const char *function : {"layernorm", "rmsnorm", "l2"})
    for (int64_t width : {1, 7, 16, 45, 384})
      for (size_t parameters : {0, 1, 2}) {
        RegionBuilder region;
        std::vector<int> operands = {region.rows(width)};
        std::vector<Array> arguments = {randomRows(batch, width, 1)};
        for (size_t i = 0; i < parameters; ++i) {
          operands.push_back(region.array({width}));
          arguments.push_back(randomArray({width}, static_cast<unsigned>(5 + i)));
        }
        int normed =
            region.operation("norm", operands, width, {{"function", std::string(function)}, {"epsilon", 1e-5}});
        check(region.yield({normed}), GetParam(), arguments, batch);
      }
}

TEST_P(Rowwise, normOfAConstantRow) {
  Batch one({2});
  for (const char *function : {"layernorm", "rmsnorm", "l2"}) {
    RegionBuilder region;
    int normed =
        region.operation("norm", {region.rows(30)}, 30, {{"function", std::string(function)}, {"epsilon", 1e-5}});
    Array x({16, 30}, std::vector<float>(480, 0.0f));
    std::fill_n(x.floats().begin(), 30, 4.0f);
    check(region.yield({normed}), GetParam(), {x}, one);
  }
}

TEST_P(Rowwise, notANumberStaysInItsRow) {
  for (const char *function : {"layernorm", "rmsnorm", "l2"})
    for (int64_t width : {1, 30}) {
      RegionBuilder region;
      int normed = region.operation("norm", {region.rows(width)}, width,
                                    {{"function", std::string(function)}, {"epsilon", 1e-5}});
      Array x = randomRows(batch, width, 1);
      x.floats()[static_cast<size_t>(2 * width + width / 4)] = std::nanf("");
      check(region.yield({normed}), GetParam(), {x}, batch);
    }
}

/// A sequence that starts with no token: whatever the id, and whether it is in the table or not.
TEST_P(Rowwise, embeddingsThatStartWithZeros) {
  for (int64_t panel : {0, 7}) {
    RegionBuilder region;
    int ids = region.indices(), positions = region.indices();
    Array table = randomArray({13, 30}, 1);
    if (panel)
      table = inPanels(table, panel);
    int words = region.array(table.shape);
    int value = region.operation("embed", {ids, words, positions}, 30, {{"zero_first", int64_t(1)}});
    std::vector<int32_t> rowIds, rowPositions;
    for (int32_t row = 0; row < batch.rows(); ++row) {
      rowIds.push_back(row == 16 ? -5 : row % 13);
      rowPositions.push_back(row % 16);
    }
    check(region.yield({region.operation("scale", {value}, 30, {{"factor", 2.0}})}), GetParam(),
          {Array({batch.rows()}, rowIds), Array({batch.rows()}, rowPositions), table}, batch);
  }
}

TEST_P(Rowwise, embeddings) {
  for (int64_t width : {30, 64}) {
    RegionBuilder region;
    int ids = region.indices(), positions = region.indices(), words = region.array({50, width});
    int places = region.array({40, width}), gamma = region.array({width}), beta = region.array({width});
    int sum = region.operation("add",
                               {region.operation("embed", {ids, words}, width),
                                region.operation("embed", {positions, places}, width, {{"offset", int64_t(2)}})},
                               width);
    int normed = region.operation("norm", {sum, gamma, beta}, width,
                                  {{"function", std::string("layernorm")}, {"epsilon", 1e-12}});
    std::vector<int32_t> rowIds, rowPositions;
    for (int64_t row = 0; row < batch.rows(); ++row) {
      bool real = batch.isReal(row);
      rowIds.push_back(real ? static_cast<int32_t>(row * 7 % 50) : std::numeric_limits<int32_t>::max());
      rowPositions.push_back(real ? static_cast<int32_t>(row % 38) : std::numeric_limits<int32_t>::min());
    }
    check(region.yield({normed, sum}), GetParam(),
          {Array({batch.rows()}, rowIds), Array({batch.rows()}, rowPositions), randomArray({50, width}, 1),
           randomArray({40, width}, 2), randomArray({width}, 3), randomArray({width}, 4)},
          batch);
  }
}

TEST_P(Rowwise, normsOfGroups) {
  for (const char *function : {"layernorm", "rmsnorm", "l2"})
    for (auto [width, groups] : {std::pair<int64_t, int64_t>{12, 3}, {40, 2}, {192, 3}, {64, 64}, {35, 1}}) {
      RegionBuilder region;
      int x = region.rows(width), gamma = region.array({width / groups}), beta = region.array({width / groups});
      int normed = region.operation(
          "norm", {x, gamma, beta}, width,
          {{"function", std::string(function)}, {"epsilon", 1e-5}, {"groups", groups}, {"weight_offset", 1.0}});
      check(region.yield({normed}), GetParam(),
            {randomRows(batch, width, 1), randomArray({width / groups}, 3), randomArray({width / groups}, 4)}, batch);
    }
}

/// Whole blocks of rows and what is left of them go through loops of their own: rows that are the same stay so.
TEST_P(Rowwise, normsInEveryLoop) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  constexpr int64_t rows = 17;
  for (const char *function : {"layernorm", "rmsnorm"})
    for (double offset : {0.0, 1.0})
      for (int64_t width : {7, 10, 30, 45, 64}) {
        RegionBuilder region;
        int x = region.rows(width), gamma = region.array({width});
        KernelDescription description = region.oneByOne().yield(
            {region.operation("norm", {x, gamma}, width,
                              {{"function", std::string(function)}, {"epsilon", 1e-6}, {"weight_offset", offset}})});
        std::string error;
        LoadedKernel kernel(description, *defaultSchedule(description, *findTarget(GetParam()), error));
        Array input({rows, width}), weights = randomArray({width}, 2), output({rows, width});
        Array row = randomArray({width}, 1);
        for (size_t i = 0; i < input.floats().size(); ++i)
          input.floats()[i] = row.floats()[i % static_cast<size_t>(width)];
        ASSERT_EQ(kernel({&input, &weights, &output}), 0);
        for (size_t i = 0; i < output.floats().size(); ++i)
          EXPECT_EQ(output.floats()[i], output.floats()[i % static_cast<size_t>(width)])
              << function << " of width " << width << ", offset " << offset << ", number " << i;
      }
}

/// Each operation is rounded, as plain float32 does it, in whole blocks of rows and in what is left of them: no
/// multiply-add of either product, no other order.
TEST_P(Rowwise, everyOperationIsRounded) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int32_t rowTile : {1, 16})
    for (int64_t width : {7, 48}) {
      Batch few(std::vector<int32_t>(rowTile == 1 ? 19 : 1, rowTile == 1 ? 1 : 19), rowTile);
      RegionBuilder region;
      std::vector<int> x;
      for (int i = 0; i < 4; ++i)
        x.push_back(region.rows(width));
      int first = region.operation("multiply", {x[0], x[1]}, width);
      int second = region.operation("multiply", {x[2], x[3]}, width);
      int sum = region.operation("add", {region.operation("add", {first, second}, width), x[0]}, width);
      KernelDescription kernel = region.yield({region.operation("add", {x[1], sum}, width)});
      kernel.rowTile = rowTile;
      std::vector<Array> arguments;
      for (unsigned i = 0; i < 4; ++i)
        arguments.push_back(randomRows(few, width, i + 1));
      Array found = run(kernel, GetParam(), arguments, few.rows())[0];
      auto argument = [&](size_t number, size_t i) { return arguments[number].floats()[i]; };
      for (size_t i = 0; i < found.floats().size(); ++i) {
        if (!few.isReal(static_cast<int64_t>(i) / width))
          continue;
        volatile float left = argument(0, i) * argument(1, i), right = argument(2, i) * argument(3, i);
        volatile float products = left + right, all = products + argument(0, i);
        EXPECT_EQ(found.floats()[i], argument(1, i) + all) << "width " << width << ", number " << i;
      }
    }
}

TEST_P(Rowwise, softcap) {
  RegionBuilder region;
  int x = region.rows(45);
  check(region.yield({region.operation("softcap", {x}, 45, {{"cap", 30.0}})}), GetParam(),
        {randomRows(batch, 45, 1, 40.0f)}, batch);
}

/// Any number of rows, none of them padding.
TEST_P(Rowwise, rowsOneByOne) {
  for (int32_t rows : {1, 2, 5, 16, 17, 61}) {
    Batch alone(std::vector<int32_t>(static_cast<size_t>(rows), 1), 1);
    RegionBuilder region;
    int x = region.rows(45), y = region.rows(45);
    int sum = region.operation("add", {x, y}, 45);
    int normed = region.operation("norm", {sum}, 45, {{"function", std::string("layernorm")}, {"epsilon", 1e-6}});
    int active = region.operation("activation", {normed}, 45, {{"function", std::string("silu")}});
    check(region.oneByOne().yield({sum, active}), GetParam(), {randomRows(alone, 45, 1), randomRows(alone, 45, 2)},
          alone);
  }
}

TEST_P(Rowwise, rotary) {
  for (int64_t interleaved : {0, 1})
    for (int64_t dims : {2, 6, 10}) {
      RegionBuilder region;
      int x = region.rows(30), positions = region.indices(), cosines = region.array({20, dims / 2});
      int sines = region.array({20, dims / 2});
      int turned = region.operation("rotary", {x, positions, cosines, sines}, 30,
                                    {{"head_size", int64_t(10)}, {"dims", dims}, {"interleaved", interleaved}});
      std::vector<int32_t> rowPositions;
      for (int64_t row = 0; row < batch.rows(); ++row)
        rowPositions.push_back(batch.isReal(row) ? static_cast<int32_t>(row % 20) : -1);
      check(region.yield({turned}), GetParam(),
            {randomRows(batch, 30, 1), Array({batch.rows()}, rowPositions), randomArray({20, dims / 2}, 2),
             randomArray({20, dims / 2}, 3)},
            batch);
    }
}

TEST_P(Rowwise, resultsOfSeveralShapes) {
  RegionBuilder region;
  int x = region.rows(50), y = region.rows(50);
  int sum = region.operation("add", {x, y}, 50);
  int normed = region.operation("norm", {sum}, 50, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-6}});
  int parts = region.split(normed, {13, 37});
  int scaled = region.operation("scale", {parts + 1}, 37, {{"factor", -2.5}});
  check(region.yield({sum, normed, parts, scaled}), GetParam(), {randomRows(batch, 50, 1), randomRows(batch, 50, 2)},
        batch);
}

TEST_P(Rowwise, normsOfOneAnother) {
  RegionBuilder region;
  int x = region.rows(45);
  int once = region.operation("norm", {x}, 45, {{"function", std::string("layernorm")}, {"epsilon", 1e-6}});
  int active = region.operation("activation", {once}, 45, {{"function", std::string("tanh")}});
  int twice = region.operation("norm", {active}, 45, {{"function", std::string("l2")}, {"epsilon", 1e-6}});
  check(region.yield({twice}), GetParam(), {randomRows(batch, 45, 1)}, batch);
}

} // namespace
