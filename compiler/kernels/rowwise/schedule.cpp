//===- schedule.cpp - Loops over rows --------------------------------------===//

#include "kernels/Plan.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), g("g"), lane("lane");

/// A sum whose lanes are one vector or several; what no whole block of them covers is added one by one.
void stageSum(OperationFuncs &funcs, const std::string &name, LoopLevel loop) {
  Func lanes = funcs.stages[name + "_lanes"], sum = funcs.stages[name];
  lanes.compute_at(loop).vectorize(lane);
  for (int update = 0; update < lanes.num_update_definitions(); ++update) {
    Stage stage = lanes.update(update);
    if (stage.get_schedule().dims()[0].var == lane.name() || stage.get_schedule().dims()[1].var == lane.name())
      stage.reorder(lane, g, r).vectorize(lane);
    else
      stage.unscheduled();
  }
  sum.compute_at(loop).update().atomic().vectorize(funcs.reductions[name]);
}

} // namespace

void computeWhole(const LoopNest &nest, const Machine &machine) {
  if (nest.isOutput)
    return;
  Func func = nest.func;
  func.compute_root().bound(c, 0, static_cast<int>(nest.width)).bound(r, 0, nest.rows).align_storage(c, machine.lanes);
}

void stageRows(Region &region, int value, const Machine &machine, LoopLevel loop) {
  if (isInPlace(region, value) || !region.staged.insert(value).second)
    return;
  Func func = region.values[value];
  int64_t width = region.types[value].shape[1];
  // Whole vectors, since Halide takes masked accesses to what it allocates to be aligned.
  func.compute_at(loop).bound(c, 0, static_cast<int>(width)).align_storage(c, machine.lanes);
  func.vectorize(c, machine.lanes, TailStrategy::GuardWithIf);
}

void stageNorms(Region &region, const LoopNest &nest, const Machine &machine, LoopLevel loop) {
  for (int index : nest.operations) {
    OperationFuncs &funcs = region.operations[index];
    if (funcs.operation->kind != "norm")
      continue;
    stageRows(region, funcs.operation->operands[0], machine, loop);
    for (const char *sum : {"row_sum", "square_sum"})
      if (funcs.stages.count(sum))
        stageSum(funcs, sum, loop);
    for (const char *value : {"mean", "factor"})
      if (funcs.stages.count(value))
        funcs.stages[value].compute_at(loop);
  }
}

static Space rowwiseSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // A task of 16 rows of a few hundred columns takes about 5 microseconds: as much as starting it is worth.
  return {{"tiles", {1, {1, 2, 4, 8, 16}}}};
}

static void scheduleRowwise(Region &region, const LoopNest &nest, const Machine &machine,
                            const Parameters &parameters) {
  Var task("task"), row("row");
  Func func = nest.func;
  // Rows that come one by one may be wide: a row of 16384 columns is a task of its own.
  int tile =
      nest.rowTile == kTileRows ? kTileRows : std::clamp<int>(16384 / static_cast<int>(nest.width), 1, kTileRows);
  int rows = static_cast<int>(parameters.at("tiles")) * tile;
  computeWhole(nest, machine);
  func.split(r, task, row, rows, TailStrategy::GuardWithIf)
      .vectorize(c, machine.lanes, TailStrategy::GuardWithIf)
      .parallel(task);
  stageNorms(region, nest, machine, LoopLevel(func, row));
}

static constexpr NestRules::Decision kDecisions[] = {
    {"tiles",
     "How many tiles of rows are one task, each of 16 rows, or of fewer where rows that come one by one are wide."},
};

const NestRules rowwiseNests = {"rowwise",
                                "Elementwise operations, norms, gathers of rows and what else takes a row to a row.",
                                kDecisions, rowwiseSpace, scheduleRowwise};

} // namespace tenon::kernels
