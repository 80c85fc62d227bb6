//===- NotANumberTest.cpp - NaN reaches what depends on it -----------------===//
//
// A NaN is put into each argument of each kind of kernel in turn, parameters and inputs alike: what the loops of the
// definition make NaN of it, the kernel does, and nothing else.
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "Oracle.h"
#include "kernels/Elementary.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class NotANumber : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, NotANumber, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Puts a NaN into element `place` of argument `index`. Expects the same NaN as the oracle's in the compared rows, one
/// of them at least.
void checkWithNan(const KernelDescription &kernel, const std::string &target, std::vector<Array> arguments,
                  size_t index, size_t place, int64_t rows, const std::vector<bool> &compared) {
  SCOPED_TRACE("argument " + std::to_string(index) + ", element " + std::to_string(place) + " of\n" + kernel.text());
  arguments[index].floats()[place] = nan;
  std::vector<std::vector<double>> expected = evaluateDouble(kernel, arguments);
  std::vector<Array> found = run(kernel, target, arguments, rows);
  bool reached = false;
  for (size_t result = 0; result < found.size(); ++result) {
    auto width = static_cast<size_t>(found[result].shape[1]);
    for (size_t i = 0; i < expected[result].size(); ++i) {
      if (!compared[i / width])
        continue;
      bool isNan = std::isnan(expected[result][i]);
      reached |= isNan;
      ASSERT_EQ(std::isnan(found[result].floats()[i]), isNan)
          << "result " << result << ", row " << i / width << ", column " << i % width;
    }
  }
  EXPECT_TRUE(reached) << "the NaN is not read";
}

/// Once in each of the arguments that hold floats: in row 2, column 3 of rows, in element 3 of others.
void checkEach(const KernelDescription &kernel, const std::string &target, const std::vector<Array> &arguments,
               int64_t rows, const std::vector<bool> &compared) {
  if (!cpuHas(target))
    return;
  for (size_t index = 0; index < arguments.size(); ++index) {
    const TensorType &type = kernel.arguments[index];
    if (type.element != ElementType::F32)
      continue;
    bool isRows = type.shape.size() == 2 && type.shape[0] == kDynamic;
    size_t place = isRows ? 2 * static_cast<size_t>(type.shape[1]) + 3 : 3;
    checkWithNan(kernel, target, arguments, index, place, rows, compared);
    if (testing::Test::HasFatalFailure())
      return;
  }
}

using Attributes = std::map<std::string, Attribute>;

/// A product with a bias, what `then` makes of it, of rows in tiles and one by one.
template <typename Then> void checkBehindProduct(const std::string &target, int32_t rowTile, Then then) {
  Batch batch({5, 12}, rowTile);
  RegionBuilder region;
  int x = region.rows(20), weights = region.array({48, 20}), bias = region.array({48}), other = region.rows(48);
  int product = region.operation("linear", {x, weights, bias}, 48);
  KernelDescription kernel = region.yield({then(region, product, other)});
  kernel.rowTile = rowTile;
  checkEach(kernel, target,
            {randomRows(batch, 20, 1), randomArray({48, 20}, 2), randomArray({48}, 3), randomRows(batch, 48, 4)},
            batch.rows(), realRows(batch));
}

/// With something behind it in tiles, with nothing behind it one by one.
TEST_P(NotANumber, passesThroughEveryActivation) {
  for (const std::string &function : activationNames()) {
    Attributes attributes = {{"function", function}};
    checkBehindProduct(GetParam(), 16, [&](RegionBuilder &region, int product, int other) {
      return region.operation("multiply", {region.operation("activation", {product}, 48, attributes), other}, 48);
    });
    checkBehindProduct(GetParam(), 1, [&](RegionBuilder &region, int product, int other) {
      return region.operation("activation", {region.operation("add", {product, other}, 48)}, 48, attributes);
    });
  }
}

TEST_P(NotANumber, passesThroughCapsAndScales) {
  checkBehindProduct(GetParam(), 16, [](RegionBuilder &region, int product, int other) {
    int scaled = region.operation("scale", {region.operation("add", {product, other}, 48)}, 48, {{"factor", 0.5}});
    return region.operation("softcap", {scaled}, 48, {{"cap", 30.0}});
  });
}

TEST_P(NotANumber, passesThroughEveryNorm) {
  Batch batch({5, 12});
  for (const char *function : {"layernorm", "rmsnorm", "l2"})
    for (int64_t groups : {1, 2}) {
      Attributes attributes = {{"function", std::string(function)}, {"epsilon", 1e-6}, {"groups", groups}};
      RegionBuilder region;
      std::vector<int> operands = {region.rows(40), region.rows(40)};
      std::vector<Array> arguments = {randomRows(batch, 40, 1), randomRows(batch, 40, 2)};
      for (unsigned i = 0; function != std::string("l2") && i < 2; ++i) {
        operands.push_back(region.array({40 / groups}));
        arguments.push_back(randomArray({40 / groups}, 3 + i));
      }
      int sum = region.operation("add", {operands[0], operands[1]}, 40);
      operands.erase(operands.begin());
      operands[0] = sum;
      checkEach(region.yield({region.operation("norm", operands, 40, attributes)}), GetParam(), arguments, batch.rows(),
                realRows(batch));
    }
}

