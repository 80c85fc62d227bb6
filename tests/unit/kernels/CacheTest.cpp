//===- CacheTest.cpp - Keys and values in pages ----------------------------===//

#include "Checks.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

struct Heads;
KernelDescription attend(const Heads &heads, int64_t rowTile, const std::string &mask = "k <= q");

class Cache : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Cache, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

struct Heads {
  int64_t heads, keyHeads, size;
  int64_t pageWidth() const { return 2 * keyHeads * size * 16; }
};

/// The new rows are where they belong, and every other float is what it was, NaN included.
void expectAppended(const KernelDescription &kernel, const std::string &target, const std::vector<Array> &arguments,
                    const Array &before, int64_t writtenPerRow, const Batch &batch) {
  if (!cpuHas(target))
    return;
  Array found = runInto(kernel, target, arguments, {before})[0];
  int64_t changed = 0, rows = 0;
  for (size_t i = 0; i < found.floats().size(); ++i)
    changed += std::memcmp(&found.floats()[i], &before.floats()[i], sizeof(float)) != 0;
  for (int32_t length : batch.lengths)
    rows += length;
  EXPECT_EQ(changed, rows * writtenPerRow);
  expectAccurate(kernel, arguments, {found}, std::vector<bool>(static_cast<size_t>(before.shape[0]), true));
}

KernelDescription append(const Heads &heads, int64_t rowTile) {
  RegionBuilder region;
  int cache = region.rows(heads.pageWidth()), keys = region.rows(heads.keyHeads * heads.size);
  int values = region.rows(heads.keyHeads * heads.size), starts = region.indices(), lengths = region.indices();
  int past = region.indices(), pages = region.indexTable();
  int result = region.operation("cache_append", {cache, keys, values, starts, lengths, past, pages}, heads.pageWidth(),
                                {{"key_value_heads", heads.keyHeads}, {"head_size", heads.size}});
  KernelDescription kernel = region.yield({result});
  kernel.rowTile = rowTile;
  return kernel;
}

void checkAppend(const Heads &heads, int32_t rowTile, const std::vector<int32_t> &lengths,
                 const std::vector<int32_t> &past, const std::string &target) {
  Batch batch(lengths, rowTile);
  Paged paged(batch, past, heads.keyHeads, heads.size, false);
  int64_t width = heads.keyHeads * heads.size;
  expectAppended(append(heads, rowTile), target,
                 {paged.cache, randomRows(batch, width, 1), randomRows(batch, width, 2), batch.startsArray(),
                  batch.lengthsArray(), paged.pastArray(), paged.tableArray()},
                 paged.cache, 2 * width, batch);
}

TEST_P(Cache, appendWritesTheNewRowsAlone) {
  for (Heads heads : {Heads{1, 1, 4}, {1, 2, 5}, {1, 3, 64}, {1, 1, 80}}) {
    checkAppend(heads, 16, {5, 0, 16, 1, 33}, {0, 7, 15, 16, 17}, GetParam());
    checkAppend(heads, 1, {1, 1, 1, 1, 1}, {0, 1, 15, 16, 17}, GetParam());
    checkAppend(heads, 1, {1}, {31}, GetParam());
  }
  checkAppend({1, 2, 5}, 16, {200, 3, 100}, {0, 40, 1}, GetParam());
}

TEST_P(Cache, appendOfKeysThatAreNormedAndTurned) {
  Heads heads{1, 2, 12};
  for (int32_t rowTile : {1, 16}) {
    Batch batch(rowTile == 1 ? std::vector<int32_t>{1, 1, 1} : std::vector<int32_t>{17, 1, 20}, rowTile);
    Paged paged(batch, {0, 15, 18}, heads.keyHeads, heads.size, false);
    RegionBuilder region;
    int cache = region.rows(heads.pageWidth()), x = region.rows(48 + 24 + 24), starts = region.indices();
    int lengths = region.indices(), past = region.indices(), pages = region.indexTable();
    int gamma = region.array({12}), positions = region.indices(), cosines = region.array({40, 4});
    int sines = region.array({40, 4});
    int q = region.split(x, {48, 24, 24});
    int normed = region.operation(
        "norm", {q + 1, gamma}, 24,
        {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}, {"groups", int64_t(2)}, {"weight_offset", 1.0}});
    int turned = region.operation("rotary", {normed, positions, cosines, sines}, 24,
                                  {{"head_size", int64_t(12)}, {"dims", int64_t(8)}, {"interleaved", int64_t(0)}});
    int result = region.operation("cache_append", {cache, turned, q + 2, starts, lengths, past, pages},
                                  heads.pageWidth(), {{"key_value_heads", heads.keyHeads}, {"head_size", heads.size}});
    KernelDescription kernel = region.yield({result});
    kernel.rowTile = rowTile;
    std::vector<int32_t> rowPositions;
    for (int64_t row = 0; row < batch.rows(); ++row)
      rowPositions.push_back(batch.isReal(row) ? static_cast<int32_t>(row % 40) : std::numeric_limits<int32_t>::max());
    expectAppended(kernel, GetParam(),
                   {paged.cache, randomRows(batch, 96, 1), batch.startsArray(), batch.lengthsArray(), paged.pastArray(),
                    paged.tableArray(), randomArray({12}, 3), Array({batch.rows()}, rowPositions),
                    randomArray({40, 4}, 5), randomArray({40, 4}, 6)},
                   paged.cache, 48, batch);
  }
}

