//===- schedule.cpp - Loops over the rows that are made --------------------===//

#include "kernels/Plan.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

static Space depthwiseSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // 16 rows of 512 components and 7 neighbours take about 5 microseconds: as much as starting a task is worth.
  return {{"depthwise_rows", {16, {1, 16, 64, 256}}}};
}

static void scheduleDepthwise(Region &region, const LoopNest &nest, const Machine &machine,
                              const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Func func = nest.func;
  Var c("c"), r("r"), j("j"), task("task");
  int taps = static_cast<int>(region.types[funcs.operation->operands[1]].shape[0]);
  computeWhole(nest, machine);
  scheduleSequenceOf("sequence", funcs, machine.lanes);
  // The sums over the neighbours stay in registers, vector by vector of a row's components.
  func.split(r, task, r, static_cast<int>(parameters.at("depthwise_rows")), TailStrategy::GuardWithIf)
      .vectorize(c, machine.lanes, TailStrategy::GuardWithIf)
      .parallel(task);
  for (const char *name : {"start", "first"})
    funcs.stages.at(name).compute_at(func, r);
  for (const char *name : {"inside", "source", "there", "place", "page"})
    if (auto stage = funcs.stages.find(name); stage != funcs.stages.end())
      stage->second.compute_at(func, r).bound(j, 0, taps);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"depthwise_rows", "How many rows are one task."},
};

const NestRules depthwiseNests = {"depthwise", "Sums over the neighbours of each row.", kDecisions, depthwiseSpace,
                                  scheduleDepthwise};

} // namespace tenon::kernels
