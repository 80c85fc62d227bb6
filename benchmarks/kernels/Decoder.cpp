//===- Decoder.cpp - What decoders need ------------------------------------===//

#include "Timing.h"

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

/// `rows` new rows of each of `sequences`, after `past` keys.
void benchCached(int32_t sequences, int32_t rows, int32_t past, const Heads &heads, const Options &options,
                 double peak) {
  if (!options.wants("attention"))
    return;
  int32_t rowTile = rows == 1 ? 1 : 16;
  int64_t width = heads.heads * heads.size;
  RegionBuilder region;
  int q = region.rows(width), cache = region.rows(2 * heads.keyHeads * heads.size * 16), starts = region.indices();
  int lengths = region.indices(), pasts = region.indices(), pages = region.indexTable();
  KernelDescription description =
      region.yield({region.operation("attention", {q, cache, starts, lengths, pasts, pages}, width,
                                     {{"heads", heads.heads},
                                      {"key_value_heads", heads.keyHeads},
                                      {"head_size", heads.size},
                                      {"scale", 1 / std::sqrt(static_cast<double>(heads.size))},
                                      {"cached", int64_t(1)},
                                      {"mask", std::string("k <= q")}})});
  description.rowTile = rowTile;
  LoadedKernel kernel = load(description, options);
  Batch batch(std::vector<int32_t>(static_cast<size_t>(sequences), rows), rowTile);
  Paged paged(batch, std::vector<int32_t>(static_cast<size_t>(sequences), past), heads.keyHeads, heads.size);
  Array input = randomRows(batch, width, 1), output({batch.rows(), width});
  Array startsArray = batch.startsArray(), lengthsArray = batch.lengthsArray(), pastArray = paged.pastArray();
  Array table = paged.tableArray();
  std::vector<Array *> arrays = {&input, &paged.cache, &startsArray, &lengthsArray, &pastArray, &table, &output};
  std::string name = std::to_string(sequences) + " x " + std::to_string(rows) + " rows after " + std::to_string(past) +
                     ", " + std::to_string(heads.heads) + "/" + std::to_string(heads.keyHeads) + " heads of " +
                     std::to_string(heads.size);
  // Each row sees the keys before it and itself.
  double keys = rows * (past + (rows + 1) / 2.0);
  if (rows == 1)
    reportBytes("attention, " + name, 8.0 * sequences * keys * static_cast<double>(heads.keyHeads * heads.size),
                leastTimeCold(kernel, arrays, 1));
  else
    report("attention, " + name, 4.0 * sequences * keys * static_cast<double>(width), leastTime(kernel, arrays), peak);
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
  }
}

} // namespace tenon::benchmarks
