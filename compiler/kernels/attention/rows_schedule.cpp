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
void boundToSplit(Func func, int group) {
  for (Var single : {s, h, t})
    func.bound_extent(single, 1);
  func.bound(q, 0, group);
}

void ofOneSplit(Func func, int group) {
  boundToSplit(func, group);
  if (group <= 4)
    func.unroll(q);
}

/// What is kept for each page of a split: of constant size, for pages that the split has not as well.
void ofPages(Func func, int group, LoopLevel loop) {
  func.compute_at(loop).reorder_storage(i, q, n).bound(i, 0, kPageTokens).bound_storage(n, kSplitBlocks);
  boundToSplit(func, group);
}

/// One loop over the pages that the split has.
void scheduleEachPage(OperationFuncs &funcs, const char *name, const char *page, int group, int keyLanes) {
  Stage each = funcs.stages.at(name).update();
  each.reorder(i, q, funcs.reductions.at(page)).vectorize(i, keyLanes);
  if (group <= 4)
    each.unroll(q);
}

/// The scores of the keys of a split, page by page.
void scheduleScores(OperationFuncs &funcs, int group, int keyLanes, LoopLevel loop) {
  Var vector("vector"), queryBlock("query_block");
  int queries = std::min(group, 8);
  Func chains = funcs.stages.at("chains");
  ofPages(chains, group, loop);
  chains.update(0).reorder(i, q, j, funcs.reductions.at("page_of_chains")).vectorize(i, keyLanes);
  chains.update(1)
      .split(i, vector, i, keyLanes)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(i, vector, q, j, funcs.reductions.at("component"), queryBlock, funcs.reductions.at("page_of_component"))
      .vectorize(i)
      .unroll(vector)
      .unroll(q)
      .unroll(j);
  ofPages(funcs.stages.at("modified_scores"), group, loop);
  scheduleEachPage(funcs, "modified_scores", "page_of_scores", group, keyLanes);
}

/// The weights of a split's keys, their maximum and their sum.
void scheduleWeights(OperationFuncs &funcs, int group, int keyLanes, LoopLevel loop) {
  for (auto [name, page] : {std::pair("lane_max", "page_of_max"), {"lane_sum", "page_of_sum"}}) {
    Func lanes = funcs.stages.at(name);
    lanes.compute_at(loop).reorder_storage(i, q).bound(i, 0, kPageTokens).reorder(i, q).vectorize(i, keyLanes);
    lanes.update().reorder(i, q, funcs.reductions.at(page)).vectorize(i, keyLanes);
    ofOneSplit(lanes, group);
  }
  for (int width = kPageTokens; width > 1; width /= 2) {
    Func halves = funcs.stages.at("max_of_" + std::to_string(width));
    halves.compute_at(loop).reorder_storage(i, q).bound(i, 0, width / 2).reorder(i, q);
    halves.vectorize(i, std::min(keyLanes, width / 2));
    ofOneSplit(halves, group);
  }
  Func largest = funcs.stages.at("split_max");
  largest.compute_at(loop);
  ofOneSplit(largest, group);
  ofPages(funcs.stages.at("weights"), group, loop);
  scheduleEachPage(funcs, "weights", "page_of_weights", group, keyLanes);
}

/// Vectors of components times queries stay in `registers` while the keys of a page go by.
void scheduleWeightedSum(OperationFuncs &funcs, int size, int group, int lanes, int registers, LoopLevel loop) {
  Var vector("vector"), block("block"), queryBlock("query_block");
  int vectors = std::min((size + lanes - 1) / lanes, registers);
  int queries = std::clamp(registers / vectors, 1, group);
  Func sum = funcs.stages.at("weighted_sum");
  sum.compute_at(loop).reorder_storage(d, q).bound(d, 0, size).align_storage(d, lanes);
  ofOneSplit(sum, group);
  sum.reorder(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf);
  if (size <= vectors * lanes)
    sum.unroll(d);
  sum.update()
      .split(d, block, d, vectors * lanes, TailStrategy::GuardWithIf)
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .split(q, queryBlock, q, queries, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, funcs.reductions.at("key"), block, queryBlock, funcs.reductions.at("page_of_key"))
      .vectorize(d)
      .unroll(vector)
      .unroll(q);
}

} // namespace

static Space rowAttentionSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // Accumulators of the weighted sum: half of the registers. Four tasks for each core give equal shares. A page is read as
  // fast as it comes from memory.
  int64_t tasks = target.cores > 4 ? 64 : target.cores > 2 ? 16 : 8;
  return {{"vectors", {target.vectorRegisters / 2, {1, 2, 4, 8, 16}}},
          {"least_tasks", {tasks, {1, 4, 8, 16, 64}}},
          {"prefetch_bytes", {1024, {0, 512, 1024, 2048}}},
          {"prefetch_halves", {1, {0, 1}}}};
}

/// Values lie behind the keys of their page and head, and behind them are the next head's keys: while one half of a head
/// is read, the other is asked for.
static void prefetchPages(Region &region, const Operation &attention, int bytes, bool halves) {
  int cache = AttentionOperands(attention).cache;
  if (cache == kAbsent)
    return;
  int halfBytes = static_cast<int>(integerAttribute(attention, "head_size") * kPageTokens * sizeof(float));
  Stream &stream = region.streams[region.arguments[attention.operands[cache]].name()];
  stream.near = bytes;
  stream.panel = halves ? halfBytes : 0;
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

  LoopLevel head(split, h);
  scheduleScores(funcs, group, keyLanes, head);
  scheduleWeights(funcs, group, keyLanes, head);
  scheduleWeightedSum(funcs, size, group, lanes, static_cast<int>(parameters.at("vectors")), head);

  prefetchPages(region, *funcs.operation, static_cast<int>(parameters.at("prefetch_bytes")),
                parameters.at("prefetch_halves"));

  computeWhole(nest, machine);
  Func func = nest.func;
  Var headOfRow("head");
  func.split(c, headOfRow, d, size * group).split(d, q, d, size).vectorize(d, lanes, TailStrategy::GuardWithIf).parallel(r);
  for (const char *name : {"top", "factor", "sum", "normaliser"})
    stage(name).compute_at(func, headOfRow);
  stage("factor").vectorize(s, lanes, TailStrategy::GuardWithIf);
  Func merged = stage("merged");
  merged.compute_at(func, headOfRow).align_storage(d, lanes).vectorize(d, lanes, TailStrategy::GuardWithIf);
  merged.update()
      .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
      .reorder(d, vector, q, h, t, reduction("split_of"))
      .vectorize(d);
}

static constexpr NestRules::Decision kDecisions[] = {
    {"vectors", "How many vectors of the weighted sum stay in registers while the keys of a page go by."},
    {"least_tasks",
     "How many splits of rows' keys are tasks of their own: of fewer, the key heads are two tasks each."},
    {"prefetch_bytes", "How far ahead of what is computed pages are brought to the first-level cache; 0 does not."},
    {"prefetch_halves", "Whether values are brought to the second-level cache while keys are read, and the next head's keys "
                        "while values are."},
};

const NestRules rowAttentionNests = {"row_attention",
                                     "Attention of rows that come one by one to all keys of their sequence.",
                                     kDecisions, rowAttentionSpace, scheduleRowAttention};

} // namespace tenon::kernels
