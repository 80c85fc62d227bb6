//===- rows_schedule.cpp - Rows that come one by one against their keys ----===//

#include "kernels/Plan.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), s("s"), d("d"), h("h"), t("t");

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
  Var task("task"), vector("vector"), block("block"), queryBlock("query_block");

  for (const char *name : {"position", "first_block", "count"})
    stage(name).compute_root();
  Func sequence = stage("sequence");
  sequence.compute_root().vectorize(t, lanes, TailStrategy::GuardWithIf);
  sequence.update().reorder(t, reduction("sequence")).vectorize(t, lanes, TailStrategy::GuardWithIf);

  // A task: the keys of one split for the queries of one key head.
  Func split = stage("split");
  split.compute_root()
      .bound(d, 0, size + 2)
      .bound(q, 0, group)
      .bound(h, 0, keyHeads)
      .reorder(d, q, s, h, t)
      .fuse(s, h, task)
      .fuse(task, t, task)
      .parallel(task)
      .vectorize(d, lanes, TailStrategy::GuardWithIf);
  LoopLevel loop(split, task);

  stage("queries").compute_at(loop).reorder_storage(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf).reorder(d, q);

  Func scores = stage("scores"), dot = stage("dot");
  scores.compute_at(loop).reorder_storage(i, q, n).bound(i, 0, kPageKeys);
  scores.update().reorder(i, q, reduction("occupied")).vectorize(i, keyLanes);
  stage("modified_scores")
      .compute_at(scores, reduction("occupied"))
      .reorder_storage(i, q)
      .bound(i, 0, kPageKeys)
      .bound_extent(n, 1)
      .bound_extent(s, 1)
      .reorder(i, q)
      .vectorize(i, keyLanes)
      .unroll(i)
      .unroll(q);
  // Registers, so of constant size.
  dot.compute_at(scores, reduction("occupied")).reorder_storage(i, q).bound(i, 0, kPageKeys);
  for (Var single : {n, s, h, t})
    dot.bound_extent(single, 1);
  dot.reorder(i, q).vectorize(i, keyLanes).unroll(q);
  dot.update()
      .split(i, vector, i, keyLanes)
      .reorder(i, vector, q, reduction("component"))
      .vectorize(i)
      .unroll(vector)
      .unroll(q);

  for (const char *name : {"lane_max", "lane_sum"}) {
    Func lane = stage(name);
    lane.compute_at(loop).reorder_storage(i, q).bound(i, 0, kPageKeys).vectorize(i, keyLanes);
    lane.update().reorder(i, q, reduction("over")).vectorize(i, keyLanes);
  }
  for (const char *name : {"split_max", "split_sum"})
    stage(name).compute_at(loop);
  Func weights = stage("weights");
  weights.compute_at(loop).reorder_storage(i, q, n).bound(i, 0, kPageKeys);
  weights.update().reorder(i, q, reduction("over")).vectorize(i, keyLanes);

  // Vectors of components times queries stay in registers while the keys go by.
  int vectors = std::min<int>((size + lanes - 1) / lanes, static_cast<int>(parameters.at("vectors")));
  int queries = std::clamp<int>(static_cast<int>(parameters.at("vectors")) / vectors, 1, group);
  Func sum = stage("weighted_sum");
  sum.compute_at(loop).reorder_storage(d, q).bound(d, 0, size).align_storage(d, lanes);
  sum.reorder(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf);
  sum.update()
      .split(d, block, d, vectors * lanes, TailStrategy::GuardWithIf)
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, reduction("key"), reduction("block"), block, queryBlock)
      .vectorize(d)
      .unroll(vector)
      .unroll(q);

  computeWhole(nest, machine);
  Func func = nest.func;
  Var head("head");
  func.split(c, head, d, size).vectorize(d, lanes, TailStrategy::GuardWithIf).parallel(r);
  for (const char *name : {"top", "total", "factor"})
    stage(name).compute_at(func, head);
  Func merged = stage("merged");
  merged.compute_at(func, head).align_storage(d, lanes).vectorize(d, lanes, TailStrategy::GuardWithIf);
  merged.update()
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, h, t, reduction("part"))
      .vectorize(d);
}

} // namespace tenon::kernels
