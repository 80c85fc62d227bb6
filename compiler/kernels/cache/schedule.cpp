//===- schedule.cpp - Loops over the rows that a cache gets ----------------===//

#include "kernels/Plan.h"

using namespace Halide;

namespace tenon::kernels {

Space cacheAppendSpace(const KernelDescription &kernel, const TargetModel &target) {
  // Writing a row takes under a tenth of a microsecond for a few heads: starting a task is worth about 50.
  return {{"append_rows", {64, {1, 16, 64, 256}}}};
}

void scheduleCacheAppend(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Func func = nest.func;
  Var t("t");
  Expr rows = region.extents[funcs.operation->operands[1]];
  int rowsOfTask = static_cast<int>(parameters.at("append_rows"));
  int size = static_cast<int>(integerAttribute(*funcs.operation, "head_size"));

  // What a row's place depends on is looked up before both updates.
  for (const char *name : {"sequence", "is_new", "position", "page"})
    funcs.stages.at(name).compute_root();
  funcs.stages.at("sequence").vectorize(t, machine.lanes, TailStrategy::GuardWithIf);
  funcs.stages.at("sequence").update().reorder(t, funcs.reductions.at("sequence"));
  funcs.stages.at("sequence").update().vectorize(t, machine.lanes, TailStrategy::GuardWithIf);

  for (int update : {0, 1}) {
    std::string name = update == 0 ? "key_" : "value_";
    RVar component = funcs.reductions.at(name + "component"), row = funcs.reductions.at(name + "row");
    RVar task(name + "task"), vector(name + "vector");
    // No two rows have one place: positions of a sequence differ, and so do the pages of sequences.
    Stage stage = func.update(update).allow_race_conditions();
    // Values of a row lie beside one another; a key's components are a page's keys apart.
    if (update == 1 && size >= machine.lanes)
      stage.split(component, vector, component, machine.lanes, TailStrategy::GuardWithIf).vectorize(component);
    stage.split(row, task, row, rowsOfTask, TailStrategy::GuardWithIf);
    stage.specialize(rows > rowsOfTask).parallel(task);
  }
  LoopLevel loop(func, funcs.reductions.at("key_row"));
  stageNorms(region, nest, machine, loop);
  stageRows(region, funcs.operation->operands[1], machine, loop);
}

} // namespace tenon::kernels
