//===- rows_schedule.cpp - Rows that come one by one against their keys ----===//

#include "kernels/Plan.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), s("s"), d("d"), h("h"), t("t");

/// The scores of a page's keys and their weights.
void scheduleScores(OperationFuncs &funcs, int group, int keyLanes, LoopLevel loop) {
  Var vector("vector"), queryBlock("query_block");
  int queries = std::min(group, 8);
  Func dot = funcs.stages.at("dot"), modified = funcs.stages.at("modified_scores");
  RVar lane = funcs.reductions.at("lane"), component = funcs.reductions.at("component");
  // Registers, so of constant size.
  for (Func each : {dot, modified}) {
    each.compute_at(loop).reorder_storage(i, q).bound(i, 0, kPageKeys).bound(q, 0, group);
    for (Var single : {n, s, h, t})
      each.bound_extent(single, 1);
  }
  dot.reorder(i, q).vectorize(i, keyLanes).unroll(q);
  dot.update()
      .split(i, vector, i, keyLanes)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(i, vector, q, component, queryBlock)
      .vectorize(i)
      .unroll(vector)
      .unroll(q);
  modified.reorder(i, q).vectorize(i, keyLanes);
  Func weights = funcs.stages.at("weights");
  weights.compute_at(loop).reorder_storage(i, q).bound(i, 0, kPageKeys).reorder(i, q).vectorize(i, keyLanes);
  for (const char *name : {"page_max", "page_sum"}) {
    Func over = funcs.stages.at(name);
    over.compute_at(loop);
    over.update().reorder(lane, q).atomic().vectorize(lane, kPageKeys);
  }
}

} // namespace

Space rowAttentionSpace(const KernelDescription &kernel, const TargetModel &target) {
  // Accumulators of the weighted sum: half of the registers.
  return {{"vectors", {target.vectorRegisters / 2, {1, 2, 4, 8, 16}}}};
}

void scheduleRowAttention(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  int size = static_cast<int>(integerAttribute(*funcs.operation, "head_size"));
  int keyHeads = static_cast<int>(integerAttribute(*funcs.operation, "key_value_heads"));
  int group = static_cast<int>(integerAttribute(*funcs.operation, "heads")) / keyHeads;
  auto stage = [&](const char *name) { return funcs.stages.at(name); };
  auto reduction = [&](const char *name) { return funcs.reductions.at(name); };
  int lanes = machine.lanes, keyLanes = std::min(lanes, kPageKeys);
  Var task("task"), vector("vector"), block("block"), queryBlock("query_block"), headGroup("head_group");

  for (const char *name : {"position", "first_block", "count"})
    stage(name).compute_root();
  Func sequence = stage("sequence");
  sequence.compute_root().vectorize(t, lanes, TailStrategy::GuardWithIf);
  sequence.update().reorder(t, reduction("sequence")).vectorize(t, lanes, TailStrategy::GuardWithIf);

  // A task: the keys of one split for all key heads, whose pages lie in memory as they are read; for half of them where
  // there are few tasks.
  Func split = stage("split");
  Expr headsOfTask = select(funcs.splits * nest.rows < 8, (keyHeads + 1) / 2, keyHeads);
  split.compute_root()
      .bound(d, 0, size + 2)
      .bound(q, 0, group)
      .bound(h, 0, keyHeads)
      .reorder(d, q, h, s, t)
      .split(h, headGroup, h, headsOfTask, TailStrategy::GuardWithIf)
      .fuse(headGroup, s, task)
      .fuse(task, t, task)
      .parallel(task)
      .vectorize(d, lanes, TailStrategy::GuardWithIf);
  LoopLevel loop(split, task);
  stage("queries").compute_at(loop).reorder_storage(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf).reorder(d, q);

  // A row of a page's results takes what its keys give out of registers and the first cache.
  Func page = stage("page");
  page.compute_at(loop).reorder_storage(d, q).bound(d, 0, size + 2).bound(q, 0, group).align_storage(d, lanes);
  page.update()
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, h, reduction("occupied"))
      .vectorize(d)
      .unroll(vector);
  LoopLevel pageLoop(page, h);
  scheduleScores(funcs, group, keyLanes, pageLoop);

  // Vectors of components times queries stay in registers while the keys go by.
  int vectors = std::min<int>((size + lanes - 1) / lanes, static_cast<int>(parameters.at("vectors")));
  int queries = std::clamp<int>(static_cast<int>(parameters.at("vectors")) / vectors, 1, group);
  Func sum = stage("weighted_sum");
  sum.compute_at(pageLoop).reorder_storage(d, q).bound(d, 0, size).align_storage(d, lanes);
  sum.reorder(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf);
  sum.update()
      .split(d, block, d, vectors * lanes, TailStrategy::GuardWithIf)
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, reduction("key"), block, queryBlock)
      .vectorize(d)
      .unroll(vector)
      .unroll(q);

  LoopLevel headLoop(split, h);
  stage("split_max").compute_at(headLoop);
  stage("split_factor").compute_at(headLoop);
  Func splitSum = stage("split_sum");
  splitSum.compute_at(headLoop).align_storage(d, lanes).vectorize(d, lanes, TailStrategy::GuardWithIf);
  splitSum.update().reorder(d, reduction("of"), q).vectorize(d, lanes, TailStrategy::GuardWithIf);

  computeWhole(nest, machine);
  Func func = nest.func;
  Var head("head");
  func.split(c, head, d, size).vectorize(d, lanes, TailStrategy::GuardWithIf).parallel(r);
  for (const char *name : {"top", "factor"})
    stage(name).compute_at(func, head);
  Func merged = stage("merged");
  merged.compute_at(func, head).align_storage(d, lanes).vectorize(d, lanes, TailStrategy::GuardWithIf);
  merged.update()
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, h, t, reduction("part"))
      .vectorize(d);
}

} // namespace tenon::kernels
