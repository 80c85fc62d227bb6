//===- rows_algorithm.cpp - Attention of rows that come one by one ---------===//

#include "kernels/attention/Keys.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), j("j"), n("n"), s("s"), d("d"), h("h"), t("t");

/// Sums of products that do not wait for one another, so that a page is not read more slowly than it comes: four for
/// one query, fewer where several queries have sums of their own.
int chainCount(int size, int group) {
  int count = group <= 2 ? 4 : group <= 4 ? 2 : 1;
  while (size % count)
    count /= 2;
  return count;
}

/// The queries of a tile are the heads that share a key head. Keys are in the lanes for the scores, components for the
/// weighted sums: both lie beside one another in a page. Each split of the keys gives a maximum, sums of weights and a
/// weighted sum: first the scores of all its pages, then their maximum and the weights, then the sums. Those of all
/// splits are put together in order. The sum of weights stays in as many lanes as a page has keys until the end: rows
/// are size components of the weighted sum, the lanes and the maximum. Indices: query q of key head h of row t, key i
/// of block n of split s.
class RowAttention {
public:
  RowAttention(const std::vector<Operand> &operands, OperationFuncs &funcs)
      : input(operands[0].value), funcs(funcs), size(static_cast<int>(integerAttribute(*funcs.operation, "head_size"))),
        group(static_cast<int>(integerAttribute(*funcs.operation, "heads") /
                               integerAttribute(*funcs.operation, "key_value_heads"))),
        maximum(size + kKeyBlock), keys(keysOf(operands, funcs)) {}

  void define() {
    dropMask();
    divideKeys();
    multiplyQueriesWithKeys();
    scoreKeys();
    weighKeys();
    sumValues();
    mergeSplits();
    normalise();
  }

private:
  Func stage(const std::string &name) { return funcs.stages[name] = Func(name); }

  /// Only keys that the query may see are looked at: often that is all there is to a mask.
  void dropMask() {
    auto isRange = [&](const KeySegment &segment) { return keys.modifiers->isRangeOfOneQuery(segment.number); };
    if (std::all_of(keys.segments.begin(), keys.segments.end(), isRange))
      keys.modifiers->mask.reset();
  }

  /// The blocks of all segments are numbered one after another, and a split has those that come next, whosever they
  /// are: a segment of few keys is no split of its own.
  void divideKeys() {
    Expr most = keys.segments[0].mostBlocks, number = s * kSplitBlocks + n, segment = 0, begin = 0, before = 0;
    for (size_t i = 0; i < keys.segments.size(); ++i) {
      if (i > 0) {
        most += keys.segments[i].mostBlocks;
        segment = select(number < before, segment, static_cast<int>(i));
        begin = select(number < before, begin, before);
      }
      before = before + (keys.segments[i].count(t) + (kKeyBlock - 1)) / kKeyBlock;
    }
    funcs.splits = (most + (kSplitBlocks - 1)) / kSplitBlocks;
    if (keys.segments.size() == 1)
      return;
    blockCount = stage("block_count");
    blockCount(t) = before;
    blockSegment = stage("block_segment");
    blockSegment(n, s, t) = segment;
    blockNumber = stage("block_number");
    blockNumber(n, s, t) = number - begin;
    blockKeys = stage("block_keys");
    Expr count = keys.select({blockSegment(n, s, t), 0}, [](const KeySegment &each) { return each.count(t); });
    blockKeys(n, s, t) = count - blockNumber(n, s, t) * kKeyBlock;
    if (!keys.areInPages())
      return;
    Func pages = stage("block_page");
    pages(n, s, t) = keys.pageOf(block(n));
    blockPage = pages;
  }

  /// Block n of the split.
  KeyBlock block(Expr n) const {
    if (!blockSegment.defined())
      return {0, s * kSplitBlocks + n};
    return {blockSegment(n, s, t), blockNumber(n, s, t), blockPage.defined() ? blockPage(n, s, t) : Expr()};
  }

  /// Whether the split has its block n.
  Expr holds(Expr n) const { return blockCount.defined() ? s * kSplitBlocks + n < blockCount(t) : holds(n, 0); }

  /// Whether block n of the split, which it has, has key i.
  Expr holds(Expr n, Expr i) const {
    if (blockKeys.defined())
      return i < blockKeys(n, s, t);
    return (s * kSplitBlocks + n) * kKeyBlock + i < keys.segments[0].count(t);
  }

  /// The blocks that the split has: no loop goes over others.
  RDom blocks(const std::string &name) {
    RDom block(0, kSplitBlocks, name);
    block.where(holds(block));
    funcs.reductions.insert({name, block.x});
    return block;
  }

