//===- Peak.cpp - Arithmetic peak of one core ------------------------------===//

#include "Peak.h"

#include "machine/MultiplyAdd.h"

#include <algorithm>
#include <chrono>

namespace tenon::benchmarks {

double measurePeak(const std::string &target) {
  auto multiplyAdd = target == "x86-64-v4" ? machine::multiplyAddAvx512 : machine::multiplyAddAvx2;
  double best = 0;
  for (int run = 0; run < 7; ++run) {
    auto start = std::chrono::steady_clock::now();
    double operations = multiplyAdd();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations / seconds.count() / 1e9);
  }
  return best;
}

} // namespace tenon::benchmarks