/// The rows of few sequences are appended by one loop, those of many by another: keys that are turned have the same
/// bits.
TEST_P(Cache, turnedKeysInEveryLoop) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int64_t interleaved : {0, 1})
    for (int64_t size : {6, 16, 48}) {
      Heads heads{1, 1, size};
      RegionBuilder region;
      int cache = region.rows(heads.pageWidth()), x = region.rows(2 * size), starts = region.indices();
      int lengths = region.indices(), past = region.indices(), pages = region.indexTable();
      int positions = region.indices(), cosines = region.array({40, size / 2}), sines = region.array({40, size / 2});
      int keys = region.split(x, {size, size});
      int turned = region.operation("rotary", {keys, positions, cosines, sines}, size,
                                    {{"head_size", size}, {"dims", size}, {"interleaved", interleaved}});
      KernelDescription kernel =
          region.yield({region.operation("cache_append", {cache, turned, keys + 1, starts, lengths, past, pages},
                                         heads.pageWidth(), {{"key_value_heads", int64_t(1)}, {"head_size", size}})});
      // Of every sequence the first page, from 16 rows to more than a task has.
      auto firstPageOf = [&](int32_t count) {
        Batch batch(std::vector<int32_t>(static_cast<size_t>(count), 16));
        Paged paged(batch, std::vector<int32_t>(static_cast<size_t>(count), 0), 1, size, false);
        Array rows({batch.rows(), 2 * size}), first = randomArray({16, 2 * size}, 1);
        std::vector<int32_t> rowPositions;
        for (size_t i = 0; i < rows.floats().size(); ++i)
          rows.floats()[i] = first.floats()[i % first.floats().size()];
        for (int64_t row = 0; row < batch.rows(); ++row)
          rowPositions.push_back(static_cast<int32_t>(row % 16));
        Array appended = runInto(kernel, GetParam(),
                                 {paged.cache, rows, batch.startsArray(), batch.lengthsArray(), paged.pastArray(),
                                  paged.tableArray(), Array({batch.rows()}, rowPositions),
                                  randomArray({40, size / 2}, 5), randomArray({40, size / 2}, 6)},
                                 {paged.cache})[0];
        auto page = appended.floats().begin() + paged.table[0] * heads.pageWidth();
        return std::vector<float>(page, page + heads.pageWidth());
      };
      EXPECT_EQ(firstPageOf(1), firstPageOf(5)) << "heads of " << size << ", interleaved " << interleaved;
    }
}

/// One product gives queries, keys and values: the queries turned, the keys turned into the cache.
TEST_P(Cache, appendBehindAProduct) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{4, 2, 12};
  for (int32_t rowTile : {1, 16}) {
    Batch batch(rowTile == 1 ? std::vector<int32_t>{1, 1, 1} : std::vector<int32_t>{17, 1, 20}, rowTile);
    Paged paged(batch, {0, 15, 18}, heads.keyHeads, heads.size, false);
    RegionBuilder region;
    int x = region.rows(30), gamma = region.array({30}), w = region.array({2, 30, 48});
    int cache = region.rows(heads.pageWidth()), starts = region.indices(), lengths = region.indices();
    int past = region.indices(), pages = region.indexTable(), positions = region.indices();
    int cosines = region.array({40, 6}), sines = region.array({40, 6});
    std::map<std::string, Attribute> turn = {
        {"head_size", int64_t(12)}, {"dims", int64_t(12)}, {"interleaved", int64_t(0)}};
    int normed = region.operation("norm", {x, gamma}, 30, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}});
    int parts = region.split(region.operation("linear", {normed, w}, 96), {48, 24, 24});
    int queries = region.operation("rotary", {parts, positions, cosines, sines}, 48, turn);
    int keys = region.operation("rotary", {parts + 1, positions, cosines, sines}, 24, turn);
    int appended =
        region.operation("cache_append", {cache, keys, parts + 2, starts, lengths, past, pages}, heads.pageWidth(),
                         {{"key_value_heads", heads.keyHeads}, {"head_size", heads.size}});
    KernelDescription kernel = region.yield({appended, queries}), queriesFirst = region.yield({queries, appended});
    kernel.rowTile = queriesFirst.rowTile = rowTile;
    std::vector<int32_t> rowPositions;
    for (int64_t row = 0; row < batch.rows(); ++row)
      rowPositions.push_back(static_cast<int32_t>(row % 40));
    std::vector<Array> arguments = {randomRows(batch, 30, 1),
                                    randomArray({30}, 2),
                                    inPanels(randomArray({96, 30}, 3), 48),
                                    paged.cache,
                                    batch.startsArray(),
                                    batch.lengthsArray(),
                                    paged.pastArray(),
                                    paged.tableArray(),
                                    Array({batch.rows()}, rowPositions),
                                    randomArray({40, 6}, 5),
                                    randomArray({40, 6}, 6)};
    std::vector<Array> found = runInto(kernel, GetParam(), arguments, {paged.cache, Array({batch.rows(), 48})});
    expectAccurate(kernel, arguments, {found[0]}, std::vector<bool>(static_cast<size_t>(paged.pages), true));
    expectAccurate(queriesFirst, arguments, {found[1]}, realRows(batch));
  }
}

