//===- Cases.cpp - Kernels of real models, with calls of them -------------===//

#include "Cases.h"

#include <cmath>
#include <functional>
#include <stdexcept>
#include <utility>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace tenon::benchmarks {

namespace {

using Attributes = std::map<std::string, Attribute>;

constexpr int64_t kPanel = 48;

const Attributes kLayerNorm = {{"function", std::string("layernorm")}, {"epsilon", 1e-5}};

/// Deviation of weights that keeps results in the range of their operands.
float weightDeviation(int64_t depth) { return 1 / std::sqrt(static_cast<float>(depth)); }

int64_t panelsOf(int64_t width) { return (width + kPanel - 1) / kPanel; }

Array randomPanels(int64_t width, int64_t depth) {
  return randomArray({panelsOf(width), depth, kPanel}, 2, weightDeviation(depth));
}

/// A call whose one result has `width` columns and the rows of the batch.
Call callOf(const Batch &batch, std::vector<Array> arguments, int64_t width) {
  return {std::move(arguments), {Array({batch.rows(), width})}, {realRows(batch)}, {}};
}

/// MiniLM's second product, with its bias and GELU.
KernelCase productWithEpilogue() {
  constexpr int64_t depth = 384, width = 1536;
  RegionBuilder region;
  int x = region.rows(depth), w = region.array({panelsOf(width), depth, kPanel}), bias = region.array({width});
  int product = region.operation("linear", {x, w, bias}, width);
  int value = region.operation("activation", {product}, width, {{"function", std::string("gelu")}});
  Batch batch({128});
  return {"",
          "MiniLM",
          region.yield({value}),
          callOf(batch, {randomRows(batch, depth, 1), randomPanels(width, depth), randomArray({width}, 3)}, width),
          {}};
}

/// GPT-2's first product, of rows that are normed before it. Rows of a decoder come one by one.
KernelCase normAndProduct(int32_t rows, int64_t width) {
  constexpr int64_t depth = 768;
  RegionBuilder region;
  int x = region.rows(depth), gamma = region.array({depth}), beta = region.array({depth});
  int w = region.array({panelsOf(width), depth, kPanel}), bias = region.array({width});
  int normed = region.operation("norm", {x, gamma, beta}, depth, kLayerNorm);
  KernelDescription kernel = region.yield({region.operation("linear", {normed, w, bias}, width)});
  kernel.rowTile = rows == 1 ? 1 : 16;
  Batch batch({rows}, static_cast<int32_t>(kernel.rowTile));
  std::vector<Array> arguments = {randomRows(batch, depth, 1), randomArray({depth}, 4), randomArray({depth}, 5),
                                  randomPanels(width, depth), randomArray({width}, 3)};
  return {"", "GPT-2 small", kernel, callOf(batch, std::move(arguments), width),
          rows == 1 ? std::optional<size_t>(3) : std::nullopt};
}

/// SmolLM2's: the product of SwiGLU's hidden rows, and the residual.
KernelCase gatedProduct() {
  constexpr int64_t hidden = 1536, width = 576;
  RegionBuilder region;
  int x = region.rows(2 * hidden), w = region.array({panelsOf(width), hidden, kPanel}), residual = region.rows(width);
  int parts = region.split(x, {hidden, hidden});
  int gate = region.operation("activation", {parts}, hidden, {{"function", std::string("silu")}});
  int gated = region.operation("multiply", {gate, parts + 1}, hidden);
  int product = region.operation("linear", {gated, w}, width);
  KernelDescription kernel = region.yield({region.operation("add", {residual, product}, width)});
  Batch batch({128});
  std::vector<Array> arguments = {randomRows(batch, 2 * hidden, 1), randomPanels(width, hidden),
                                  randomRows(batch, width, 3)};
  return {"", "SmolLM2", kernel, callOf(batch, std::move(arguments), width), {}};
}

struct Heads {
  int64_t heads, keyHeads, size;
  int64_t width() const { return heads * size; }
};

Attributes attentionOf(const Heads &heads, const Segments &segments) {
  return {{"heads", heads.heads},
          {"key_value_heads", heads.keyHeads},
          {"head_size", heads.size},
          {"scale", 1 / std::sqrt(static_cast<double>(heads.size))},
          {"segments", segments}};
}

/// MiniLM's: queries, keys and values are columns of one product's rows.
KernelCase attentionToRows() {
  constexpr Heads heads{12, 12, 32};
  RegionBuilder region;
  int x = region.rows(3 * heads.width()), starts = region.indices(), lengths = region.indices();
  int q = region.split(x, {heads.width(), heads.width(), heads.width()});
  KernelDescription kernel = region.yield(
      {region.operation("attention", {q, starts, lengths, q + 1, q + 2}, heads.width(), attentionOf(heads, ownRows))});
  Batch batch(std::vector<int32_t>(8, 128));
  std::vector<Array> arguments = {randomRows(batch, 3 * heads.width(), 1), batch.startsArray(), batch.lengthsArray()};
  return {"", "MiniLM", kernel, callOf(batch, std::move(arguments), heads.width()), {}};
}

/// `rows` new rows of each sequence against the pages that have their keys and those of `past` rows before them.
KernelCase attentionToPages(const std::string &model, const Heads &heads, int32_t rows, int32_t past) {
  RegionBuilder region;
  int q = region.rows(heads.width()), cache = region.rows(2 * heads.keyHeads * heads.size * 16);
  std::vector<int> operands = {q, cache, region.indices(), region.indices(), region.indices(), region.indexTable()};
  Attributes attributes = attentionOf(heads, ownPages);
  attributes["past"] = int64_t(1);
  attributes["mask"] = std::string("k <= q");
  KernelDescription kernel = region.yield({region.operation("attention", operands, heads.width(), attributes)});
  kernel.rowTile = rows == 1 ? 1 : 16;
  Batch batch({rows}, static_cast<int32_t>(kernel.rowTile));
  Paged paged(batch, {past}, heads.keyHeads, heads.size);
  std::vector<Array> arguments = {randomRows(batch, heads.width(), 1),
                                  paged.cache,
                                  batch.startsArray(),
                                  batch.lengthsArray(),
                                  paged.pastArray(),
                                  paged.tableArray()};
  return {"", model, kernel, callOf(batch, std::move(arguments), heads.width()),
          rows == 1 ? std::optional<size_t>(1) : std::nullopt};
}

/// MiniLM's norm of a sum, which is a kernel of its own.
KernelCase rowwise() {
  constexpr int64_t width = 384;
  RegionBuilder region;
  int x = region.rows(width), gamma = region.array({width}), beta = region.array({width});
  KernelDescription kernel = region.yield({region.operation("norm", {x, gamma, beta}, width, kLayerNorm)});
  Batch batch(std::vector<int32_t>(8, 128));
  return {"",
          "MiniLM",
          kernel,
          callOf(batch, {randomRows(batch, width, 1), randomArray({width}, 2), randomArray({width}, 3)}, width),
          {}};
}

/// Half of SmolLM2's feed-forward layer where it is not fused: what elementwise kernels do.
KernelCase elementwise() {
  constexpr int64_t width = 1536;
  RegionBuilder region;
  int parts = region.split(region.rows(2 * width), {width, width});
  int gate = region.operation("activation", {parts}, width, {{"function", std::string("silu")}});
  KernelDescription kernel = region.yield({region.operation("multiply", {gate, parts + 1}, width)});
  Batch batch({512});
  return {"", "SmolLM2", kernel, callOf(batch, {randomRows(batch, 2 * width, 1)}, width), {}};
}

/// A convolution of three taps for each channel, as LFM2 has between its gates.
KernelCase depthwise() {
  constexpr int64_t width = 1024, taps = 3;
  RegionBuilder region;
  int x = region.rows(width), w = region.array({taps, width}), starts = region.indices(), lengths = region.indices();
  KernelDescription kernel = region.yield(
      {region.operation("depthwise", {x, w, starts, lengths}, width, {{"before", taps - 1}, {"cached", int64_t(0)}})});
  Batch batch({128});
  std::vector<Array> arguments = {randomRows(batch, width, 1), randomArray({taps, width}, 2), batch.startsArray(),
                                  batch.lengthsArray()};
  return {"", "LFM2", kernel, callOf(batch, std::move(arguments), width), {}};
}

/// MiniLM's embeddings of eight texts.
KernelCase pooling() {
  constexpr int64_t width = 384;
  RegionBuilder region;
  int x = region.rows(width), starts = region.indices(), lengths = region.indices();
  KernelDescription kernel =
      region.yield({region.operation("pool", {x, starts, lengths}, width, {{"function", std::string("mean")}})});
  Batch batch(std::vector<int32_t>(8, 128));
  Call call{{randomRows(batch, width, 1), batch.startsArray(), batch.lengthsArray()},
            {Array({8, width})},
            {std::vector<bool>(8, true)},
            {}};
  return {"", "MiniLM", kernel, std::move(call), {}};
}

struct NamedCase {
  const char *name;
  std::function<KernelCase()> make;
};

const std::vector<NamedCase> &namedCases() {
  static const std::vector<NamedCase> cases = {
      {"product, bias, GELU: 128 x 384 x 1536", productWithEpilogue},
      {"layer norm, product: 128 x 768 x 2304", [] { return normAndProduct(128, 2304); }},
      {"layer norm, product: 1 x 768 x 3072", [] { return normAndProduct(1, 3072); }},
      {"SwiGLU, product, sum: 128 x 1536 x 576", gatedProduct},
      {"attention: 8 x 128, 12 heads of 32", attentionToRows},
      {"causal attention: 1 x 128, 9/3 heads of 64",
       [] {
         return attentionToPages("SmolLM2", {9, 3, 64}, 128, 0);
       }},
      {"decode attention: 1 row after 1023, 12 heads of 64",
       [] {
         return attentionToPages("GPT-2 small", {12, 12, 64}, 1, 1023);
       }},
      {"layer norm: 1024 x 384", rowwise},
      {"SwiGLU: 512 x 1536", elementwise},
      {"depthwise convolution: 128 x 1024, 3 taps", depthwise},
      {"mean pooling: 8 x 128 x 384", pooling},
  };
  return cases;
}

} // namespace

std::vector<std::string> caseNames() {
  std::vector<std::string> names;
  for (const NamedCase &each : namedCases())
    names.push_back(each.name);
  return names;
}

KernelCase makeCase(const std::string &name) {
  for (const NamedCase &each : namedCases())
    if (each.name == name) {
      KernelCase made = each.make();
      made.name = name;
      return made;
    }
  throw std::runtime_error("there is no case \"" + name + "\"");
}

} // namespace tenon::benchmarks
