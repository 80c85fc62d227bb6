//===- rows_algorithm.cpp - Attention of rows that come one by one ---------===//

#include "kernels/Elementary.h"
#include "kernels/attention/Keys.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), s("s"), d("d"), h("h"), t("t");

/// Keys whose results are put together first: the length alone decides how a softmax is put together.
constexpr int kSplit = 64;
constexpr int kSplitBlocks = kSplit / kKeyBlock;

/// A row of size + 2 numbers.
Expr packed(Expr weightedSum, Expr sum, Expr maximum, int size) {
  return select(d < size, weightedSum, d == size, sum, maximum);
}

} // namespace

/// The queries of a tile are the heads that share a key head. Keys are in the lanes for the scores, components for the
/// weighted sums: both lie beside one another in a page, which is read once, from its start to its end. Each page gives
/// a maximum, a sum of weights and a weighted sum; those of a split s of the keys are put together in order, and then
/// those of all splits. Indices: query q of key head h of row t, key i of block n of split s.
void rowAttentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  int size = static_cast<int>(integerAttribute(operation, "head_size"));
  int group = static_cast<int>(integerAttribute(operation, "heads") / integerAttribute(operation, "key_value_heads"));
  Keys keys = keysOf(operands, funcs);
  Func queries("queries"), dot("dot"), modified("modified_scores");
  float scale = static_cast<float>(realAttribute(operation, "scale") * keys.scale);
  queries(q, d, h, t) = operands[0].value((h * group + q) * size + d, t) * scale;
  RDom component(0, size, "component");
  Expr block = s * kSplitBlocks + n;
  dot(q, i, n, s, h, t) = 0.0f;
  dot(q, i, n, s, h, t) += keys.key(component, block, i, h) * queries(q, component, h, t);
  Expr score = keys.score(dot(q, i, n, s, h, t), keys.position(t), block, i, h * group + q);
  modified(q, i, n, s, h, t) = select(block * kKeyBlock + i < keys.count(t), score, kUnseen);

  // Only keys that exist are weighed: what lies behind the last one may be anything.
  Func pageMax("page_max"), weights("weights"), pageSum("page_sum"), weightedSum("weighted_sum"), page("page");
  RDom lane(0, kKeyBlock, "lane"), key(0, kKeyBlock, "key"), occupied(0, kSplitBlocks, "occupied");
  key.where(block * kKeyBlock + key < keys.count(t));
  pageMax(q, n, s, h, t) = kLeastMaximum;
  pageMax(q, n, s, h, t) = max(pageMax(q, n, s, h, t), modified(q, lane, n, s, h, t));
  weights(q, i, n, s, h, t) = exp2Negative(modified(q, i, n, s, h, t) - pageMax(q, n, s, h, t));
  pageSum(q, n, s, h, t) = 0.0f;
  pageSum(q, n, s, h, t) += weights(q, lane, n, s, h, t);
  weightedSum(d, q, n, s, h, t) = 0.0f;
  weightedSum(d, q, n, s, h, t) += keys.value(d, block, key, h) * weights(q, key, n, s, h, t);
  occupied.where((s * kSplitBlocks + occupied) * kKeyBlock < keys.count(t));
  page(d, q, n, s, h, t) = undef<float>();
  page(d, q, occupied, s, h, t) = packed(weightedSum(min(d, size - 1), q, occupied, s, h, t),
                                         pageSum(q, occupied, s, h, t), pageMax(q, occupied, s, h, t), size);

  Func splitMax("split_max"), splitFactor("split_factor"), splitSum("split_sum"), split("split");
  RDom of(0, kSplitBlocks, "of");
  of.where((s * kSplitBlocks + of) * kKeyBlock < keys.count(t));
  splitMax(q, s, h, t) = kLeastMaximum;
  splitMax(q, s, h, t) = max(splitMax(q, s, h, t), page(size + 1, q, of, s, h, t));
  splitFactor(n, q, s, h, t) = exp2Negative(page(size + 1, q, n, s, h, t) - splitMax(q, s, h, t));
  splitSum(d, q, s, h, t) = 0.0f;
  splitSum(d, q, s, h, t) += splitFactor(of, q, s, h, t) * page(d, q, of, s, h, t);
  split(d, q, s, h, t) = select(d <= size, splitSum(min(d, size), q, s, h, t), splitMax(q, s, h, t));

  Func top("top"), factor("factor"), merged("merged"), attended("attended");
  funcs.splits = (keys.mostBlocks + kSplitBlocks - 1) / kSplitBlocks;
  RDom part(0, funcs.splits, "part");
  part.where(part * kSplit < keys.count(t));
  top(q, h, t) = kLeastMaximum;
  top(q, h, t) = max(top(q, h, t), split(size + 1, q, part, h, t));
  factor(s, q, h, t) = exp2Negative(split(size + 1, q, s, h, t) - top(q, h, t));
  merged(d, q, h, t) = 0.0f;
  merged(d, q, h, t) += factor(part, q, h, t) * split(d, q, part, h, t);
  // A row without keys has no weights: it is zero, not 0 / 0.
  Expr head = c / size, queryOfHead = head % group, keyHead = head / group;
  Expr sum = merged(size, queryOfHead, keyHead, r);
  attended(c, r) = merged(c % size, queryOfHead, keyHead, r) / select(sum == 0.0f, 1.0f, sum);

  funcs.stages.insert({{"queries", queries},
                       {"dot", dot},
                       {"modified_scores", modified},
                       {"page_max", pageMax},
                       {"weights", weights},
                       {"page_sum", pageSum},
                       {"weighted_sum", weightedSum},
                       {"page", page},
                       {"split_max", splitMax},
                       {"split_factor", splitFactor},
                       {"split_sum", splitSum},
                       {"split", split},
                       {"top", top},
                       {"factor", factor},
                       {"merged", merged}});
  funcs.reductions.insert({{"component", component.x},
                           {"lane", lane.x},
                           {"key", key.x},
                           {"occupied", occupied.x},
                           {"of", of.x},
                           {"part", part.x}});
  funcs.results = {attended};
}

} // namespace tenon::kernels
