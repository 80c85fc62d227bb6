//===- Bandwidth.cpp - How fast this machine reads memory -----------------===//

#include "Bandwidth.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

using namespace tenon;

namespace {

constexpr size_t kWords = size_t(512 << 20) / sizeof(uint64_t);
constexpr int kPasses = 6;

/// Enough independent sums that memory is what a core waits for.
uint64_t sumOf(const uint64_t *words, size_t count) {
  uint64_t sums[16] = {};
  for (size_t at = 0; at + 16 <= count; at += 16)
    for (size_t lane = 0; lane < 16; ++lane)
      sums[lane] += words[at + lane];
  uint64_t sum = 0;
  for (uint64_t one : sums)
    sum += one;
  return sum;
}

} // namespace

double tools::readBandwidth(uint32_t threads) {
  std::vector<uint64_t> buffer(kWords, 1);
  std::barrier together(threads + 1);
  std::atomic<uint64_t> sink{0};
  std::vector<std::thread> readers;
  size_t share = kWords / threads;
  for (uint32_t thread = 0; thread < threads; ++thread)
    readers.emplace_back([&, thread] {
      for (int pass = 0; pass < kPasses; ++pass) {
        together.arrive_and_wait();
        sink += sumOf(buffer.data() + thread * share, share);
        together.arrive_and_wait();
      }
    });
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    together.arrive_and_wait();
    auto start = std::chrono::steady_clock::now();
    together.arrive_and_wait();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, static_cast<double>(share * threads * sizeof(uint64_t)) / seconds);
  }
  for (std::thread &reader : readers)
    reader.join();
  return best;
}
