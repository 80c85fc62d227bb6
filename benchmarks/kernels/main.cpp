//===- main.cpp - Kernels as a share of the peak ---------------------------===//
//
// tenon-bench-kernels [target] [threads] [parameter=value...]: times linear and attention kernels of the sizes that
// small encoders have, under the default schedule with the given parameters changed where a kernel has them.
//
//===----------------------------------------------------------------------===//

#include "Peak.h"
#include "Regions.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

struct Options {
  std::string target = cpuHas("x86-64-v4") ? "x86-64-v4" : "x86-64-v3";
  int threads = 1;
  std::map<std::string, int64_t> parameters;
};

/// The least time of at least three calls and a quarter of a second, in seconds.
double leastTime(const LoadedKernel &kernel, const std::vector<Array *> &arrays) {
  using Clock = std::chrono::steady_clock;
  double least = std::numeric_limits<double>::infinity();
  Clock::time_point end = Clock::now() + std::chrono::milliseconds(250);
  for (int calls = 0; calls < 3 || Clock::now() < end; ++calls) {
    Clock::time_point start = Clock::now();
    if (kernel(arrays))
      throw std::runtime_error("a kernel returns an error");
    least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return least;
}

void report(const std::string &name, double operations, double seconds, double peak) {
  double rate = operations / seconds / 1e9;
  std::printf("%-44s %10.1f us %8.1f GFLOP/s %6.1f %%\n", name.c_str(), seconds * 1e6, rate, 100 * rate / peak);
}

LoadedKernel load(const KernelDescription &description, const Options &options) {
  Schedule schedule = defaultSchedule(description, *findTarget(options.target));
  for (const auto &[name, value] : options.parameters)
    if (schedule.parameters.count(name))
      schedule.parameters[name] = value;
  return {description, schedule};
}

void benchLinear(int64_t depth, int64_t width, bool gelu, const Options &options, double peak) {
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

void benchAttention(int64_t sequences, int32_t length, int64_t heads, int64_t size, const Options &options,
                    double peak) {
  int64_t width = heads * size;
  RegionBuilder region;
  int x = region.rows(3 * width), starts = region.indices(), lengths = region.indices();
  int q = region.split(x, {width, width, width});
  int value = region.operation("attention", {q, q + 1, q + 2, starts, lengths}, width,
                               {{"heads", heads},
                                {"key_value_heads", heads},
                                {"head_size", size},
                                {"scale", 1 / std::sqrt(static_cast<double>(size))}});
  LoadedKernel kernel = load(region.yield({value}), options);
  Batch batch(std::vector<int32_t>(static_cast<size_t>(sequences), length));
  Array input = randomRows(batch, 3 * width, 1), startsArray = batch.startsArray(), output({batch.rows(), width});
  Array lengthsArray = batch.lengthsArray();
  double operations = 4.0 * static_cast<double>(sequences * width) * length * length;
  report("attention " + std::to_string(sequences) + " x " + std::to_string(length) + ", " + std::to_string(heads) +
             " heads of " + std::to_string(size),
         operations, leastTime(kernel, {&input, &startsArray, &lengthsArray, &output}), peak);
}

Options parse(int count, char **words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    if (const char *equals = std::strchr(words[i], '='))
      options.parameters[std::string(const_cast<const char *>(words[i]), equals)] = std::atoll(equals + 1);
    else if (findTarget(words[i]))
      options.target = words[i];
    else if (std::atoi(words[i]) > 0)
      options.threads = std::atoi(words[i]);
    else
      throw std::runtime_error(std::string("expected a target, a number of threads or parameter=value, found \"") +
                               words[i] + "\"");
  }
  return options;
}

} // namespace

int main(int count, char **words) try {
  Options options = parse(count, words);
  setThreads(options.threads);
  double peak = tenon::benchmarks::measurePeak(options.target) * options.threads;
  std::printf("%s, threads: %d, peak: %.1f GFLOP/s\n", options.target.c_str(), options.threads, peak);
  for (auto [depth, width] : {std::pair<int64_t, int64_t>{384, 1152}, {384, 384}, {384, 1536}, {1536, 384}})
    benchLinear(depth, width, false, options, peak);
  benchLinear(384, 1536, true, options, peak);
  benchAttention(1, 16, 12, 32, options, peak);
  benchAttention(32, 64, 12, 32, options, peak);
  benchAttention(8, 128, 12, 32, options, peak);
  benchAttention(1, 512, 12, 32, options, peak);
  benchAttention(1, 1024, 12, 64, options, peak);
  return 0;
} catch (const std::exception &failure) {
  std::fprintf(stderr, "error: %s\n", failure.what());
  return 1;
}
