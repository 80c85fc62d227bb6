//===- MultiplyAdd.cpp - Arithmetic at full speed -------------------------===//

#include "machine/MultiplyAdd.h"

#include <immintrin.h>

namespace {

constexpr int kFmaSteps = 1 << 20;
/// Enough independent chains to fill two pipes of latency 4 or 5, few enough for 16 registers with AVX2.
constexpr int kChains = 12;

} // namespace

namespace tenon::machine {

__attribute__((target("avx2,fma"))) double multiplyAddAvx2() {
  __m256 chains[kChains];
  for (int i = 0; i < kChains; ++i) // Different starting values: equal chains would be merged.
    chains[i] = _mm256_set1_ps(1.0f + 0.01f * static_cast<float>(i));
  const __m256 factor = _mm256_set1_ps(0.9999f), summand = _mm256_set1_ps(0.0001f);
  for (int step = 0; step < kFmaSteps; ++step)
    for (__m256 &chain : chains)
      chain = _mm256_fmadd_ps(chain, factor, summand);
  __m256 sum = chains[0];
  for (int i = 1; i < kChains; ++i)
    sum = _mm256_add_ps(sum, chains[i]);
  keep(_mm256_cvtss_f32(sum));
  return 2.0 * 8 * kChains * kFmaSteps;
}

__attribute__((target("avx512f"))) double multiplyAddAvx512() {
  __m512 chains[kChains];
  for (int i = 0; i < kChains; ++i)
    chains[i] = _mm512_set1_ps(1.0f + 0.01f * static_cast<float>(i));
  const __m512 factor = _mm512_set1_ps(0.9999f), summand = _mm512_set1_ps(0.0001f);
  for (int step = 0; step < kFmaSteps; ++step)
    for (__m512 &chain : chains)
      chain = _mm512_fmadd_ps(chain, factor, summand);
  __m512 sum = chains[0];
  for (int i = 1; i < kChains; ++i)
    sum = _mm512_add_ps(sum, chains[i]);
  keep(_mm512_cvtss_f32(sum));
  return 2.0 * 16 * kChains * kFmaSteps;
}

} // namespace tenon::machine
