//===- rows_schedule.cpp - Rows that come one by one against their keys ----===//

#include "kernels/Plan.h"
#include "kernels/Sequences.h"
#include "kernels/attention/Keys.h"
#include "kernels/attention/Operands.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), j("j"), n("n"), s("s"), d("d"), h("h"), t("t");

/// What stays in registers, or near, has a constant size.
void ofOnePage(Func func, int group) {
  for (Var single : {n, s, h, t})
    func.bound_extent(single, 1);
  if (group <= 4)
    func.unroll(q);
}

/// The scores of a page's keys and their weights.
void scheduleScores(OperationFuncs &funcs, int group, int keyLanes, LoopLevel loop) {
  Var vector("vector"), queryBlock("query_block");
  int queries = std::min(group, 8);
  Func chains = funcs.stages.at("chains");
  RVar component = funcs.reductions.at("component");
  for (const char *name : {"chains", "dot", "modified_scores", "weights"}) {
    Func each = funcs.stages.at(name);
    each.compute_at(loop).reorder_storage(i, q).bound(i, 0, kPageTokens).bound(q, 0, group);
    each.reorder(i, q).vectorize(i, keyLanes);
    ofOnePage(each, group);
  }
  chains.unroll(j)
      .update()
      .split(i, vector, i, keyLanes)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(i, vector, q, j, component, queryBlock)
      .vectorize(i)
      .unroll(vector)
      .unroll(q)
      .unroll(j);
  for (int width = kPageTokens; width > 1; width /= 2) {
    Func halves = funcs.stages.at("page_max_of_" + std::to_string(width));
    halves.compute_at(loop).reorder_storage(i, q).bound(i, 0, width / 2).bound(q, 0, group).reorder(i, q);
    halves.vectorize(i, std::min(keyLanes, width / 2));
    ofOnePage(halves, group);
  }
  Func largest = funcs.stages.at("page_max");
  largest.compute_at(loop).bound(q, 0, group);
  ofOnePage(largest, group);
}

/// Vectors of components times queries stay in `registers` while the keys of a page go by.
void scheduleWeightedSum(OperationFuncs &funcs, int size, int group, int lanes, int registers, LoopLevel loop) {
  Var vector("vector"), block("block"), queryBlock("query_block");
  int vectors = std::min((size + lanes - 1) / lanes, registers);
  int queries = std::clamp(registers / vectors, 1, group);
  Func sum = funcs.stages.at("weighted_sum");
  sum.compute_at(loop).reorder_storage(d, q).bound(d, 0, size).bound(q, 0, group).align_storage(d, lanes);
  ofOnePage(sum, group);
  sum.reorder(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf);
  if (size <= vectors * lanes)
    sum.unroll(d);
  sum.update()
      .split(d, block, d, vectors * lanes, TailStrategy::GuardWithIf)
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, funcs.reductions.at("key"), block, queryBlock)
      .vectorize(d)
      .unroll(vector)
      .unroll(q);
}

/// What the pages of a split give becomes what the split gives.
void schedulePagesOfSplit(OperationFuncs &funcs, int group, int lanes, LoopLevel loop) {
  Var vector("vector");
  for (const char *name : {"split_max", "split_factor", "split_sum"})
    for (Var single : {s, h, t})
      funcs.stages.at(name).compute_at(loop).bound(q, 0, group).bound_extent(single, 1);
  funcs.stages.at("split_factor").bound_storage(n, kSplitBlocks).vectorize(n, kSplitBlocks, TailStrategy::GuardWithIf);
  Func splitSum = funcs.stages.at("split_sum");
  splitSum.align_storage(d, lanes).vectorize(d, lanes, TailStrategy::GuardWithIf);
  splitSum.update()
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .reorder(d, funcs.reductions.at("page_of_split"), vector, q)
      .vectorize(d);
}

} // namespace

static Space rowAttentionSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // Accumulators of the weighted sum: half of the registers. Eight tasks give two threads, and more, equal shares.
  return {{"vectors", {target.vectorRegisters / 2, {1, 2, 4, 8, 16}}}, {"least_tasks", {8, {1, 4, 8, 16, 64}}}};
}

