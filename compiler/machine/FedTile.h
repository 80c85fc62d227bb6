//===- FedTile.h - Arithmetic fed from caches -------------------*- C++ -*-===//

#ifndef TENON_MACHINE_FEDTILE_H
#define TENON_MACHINE_FEDTILE_H

#include <cstddef>
#include <span>

namespace tenon::machine {

/// A block of a matrix product in registers: at each step, `vectors` vectors of B from a panel that is read once in
/// order, and one number of A for each of `rows` rows. What products and attention do in their innermost loop.
struct FedTile {
  size_t rows, vectors, lanes;
  /// Adds up `depth` steps from `a` (depth × rows) and `b` (depth × vectors × lanes) into `c`.
  void (*run)(const float *a, const float *b, size_t depth, float *c);
};

/// Shapes that fill the registers of the instruction set, without and with prefetches into the first cache. Which one
/// is the fastest differs from CPU to CPU.
std::span<const FedTile> fedTilesAvx2();
std::span<const FedTile> fedTilesAvx512();

} // namespace tenon::machine

#endif // TENON_MACHINE_FEDTILE_H
