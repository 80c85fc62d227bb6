//===- algorithm.cpp - Attention within each sequence of a packed batch ----===//

#include "kernels/Elementary.h"
#include "kernels/Region.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), d("d"), h("h"), t("t");

/// Keys whose scores are computed together. It divides a tile, so that such a block lies within its sequence's rows,
/// padding included.
constexpr int kKeyBlock = 16;

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
  Func queries("queries"), dot("dot"), scores("scores");
  float scale = static_cast<float>(realAttribute(operation, "scale") * log2E);
  queries(q, d, h, t) = operands[0].value(h * size + d, t * kTileRows + q) * scale;
  RDom component(0, size, "component");
  dot(q, i, n, h, t) = 0.0f;
  dot(q, i, n, h, t) += keys(h / group * size + component, rowOf(n * kKeyBlock + i)) * queries(q, component, h, t);

  // Only the blocks that have keys; what the last one has past its sequence's length is not read again.
  RDom block(0, rows / kKeyBlock, "block");
  block.where(block * kKeyBlock < sequence.length(t));
  scores(q, i, n, h, t) = undef<float>();
  scores(q, i, block, h, t) = dot(q, i, block, h, t);

  RDom key(0, rows, "key");
  key.where(key < sequence.length(t));
  Expr keyInBlock = key % kKeyBlock, keyBlock = key / kKeyBlock;
  Func rowMax("row_max"), weights("weights"), weightSum("weight_sum"), weightedSum("weighted_sum"),
      attended("attended");
  rowMax(q, h, t) = Float(32).min();
  rowMax(q, h, t) = max(rowMax(q, h, t), scores(q, keyInBlock, keyBlock, h, t));
  weights(q, i, n, h, t) = undef<float>();
  weights(q, i, block, h, t) = exp2Negative(scores(q, i, block, h, t) - rowMax(q, h, t));
  weightSum(q, h, t) = 0.0f;
  weightSum(q, h, t) += weights(q, keyInBlock, keyBlock, h, t);
  weightedSum(q, d, h, t) = 0.0f;
  weightedSum(q, d, h, t) += values(h / group * size + d, rowOf(key)) * weights(q, keyInBlock, keyBlock, h, t);

  // A sequence without keys has no weights: its rows are zero, not 0 / 0.
  Expr tile = r / kTileRows, query = r % kTileRows, head = c / size;
  attended(c, r) =
      weightedSum(query, c % size, head, tile) / select(sequence.length(tile) == 0, 1.0f, weightSum(query, head, tile));
  funcs.stages.insert({{"queries", queries},
                       {"dot", dot},
                       {"scores", scores},
                       {"row_max", rowMax},
                       {"weights", weights},
                       {"weight_sum", weightSum},
                       {"weighted_sum", weightedSum}});
  funcs.reductions.insert({{"component", component.x}, {"block", block.x}, {"key", key.x}});
  funcs.results = {attended};
}

} // namespace tenon::kernels
