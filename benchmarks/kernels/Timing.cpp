//===- Timing.cpp - Times of kernels ---------------------------------------===//

#include "Timing.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <stdexcept>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace tenon::benchmarks {

namespace {

using Clock = std::chrono::steady_clock;

/// More than the last cache of any machine this runs on.
constexpr size_t kColdBytes = 400 << 20;

double secondsOf(const LoadedKernel &kernel, const std::vector<Array *> &arrays) {
  Clock::time_point start = Clock::now();
  if (kernel(arrays))
    throw std::runtime_error("a kernel returns an error");
  return std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace

LoadedKernel load(const KernelDescription &description, const Options &options) {
  std::string error;
  std::optional<Schedule> found = defaultSchedule(description, *findTarget(options.target), error);
  if (!found)
    throw std::runtime_error(error);
  Schedule schedule = *found;
  for (NestSchedule &nest : schedule.cases[0].nests)
    for (const auto &[name, value] : options.parameters)
      if (nest.parameters.count(name))
        nest.parameters[name] = value;
  return {description, schedule};
}

double leastTime(const LoadedKernel &kernel, const std::vector<Array *> &arrays) {
  double least = std::numeric_limits<double>::infinity();
  Clock::time_point end = Clock::now() + std::chrono::milliseconds(250);
  for (int calls = 0; calls < 3 || Clock::now() < end; ++calls)
    least = std::min(least, secondsOf(kernel, arrays));
  return least;
}

double leastTimeCold(const LoadedKernel &kernel, std::vector<Array *> arrays, size_t place) {
  size_t bytes = arrays[place]->floats().size() * sizeof(float);
  std::vector<Array> copies(std::max<size_t>(2, (kColdBytes + bytes - 1) / bytes), *arrays[place]);
  double least = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < 8; ++pass) {
    double sum = 0;
    for (Array &copy : copies) {
      arrays[place] = &copy;
      sum += secondsOf(kernel, arrays);
    }
    least = std::min(least, sum / static_cast<double>(copies.size()));
  }
  return least;
}

void report(const std::string &name, double operations, double seconds, double peak) {
  double rate = operations / seconds / 1e9;
  std::printf("%-52s %10.1f us %8.1f GFLOP/s %6.1f %%\n", name.c_str(), seconds * 1e6, rate, 100 * rate / peak);
  std::fflush(stdout);
}

void reportBytes(const std::string &name, double bytes, double seconds) {
  std::printf("%-52s %10.1f us %8.1f GB/s\n", name.c_str(), seconds * 1e6, bytes / seconds / 1e9);
  std::fflush(stdout);
}

void reportRatio(const std::string &name, double seconds, double otherSeconds) {
  std::printf("%-52s %10.1f us %8.3f of one segment\n", name.c_str(), seconds * 1e6, seconds / otherSeconds);
  std::fflush(stdout);
}

} // namespace tenon::benchmarks
