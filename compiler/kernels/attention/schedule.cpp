//===- schedule.cpp - Tiles of queries against the keys of their sequence --===//

#include "kernels/Plan.h"
#include "kernels/Sequences.h"
#include "kernels/attention/Keys.h"
#include "kernels/attention/Operands.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), s("s"), d("d"), h("h"), t("t");

/// The parts of one attention's schedule. Scores and weights of one split of the keys of a tile stay in the second
/// cache; a split's keys and values are there for all tiles of a task.
class TileSchedule {
public:
  TileSchedule(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters)
      : region(region), funcs(region.operations[nest.root]), nest(nest), parameters(parameters), func(nest.func),
        machine(machine), size(static_cast<int>(integerAttribute(*funcs.operation, "head_size"))),
        keyHeads(static_cast<int>(integerAttribute(*funcs.operation, "key_value_heads"))), lanes(machine.lanes),
        keyLanes(std::min(machine.lanes, kKeyBlock)), vectors(static_cast<int>(parameters.at("vectors"))),
        segments(AttentionOperands(*funcs.operation).segments.size()), ofTile(func, tile) {}

  void schedule() {
    divideIntoTasks();
    findSequences();
    stage("queries").compute_at(ofTile).reorder_storage(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf);
    for (size_t index = 0; index < segments; ++index) {
      packRows(index);
      Func split = stage("split", index);
      // Whole vectors: what stands behind a row's maximum is nobody's.
      int width = (size + kKeyBlock + lanes) / lanes * lanes;
      split.compute_at(ofTile).bound(d, 0, width).bound(q, 0, kTileRows).bound_extent(h, 1).bound_extent(t, 1);
      split.reorder_storage(d, q, s).reorder(d, q, s).vectorize(d, lanes).unroll(d);
      region.lastIterations[split.name() + ".s0.s"] = stage("last_split", index).name();
      LoopLevel loop(split, s);
      scoreKeys(index, loop);
      weighKeys(index, loop);
      sumValues(index, loop);
    }
    mergeSplits();
    prefetch();
  }

private:
  Func stage(const std::string &name) { return funcs.stages.at(name); }
  Func stage(const std::string &name, size_t index) { return stage(ofSegment(name, index)); }
  RVar reduction(const std::string &name, size_t index) { return funcs.reductions.at(ofSegment(name, index)); }

  /// A task: tiles of one sequence, whose keys they share in the second cache, and as many heads as make it worth
  /// starting, which lie beside one another in memory; at least two tasks for a tile. The work of one tile and head is
  /// in keys.
  void divideIntoTasks() {
    int heads = static_cast<int>(integerAttribute(*funcs.operation, "heads"));
    Expr meanLength = max(nest.rows / max(funcs.sequences, 1), 1);
    Expr tilesOfTask = clamp(meanLength / kTileRows, 1, static_cast<int>(parameters.at("tiles")));
    Expr headsOfTask = clamp(static_cast<int>(parameters.at("grain")) / (tilesOfTask * meanLength), 1, (heads + 1) / 2);
    Var task("task"), headGroup("head_group"), tileGroup("tile_group");
    computeWhole(nest, machine);
    func.split(c, head, d, size)
        .split(r, tile, q, kTileRows, TailStrategy::RoundUp)
        .split(tile, tileGroup, tile, tilesOfTask, TailStrategy::GuardWithIf)
        .split(head, headGroup, head, headsOfTask, TailStrategy::GuardWithIf)
        .reorder(d, q, tile, head, tileGroup, headGroup)
        .fuse(tileGroup, headGroup, task)
        .parallel(task)
        .vectorize(d, lanes, TailStrategy::GuardWithIf)
        .unroll(d);
  }

  void findSequences() {
    scheduleSequenceOf("sequence", funcs, lanes);
    for (const char *name : {"start", "length", "past", "position"})
      stage(name).compute_at(ofTile);
    for (size_t index = 0; index < segments; ++index)
      for (const char *name : {"source_start", "first_block", "count", "last_split"})
        if (auto found = funcs.stages.find(ofSegment(name, index)); found != funcs.stages.end())
          found->second.compute_at(ofTile);
  }

