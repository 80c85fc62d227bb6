//===- peak.cpp - What this machine can do --------------------------------===//
//
// Prints, as JSON, the float32 arithmetic peak and the read bandwidth of one and of several threads. Every figure is
// the best of some runs, since whatever else the machine does can only lower it.
//
//   tenon-machine-peak [THREADS]
//
//===----------------------------------------------------------------------===//

#include "MultiplyAdd.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <immintrin.h>
#include <new>
#include <sys/mman.h>
#include <thread>
#include <vector>

using namespace tenon::benchmarks;

namespace {

constexpr int kRuns = 15;

__attribute__((target("avx2"))) void readAll(const float *data, size_t count) {
  __m256 sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm256_set1_ps(static_cast<float>(i));
  for (size_t at = 0; at + 64 <= count; at += 64)
    for (size_t i = 0; i < 8; ++i)
      sums[i] = _mm256_add_ps(sums[i], _mm256_load_ps(data + at + 8 * i));
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm256_add_ps(sums[0], sums[i]);
  keep(_mm256_cvtss_f32(sums[0]));
}

/// Seconds from when all threads are ready until the last is done.
double timeOnThreads(int threads, const std::function<void(int)> &work) {
  std::atomic<int> ready{0};
  std::atomic<bool> start{false};
  std::vector<std::thread> pool;
  pool.reserve(static_cast<size_t>(threads));
  for (int thread = 0; thread < threads; ++thread)
    pool.emplace_back([&, thread] {
      ++ready;
      while (!start)
        ;
      work(thread);
    });
  while (ready != threads)
    std::this_thread::yield();
  auto begin = std::chrono::steady_clock::now();
  start = true;
  for (std::thread &thread : pool)
    thread.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peakGflops(int threads, double (*kernel)()) {
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::atomic<double> flops{0};
    double seconds = timeOnThreads(threads, [&](int) { flops.fetch_add(kernel()); });
    best = std::max(best, flops / seconds / 1e9);
  }
  return best;
}

double readGigabytes(int threads, const float *data, size_t count) {
  double best = 0;
  size_t share = count / static_cast<size_t>(threads) / 64 * 64;
  for (int run = 0; run < kRuns; ++run) {
    double seconds =
        timeOnThreads(threads, [&](int thread) { readAll(data + static_cast<size_t>(thread) * share, share); });
    best = std::max(best, static_cast<double>(share) * sizeof(float) * threads / seconds / 1e9);
  }
  return best;
}

/// Far more than any cache holds, written once so that every page is there.
float *makeBuffer(size_t bytes, int advice) {
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "tenon-machine-peak: error: no memory for a buffer of %zu bytes\n", bytes);
    std::exit(1);
  }
  madvise(memory, bytes, advice);
  float *data = static_cast<float *>(memory);
  std::fill_n(data, bytes / sizeof(float), 1.0f);
  return data;
}

} // namespace

int main(int argc, char **argv) {
  int many = argc > 1 ? static_cast<int>(std::strtol(argv[1], nullptr, 10))
                      : static_cast<int>(std::thread::hardware_concurrency());
  if (many < 1 || argc > 2) {
    std::fprintf(stderr, "usage: tenon-machine-peak [THREADS]\n");
    return 2;
  }
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    std::fprintf(stderr, "tenon-machine-peak: error: this CPU has neither AVX2 with FMA nor AVX-512\n");
    return 1;
  }
  bool wide = __builtin_cpu_supports("avx512f");
  constexpr size_t kBytes = size_t(512) << 20;
  float *small = makeBuffer(kBytes, MADV_NOHUGEPAGE), *huge = makeBuffer(kBytes, MADV_HUGEPAGE);
  std::printf("{\"threads\": %d, \"avx512\": %s", many, wide ? "true" : "false");
  for (int threads : {1, many}) {
    const char *which = threads == 1 && many != 1 ? "one" : "all";
    double narrowPeak = peakGflops(threads, multiplyAddAvx2);
    double widePeak = wide ? peakGflops(threads, multiplyAddAvx512) : 0;
    std::printf(",\n \"%s\": {\"avx2_gflops\": %.1f, \"avx512_gflops\": %.1f, \"gflops\": %.1f, \"read_gbs\": %.1f, "
                "\"read_huge_pages_gbs\": %.1f}",
                which, narrowPeak, widePeak, std::max(narrowPeak, widePeak),
                readGigabytes(threads, small, kBytes / sizeof(float)),
                readGigabytes(threads, huge, kBytes / sizeof(float)));
    if (many == 1)
      break;
  }
  std::printf("}\n");
}
