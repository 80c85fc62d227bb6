//===- schedule.cpp - Loops over the rows that a cache gets ----------------===//

#include "kernels/Plan.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

static Space cacheAppendSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // Writing a row takes under a tenth of a microsecond for a few heads: starting a task is worth about 50.
  return {{"append_rows", {64, {1, 16, 64, 256}}}};
}

static void scheduleCacheAppend(Region &region, const LoopNest &nest, const Machine &machine,
                                const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Func func = nest.func;
  Expr rows = region.extents[funcs.operation->operands[1]];
  int rowsOfTask = static_cast<int>(parameters.at("append_rows"));

  // What a row's place depends on is looked up before both updates.
  for (const char *name : {"is_new", "position", "page"})
    funcs.stages.at(name).compute_root();
  scheduleSequenceOf("sequence", funcs, machine.lanes);

  // A key's components are a page's keys apart; others of a row lie beside one another.
  bool ofRows = funcs.operation->kind == "append_rows";
  int width = ofRows ? static_cast<int>(region.types[funcs.operation->operands[1]].shape[1])
                     : static_cast<int>(integerAttribute(*funcs.operation, "head_size"));
  std::vector<std::string> updates =
      ofRows ? std::vector<std::string>{"row_"} : std::vector<std::string>{"key_", "value_"};
  for (size_t update = 0; update < updates.size(); ++update) {
    const std::string &name = updates[update];
    RVar component = funcs.reductions.at(name + "component"), row = funcs.reductions.at(name + "row");
    RVar task(name + "task"), vector(name + "vector");
    // No two rows have one place: positions of a sequence differ, and so do the pages of sequences.
    Stage stage = func.update(static_cast<int>(update)).allow_race_conditions();
    if (name != "key_" && width >= machine.lanes)
      stage.split(component, vector, component, machine.lanes, TailStrategy::GuardWithIf).vectorize(component);
    stage.split(row, task, row, rowsOfTask, TailStrategy::GuardWithIf);
    stage.specialize(rows > rowsOfTask).parallel(task);
  }
  LoopLevel loop(func, funcs.reductions.at(updates[0] + "row"));
  stageNorms(region, nest, machine, loop);
  stageRows(region, funcs.operation->operands[1], machine, loop);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"append_rows", "How many new rows are one task."},
};

const NestRules cacheAppendNests = {"cache_append", "Rows that become part of a cache.", kDecisions, cacheAppendSpace,
                                    scheduleCacheAppend};

} // namespace tenon::kernels
