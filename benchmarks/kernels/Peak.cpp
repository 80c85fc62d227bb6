//===- Peak.cpp - Arithmetic peak of one core ------------------------------===//

#include "Peak.h"

#include <algorithm>
#include <chrono>
#include <immintrin.h>

namespace tenon::benchmarks {

namespace {

constexpr int kChains = 12; ///< More than the latency times the number of units.
constexpr int kSteps = 2000000;

/// Chains with starting values of their own, which a compiler cannot merge.
__attribute__((target("avx512f"))) float chains512() {
  __m512 sums[kChains];
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm512_set1_ps(1.0f + static_cast<float>(i));
  __m512 factor = _mm512_set1_ps(0.9999f), term = _mm512_set1_ps(1e-5f);
  for (int step = 0; step < kSteps; ++step)
#pragma unroll
    for (__m512 &sum : sums)
      sum = _mm512_fmadd_ps(sum, factor, term);
  float total = 0;
  for (__m512 sum : sums)
    total += _mm512_reduce_add_ps(sum);
  return total;
}

__attribute__((target("avx2,fma"))) float chains256() {
  __m256 sums[kChains];
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm256_set1_ps(1.0f + static_cast<float>(i));
  __m256 factor = _mm256_set1_ps(0.9999f), term = _mm256_set1_ps(1e-5f);
  for (int step = 0; step < kSteps; ++step)
#pragma unroll
    for (__m256 &sum : sums)
      sum = _mm256_fmadd_ps(sum, factor, term);
  float total = 0;
  for (__m256 sum : sums)
    total += _mm256_cvtss_f32(sum);
  return total;
}

} // namespace

double measurePeak(const std::string &target) {
  bool wide = target == "x86-64-v4";
  double best = 0;
  volatile float used;
  for (int run = 0; run < 7; ++run) {
    auto start = std::chrono::steady_clock::now();
    used = wide ? chains512() : chains256();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * kSteps * kChains * (wide ? 16 : 8) / seconds.count() / 1e9);
  }
  (void)used;
  return best;
}

} // namespace tenon::benchmarks
