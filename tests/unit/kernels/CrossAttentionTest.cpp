//===- CrossAttentionTest.cpp - Rows against keys of another sequence ------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class CrossAttention : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, CrossAttention, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

struct Heads {
  int64_t heads, keyHeads, size;
  int64_t width() const { return heads * size; }
};

KernelDescription attend(const Heads &heads, int64_t rowTile, std::map<std::string, Attribute> more = {}) {
  RegionBuilder region;
  int queries = region.rows(heads.width()), cache = region.rows(2 * heads.keyHeads * heads.size * 16);
  int starts = region.indices(), lengths = region.indices(), past = region.indices(), pages = region.indexTable();
  int keys = region.indices();
  std::vector<int> operands = {queries, cache, starts, lengths, past, pages, keys};
  if (more.count("tables"))
    operands.push_back(region.array({9, heads.heads}));
  std::map<std::string, Attribute> attributes = {
      {"heads", heads.heads},    {"key_value_heads", heads.keyHeads},
      {"head_size", heads.size}, {"scale", 1 / std::sqrt(static_cast<double>(heads.size))},
      {"past", int64_t(1)},      {"segments", otherPages}};
  attributes.merge(more);
  KernelDescription kernel = region.yield({region.operation("attention", operands, heads.width(), attributes)});
  kernel.rowTile = rowTile;
  return kernel;
}

/// Queries of a batch, the pages of their sources, and how many tokens came before.
struct Case {
  Case(const Heads &heads, int32_t rowTile, std::vector<int32_t> lengths, const std::vector<int32_t> &keys)
      : batch(std::move(lengths), rowTile), paged(Paged::ofKeys(keys, heads.keyHeads, heads.size)),
        queries(randomRows(batch, heads.width(), 1)), keys({static_cast<int64_t>(keys.size())}, keys) {
    for (size_t b = 0; b < keys.size(); ++b)
      past.push_back(static_cast<int32_t>(b) * 5);
  }
  Batch batch;
  Paged paged;
  Array queries, keys;
  std::vector<int32_t> past;
  std::vector<Array> arguments() const {
    return {queries,
            paged.cache,
            batch.startsArray(),
            batch.lengthsArray(),
            Array({static_cast<int64_t>(past.size())}, past),
            paged.tableArray(),
            keys};
  }
};

const std::vector<Heads> allHeads = {{1, 1, 4}, {2, 2, 5}, {4, 2, 5}, {3, 1, 64}, {8, 2, 20}, {6, 6, 64}};

TEST_P(CrossAttention, rowsOneByOne) {
  for (const Heads &heads : allHeads) {
    Case each(heads, 1, {1, 1, 1, 1, 1, 1}, {1, 2, 15, 16, 17, 100});
    check(attend(heads, 1), GetParam(), each.arguments(), each.batch);
  }
  Heads heads{3, 1, 20};
  Case longSources(heads, 1, {1, 1, 1, 1}, {511, 512, 513, 1500});
  check(attend(heads, 1), GetParam(), longSources.arguments(), longSources.batch);
}

TEST_P(CrossAttention, severalRowsOneByOne) {
  Heads heads{3, 1, 20};
  Case each(heads, 1, {5, 1, 20}, {17, 600, 1});
  check(attend(heads, 1), GetParam(), each.arguments(), each.batch);
}

TEST_P(CrossAttention, tiles) {
  for (const Heads &heads : allHeads) {
    Case each(heads, 16, {5, 1, 16, 17, 33, 2}, {1, 2, 15, 16, 17, 129});
    check(attend(heads, 16), GetParam(), each.arguments(), each.batch);
  }
}

TEST_P(CrossAttention, masksAndScoresOfSourcePositions) {
  Heads heads{4, 2, 8};
  std::map<std::string, Attribute> more = {{"mask", std::string("k <= q + 3 && k % 3 != 1")},
                                           {"score", std::string("s + table0(min(max(k - q, -4), 4) + 4, h)")},
                                           {"tables", int64_t(1)}};
  for (int32_t rowTile : {1, 16}) {
    Case each(heads, rowTile, {5, 1, 20}, {40, 17, 30});
    std::vector<Array> arguments = each.arguments();
    arguments.push_back(randomArray({9, 4}, 3));
    check(attend(heads, rowTile, more), GetParam(), arguments, each.batch);
  }
}

TEST_P(CrossAttention, sourcesWithoutKeysGiveZeros) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{2, 2, 20};
  for (int32_t rowTile : {1, 16}) {
    Case each(heads, rowTile, {3, 1, 2}, {0, 5, 0});
    std::vector<Array> found = run(attend(heads, rowTile), GetParam(), each.arguments(), each.batch.rows());
    for (size_t sequence : {0, 2})
      for (int32_t t = 0; t < each.batch.lengths[sequence]; ++t)
        for (int64_t c = 0; c < 40; ++c)
          ASSERT_EQ(found[0].floats()[static_cast<size_t>((each.batch.starts[sequence] + t) * 40 + c)], 0.0f);
    expectAccurate(attend(heads, rowTile), each.arguments(), found, realRows(each.batch));
  }
}

/// What is not a number in one source stays in the rows of its sequence.
TEST_P(CrossAttention, notANumberStaysInItsSequence) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{2, 1, 8};
  for (int32_t rowTile : {1, 16}) {
    Case each(heads, rowTile, {2, 3}, {20, 18});
    // The first value of the first key of sequence 0.
    each.paged.cache.floats()[static_cast<size_t>(each.paged.table[0]) * 256 + 128] =
        std::numeric_limits<float>::quiet_NaN();
    std::vector<Array> found = run(attend(heads, rowTile), GetParam(), each.arguments(), each.batch.rows());
    for (size_t b : {0, 1})
      for (int32_t t = 0; t < each.batch.lengths[b]; ++t)
        for (int64_t c = 0; c < 16; ++c)
          ASSERT_EQ(std::isnan(found[0].floats()[static_cast<size_t>((each.batch.starts[b] + t) * 16 + c)]),
                    b == 0 && c % 8 == 0)
              << "row tile " << rowTile << ", sequence " << b << ", row " << t << ", column " << c;
  }
}

} // namespace
