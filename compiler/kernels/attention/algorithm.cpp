//===- algorithm.cpp - Attention within each sequence of a packed batch ----===//

#include "kernels/Elementary.h"
#include "kernels/Region.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), j("j"), n("n"), d("d"), m("m"), h("h"), t("t");

/// Keys whose scores are computed together. It divides a tile, so that such a block lies within its sequence's rows,
/// padding included.
constexpr int kKeyBlock = 16;

/// Keys whose weights are kept until they are used: 8 KB, a quarter of a first-level cache.
constexpr int kChunk = 128;

/// As many as an addition takes cycles.
constexpr int kChains = 4;

/// Components that are turned from rows into columns, and back, as one square block with the tile's queries, or all of
/// them where no block divides them.
int componentBlock(int size) { return size % 16 == 0 ? 16 : size % 8 == 0 ? 8 : size; }

struct SequenceOfTile {
  Func start, length;
};

/// For each tile of rows, where its sequence starts and how many keys it has: the sequence is the last that starts at
/// or before the tile's first row.
SequenceOfTile findSequences(const std::vector<Operand> &operands, Expr rows, Expr sequences, OperationFuncs &funcs) {
  Func later("later_sequences"), start("start"), length("length"), starts = operands[3].value;
  RDom b(1, sequences - 1, "b");
  later(t) = 0;
  later(t) += cast<int32_t>(starts(b) <= t * kTileRows);
  Expr sequence = clamp(later(t), 0, sequences - 1);
  start(t) = unsafe_promise_clamped(starts(sequence), 0, rows);
  length(t) = unsafe_promise_clamped(operands[4].value(sequence), 0, rows);
  funcs.stages["sequence"] = later;
  funcs.reductions["sequence"] = b.x;
  funcs.stages["start"] = start;
  funcs.stages["length"] = length;
  return {start, length};
}

/// A reduction over a sequence's keys in chains of operations that do not wait for one another, then over the chains,
/// then over the keys that are left. How many keys go where depends on the length alone.
struct Chains {
  Func chains;
  RDom step, chain;
  Expr rest;
};

Chains inChains(const std::string &name, Func length, Expr rows, OperationFuncs &funcs) {
  RDom step(0, rows / kChains, "step"), chain(0, kChains, "chain"), left(0, kChains - 1, "left");
  step.where(step < length(t) / kChains);
  left.where(left < length(t) % kChains);
  Chains result{Func(name + "_chains"), step, chain, length(t) / kChains * kChains + left};
  funcs.stages[name + "_chains"] = result.chains;
  funcs.reductions[name + "_step"] = step.x;
  return result;
}

} // namespace

/// Queries are the innermost dimension: a vector holds one component of a tile's queries, so that neither the scores
/// nor the weighted sum of the values needs a sum across lanes. Indices: query q of tile t, head h, component d, key i
/// of block n.
void attentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  int size = static_cast<int>(integerAttribute(operation, "head_size"));
  int group = static_cast<int>(integerAttribute(operation, "heads") / integerAttribute(operation, "key_value_heads"));
  Func keys = operands[1].value, values = operands[2].value;
  Expr rows = operands[0].extent;
  SequenceOfTile sequence = findSequences(operands, rows, operands[4].extent, funcs);

  // The row of a sequence's key. Halide does not know that sequences lie within the rows.
  auto rowOf = [&](Expr index) { return unsafe_promise_clamped(sequence.start(t) + index, 0, rows - 1); };

  // In units of log2(e), so that softmax is a power of two.
  constexpr double log2E = 1.44269504088896340736;
  Func queryRows("query_rows"), queries("queries"), dot("dot"), scores("scores");
  float scale = static_cast<float>(realAttribute(operation, "scale") * log2E);
  int block = componentBlock(size);
  queryRows(d, q, m, h, t) = operands[0].value(h * size + m * block + d, t * kTileRows + q) * scale;
  queries(q, d, h, t) = queryRows(d % block, q, d / block, h, t);
  RDom component(0, size, "component");
  dot(q, i, n, h, t) = 0.0f;
  dot(q, i, n, h, t) += keys(h / group * size + component, rowOf(n * kKeyBlock + i)) * queries(q, component, h, t);

  // Only the blocks that have keys; what the last one has past its sequence's length is not read again.
  RDom occupied(0, rows / kKeyBlock, "occupied");
  occupied.where(occupied * kKeyBlock < sequence.length(t));
  scores(q, i, n, h, t) = undef<float>();
  scores(q, i, occupied, h, t) = dot(q, i, occupied, h, t);

  Func rowMax("row_max"), weights("weights"), weightedSum("weighted_sum"), attended("attended");
  auto scoreOf = [&](Expr index) { return scores(q, index % kKeyBlock, index / kKeyBlock, h, t); };
  Chains max = inChains("row_max", sequence.length, rows, funcs);
  max.chains(q, j, h, t) = Float(32).min();
  max.chains(q, j, h, t) = Halide::max(max.chains(q, j, h, t), scoreOf(max.step * kChains + j));
  rowMax(q, h, t) = Float(32).min();
  rowMax(q, h, t) = Halide::max(rowMax(q, h, t), max.chains(q, max.chain, h, t));
  rowMax(q, h, t) = Halide::max(rowMax(q, h, t), scoreOf(max.rest));

  // Weights are needed one chunk at a time. Their sum is the weighted sum of ones, as one more component.
  RDom filled(0, kChunk / kKeyBlock, "filled");
  filled.where(n * kChunk + filled * kKeyBlock < sequence.length(t));
  weights(q, i, j, n, h, t) = undef<float>();
  weights(q, i, filled, n, h, t) =
      exp2Negative(scores(q, i, n * (kChunk / kKeyBlock) + filled, h, t) - rowMax(q, h, t));
  RDom key(0, kChunk, 0, (rows + kChunk - 1) / kChunk, "key");
  key.where(key.y * kChunk + key.x < sequence.length(t));
  Expr value = values(h / group * size + min(d, size - 1), rowOf(key.y * kChunk + key.x));
  weightedSum(q, d, h, t) = 0.0f;
  weightedSum(q, d, h, t) +=
      select(d < size, value, 1.0f) * weights(q, key.x % kKeyBlock, key.x / kKeyBlock, key.y, h, t);

  // A sequence without keys has no weights: its rows are zero, not 0 / 0.
  Func normaliser("normaliser"), mean("mean"), resultRows("result_rows");
  normaliser(q, h, t) = 1.0f / select(sequence.length(t) == 0, 1.0f, weightedSum(q, size, h, t));
  mean(q, d, h, t) = weightedSum(q, d, h, t) * normaliser(q, h, t);
  resultRows(d, q, m, h, t) = mean(q, m * block + d, h, t);
  Expr ofHead = c % size;
  attended(c, r) = resultRows(ofHead % block, r % kTileRows, ofHead / block, c / size, r / kTileRows);
  funcs.stages.insert({{"query_rows", queryRows},
                       {"queries", queries},
                       {"dot", dot},
                       {"scores", scores},
                       {"row_max", rowMax},
                       {"weights", weights},
                       {"weighted_sum", weightedSum},
                       {"normaliser", normaliser},
                       {"mean", mean},
                       {"result_rows", resultRows}});
  funcs.sequences = operands[4].extent;
  funcs.reductions.insert(
      {{"component", component.x}, {"occupied", occupied.x}, {"key", key.x}, {"chunk", key.y}, {"filled", filled.x}});
  funcs.results = {attended};
}

} // namespace tenon::kernels
