//===- rows_algorithm.cpp - Attention of rows that come one by one ---------===//

#include "kernels/Elementary.h"
#include "kernels/attention/Keys.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), s("s"), d("d"), h("h"), t("t");

/// Keys that one task looks at: the length alone decides how a softmax is put together.
constexpr int kSplit = 512;
constexpr int kSplitBlocks = kSplit / kKeyBlock;

} // namespace

/// The queries of a tile are the heads that share a key head. Keys are in the lanes for the scores, components for the
/// weighted sums: both lie beside one another in a page. Each split s of the keys gives a maximum, a sum of weights and
/// a weighted sum, which are put together in order. Indices: query q of key head h of row t, key i of block n of split
/// s.
void rowAttentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  int size = static_cast<int>(integerAttribute(operation, "head_size"));
  int group = static_cast<int>(integerAttribute(operation, "heads") / integerAttribute(operation, "key_value_heads"));
  Keys keys = keysOf(operands, funcs);
  Func queries("queries"), dot("dot"), scores("scores");
  float scale = static_cast<float>(realAttribute(operation, "scale") * keys.scale);
  queries(q, d, h, t) = operands[0].value((h * group + q) * size + d, t) * scale;
  RDom component(0, size, "component");
  Expr block = s * kSplitBlocks + n;
  dot(q, i, n, s, h, t) = 0.0f;
  dot(q, i, n, s, h, t) += keys.key(component, block, i, h) * queries(q, component, h, t);

  RDom occupied(0, kSplitBlocks, "occupied");
  occupied.where((s * kSplitBlocks + occupied) * kKeyBlock < keys.count(t));
  // A function of its own: Halide bounds the loop over the blocks only where a score is stored as it is.
  Func modified("modified_scores");
  Expr score = keys.score(dot(q, i, n, s, h, t), keys.position(t), block, i, h * group + q);
  modified(q, i, n, s, h, t) = select(block * kKeyBlock + i < keys.count(t), score, kUnseen);
  scores(q, i, n, s, h, t) = undef<float>();
  scores(q, i, occupied, s, h, t) = modified(q, i, occupied, s, h, t);

  Func laneMax("lane_max"), splitMax("split_max"), weights("weights"), laneSum("lane_sum"), splitSum("split_sum");
  RDom over(0, kSplitBlocks, "over"), lane(0, kKeyBlock, "lane");
  over.where((s * kSplitBlocks + over) * kKeyBlock < keys.count(t));
  laneMax(q, i, s, h, t) = kLeastMaximum;
  laneMax(q, i, s, h, t) = max(laneMax(q, i, s, h, t), scores(q, i, over, s, h, t));
  splitMax(q, s, h, t) = kLeastMaximum;
  splitMax(q, s, h, t) = max(splitMax(q, s, h, t), laneMax(q, lane, s, h, t));
  weights(q, i, n, s, h, t) = undef<float>();
  weights(q, i, over, s, h, t) = exp2Negative(scores(q, i, over, s, h, t) - splitMax(q, s, h, t));
  laneSum(q, i, s, h, t) = 0.0f;
  laneSum(q, i, s, h, t) += weights(q, i, over, s, h, t);
  splitSum(q, s, h, t) = 0.0f;
  splitSum(q, s, h, t) += laneSum(q, lane, s, h, t);

  // Only keys that exist: what lies behind the last one may be anything.
  Func weightedSum("weighted_sum"), split("split");
  RDom key(0, kKeyBlock, 0, kSplitBlocks, "key");
  key.where((s * kSplitBlocks + key.y) * kKeyBlock + key.x < keys.count(t));
  weightedSum(q, d, s, h, t) = 0.0f;
  weightedSum(q, d, s, h, t) += keys.value(d, s * kSplitBlocks + key.y, key.x, h) * weights(q, key.x, key.y, s, h, t);
  split(d, q, s, h, t) = select(d < size, weightedSum(q, min(d, size - 1), s, h, t), d == size, splitSum(q, s, h, t),
                                splitMax(q, s, h, t));

  Func top("top"), factor("factor"), total("total"), merged("merged"), attended("attended");
  RDom part(0, (keys.mostBlocks + kSplitBlocks - 1) / kSplitBlocks, "part");
  part.where(part * kSplit < keys.count(t));
  top(q, h, t) = kLeastMaximum;
  top(q, h, t) = max(top(q, h, t), split(size + 1, q, part, h, t));
  factor(s, q, h, t) = exp2Negative(split(size + 1, q, s, h, t) - top(q, h, t));
  total(q, h, t) = 0.0f;
  total(q, h, t) += factor(part, q, h, t) * split(size, q, part, h, t);
  merged(d, q, h, t) = 0.0f;
  merged(d, q, h, t) += factor(part, q, h, t) * split(d, q, part, h, t);
  // A row without keys has no weights: it is zero, not 0 / 0.
  Expr head = c / size, queryOfHead = head % group, keyHead = head / group;
  Expr sum = total(queryOfHead, keyHead, r);
  attended(c, r) = merged(c % size, queryOfHead, keyHead, r) / select(sum == 0.0f, 1.0f, sum);

  funcs.stages.insert({{"queries", queries},
                       {"dot", dot},
                       {"modified_scores", modified},
                       {"scores", scores},
                       {"lane_max", laneMax},
                       {"split_max", splitMax},
                       {"weights", weights},
                       {"lane_sum", laneSum},
                       {"split_sum", splitSum},
                       {"weighted_sum", weightedSum},
                       {"split", split},
                       {"top", top},
                       {"factor", factor},
                       {"total", total},
                       {"merged", merged}});
  funcs.reductions.insert({{"component", component.x},
                           {"occupied", occupied.x},
                           {"over", over.x},
                           {"lane", lane.x},
                           {"key", key.x},
                           {"block", key.y},
                           {"part", part.x}});
  funcs.results = {attended};
}

} // namespace tenon::kernels
