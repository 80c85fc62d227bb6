//===- FamilyExamples.cpp - A kernel of each family with calls of it -------------===//

#include "FamilyExamples.h"

#include <algorithm>
#include <limits>

namespace tenon::kernels::test {

namespace {

const std::map<std::string, Attribute> kNorm = {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}};

/// A call whose one result has the rows of the batch.
Call callOf(const Batch &batch, std::vector<Array> arguments, int64_t width) {
  return {std::move(arguments),
          {randomArray({batch.rows(), width}, 99)},
          {realRows(batch)},
          {{"rows", batch.rows()}, {"sequences", static_cast<int64_t>(batch.lengths.size())}}};
}

/// How many keys each sequence has already.
std::vector<int32_t> pastOf(const std::vector<int32_t> &lengths) {
  std::vector<int32_t> past;
  for (size_t i = 0; i < lengths.size(); ++i)
    past.push_back(static_cast<int32_t>(i * 37 % 90));
  return past;
}

std::vector<std::vector<int32_t>> batches(int32_t rowTile) {
  if (rowTile == 1)
    return {{1}, {1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
  return {{5}, {17, 1, 20}, {40, 3, 16, 1, 33}};
}

/// A norm and a product of its rows, 150 columns in panels of 48.
FamilyExample linear(int32_t rowTile) {
  RegionBuilder region;
  int x = region.rows(24), gamma = region.array({24}), w = region.array({4, 24, 48}), bias = region.array({150});
  int normed = region.operation("norm", {x, gamma}, 24, kNorm);
  int product = region.operation("linear", {normed, w, bias}, 150);
  KernelDescription kernel = region.yield({product});
  kernel.rowTile = rowTile;
  auto call = [=](const std::vector<int32_t> &lengths) {
    Batch batch(lengths, rowTile);
    return callOf(batch,
                  {randomRows(batch, 24, 1), randomArray({24}, 2), inPanels(randomArray({150, 24}, 3), 48),
                   randomArray({150}, 4)},
                  150);
  };
  return {rowTile == 1 ? "row_linear" : "linear", kernel, call, batches(rowTile)};
}

/// The queries are normed before, whole.
FamilyExample attention(int32_t rowTile) {
  RegionBuilder region;
  int q = region.rows(114), gamma = region.array({114}), cache = region.rows(2 * 2 * 19 * 16);
  int starts = region.indices(), lengths = region.indices(), past = region.indices(), pages = region.indexTable();
  int queries = region.operation("norm", {q, gamma}, 114, kNorm);
  KernelDescription kernel =
      region.yield({region.operation("attention", {queries, cache, starts, lengths, past, pages}, 114,
                                     {{"heads", int64_t(6)},
                                      {"key_value_heads", int64_t(2)},
                                      {"head_size", int64_t(19)},
                                      {"scale", 0.25},
                                      {"past", int64_t(1)},
                                      {"segments", ownPages},
                                      {"mask", std::string("k <= q")}})});
  kernel.rowTile = rowTile;
  auto call = [=](const std::vector<int32_t> &lengths) {
    Batch batch(lengths, rowTile);
    Paged paged(batch, pastOf(lengths), 2, 19);
    return callOf(batch,
                  {randomRows(batch, 114, 1), randomArray({114}, 2), paged.cache, batch.startsArray(),
                   batch.lengthsArray(), paged.pastArray(), paged.tableArray()},
                  114);
  };
  return {rowTile == 1 ? "row_attention" : "attention", kernel, call, batches(rowTile)};
}

FamilyExample rowwise(int32_t rowTile) {
  RegionBuilder region;
  KernelDescription kernel = region.yield(
      {region.operation("norm", {region.rows(57)}, 57, {{"function", std::string("layernorm")}, {"epsilon", 1e-5}})});
  kernel.rowTile = rowTile;
  auto call = [=](const std::vector<int32_t> &lengths) {
    Batch batch(lengths, rowTile);
    return callOf(batch, {randomRows(batch, 57, 1)}, 57);
  };
  return {rowTile == 1 ? "single_rows" : "rowwise", kernel, call, batches(rowTile)};
}

FamilyExample pooling() {
  RegionBuilder region;
  int x = region.rows(157), starts = region.indices(), lengths = region.indices();
  KernelDescription kernel =
      region.yield({region.operation("pool", {x, starts, lengths}, 157, {{"function", std::string("mean")}})});
  auto call = [](const std::vector<int32_t> &lengths) {
    Batch batch(lengths);
    Call call = callOf(batch, {randomRows(batch, 157, 1), batch.startsArray(), batch.lengthsArray()}, 157);
    call.results = {randomArray({static_cast<int64_t>(lengths.size()), 157}, 99)};
    call.compared = {std::vector<bool>(lengths.size(), true)};
    return call;
  };
  return {"pooling", kernel, call, batches(16)};
}

FamilyExample unfold() {
  RegionBuilder region;
  int x = region.rows(23), starts = region.indices(), lengths = region.indices();
  KernelDescription kernel = region.yield({region.operation("unfold", {x, starts, lengths, starts, lengths}, 69,
                                                            {{"window", int64_t(3)}, {"stride", int64_t(1)}})});
  auto call = [](const std::vector<int32_t> &lengths) {
    Batch batch(lengths);
    return callOf(batch, {randomRows(batch, 23, 1), batch.startsArray(), batch.lengthsArray()}, 69);
  };
  return {"unfold", kernel, call, batches(16)};
}

FamilyExample depthwise() {
  RegionBuilder region;
  int x = region.rows(33), w = region.array({3, 33}), starts = region.indices(), lengths = region.indices();
  KernelDescription kernel = region.yield(
      {region.operation("depthwise", {x, w, starts, lengths}, 33, {{"before", int64_t(1)}, {"cached", int64_t(0)}})});
  auto call = [](const std::vector<int32_t> &lengths) {
    Batch batch(lengths);
    return callOf(batch, {randomRows(batch, 33, 1), randomArray({3, 33}, 2), batch.startsArray(), batch.lengthsArray()},
                  33);
  };
  return {"depthwise", kernel, call, batches(16)};
}

FamilyExample scan() {
  RegionBuilder region;
  int forget = region.rows(33), input = region.rows(33), starts = region.indices(), lengths = region.indices();
  int weights = region.operation("activation", {forget}, 33, {{"function", std::string("sigmoid")}});
  KernelDescription kernel =
      region.yield({region.operation("scan", {weights, input, starts, lengths}, 33, {{"cached", int64_t(0)}})});
  auto call = [](const std::vector<int32_t> &lengths) {
    Batch batch(lengths);
    return callOf(batch,
                  {randomRows(batch, 33, 1), randomRows(batch, 33, 2), batch.startsArray(), batch.lengthsArray()}, 33);
  };
  return {"scan", kernel, call, batches(16)};
}

/// One product gives queries, keys and values: the keys go into the cache, turned.
FamilyExample cacheAppend(int32_t rowTile) {
  RegionBuilder region;
  int x = region.rows(30), w = region.array({2, 30, 48}), cache = region.rows(2 * 2 * 12 * 16);
  int starts = region.indices(), lengths = region.indices(), past = region.indices(), pages = region.indexTable();
  int positions = region.indices(), cosines = region.array({40, 6}), sines = region.array({40, 6});
  std::map<std::string, Attribute> turn = {
      {"head_size", int64_t(12)}, {"dims", int64_t(12)}, {"interleaved", int64_t(0)}};
  int parts = region.split(region.operation("linear", {x, w}, 96), {48, 24, 24});
  int queries = region.operation("rotary", {parts, positions, cosines, sines}, 48, turn);
  int keys = region.operation("rotary", {parts + 1, positions, cosines, sines}, 24, turn);
  int appended = region.operation("cache_append", {cache, keys, parts + 2, starts, lengths, past, pages},
                                  2 * 2 * 12 * 16, {{"key_value_heads", int64_t(2)}, {"head_size", int64_t(12)}});
  KernelDescription kernel = region.yield({appended, queries});
  kernel.rowTile = rowTile;
  auto call = [=](const std::vector<int32_t> &lengths) {
    Batch batch(lengths, rowTile);
    Paged paged(batch, pastOf(lengths), 2, 12, false);
    std::vector<int32_t> rowPositions;
    for (int64_t row = 0; row < batch.rows(); ++row)
      rowPositions.push_back(static_cast<int32_t>(row % 40));
    Call call = callOf(batch,
                       {randomRows(batch, 30, 1), inPanels(randomArray({96, 30}, 3), 48), paged.cache,
                        batch.startsArray(), batch.lengthsArray(), paged.pastArray(), paged.tableArray(),
                        Array({batch.rows()}, rowPositions), randomArray({40, 6}, 5), randomArray({40, 6}, 6)},
                       48);
    call.results.insert(call.results.begin(), paged.cache);
    call.compared.insert(call.compared.begin(), std::vector<bool>(static_cast<size_t>(paged.pages), true));
    return call;
  };
  return {rowTile == 1 ? "append_single_rows" : "cache_append", kernel, call, batches(rowTile)};
}

} // namespace

std::vector<FamilyExample> familyExamples() {
  return {linear(16), linear(1), attention(16), attention(1), rowwise(16),     rowwise(1),
          pooling(),  unfold(),  depthwise(),   scan(),       cacheAppend(16), cacheAppend(1)};
}

} // namespace tenon::kernels::test
