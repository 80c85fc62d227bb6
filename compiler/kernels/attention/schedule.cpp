//===- schedule.cpp - Tiles of queries against the keys of their sequence --===//

#include "kernels/Plan.h"
#include "kernels/Sequences.h"
#include "kernels/attention/Keys.h"
#include "kernels/attention/Operands.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), j("j"), n("n"), d("d"), h("h"), t("t");

/// Turns rows into columns, or back, a square block at once: shuffles of whole vectors. Where the components are no
/// multiple of 8 they go one by one.
void transpose(Func func, Var inner, Var outer, int size) {
  int block = size % 16 == 0 ? 16 : size % 8 == 0 ? 8 : 1;
  if (block == 1)
    return;
  Var blockOfInner("block_of_inner"), blockOfOuter("block_of_outer");
  func.split(outer, blockOfOuter, outer, block)
      .split(inner, blockOfInner, inner, block)
      .reorder(inner, outer, blockOfInner, blockOfOuter)
      .vectorize(inner)
      .vectorize(outer);
}

void reduceInChains(OperationFuncs &funcs, const std::string &name, size_t segments, LoopLevel loop, int lanes) {
  Var vector("vector");
  Func result = funcs.stages.at(name);
  result.compute_at(loop).vectorize(q, lanes);
  for (size_t i = 0; i < segments; ++i) {
    Func chains = funcs.stages.at(ofSegment(name + "_chains", i));
    chains.compute_at(loop).split(q, vector, q, lanes).vectorize(q).unroll(vector).unroll(j);
    chains.update()
        .split(q, vector, q, lanes)
        .reorder(q, vector, j, h, t, funcs.reductions.at(ofSegment(name + "_step", i)))
        .vectorize(q)
        .unroll(vector)
        .unroll(j);
    for (size_t update : {2 * i, 2 * i + 1})
      result.update(static_cast<int>(update)).vectorize(q, lanes);
  }
}

/// The parts of one attention's schedule: `loop` is the loop over the tiles of a task.
class TileSchedule {
public:
  TileSchedule(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters)
      : funcs(region.operations[nest.root]), nest(nest), machine(machine), parameters(parameters), func(nest.func),
        size(static_cast<int>(integerAttribute(*funcs.operation, "head_size"))),
        lanes(std::min(machine.lanes, kTileRows)), segments(AttentionOperands(*funcs.operation).segments.size()),
        loop(func, tile) {}

  void schedule() {
    divideIntoTasks();
    findSequences();
    transposeQueries();
    for (size_t i = 0; i < segments; ++i)
      scoreKeys(i);
    reduceInChains(funcs, "row_max", segments, loop, lanes);
    stage("weighted_sum").compute_at(loop).bound(d, 0, size + 1).vectorize(q, lanes);
    for (size_t i = 0; i < segments; ++i) {
      sumValues(i);
      weighKeys(i);
    }
    normalise();
  }

private:
  Func stage(const std::string &name) { return funcs.stages.at(name); }
  RVar reduction(const char *name, size_t segment) { return funcs.reductions.at(ofSegment(name, segment)); }

  /// A task: tiles of one sequence, whose keys they share in the first cache, and as many heads as make it worth
  /// starting, which lie beside one another in memory; at least two tasks for a tile. The work of one tile and head is
  /// in keys.
  void divideIntoTasks() {
    int heads = static_cast<int>(integerAttribute(*funcs.operation, "heads"));
    Expr meanLength = max(nest.rows / max(funcs.sequences, 1), 1);
    Expr tilesOfTask = clamp(meanLength / kTileRows, 1, static_cast<int>(parameters.at("tiles")));
    Expr headsOfTask = clamp(static_cast<int>(parameters.at("grain")) / (tilesOfTask * meanLength), 1, (heads + 1) / 2);
    Var task("task"), head("head"), headGroup("head_group"), tileGroup("tile_group");
    computeWhole(nest, machine);
    func.split(c, head, d, size)
        .split(r, tile, q, kTileRows, TailStrategy::RoundUp)
        .split(tile, tileGroup, tile, tilesOfTask, TailStrategy::GuardWithIf)
        .split(head, headGroup, head, headsOfTask, TailStrategy::GuardWithIf)
        .reorder(d, q, tile, head, tileGroup, headGroup)
        .fuse(tileGroup, headGroup, task)
        .parallel(task)
        .vectorize(d, machine.lanes, TailStrategy::GuardWithIf);
  }

