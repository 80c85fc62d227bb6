//===- schedule.cpp - Loops over sequences, row after row ------------------===//

#include "kernels/Plan.h"

using namespace Halide;

namespace tenon::kernels {

static Space scanSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // A row of a few hundred components takes a tenth of a microsecond: starting a task is worth about 50, and a
  // sequence that is written one token at a time has one.
  return {{"scan_sequences", {16, {1, 4, 16, 64}}}};
}

static void scheduleScan(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Func func = nest.func;
  Var c("c");
  RVar token = funcs.reductions.at("token"), sequence = funcs.reductions.at("sequence"), task("task");
  int sequencesOfTask = static_cast<int>(parameters.at("scan_sequences"));
  computeWhole(nest, machine);
  for (auto &[name, stage] : funcs.stages)
    stage.compute_root();
  // No two sequences share a row.
  Stage update = func.update().allow_race_conditions();
  update.split(sequence, task, sequence, sequencesOfTask, TailStrategy::GuardWithIf);
  update.vectorize(c, machine.lanes, TailStrategy::GuardWithIf).reorder(c, token, sequence, task);
  update.specialize(nest.rows > sequencesOfTask).parallel(task);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"scan_sequences", "How many sequences are one task."},
};

const NestRules scanNests = {"scan", "Recurrences over the rows of each sequence.", kDecisions, scanSpace,
                             scheduleScan};

} // namespace tenon::kernels