  void multiplyQueriesWithKeys() {
    Func queries = stage("queries"), chains = stage("chains");
    queries(q, d, h, t) = input((h * group + q) * size + d, t) * keys.scale();
    int count = chainCount(size, group);
    RDom cleared = blocks("page_of_chains"), component(0, size / count, 0, kSplitBlocks, "component");
    component.where(holds(component.y));
    Expr of = component.x * count + j, page = component.y;
    chains(q, i, j, n, s, h, t) = undef<float>();
    chains(q, i, j, cleared, s, h, t) = 0.0f;
    chains(q, i, j, page, s, h, t) += keys.read(true, of, block(page), i, h) * queries(q, of, h, t);
    Expr product = chains(q, i, 0, n, s, h, t);
    for (int chain = 1; chain < count; ++chain)
      product = product + chains(q, i, chain, n, s, h, t);
    dot = stage("dot");
    dot(q, i, n, s, h, t) = product;
    funcs.reductions.insert({"component", component.x});
    funcs.reductions.insert({"page_of_component", component.y});
  }

  /// Only keys that exist are weighed: what lies behind the last one may be anything.
  void scoreKeys() {
    RDom each = blocks("page_of_scores");
    Expr score = keys.score(dot(q, i, each, s, h, t), keys.position(t), block(each), i, h * group + q);
    scores = stage("modified_scores");
    scores(q, i, n, s, h, t) = undef<float>();
    scores(q, i, each, s, h, t) = select(holds(each, i), score, kUnseen);
  }

  void weighKeys() {
    Func laneMax = stage("lane_max"), laneSum = stage("lane_sum");
    RDom ofMax = blocks("page_of_max"), each = blocks("page_of_weights"), ofSum = blocks("page_of_sum");
    laneMax(q, i, s, h, t) = kLeastMaximum;
    laneMax(q, i, s, h, t) = max(laneMax(q, i, s, h, t), scores(q, i, ofMax, s, h, t));
    splitMax = stage("split_max");
    splitMax(q, s, h, t) = foldLanes("max", 0, laneMax, i, max, funcs)(q, 0, s, h, t);
    weights = stage("weights");
    weights(q, i, n, s, h, t) = undef<float>();
    weights(q, i, each, s, h, t) = keys.weight(scores(q, i, each, s, h, t), splitMax(q, s, h, t));
    laneSum(q, i, s, h, t) = 0.0f;
    laneSum(q, i, s, h, t) += weights(q, i, ofSum, s, h, t);
  }

  void sumValues() {
    RDom key(0, kKeyBlock, 0, kSplitBlocks, "key");
    key.where(holds(key.y));
    key.where(holds(key.y, key.x));
    Func weightedSum = stage("weighted_sum");
    weightedSum(d, q, s, h, t) = 0.0f;
    weightedSum(d, q, s, h, t) += keys.read(false, d, block(key.y), key.x, h) * weights(q, key.x, key.y, s, h, t);
    split = stage("split");
    split(d, q, s, h, t) =
        select(d < size, weightedSum(min(d, size - 1), q, s, h, t), d < maximum,
               funcs.stages.at("lane_sum")(q, clamp(d - size, 0, kKeyBlock - 1), s, h, t), splitMax(q, s, h, t));
    funcs.reductions.insert({"key", key.x});
    funcs.reductions.insert({"page_of_key", key.y});
  }

  void mergeSplits() {
    Func top = stage("top"), factor = stage("factor");
    RDom splitOf(0, funcs.splits, "split_of");
    splitOf.where(blockCount.defined() ? splitOf * kSplitBlocks < blockCount(t)
                                       : splitOf * (kSplitBlocks * kKeyBlock) < keys.segments[0].count(t));
    top(q, h, t) = kLeastMaximum;
    top(q, h, t) = max(top(q, h, t), split(maximum, q, splitOf, h, t));
    factor(s, q, h, t) = keys.weight(split(maximum, q, s, h, t), top(q, h, t));
    merged = stage("merged");
    merged(d, q, h, t) = 0.0f;
    merged(d, q, h, t) += factor(splitOf, q, h, t) * split(d, q, splitOf, h, t);
    funcs.reductions.insert({"split_of", splitOf.x});
  }

  /// A row without keys has no weights: it is zero, not 0 / 0.
  void normalise() {
    Func sum = stage("sum"), normaliser = stage("normaliser"), attended("attended");
    RDom lane(0, kKeyBlock, "lane");
    sum(q, h, t) = 0.0f;
    sum(q, h, t) += merged(size + lane, q, h, t);
    normaliser(q, h, t) = 1.0f / select(sum(q, h, t) == 0.0f, 1.0f, sum(q, h, t));
    Expr head = c / size, queryOfHead = head % group, keyHead = head / group;
    attended(c, r) = merged(c % size, queryOfHead, keyHead, r) * normaliser(queryOfHead, keyHead, r);
    funcs.results = {attended};
  }

  Func input;
  OperationFuncs &funcs;
  int size, group, maximum; ///< `maximum` is where a row has it: behind the components and the lanes of the sum.
  Keys keys;
  /// Where there are several segments: the blocks of all of them, and of a split's block n its segment, its number in
  /// there, how many keys are left in there, and its page.
  Func blockCount, blockSegment, blockNumber, blockKeys, blockPage;
  Func dot, scores, splitMax, weights, split, merged;
};

} // namespace

void rowAttentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  RowAttention(operands, funcs).define();
}

} // namespace tenon::kernels
