//===- Read.cpp - Memory read at full speed -------------------------------===//

#include "machine/Read.h"

#include "machine/MultiplyAdd.h"

#include <immintrin.h>

namespace tenon::machine {

/// Sums that wait for one another the latency of an addition, in which two are begun a cycle.
constexpr size_t kSums = 8;

__attribute__((target("avx2"))) void readAvx2(const float *data, size_t count) {
  __m256 sums[kSums];
  for (__m256 &sum : sums)
    sum = _mm256_setzero_ps();
  for (size_t at = 0; at < count; at += 8 * kSums)
    for (size_t i = 0; i < kSums; ++i)
      sums[i] = _mm256_add_ps(sums[i], _mm256_load_ps(data + at + 8 * i));
  for (size_t i = 1; i < kSums; ++i)
    sums[0] = _mm256_add_ps(sums[0], sums[i]);
  keep(_mm256_cvtss_f32(sums[0]));
}

__attribute__((target("avx512f"))) void readAvx512(const float *data, size_t count) {
  __m512 sums[kSums];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  for (size_t at = 0; at < count; at += 16 * kSums)
    for (size_t i = 0; i < kSums; ++i)
      sums[i] = _mm512_add_ps(sums[i], _mm512_load_ps(data + at + 16 * i));
  for (size_t i = 1; i < kSums; ++i)
    sums[0] = _mm512_add_ps(sums[0], sums[i]);
  keep(_mm512_cvtss_f32(sums[0]));
}

} // namespace tenon::machine