  /// Keys are turned a square block at once, which is shuffles of whole vectors, or one by one where no block divides
  /// their components.
  void packRows(size_t index) {
    if (!funcs.stages.count(ofSegment("key_blocks", index)))
      return;
    if (std::string name = ofSegment("block_sequence", index); funcs.stages.count(name))
      scheduleSequenceOf(name, funcs, lanes);
    Func keyRows = stage("key_rows", index), keyBlocks = stage("key_blocks", index),
         valueBlocks = stage("value_blocks", index);
    Var blockOfKeys("block_of_keys"), blockOfComponents("block_of_components");
    for (Func blocks : {keyBlocks, valueBlocks})
      blocks.compute_root()
          .bound(d, 0, size)
          .bound(i, 0, kKeyBlock)
          .bound(n, 0, funcs.extents.at(ofSegment("packed_blocks", index)))
          .bound(h, 0, keyHeads)
          .reorder_storage(blocks.args()[0], blocks.args()[1], n, h);
    if (int square = componentBlock(size); size % 8 == 0)
      keyBlocks.split(d, blockOfComponents, d, square)
          .split(i, blockOfKeys, i, square)
          .reorder(i, d, blockOfKeys, blockOfComponents, h, n)
          .vectorize(i)
          .vectorize(d);
    else
      keyBlocks.reorder(i, d, h, n);
    valueBlocks.align_storage(d, lanes).reorder(d, i, h, n).vectorize(d, lanes, TailStrategy::GuardWithIf).unroll(d);
    keyBlocks.parallel(n);
    valueBlocks.parallel(n).compute_with(keyBlocks, n);
    keyRows.compute_at(keyBlocks, h)
        .bound_extent(n, 1)
        .bound_extent(h, 1)
        .vectorize(d, lanes, TailStrategy::GuardWithIf);
  }

  /// What stays in registers, or near, has a constant size.
  void boundToSplit(Func func) {
    for (Var single : {s, h, t})
      func.bound_extent(single, 1);
    func.bound(q, 0, kTileRows);
  }

  /// What is kept for each block of a split: of constant size, for blocks that the split has not as well.
  void ofBlocks(Func func, LoopLevel loop) {
    func.compute_at(loop).reorder_storage(i, n, q).bound(i, 0, kKeyBlock).bound(n, 0, kSplitBlocks);
    boundToSplit(func);
  }

  void scoreKeys(size_t index, LoopLevel loop) {
    int queriesAtOnce = std::clamp(vectors * keyLanes / (kBlocksAtOnce * kKeyBlock), 1, kTileRows);
    bool isModified = funcs.stages.count(ofSegment("modified_score", index));
    Func scores = stage("scores", index), dot = stage("dot", index),
         score = stage(isModified ? "modified_score" : "score", index);
    RVar within = reduction("block_of_scores_within", index), block = reduction("block_of_scores", index);
    ofBlocks(scores, loop);
    scores.update()
        .split(q, queryBlock, q, queriesAtOnce)
        .split(i, vector, i, keyLanes)
        .reorder(i, vector, within, q, queryBlock, block)
        .vectorize(i)
        .unroll(vector)
        .unroll(within)
        .unroll(q);
    LoopLevel registers(scores, queryBlock);
    for (Func each : {score, dot}) {
      each.compute_at(registers).bound_extent(n, kBlocksAtOnce).bound_extent(q, queriesAtOnce).bound(i, 0, kKeyBlock);
      for (Var single : {s, h, t})
        each.bound_extent(single, 1);
      each.split(i, vector, i, keyLanes).reorder(i, vector, n, q).vectorize(i).unroll(vector);
    }
    dot.unroll(n).unroll(q);
    // An expression is code enough once.
    if (!isModified)
      score.unroll(n).unroll(q);
    dot.update()
        .split(i, vector, i, keyLanes)
        .reorder(i, vector, n, q, s, h, t, reduction("component", index))
        .vectorize(i)
        .unroll(vector)
        .unroll(n)
        .unroll(q);
  }

  void weighKeys(size_t index, LoopLevel loop) {
    int queriesAtOnce = std::min(vectors * keyLanes / kKeyBlock, kTileRows);
    for (auto [name, block] : {std::pair("lane_max", "block_of_max"), {"lane_sum", "block_of_sum"}}) {
      Func lanesOf = stage(name, index);
      lanesOf.compute_at(loop).reorder_storage(i, q).bound(i, 0, kKeyBlock).reorder(i, q).vectorize(i, keyLanes);
      boundToSplit(lanesOf);
      lanesOf.update()
          .split(q, queryBlock, q, queriesAtOnce)
          .split(i, vector, i, keyLanes)
          .reorder(i, vector, q, reduction(std::string(block) + "_within", index), reduction(block, index), queryBlock)
          .vectorize(i)
          .unroll(vector)
          .unroll(q);
    }
    for (int width = kKeyBlock; width > 1; width /= 2) {
      Func halves = stage("max_of_" + std::to_string(width), index);
      halves.compute_at(loop).reorder_storage(i, q).bound(i, 0, width / 2).reorder(i, q);
      halves.vectorize(i, std::min(keyLanes, width / 2)).unroll(q, 4);
      boundToSplit(halves);
    }
    stage("split_max", index).compute_at(loop);
    boundToSplit(stage("split_max", index));
    Func weights = stage("weights", index);
    ofBlocks(weights, loop);
    weights.update()
        .reorder(i, reduction("block_of_weights_within", index), reduction("block_of_weights", index), q)
        .vectorize(i, keyLanes)
        .unroll(reduction("block_of_weights_within", index));
  }