/// A row's bits, alone and beside others, on one thread and on three; and however wide the table of pages is.
TEST_P(Cache, bitsDoNotDependOnTheRowsBeside) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{6, 2, 20};
  Batch three({1, 1, 1}, 1), alone({1}, 1);
  Paged paged(three, {40, 700, 5}, heads.keyHeads, heads.size);
  Array queries = randomRows(three, 120, 1);
  Array own({1, 120}, std::vector<float>(queries.floats().begin() + 120, queries.floats().begin() + 240));
  std::vector<int32_t> slots(paged.table.begin() + paged.slots, paged.table.begin() + 2 * paged.slots);
  slots.resize(static_cast<size_t>(paged.slots) + 100, 0);
  KernelDescription kernel = attend(heads, 1);
  setThreads(3);
  std::vector<Array> together =
      run(kernel, GetParam(),
          {queries, paged.cache, three.startsArray(), three.lengthsArray(), paged.pastArray(), paged.tableArray()}, 3);
  setThreads(1);
  std::vector<Array> single =
      run(kernel, GetParam(),
          {own, paged.cache, alone.startsArray(), alone.lengthsArray(), Array({1}, std::vector<int32_t>{700}),
           Array({1, static_cast<int64_t>(slots.size())}, slots)},
          1);
  for (size_t c = 0; c < 120; ++c)
    ASSERT_EQ(single[0].floats()[c], together[0].floats()[120 + c]) << "column " << c;
}

KernelDescription attend(const Heads &heads, int64_t rowTile, const std::string &mask) {
  RegionBuilder region;
  int64_t width = heads.heads * heads.size;
  int queries = region.rows(width), cache = region.rows(heads.pageWidth()), starts = region.indices();
  int lengths = region.indices(), past = region.indices(), pages = region.indexTable();
  std::map<std::string, Attribute> attributes = {
      {"heads", heads.heads},    {"key_value_heads", heads.keyHeads},
      {"head_size", heads.size}, {"scale", 1 / std::sqrt(static_cast<double>(heads.size))},
      {"past", int64_t(1)},      {"segments", ownPages}};
  if (!mask.empty())
    attributes["mask"] = mask;
  KernelDescription kernel =
      region.yield({region.operation("attention", {queries, cache, starts, lengths, past, pages}, width, attributes)});
  kernel.rowTile = rowTile;
  return kernel;
}

void checkAttention(const Heads &heads, int32_t rowTile, const std::vector<int32_t> &lengths,
                    const std::vector<int32_t> &past, const std::string &target, const std::string &mask = "k <= q") {
  Batch batch(lengths, rowTile);
  Paged paged(batch, past, heads.keyHeads, heads.size);
  check(attend(heads, rowTile, mask), target,
        {randomRows(batch, heads.heads * heads.size, 1), paged.cache, batch.startsArray(), batch.lengthsArray(),
         paged.pastArray(), paged.tableArray()},
        batch);
}

const std::vector<Heads> allHeads = {{1, 1, 4}, {2, 2, 5}, {4, 2, 5}, {3, 1, 64}, {8, 2, 20}, {7, 1, 80}, {4, 4, 64}};

TEST_P(Cache, attentionOfRowsOneByOne) {
  for (const Heads &heads : allHeads)
    checkAttention(heads, 1, {1, 1, 1, 1, 1, 1}, {0, 1, 15, 16, 17, 100}, GetParam());
  checkAttention({3, 1, 20}, 1, {1, 1, 1}, {511, 512, 1500}, GetParam());
  checkAttention({3, 1, 20}, 1, {1}, {30}, GetParam(), "");
}

TEST_P(Cache, attentionOfSeveralRowsOneByOne) { checkAttention({3, 1, 20}, 1, {5, 1, 20}, {0, 17, 600}, GetParam()); }

TEST_P(Cache, attentionOverACachedPrefix) {
  for (const Heads &heads : allHeads)
    checkAttention(heads, 16, {5, 0, 16, 1, 33}, {0, 7, 15, 16, 17}, GetParam());
  checkAttention({2, 2, 20}, 16, {200, 17}, {0, 300}, GetParam());
  checkAttention({2, 2, 20}, 16, {20, 17}, {0, 30}, GetParam(), "");
}

} // namespace