  void findSequences() {
    scheduleSequenceOf("sequence", funcs, machine.lanes);
    for (const char *name : {"start", "length", "past", "position"})
      stage(name).compute_at(loop);
    for (size_t i = 0; i < segments; ++i)
      for (const char *name : {"source_start", "first_block", "count"})
        if (auto found = funcs.stages.find(ofSegment(name, i)); found != funcs.stages.end())
          found->second.compute_at(loop);
  }

  void transposeQueries() {
    stage("query_rows").compute_at(loop).vectorize(d, machine.lanes, TailStrategy::GuardWithIf);
    stage("queries").compute_at(loop);
    transpose(stage("queries"), q, d, size);
  }

  void scoreKeys(size_t segment) {
    int keys = static_cast<int>(parameters.at("keys"));
    Func scores = stage(ofSegment("scores", segment)), dot = stage(ofSegment("dot", segment));
    scores.compute_at(loop);
    scores.update()
        .split(q, vector, q, lanes)
        .reorder(q, vector, i, reduction("occupied", segment))
        .vectorize(q)
        .unroll(vector);
    scores.update().split(i, block, i, keys).unroll(i);
    if (auto found = funcs.stages.find(ofSegment("modified_scores", segment)); found != funcs.stages.end())
      found->second.compute_at(scores, block).bound_extent(n, 1).vectorize(q, lanes).unroll(q).unroll(i);
    // Registers, so of constant size.
    dot.compute_at(scores, block).bound_extent(n, 1).bound_extent(h, 1).bound_extent(t, 1);
    dot.split(q, vector, q, lanes).vectorize(q).unroll(vector).unroll(i);
    dot.update()
        .split(q, vector, q, lanes)
        .reorder(q, vector, i, n, h, t, reduction("component", segment))
        .vectorize(q)
        .unroll(vector)
        .unroll(i);
  }

  void sumValues(size_t segment) {
    int components = std::min(static_cast<int>(parameters.at("components")), size + 1);
    stage("weighted_sum")
        .update(static_cast<int>(segment))
        .split(q, vector, q, lanes)
        .split(d, block, d, components, TailStrategy::GuardWithIf)
        .reorder(q, vector, d, reduction("key", segment), block, h, t, reduction("chunk", segment))
        .vectorize(q)
        .unroll(vector)
        .unroll(d)
        .unroll(block);
  }

  void weighKeys(size_t segment) {
    Func weights = stage(ofSegment("weights", segment));
    weights.compute_at(stage("weighted_sum"), reduction("chunk", segment));
    weights.update()
        .split(q, vector, q, lanes)
        .reorder(q, vector, i, n, h, t, reduction("filled", segment))
        .vectorize(q)
        .unroll(vector);
  }

  void normalise() {
    stage("normaliser").compute_at(loop).vectorize(q, lanes);
    stage("mean").compute_at(loop).vectorize(q, lanes);
    stage("result_rows").compute_at(loop);
    transpose(stage("result_rows"), d, q, size);
  }

  OperationFuncs &funcs;
  const LoopNest &nest;
  const Machine &machine;
  const Parameters &parameters;
  Func func;
  int size, lanes;
  size_t segments;
  Var vector{"vector"}, block{"block"}, tile{"tile"};
  LoopLevel loop;
};

} // namespace

static Space attentionSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // Accumulators: a tile's queries are one vector or two, and half of the registers keep the multiply-adds busy. One
  // component more than keys, since the sum of the weights comes with the values: 32 + 1 are two times 17.
  int64_t vectors = std::max<int64_t>(1, kTileRows * 4 / target.vectorBytes), keys = 16;
  while (keys * vectors > target.vectorRegisters / 2)
    keys /= 2;
  // Four tiles of 32 or more components work 10 microseconds on 128 keys.
  return {{"keys", {keys, {1, 2, 4, 8, 16}}},
          {"components", {keys + 1, {1, 2, 4, 5, 8, 9, 16, 17}}},
          {"tiles", {4, {1, 2, 4, 8, 16}}},
          {"grain", {1024, {1, 256, 1024, 4096}}}};
}

static void scheduleAttention(Region &region, const LoopNest &nest, const Machine &machine,
                              const Parameters &parameters) {
  TileSchedule(region, nest, machine, parameters).schedule();
}

static constexpr NestRules::Decision kDecisions[] = {
    {"keys", "How many keys' scores stay in registers while the components of a head go by."},
    {"components", "How many components of the weighted sum stay in registers while the keys of a chunk go by."},
    {"tiles", "How many tiles of 16 queries of one sequence are one task at the most."},
    {"grain", "How much work makes a task worth starting, in keys for each tile and head: so many heads share it."},
};

const NestRules attentionNests = {"attention", "Attention of tiles of 16 queries to the keys of their sequence.",
                                  kDecisions, attentionSpace, scheduleAttention};

} // namespace tenon::kernels
