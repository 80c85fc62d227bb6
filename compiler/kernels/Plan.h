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

#include <span>

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
  /// Of a call, by their names in schedules: what is known when the kernel starts.
  std::map<std::string, Halide::Expr> sizes;
};

/// Divides `region`; gives the outputs the constraints of the driver's dense buffers.
Plan planRegion(Region &region);

/// How a target looks to the schedules.
struct Machine {
  int lanes;
  int registers;
};

/// A parameter's default and its legal values.
struct ParameterSpace {
  int64_t chosen;
  std::vector<int64_t> values;
};
using Space = std::map<std::string, ParameterSpace>;

/// Those of one nest, all of its space and each with a legal value.
using Parameters = std::map<std::string, int64_t>;

/// How the nests of one family are scheduled, in the schedule.cpp of its folder.
struct NestRules {
  struct Decision {
    const char *name, *meaning;
  };
  const char *name, *computes; ///< The family as schedules name it, and what its nests compute.
  std::span<const Decision> decisions;
  Space (*space)(const Region &region, const LoopNest &nest, const TargetModel &target);
  void (*schedule)(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
};
extern const NestRules rowwiseNests, poolingNests, unfoldNests, depthwiseNests, scanNests, cacheAppendNests,
    attentionNests, rowAttentionNests, linearNests, rowLinearNests;

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