/// A norm in front of a product, and rotary behind it, as the projections of an attention have them.
TEST_P(NotANumber, passesThroughProjections) {
  for (int32_t rowTile : {16, 1}) {
    Batch batch({5, 12}, rowTile);
    RegionBuilder region;
    int x = region.rows(30), gamma = region.array({30}), weights = region.array({48, 30}), at = region.indices();
    int cosines = region.array({4, 6}), sines = region.array({4, 6});
    int normed = region.operation("norm", {x, gamma}, 30, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}});
    int parts = region.split(region.operation("linear", {normed, weights}, 48), {24, 24});
    Attributes turn = {{"head_size", int64_t(12)}, {"dims", int64_t(12)}, {"interleaved", int64_t(0)}};
    KernelDescription kernel =
        region.yield({region.operation("rotary", {parts, at, cosines, sines}, 24, turn), parts + 1});
    kernel.rowTile = rowTile;
    checkEach(kernel, GetParam(),
              {randomRows(batch, 30, 1), randomArray({30}, 2), randomArray({48, 30}, 3),
               Array({batch.rows()}, std::vector<int32_t>(static_cast<size_t>(batch.rows()), 0)),
               randomArray({4, 6}, 4), randomArray({4, 6}, 5)},
              batch.rows(), realRows(batch));
  }
}

TEST_P(NotANumber, passesThroughEmbeddings) {
  Batch batch({16});
  for (bool zeroFirst : {false, true}) {
    RegionBuilder region;
    int ids = region.indices(), table = region.array({7, 20});
    std::vector<int> operands = {ids, table};
    std::vector<int32_t> rowIds(16), ones(16, 1);
    for (int32_t row = 0; row < 16; ++row)
      rowIds[static_cast<size_t>(row)] = row % 7;
    std::vector<Array> arguments = {Array({16}, rowIds), randomArray({7, 20}, 1)};
    if (zeroFirst) {
      operands.push_back(region.indices());
      arguments.push_back(Array({16}, ones));
    }
    Attributes attributes;
    if (zeroFirst)
      attributes["zero_first"] = int64_t(1);
    checkEach(region.yield({region.operation("embed", operands, 20, attributes)}), GetParam(), arguments, 16,
              realRows(batch));
  }
}

/// The first keys are seen by all queries, so that the oracle, which leaves out what has no weight, and the kernel,
/// which multiplies it with zero, agree.
void checkAttention(const std::string &target, int32_t rowTile, const std::string &mask, const std::string &score) {
  if (!cpuHas(target))
    return;
  Batch batch(rowTile == 1 ? std::vector<int32_t>{3, 2} : std::vector<int32_t>{14, 12}, rowTile);
  RegionBuilder region;
  int q = region.rows(24), k = region.rows(12), v = region.rows(12), starts = region.indices();
  int lengths = region.indices();
  std::vector<int> operands = {q, starts, lengths, k, v};
  Attributes attributes = {{"heads", int64_t(2)}, {"key_value_heads", int64_t(1)}, {"head_size", int64_t(12)}};
  attributes["scale"] = 0.3;
  attributes["segments"] = ownRows;
  std::vector<Array> arguments = {randomRows(batch, 24, 1), randomRows(batch, 12, 2), randomRows(batch, 12, 3),
                                  batch.startsArray(), batch.lengthsArray()};
  if (!mask.empty())
    attributes["mask"] = mask;
  if (!score.empty())
    attributes["score"] = score;
  bool hasTable = score.find("table") != std::string::npos;
  if (hasTable) {
    operands.push_back(region.array({2, 14}));
    attributes["tables"] = int64_t(1);
    arguments.push_back(randomArray({2, 14}, 4));
  }
  KernelDescription kernel = region.yield({region.operation("attention", operands, 24, attributes)});
  kernel.rowTile = rowTile;
  for (size_t index : {0, 1, 2})
    checkWithNan(kernel, target, arguments, index, 27, batch.rows(), realRows(batch));
  if (hasTable)
    checkWithNan(kernel, target, arguments, 5, 1, batch.rows(), realRows(batch));
}