  /// Vectors of components times queries stay in registers while keys go by.
  void sumValues(size_t index, LoopLevel loop) {
    int columns = std::min({(size + lanes - 1) / lanes, vectors, static_cast<int>(parameters.at("columns"))});
    int queriesAtOnce = std::clamp(vectors / columns, 1, kTileRows);
    Func sum = stage("weighted_sum", index);
    sum.compute_at(loop).reorder_storage(d, q).bound(d, 0, size).align_storage(d, lanes);
    boundToSplit(sum);
    sum.reorder(d, q).vectorize(d, lanes, TailStrategy::GuardWithIf).unroll(d);
    sum.update(0)
        .split(d, block, d, columns * lanes, TailStrategy::GuardWithIf)
        .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
        .split(q, queryBlock, q, queriesAtOnce, TailStrategy::GuardWithIf)
        .reorder(d, vector, q, reduction("key", index), reduction("block_of_key", index), block, queryBlock)
        .vectorize(d)
        .unroll(vector)
        .unroll(q);
    // Few keys, one query at a time.
    sum.update(1)
        .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
        .reorder(d, vector, reduction("rest", index), reduction("block_of_rest", index), q)
        .vectorize(d)
        .unroll(vector);
  }

  /// Those of one row at a time, in registers.
  void mergeSplits() {
    LoopLevel ofRow(func, q);
    stage("top").compute_at(ofTile);
    auto ofOneRow = [&](Func each) { each.compute_at(ofRow).bound_extent(r, 1).bound_extent(h, 1); };
    ofOneRow(stage("normaliser"));
    for (int width = kKeyBlock; width > 1; width /= 2) {
      Func halves = stage("sum_of_" + std::to_string(width));
      ofOneRow(halves);
      halves.bound(i, 0, width / 2).vectorize(i, std::min(keyLanes, width / 2));
    }
    Func merged = stage("merged");
    ofOneRow(merged);
    merged.bound(d, 0, size + kKeyBlock)
        .align_storage(d, lanes)
        .vectorize(d, lanes, TailStrategy::GuardWithIf)
        .unroll(d);
    for (size_t index = 0; index < segments; ++index) {
      stage("factor", index).compute_at(ofTile).reorder_storage(q, s).bound(q, 0, kTileRows);
      stage("factor", index).update().reorder(q, reduction("split_of_factor", index)).vectorize(q, keyLanes);
      merged.update(static_cast<int>(index))
          .split(d, vector, d, lanes, TailStrategy::GuardWithIf)
          .reorder(d, vector, r, h, reduction("split_of_sum", index))
          .vectorize(d)
          .unroll(vector);
    }
  }

  /// Keys and values come from the second cache.
  void prefetch() {
    Stream stream;
    stream.near = static_cast<int>(parameters.at("prefetch_bytes"));
    if (stream.near == 0)
      return;
    if (int cache = AttentionOperands(*funcs.operation).cache; cache != kAbsent)
      region.streams[region.arguments[funcs.operation->operands[cache]].name()] = stream;
    for (size_t index = 0; index < segments; ++index)
      for (const char *name : {"key_blocks", "value_blocks"})
        if (auto found = funcs.stages.find(ofSegment(name, index)); found != funcs.stages.end())
          region.streams[found->second.name()] = stream;
  }

  Region &region;
  OperationFuncs &funcs;
  const LoopNest &nest;
  const Parameters &parameters;
  Func func;
  const Machine &machine;
  int size, keyHeads, lanes, keyLanes, vectors;
  size_t segments;
  Var vector{"vector"}, block{"block"}, queryBlock{"query_block"}, tile{"tile"}, head{"head"};
  LoopLevel ofTile;
};

} // namespace

static Space attentionSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  // Accumulators: half of the registers keep the multiply-adds busy. Four tiles of 32 or more components work 10
  // microseconds on 128 keys.
  return {{"vectors", {target.vectorRegisters / 2, {4, 8, 16}}},
          {"columns", {2, {1, 2, 4, 8}}},
          {"prefetch_bytes", {1024, {0, 512, 1024, 2048}}},
          {"tiles", {4, {1, 2, 4, 8, 16}}},
          {"grain", {1024, {1, 256, 1024, 4096}}}};
}

static void scheduleAttention(Region &region, const LoopNest &nest, const Machine &machine,
                              const Parameters &parameters) {
  TileSchedule(region, nest, machine, parameters).schedule();
}

static constexpr NestRules::Decision kDecisions[] = {
    {"vectors",
     "How many vectors of scores, and of the weighted sum, stay in registers while components, or keys, go by."},
    {"columns",
     "How many vectors of components of a weighted sum are computed at once, of as many queries as registers hold."},
    {"prefetch_bytes",
     "How far ahead of what is computed keys and values are brought to the first-level cache; 0 does not."},
    {"tiles", "How many tiles of 16 queries of one sequence are one task at the most."},
    {"grain", "How much work makes a task worth starting, in keys for each tile and head: so many heads share it."},
};

const NestRules attentionNests = {"attention", "Attention of tiles of 16 queries to the keys of their sequence.",
                                  kDecisions, attentionSpace, scheduleAttention};

} // namespace tenon::kernels
