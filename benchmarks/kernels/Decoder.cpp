//===- Decoder.cpp - What decoders need ------------------------------------===//

#include "Timing.h"

#include <algorithm>
#include <array>
#include <cmath>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace tenon::benchmarks {

namespace {

struct Heads {
  int64_t heads, keyHeads, size;
};

void benchStreaming(int64_t width, int64_t depth, const Options &options, double peak) {
  if (!options.wants("linear"))
    return;
  constexpr int64_t panel = 48;
  int64_t panels = (width + panel - 1) / panel;
  RegionBuilder region;
  int x = region.rows(depth), w = region.array({panels, depth, panel});
  LoadedKernel kernel = load(region.oneByOne().yield({region.operation("linear", {x, w}, width)}), options);
  Array weights = randomArray({panels, depth, panel}, 1);
  for (int64_t rows : {1, 4, 8, 16, 32, 64}) {
    Array input = randomArray({rows, depth}, 3), output({rows, width});
    std::string name = "linear " + std::to_string(rows) + " x " + std::to_string(depth) + " x " + std::to_string(width);
    double seconds = leastTimeCold(kernel, {&input, &weights, &output}, 1);
    if (rows <= 8)
      reportBytes(name, 4.0 * static_cast<double>(width * depth), seconds);
    else
      report(name, 2.0 * static_cast<double>(rows * width * depth), seconds, peak);
  }
}

/// Attention of `rows` new rows of each of `sequences` with `past` keys before them in their own pages and `source`
/// keys in those of another sequence, which all see; without a source in one segment.
class CachedAttention {
public:
  CachedAttention(int32_t sequences, int32_t rows, int32_t past, int32_t source, const Heads &heads,
                  const Options &options)
      : batch(std::vector<int32_t>(static_cast<size_t>(sequences), rows), rows == 1 ? 1 : 16),
        own(batch, std::vector<int32_t>(static_cast<size_t>(sequences), past), heads.keyHeads, heads.size),
        other(Paged::ofKeys(std::vector<int32_t>(static_cast<size_t>(sequences), source), heads.keyHeads, heads.size)),
        input(randomRows(batch, heads.heads * heads.size, 1)), output({batch.rows(), heads.heads * heads.size}),
        starts(batch.startsArray()), lengths(batch.lengthsArray()), pasts(own.pastArray()), table(own.tableArray()),
        otherTable(other.tableArray()), otherLengths(other.pastArray()),
        kernel(load(description(heads, source > 0), options)) {
    arrays = {&input, &own.cache, &starts, &lengths, &pasts};
    if (source > 0) {
      shareCache();
      arrays.insert(arrays.end(), {&otherTable, &otherLengths});
    }
    arrays.insert(arrays.end(), {&table, &output});
  }

  double time() const { return batch.lengths[0] == 1 ? leastTimeCold(kernel, arrays, 1) : leastTime(kernel, arrays); }

private:
  KernelDescription description(const Heads &heads, bool joint) const {
    int64_t width = heads.heads * heads.size;
    RegionBuilder region;
    int q = region.rows(width), cache = region.rows(2 * heads.keyHeads * heads.size * 16);
    std::vector<int> operands = {q, cache, region.indices(), region.indices(), region.indices()};
    if (joint)
      for (int value : {region.indexTable(), region.indices()})
        operands.push_back(value);
    operands.push_back(region.indexTable());
    Segments segments = joint ? Segments{"pages lengths", "pages"} : ownPages;
    KernelDescription description =
        region.yield({region.operation("attention", operands, width,
                                       {{"heads", heads.heads},
                                        {"key_value_heads", heads.keyHeads},
                                        {"head_size", heads.size},
                                        {"scale", 1 / std::sqrt(static_cast<double>(heads.size))},
                                        {"past", int64_t(1)},
                                        {"segments", segments},
                                        {"mask", std::string(joint ? "segment < 1 || k <= q" : "k <= q")}})});
    description.rowTile = batch.lengths[0] == 1 ? 1 : 16;
    return description;
  }