static void scheduleRowAttention(Region &region, const LoopNest &nest, const Machine &machine,
                                 const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  int size = static_cast<int>(integerAttribute(*funcs.operation, "head_size"));
  int keyHeads = static_cast<int>(integerAttribute(*funcs.operation, "key_value_heads"));
  int group = static_cast<int>(integerAttribute(*funcs.operation, "heads")) / keyHeads;
  auto stage = [&](const std::string &name) { return funcs.stages.at(name); };
  auto reduction = [&](const char *name) { return funcs.reductions.at(name); };
  int lanes = machine.lanes, keyLanes = std::min(lanes, kPageTokens);
  // Whole vectors: what stands behind a row's maximum is nobody's.
  int width = (size + kPageTokens + lanes) / lanes * lanes;
  Var task("task"), vector("vector"), headGroup("head_group");

  size_t segments = AttentionOperands(*funcs.operation).segments.size();
  stage("position").compute_root();
  for (size_t i = 0; i < segments; ++i)
    for (const char *name : {"first_block", "count"})
      if (auto found = funcs.stages.find(ofSegment(name, i)); found != funcs.stages.end())
        found->second.compute_root();
  scheduleSequenceOf("sequence", funcs, lanes);

  // A task: the keys of one split for all key heads, whose pages lie in memory as they are read; for half of them where
  // there are few tasks.
  Func split = stage("split");
  Expr headsOfTask =
      select(funcs.splits * nest.rows < static_cast<int>(parameters.at("least_tasks")), (keyHeads + 1) / 2, keyHeads);
  split.compute_root()
      .bound(d, 0, width)
      .bound(q, 0, group)
      .bound(h, 0, keyHeads)
      .reorder(d, q, h, s, t)
      .split(h, headGroup, h, headsOfTask, TailStrategy::GuardWithIf)
      .fuse(headGroup, s, task)
      .fuse(task, t, task)
      .parallel(task)
      .vectorize(d, lanes);
  LoopLevel loop(split, task);
  if (segments > 1) {
    stage("block_count").compute_root();
    for (const char *name : {"block_segment", "block_number", "block_keys", "block_page"})
      if (auto found = funcs.stages.find(name); found != funcs.stages.end())
        found->second.compute_at(loop).bound_extent(n, kSplitBlocks).bound_extent(s, 1).bound_extent(t, 1);
  }
  stage("queries").compute_at(loop).reorder_storage(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf).reorder(d, q);

  // A row of a page's results takes what its keys give out of registers and the first cache.
  Func page = stage("page");
  page.compute_at(loop).reorder_storage(d, q).bound(d, 0, width).bound(q, 0, group).align_storage(d, lanes);
  page.bound_storage(n, kSplitBlocks).bound_extent(s, 1).bound_extent(t, 1);
  page.never_partition_all().split(d, vector, d, lanes).reorder(d, vector, q, h, n).vectorize(d).unroll(vector);
  LoopLevel pageLoop(page, h);
  scheduleScores(funcs, group, keyLanes, pageLoop);

  scheduleWeightedSum(funcs, size, group, lanes, static_cast<int>(parameters.at("vectors")), pageLoop);
  schedulePagesOfSplit(funcs, group, lanes, LoopLevel(split, h));

  computeWhole(nest, machine);
  Func func = nest.func;
  Var head("head");
  func.split(c, head, d, size * group).split(d, q, d, size).vectorize(d, lanes, TailStrategy::GuardWithIf).parallel(r);
  for (const char *name : {"top", "factor", "sum", "normaliser"})
    stage(name).compute_at(func, head);
  stage("factor").vectorize(s, lanes, TailStrategy::GuardWithIf);
  Func merged = stage("merged");
  merged.compute_at(func, head).align_storage(d, lanes).vectorize(d, lanes, TailStrategy::GuardWithIf);
  merged.update()
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, h, t, reduction("split_of"))
      .vectorize(d);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"vectors", "How many vectors of the weighted sum stay in registers while the keys of a page go by."},
    {"least_tasks",
     "How many splits of rows' keys are tasks of their own: of fewer, the key heads are two tasks each."},
};

const NestRules rowAttentionNests = {"row_attention",
                                     "Attention of rows that come one by one to all keys of their sequence.",
                                     kDecisions, rowAttentionSpace, scheduleRowAttention};

} // namespace tenon::kernels
