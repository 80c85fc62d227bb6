//===- Peak.h - Arithmetic peak of one core ---------------------*- C++ -*-===//

#ifndef TENON_BENCHMARKS_PEAK_H
#define TENON_BENCHMARKS_PEAK_H

#include <string>

namespace tenon::benchmarks {

/// GFLOP/s of float32 multiply-adds on one core with the vectors of `target`, the best of several runs.
double measurePeak(const std::string &target);

} // namespace tenon::benchmarks

#endif // TENON_BENCHMARKS_PEAK_H
