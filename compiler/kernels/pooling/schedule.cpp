//===- schedule.cpp - Loops over sequences ---------------------------------===//

#include "kernels/Plan.h"

using namespace Halide;

namespace tenon::kernels {

static Space poolingSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // Four vectors of sums hide the latency of their additions.
  return {{"vectors", {4, {1, 2, 4, 8}}}};
}

static void schedulePooling(Region &region, const LoopNest &nest, const Machine &machine,
                            const Parameters &parameters) {
  Var c("c"), r("r"), block("block"), vector("vector");
  OperationFuncs &funcs = region.operations[nest.root];
  Func func = nest.func, sum = funcs.stages["row_sum"];
  int columns = static_cast<int>(parameters.at("vectors")) * machine.lanes;
  computeWhole(nest, machine);
  func.split(c, block, c, columns, TailStrategy::GuardWithIf)
      .vectorize(c, machine.lanes, TailStrategy::GuardWithIf)
      .parallel(r);
  funcs.stages["start"].compute_at(func, r);
  funcs.stages["length"].compute_at(func, r);
  funcs.stages["skip"].compute_at(func, r);
  // Whole vectors, since Halide takes masked accesses to what it allocates to be aligned.
  sum.compute_at(func, block).align_storage(c, machine.lanes).vectorize(c, machine.lanes, TailStrategy::GuardWithIf);
  sum.update()
      .split(c, vector, c, machine.lanes, TailStrategy::GuardWithIf)
      .reorder(c, vector, funcs.reductions["t"], r)
      .vectorize(c);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"vectors", "How many vectors of sums stay in registers while the rows of a sequence go by."},
};

const NestRules poolingNests = {"pooling", "One row of each sequence.", kDecisions, poolingSpace, schedulePooling};

} // namespace tenon::kernels
