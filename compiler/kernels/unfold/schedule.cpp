//===- schedule.cpp - Loops over the rows that are made --------------------===//

#include "kernels/Plan.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

static Space unfoldSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // 16 rows of a thousand columns take about 10 microseconds.
  return {{"unfold_rows", {16, {1, 16, 64, 256}}}};
}

static void scheduleUnfold(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Func func = nest.func;
  Var c("c"), r("r"), j("j"), task("task"), neighbour("neighbour");
  int window = static_cast<int>(integerAttribute(*funcs.operation, "window"));
  scheduleSequenceOf("sequence", funcs, machine.lanes);
  // Components of one neighbour are read side by side.
  func.split(c, c, neighbour, window)
      .split(r, task, r, static_cast<int>(parameters.at("unfold_rows")), TailStrategy::GuardWithIf)
      .reorder(neighbour, c, r, task)
      .vectorize(c, machine.lanes, TailStrategy::GuardWithIf)
      .unroll(neighbour)
      .parallel(task);
  for (const char *name : {"start", "length", "first"})
    funcs.stages.at(name).compute_at(func, r);
  for (const char *name : {"inside", "source"})
    funcs.stages.at(name).compute_at(func, r).bound(j, 0, window).unroll(j);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"unfold_rows", "How many rows are one task."},
};

const NestRules unfoldNests = {"unfold", "The neighbours of each row, side by side.", kDecisions, unfoldSpace,
                               scheduleUnfold};

} // namespace tenon::kernels
