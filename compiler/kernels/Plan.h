//===- Plan.h - How a region is divided into loop nests ---------*- C++ -*-===//
//
// A region's loop nests: each computes one or more results, or one value that several nests or an operation with its
// own order of rows and columns need whole. What lies between is inlined, or staged within a nest's tasks.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_KERNELS_PLAN_H
#define TENON_KERNELS_PLAN_H

#include "kernels/Kernels.h"
#include "kernels/Region.h"

namespace tenon::kernels {

/// One loop nest over (c, r).
struct LoopNest {
  Halide::Func func;
  int64_t width = 0;
  Halide::Expr rows;
  int rowTile = kTileRows; ///< What `rows` is a multiple of.
  bool isOutput = false;
  Family family = Family::Rowwise;
  int root = -1;               ///< The operation whose family this is, or -1.
  std::vector<int> operations; ///< All that it computes, in order.
};

struct Plan {
  std::vector<LoopNest> nests; ///< In order of computation.
  std::vector<Halide::Func> outputs;
};

/// Divides `region`; gives the outputs the constraints of the driver's dense buffers.
Plan planRegion(Region &region);

/// How a target looks to the schedules.
struct Machine {
  int lanes;
  int registers;
};

// The schedules, one per family. Parameters are those of scheduleSpace, checked.
using Parameters = std::map<std::string, int64_t>;
void scheduleRowwise(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleCacheAppend(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleScan(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleDepthwise(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleUnfold(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void schedulePooling(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleRowAttention(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleAttention(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
void scheduleLinear(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);

/// A parameter's default and its legal values.
struct ParameterSpace {
  int64_t chosen;
  std::vector<int64_t> values;
};
using Space = std::map<std::string, ParameterSpace>;
Space rowwiseSpace(const KernelDescription &kernel, const TargetModel &target);
Space cacheAppendSpace(const KernelDescription &kernel, const TargetModel &target);
Space scanSpace(const KernelDescription &kernel, const TargetModel &target);
Space depthwiseSpace(const KernelDescription &kernel, const TargetModel &target);
Space unfoldSpace(const KernelDescription &kernel, const TargetModel &target);
Space poolingSpace(const KernelDescription &kernel, const TargetModel &target);
Space rowAttentionSpace(const KernelDescription &kernel, const TargetModel &target);
Space attentionSpace(const KernelDescription &kernel, const TargetModel &target);
Space linearSpace(const KernelDescription &kernel, const TargetModel &target);

/// Gives a nest that is no output its memory.
void computeWhole(const LoopNest &nest, const Machine &machine);

/// Stages the norms of `nest` at `loop` of its function: their sums, and their inputs where those are computed.
void stageNorms(Region &region, const LoopNest &nest, const Machine &machine, Halide::LoopLevel loop);

/// Computes a value at `loop`, in vectors of columns, unless it is in place or staged already.
void stageRows(Region &region, int value, const Machine &machine, Halide::LoopLevel loop);

/// Whether a value is read where it lies: an argument, or a column range of one.
bool isInPlace(const Region &region, int value);

} // namespace tenon::kernels

#endif // TENON_KERNELS_PLAN_H