TEST_P(NotANumber, passesThroughScores) {
  for (const char *score : {"", "30 * tanh(s / 30)", "max(s, 0.0)", "min(s, 0.5)", "max(0.5, s)", "abs(s)",
                            "s + table0(h, k)", "exp(min(s, 4.0))", "s % 3", "sqrt(s * s)", "s / (1 + abs(s))",
                            "log(1.5 + s * s)", "select(h == 0, s, max(s, 0.0))"})
    checkAttention(GetParam(), 16, "", score);
  for (const char *score : {"", "max(s, 0.0)", "exp(min(s, 4.0))"})
    checkAttention(GetParam(), 1, "", score);
}

TEST_P(NotANumber, passesThroughMasks) {
  for (const char *score : {"", "30 * tanh(s / 30)"})
    for (int32_t rowTile : {16, 1})
      checkAttention(GetParam(), rowTile, "k <= q || k < 16", score);
}

TEST_P(NotANumber, passesThroughCachedAttention) {
  for (int32_t rowTile : {16, 1}) {
    Batch batch(rowTile == 1 ? std::vector<int32_t>{1, 1} : std::vector<int32_t>{5, 12}, rowTile);
    Paged paged(batch, {40, 3}, 1, 12);
    RegionBuilder region;
    int q = region.rows(24), cache = region.rows(2 * 12 * 16), starts = region.indices(), lengths = region.indices();
    int past = region.indices(), pages = region.indexTable();
    Attributes attributes = {{"heads", int64_t(2)},           {"key_value_heads", int64_t(1)},
                             {"head_size", int64_t(12)},      {"past", int64_t(1)},
                             {"segments", ownPages},          {"scale", 0.3},
                             {"mask", std::string("k <= q")}, {"score", std::string("5 * tanh(s / 5)")}};
    KernelDescription kernel =
        region.yield({region.operation("attention", {q, cache, starts, lengths, past, pages}, 24, attributes)});
    kernel.rowTile = rowTile;
    std::vector<Array> arguments = {randomRows(batch, 24, 1), paged.cache,       batch.startsArray(),
                                    batch.lengthsArray(),     paged.pastArray(), paged.tableArray()};
    size_t page = static_cast<size_t>(paged.table[1]) * 2 * 12 * 16; // keys 16 to 31 of the first sequence
    for (size_t place : {page + 3, page + 12 * 16 + 3})
      checkWithNan(kernel, GetParam(), arguments, 1, place, batch.rows(), realRows(batch));
    checkWithNan(kernel, GetParam(), arguments, 0, 3, batch.rows(), realRows(batch));
  }
}

TEST_P(NotANumber, passesThroughPoolsScansConvolutionsAndUnfoldings) {
  Batch batch({5, 1, 16});
  std::vector<bool> sequences(3, true);
  for (const char *function : {"mean", "last"}) {
    RegionBuilder region;
    int x = region.rows(20), starts = region.indices(), lengths = region.indices();
    int pooled = region.operation("pool", {x, starts, lengths}, 20, {{"function", std::string(function)}});
    std::vector<Array> arguments = {randomRows(batch, 20, 1), batch.startsArray(), batch.lengthsArray()};
    if (cpuHas(GetParam()))
      checkWithNan(region.yield({pooled}), GetParam(), arguments, 0, 4 * 20 + 3, 3, sequences);
  }
  RegionBuilder scan;
  int forget = scan.rows(20), input = scan.rows(20), starts = scan.indices(), lengths = scan.indices();
  checkEach(scan.yield({scan.operation("scan", {forget, input, starts, lengths}, 20, {{"cached", int64_t(0)}})}),
            GetParam(), {randomRows(batch, 20, 1), randomRows(batch, 20, 2), batch.startsArray(), batch.lengthsArray()},
            batch.rows(), realRows(batch));
  RegionBuilder depthwise;
  int input3 = depthwise.rows(20), weights = depthwise.array({3, 20}), first = depthwise.indices(), count = depthwise.indices();
  Attributes neighbours = {{"before", int64_t(1)}, {"cached", int64_t(0)}};
  checkEach(depthwise.yield({depthwise.operation("depthwise", {input3, weights, first, count}, 20, neighbours)}),
            GetParam(), {randomRows(batch, 20, 1), randomArray({3, 20}, 2), batch.startsArray(), batch.lengthsArray()},
            batch.rows(), realRows(batch));
  RegionBuilder unfold;
  int x = unfold.rows(20), from = unfold.indices(), of = unfold.indices(), to = unfold.indices(),
      now = unfold.indices();
  Attributes window = {{"window", int64_t(3)}, {"stride", int64_t(1)}};
  checkEach(
      unfold.yield({unfold.operation("unfold", {x, from, of, to, now}, 60, window)}), GetParam(),
      {randomRows(batch, 20, 1), batch.startsArray(), batch.lengthsArray(), batch.startsArray(), batch.lengthsArray()},
      batch.rows(), realRows(batch));
}

} // namespace
