//===- main.cpp - Kernels as a share of the peak ---------------------------===//
//
// tenon-bench-kernels [target] [threads] [encoder|decoder] [linear|attention|joint] [parameter=value...]: times linear
// and attention kernels of the sizes that small models have, and attention to keys of two segments against that to one,
// under the default schedule with the given parameters changed where a kernel has them. Weights that a decoder streams
// take huge pages with GLIBC_TUNABLES=glibc.malloc.hugetlb=1.
//
//===----------------------------------------------------------------------===//

#include "Peak.h"
#include "Regions.h"
#include "Timing.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

using namespace tenon::kernels;
using namespace tenon::kernels::test;
using namespace tenon::benchmarks;

namespace {

void benchLinear(int64_t depth, int64_t width, bool gelu, const Options &options, double peak) {
  if (!options.wants("linear"))
    return;
  constexpr int64_t panel = 48;
  int64_t panels = (width + panel - 1) / panel;
  RegionBuilder region;
  int x = region.rows(depth), w = region.array({panels, depth, panel}), bias = region.array({width});
  int value = region.operation("linear", {x, w, bias}, width);
  if (gelu)
    value = region.operation("activation", {value}, width, {{"function", std::string("gelu")}});
  LoadedKernel kernel = load(region.yield({value}), options);
  Array weights = randomArray({panels, depth, panel}, 1), biases = randomArray({width}, 2);
  for (int64_t rows : {16, 128, 1024, 2048}) {
    Array input = randomArray({rows, depth}, 3), output({rows, width});
    double operations = 2.0 * static_cast<double>(rows * depth * width);
    report("linear " + std::to_string(rows) + " x " + std::to_string(depth) + " x " + std::to_string(width) +
               (gelu ? ", gelu" : ""),
           operations, leastTime(kernel, {&input, &weights, &biases, &output}), peak);
  }
}

void benchAttention(int64_t sequences, int32_t length, int64_t heads, int64_t size, const Options &options, double peak,
                    bool relative = false) {
  if (!options.wants("attention"))
    return;
  int64_t width = heads * size;
  RegionBuilder region;
  int x = region.rows(3 * width), starts = region.indices(), lengths = region.indices();
  int distances = relative ? region.array({257, heads}) : -1;
  int q = region.split(x, {width, width, width});
  std::vector<int> operands = {q, starts, lengths, q + 1, q + 2};
  std::map<std::string, Attribute> attributes = {{"heads", heads},
                                                 {"key_value_heads", heads},
                                                 {"head_size", size},
                                                 {"scale", 1 / std::sqrt(static_cast<double>(size))},
                                                 {"segments", ownRows}};
  Batch batch(std::vector<int32_t>(static_cast<size_t>(sequences), length));
  Array input = randomRows(batch, 3 * width, 1), startsArray = batch.startsArray(), output({batch.rows(), width});
  Array lengthsArray = batch.lengthsArray(), table = randomArray({257, heads}, 3);
  std::vector<Array *> arrays = {&input, &startsArray, &lengthsArray};
  if (relative) {
    operands.push_back(distances);
    attributes["tables"] = int64_t(1);
    attributes["score"] = std::string("s + table0(min(max(k - q, -128), 128) + 128, h)");
    arrays.push_back(&table);
  }
  LoadedKernel kernel = load(region.yield({region.operation("attention", operands, width, attributes)}), options);
  arrays.push_back(&output);
  double operations = 4.0 * static_cast<double>(sequences * width) * length * length;
  report("attention " + std::to_string(sequences) + " x " + std::to_string(length) + ", " + std::to_string(heads) +
             " heads of " + std::to_string(size) + (relative ? ", relative" : ""),
         operations, leastTime(kernel, arrays), peak);
}

struct Selection {
  Options options;
  bool encoder = true, decoder = true;
};

Selection parse(int count, char **words) {
  Selection selection;
  Options &options = selection.options;
  options.target = cpuHas("x86-64-v4") ? "x86-64-v4" : "x86-64-v3";
  for (int i = 1; i < count; ++i) {
    if (const char *equals = std::strchr(words[i], '='))
      options.parameters[std::string(const_cast<const char *>(words[i]), equals)] = std::atoll(equals + 1);
    else if (!std::strcmp(words[i], "encoder"))
      selection.decoder = false;
    else if (!std::strcmp(words[i], "decoder"))
      selection.encoder = false;
    else if (!std::strcmp(words[i], "linear") || !std::strcmp(words[i], "attention") || !std::strcmp(words[i], "joint"))
      options.only = words[i];
    else if (findTarget(words[i]))
      options.target = words[i];
    else if (std::atoi(words[i]) > 0)
      options.threads = std::atoi(words[i]);
    else
      throw std::runtime_error(std::string("expected a target, a number of threads, encoder, decoder, linear, "
                                           "attention, joint or parameter=value, found \"") +
                               words[i] + "\"");
  }
  return selection;
}

void benchEncoder(const Options &options, double peak) {
  for (auto [depth, width] : {std::pair<int64_t, int64_t>{384, 1152}, {384, 384}, {384, 1536}, {1536, 384}})
    benchLinear(depth, width, false, options, peak);
  benchLinear(384, 1536, true, options, peak);
  benchAttention(1, 16, 12, 32, options, peak);
  benchAttention(32, 64, 12, 32, options, peak);
  benchAttention(8, 128, 12, 32, options, peak);
  benchAttention(1, 512, 12, 32, options, peak);
  benchAttention(1, 1024, 12, 64, options, peak);
  benchAttention(1, 1500, 6, 64, options, peak);
  benchAttention(32, 32, 8, 32, options, peak);
  benchAttention(1, 512, 8, 64, options, peak);
  benchAttention(1, 512, 8, 64, options, peak, true);
}

} // namespace

int main(int count, char **words) try {
  auto [options, encoder, decoder] = parse(count, words);
  setThreads(options.threads);
  double peak = tenon::benchmarks::measurePeak(options.target) * options.threads;
  std::printf("%s, threads: %d, peak: %.1f GFLOP/s\n", options.target.c_str(), options.threads, peak);
  if (encoder)
    benchEncoder(options, peak);
  if (decoder)
    benchDecoder(options, peak);
  setThreads(1);
  return 0;
} catch (const std::exception &failure) {
  std::fprintf(stderr, "error: %s\n", failure.what());
  return 1;
}
