//===- FedTile.cpp - Arithmetic fed from caches ---------------------------===//

#include "machine/FedTile.h"

#include <immintrin.h>

using namespace tenon::machine;

namespace {

constexpr size_t kLineBytes = 64;
/// What is asked for ahead arrives from the second cache in time, and is still in the first when it is read.
constexpr size_t kAheadBytes = 1536;

/// Two functions, since the instruction set belongs to a function and not to what it is a template of.
template <size_t Rows, size_t Vectors, bool Prefetch>
__attribute__((target("avx2,fma"))) void runAvx2(const float *a, const float *b, size_t depth, float *c) {
  __m256 sums[Rows][Vectors];
#pragma clang loop unroll(full)
  for (size_t row = 0; row < Rows; ++row)
#pragma clang loop unroll(full)
    for (size_t vector = 0; vector < Vectors; ++vector)
      sums[row][vector] = _mm256_setzero_ps();
#pragma clang loop unroll_count(4)
  for (size_t step = 0; step < depth; ++step, a += Rows, b += 8 * Vectors) {
    if constexpr (Prefetch)
      for (size_t byte = 0; byte < sizeof(__m256) * Vectors; byte += kLineBytes)
        _mm_prefetch(reinterpret_cast<const char *>(b) + kAheadBytes + byte, _MM_HINT_T0);
    __m256 columns[Vectors];
#pragma clang loop unroll(full)
    for (size_t vector = 0; vector < Vectors; ++vector)
      columns[vector] = _mm256_load_ps(b + 8 * vector);
#pragma clang loop unroll(full)
    for (size_t row = 0; row < Rows; ++row) {
      __m256 factor = _mm256_broadcast_ss(a + row);
#pragma clang loop unroll(full)
      for (size_t vector = 0; vector < Vectors; ++vector)
        sums[row][vector] = _mm256_fmadd_ps(factor, columns[vector], sums[row][vector]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t row = 0; row < Rows; ++row)
#pragma clang loop unroll(full)
    for (size_t vector = 0; vector < Vectors; ++vector)
      _mm256_storeu_ps(c + 8 * (row * Vectors + vector), sums[row][vector]);
}

template <size_t Rows, size_t Vectors, bool Prefetch>
__attribute__((target("avx512f"))) void runAvx512(const float *a, const float *b, size_t depth, float *c) {
  __m512 sums[Rows][Vectors];
#pragma clang loop unroll(full)
  for (size_t row = 0; row < Rows; ++row)
#pragma clang loop unroll(full)
    for (size_t vector = 0; vector < Vectors; ++vector)
      sums[row][vector] = _mm512_setzero_ps();
#pragma clang loop unroll_count(4)
  for (size_t step = 0; step < depth; ++step, a += Rows, b += 16 * Vectors) {
    if constexpr (Prefetch)
      for (size_t byte = 0; byte < sizeof(__m512) * Vectors; byte += kLineBytes)
        _mm_prefetch(reinterpret_cast<const char *>(b) + kAheadBytes + byte, _MM_HINT_T0);
    __m512 columns[Vectors];
#pragma clang loop unroll(full)
    for (size_t vector = 0; vector < Vectors; ++vector)
      columns[vector] = _mm512_load_ps(b + 16 * vector);
#pragma clang loop unroll(full)
    for (size_t row = 0; row < Rows; ++row) {
      __m512 factor = _mm512_set1_ps(a[row]);
#pragma clang loop unroll(full)
      for (size_t vector = 0; vector < Vectors; ++vector)
        sums[row][vector] = _mm512_fmadd_ps(factor, columns[vector], sums[row][vector]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t row = 0; row < Rows; ++row)
#pragma clang loop unroll(full)
    for (size_t vector = 0; vector < Vectors; ++vector)
      _mm512_storeu_ps(c + 16 * (row * Vectors + vector), sums[row][vector]);
}

template <size_t Rows, size_t Vectors, bool Prefetch>
constexpr FedTile avx2 = {Rows, Vectors, 8, runAvx2<Rows, Vectors, Prefetch>};
template <size_t Rows, size_t Vectors, bool Prefetch>
constexpr FedTile avx512 = {Rows, Vectors, 16, runAvx512<Rows, Vectors, Prefetch>};

// 16 registers hold sums, columns and a factor.
constexpr FedTile kAvx2[] = {avx2<4, 3, false>, avx2<4, 3, true>,  avx2<6, 2, false>,
                             avx2<6, 2, true>,  avx2<5, 2, false>, avx2<5, 2, true>};
// 32 registers.
constexpr FedTile kAvx512[] = {avx512<8, 3, false>,  avx512<8, 3, true>,  avx512<6, 4, false>,  avx512<6, 4, true>,
                               avx512<9, 3, false>,  avx512<9, 3, true>,  avx512<12, 2, false>, avx512<12, 2, true>,
                               avx512<14, 2, false>, avx512<14, 2, true>, avx512<4, 6, false>,  avx512<4, 6, true>};

} // namespace

std::span<const FedTile> tenon::machine::fedTilesAvx2() { return kAvx2; }
std::span<const FedTile> tenon::machine::fedTilesAvx512() { return kAvx512; }
