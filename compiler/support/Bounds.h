//===- Bounds.h - How large a model may be ----------------------*- C++ -*-===//
//
// The bounds of the spec, and of the IR that stands for it at every level: what passes them is small enough for 64-bit
// arithmetic, for Halide's 32-bit extents and for tables that are made while a model is compiled.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_BOUNDS_H
#define TENON_SUPPORT_BOUNDS_H

#include <cstddef>
#include <cstdint>

namespace tenon {

/// Of a dimension, and of the elements of a tensor.
inline constexpr int64_t maximumExtent = INT32_MAX;

/// Far beyond any model; keeps the sum of all parameters within 64 bits.
inline constexpr int64_t maximumLayers = 9999;

/// Of a model.
inline constexpr size_t maximumStacks = 64;

/// Stacks that one attention takes keys and values from, and parts of an input.
inline constexpr size_t maximumSources = 8;

/// Of a block, and blocks of a cycle.
inline constexpr size_t maximumSublayers = 64;

/// Of an input.
inline constexpr size_t maximumConvolutions = 16;

/// Rows that a convolution over a stack's rows makes one of: each is a term of the kernel.
inline constexpr int64_t maximumTaps = 256;

/// Of a relative bias, which is a table by distance.
inline constexpr int64_t maximumDistance = 1 << 16;

} // namespace tenon

#endif // TENON_SUPPORT_BOUNDS_H