  /// The pages of the source behind the sequences' own.
  void shareCache() {
    std::vector<float> floats = own.cache.floats();
    floats.insert(floats.end(), other.cache.floats().begin(), other.cache.floats().end());
    for (int32_t &page : std::get<1>(otherTable.data))
      page += static_cast<int32_t>(own.pages);
    own.cache = Array({own.pages + other.pages, own.cache.shape[1]}, std::move(floats));
  }

  Batch batch;
  Paged own, other;
  Array input, output, starts, lengths, pasts, table, otherTable, otherLengths;
  LoadedKernel kernel;
  std::vector<Array *> arrays;
};

std::string nameOf(int32_t sequences, int32_t rows, const std::string &keys, const Heads &heads) {
  return std::to_string(sequences) + " x " + std::to_string(rows) + " rows after " + keys + ", " +
         std::to_string(heads.heads) + "/" + std::to_string(heads.keyHeads) + " heads of " + std::to_string(heads.size);
}

/// `rows` new rows of each of `sequences`, after `past` keys.
void benchCached(int32_t sequences, int32_t rows, int32_t past, const Heads &heads, const Options &options,
                 double peak) {
  if (!options.wants("attention"))
    return;
  std::string name = "attention, " + nameOf(sequences, rows, std::to_string(past), heads);
  // Each row sees the keys before it and itself.
  double keys = rows * (past + (rows + 1) / 2.0), width = static_cast<double>(heads.heads * heads.size);
  double seconds = CachedAttention(sequences, rows, past, 0, heads, options).time();
  if (rows == 1)
    reportBytes(name, 8.0 * sequences * keys * static_cast<double>(heads.keyHeads * heads.size), seconds);
  else
    report(name, 4.0 * sequences * keys * width, seconds, peak);
}

/// The time that a source's keys and the sequences' own take in two segments, as a share of that in one.
void benchJoint(int32_t sequences, int32_t rows, int32_t past, int32_t source, const Heads &heads,
                const Options &options) {
  if (!options.wants("joint"))
    return;
  CachedAttention joint(sequences, rows, past, source, heads, options);
  CachedAttention one(sequences, rows, past + source, 0, heads, options);
  double jointSeconds = joint.time(), oneSeconds = one.time();
  for (int again = 0; again < 3; ++again) {
    jointSeconds = std::min(jointSeconds, joint.time());
    oneSeconds = std::min(oneSeconds, one.time());
  }
  std::string keys = std::to_string(source) + " + " + std::to_string(past);
  reportRatio("joint, " + nameOf(sequences, rows, keys, heads), jointSeconds, oneSeconds);
}

} // namespace

void benchDecoder(const Options &options, double peak) {
  for (auto [width, depth] : {std::pair<int64_t, int64_t>{1536, 576},
                              {576, 1536},
                              {49152, 576},
                              {3072, 768},
                              {50257, 768},
                              {256, 256},
                              {1536, 256},
                              {256, 1536},
                              {32000, 256},
                              {512, 512},
                              {2048, 512},
                              {512, 2048}})
    benchStreaming(width, depth, options, peak);
  for (Heads heads : {Heads{9, 3, 64}, {12, 12, 64}}) {
    for (int32_t past : {127, 1023, 4095})
      for (int32_t sequences : {1, 8})
        benchCached(sequences, 1, past, heads, options, peak);
    for (int32_t rows : {64, 128, 256, 1024})
      benchCached(1, rows, 0, heads, options, peak);
    benchCached(1, 128, 1000, heads, options, peak);
    for (auto [rows, past, source] : {std::array{1, 100, 27},
                                      {1, 512, 511},
                                      {1, 95, 4000},
                                      {64, 0, 64},
                                      {512, 0, 512},
                                      {128, 0, 1000},
                                      {1000, 0, 100}})
      for (int32_t sequences : {1, 8})
        benchJoint(sequences, rows, past, source, heads, options);
  }
}

} // namespace tenon::benchmarks
