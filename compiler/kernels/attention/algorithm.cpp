//===- algorithm.cpp - Attention within each sequence of a packed batch ----===//

#include "kernels/attention/Keys.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), j("j"), n("n"), d("d"), m("m"), h("h"), t("t");

/// Keys whose weights are kept until they are used: 8 KB, a quarter of a first-level cache.
constexpr int kChunk = 128;

/// As many as an addition takes cycles.
constexpr int kChains = 4;

/// Components that are turned from rows into columns, and back, as one square block with the tile's queries, or all of
/// them where no block divides them.
int componentBlock(int size) { return size % 16 == 0 ? 16 : size % 8 == 0 ? 8 : size; }

/// A reduction over a tile's keys of one segment in chains of operations that do not wait for one another, then over
/// the chains, then over the keys that are left. How many keys go where depends on their count alone.
struct Chains {
  Func chains;
  RDom step, chain;
  Expr rest;
};

Chains inChains(const std::string &name, size_t segment, const Keys &keys, OperationFuncs &funcs) {
  Expr count = keys.segments[segment].count(t);
  RDom step(0, keys.segments[segment].mostBlocks * (kKeyBlock / kChains), ofSegment("step", segment)),
      chain(0, kChains, ofSegment("chain", segment)), left(0, kChains - 1, ofSegment("left", segment));
  step.where(step < count / kChains);
  left.where(left < count % kChains);
  std::string chains = ofSegment(name + "_chains", segment);
  Chains result{Func(chains), step, chain, count / kChains * kChains + left};
  funcs.stages[chains] = result.chains;
  funcs.reductions[ofSegment(name + "_step", segment)] = step.x;
  return result;
}

/// Queries are the innermost dimension: a vector holds one component of a tile's queries, so that neither the scores
/// nor the weighted sum of the values needs a sum across lanes. Each segment's keys go by in loops of their own, which
/// read them where they lie and end where they do. Indices: query q of tile t, head h, component d, key i of block n.
class TiledAttention {
public:
  TiledAttention(const std::vector<Operand> &operands, OperationFuncs &funcs)
      : input(operands[0].value), funcs(funcs), size(static_cast<int>(integerAttribute(*funcs.operation, "head_size"))),
        group(static_cast<int>(integerAttribute(*funcs.operation, "heads") /
                               integerAttribute(*funcs.operation, "key_value_heads"))),
        block(componentBlock(size)), keys(keysOf(operands, funcs)) {}

  void define() {
    transposeQueries();
    rowMax = stage("row_max");
    rowMax(q, h, t) = kLeastMaximum;
    weightedSum = stage("weighted_sum");
    weightedSum(q, d, h, t) = 0.0f;
    for (size_t i = 0; i < keys.segments.size(); ++i) {
      scores.push_back(scoreKeys(i));
      findRowMaxima(i);
    }
    for (size_t i = 0; i < keys.segments.size(); ++i)
      sumValues(i, weighKeys(i));
    normalise();
  }

private:
  Func stage(const std::string &name) { return funcs.stages[name] = Func(name); }

  void transposeQueries() {
    Func queryRows = stage("query_rows");
    queryRows(d, q, m, h, t) = input(h * size + m * block + d, t * kTileRows + q) * keys.scale();
    queries = stage("queries");
    queries(q, d, h, t) = queryRows(d % block, q, d / block, h, t);
  }

  KeyBlock blockOf(size_t segment, Expr number) const { return {static_cast<int>(segment), number}; }

  Func scoreKeys(size_t index) {
    const KeySegment &segment = keys.segments[index];
    Func dot = stage(ofSegment("dot", index));
    RDom component(0, size, ofSegment("component", index));
    dot(q, i, n, h, t) = 0.0f;
    dot(q, i, n, h, t) += keys.read(true, component, blockOf(index, n), i, h / group) * queries(q, component, h, t);

    // Only the blocks that have keys; what the last one has past its sequence's length is not read again.
    RDom occupied(0, segment.mostBlocks, ofSegment("occupied", index));
    occupied.where(occupied * kKeyBlock < segment.count(t));
    Func stored = stage(ofSegment("scores", index));
    stored(q, i, n, h, t) = undef<float>();
    Func modified = dot;
    if (segment.modified) {
      // A function of its own: Halide bounds the loop over the blocks only where a score is stored as it is.
      modified = stage(ofSegment("modified_scores", index));
      modified(q, i, n, h, t) = keys.score(dot(q, i, n, h, t), keys.position(t) + q, blockOf(index, n), i, h);
    }
    stored(q, i, occupied, h, t) = modified(q, i, occupied, h, t);
    funcs.reductions.insert({{ofSegment("component", index), component.x}, {ofSegment("occupied", index), occupied.x}});
    return stored;
  }

  void findRowMaxima(size_t index) {
    auto scoreOf = [&](Expr key) { return scores[index](q, key % kKeyBlock, key / kKeyBlock, h, t); };
    Chains max = inChains("row_max", index, keys, funcs);
    max.chains(q, j, h, t) = kLeastMaximum;
    max.chains(q, j, h, t) = Halide::max(max.chains(q, j, h, t), scoreOf(max.step * kChains + j));
    rowMax(q, h, t) = Halide::max(rowMax(q, h, t), max.chains(q, max.chain, h, t));
    rowMax(q, h, t) = Halide::max(rowMax(q, h, t), scoreOf(max.rest));
  }

  /// Weights are needed one chunk at a time.
  Func weighKeys(size_t index) {
    RDom filled(0, kChunk / kKeyBlock, ofSegment("filled", index));
    filled.where(n * kChunk + filled * kKeyBlock < keys.segments[index].count(t));
    Func weights = stage(ofSegment("weights", index));
    weights(q, i, j, n, h, t) = undef<float>();
    weights(q, i, filled, n, h, t) =
        keys.weight(scores[index](q, i, n * (kChunk / kKeyBlock) + filled, h, t), rowMax(q, h, t));
    funcs.reductions.insert({ofSegment("filled", index), filled.x});
    return weights;
  }

  /// The sum of the weights is the weighted sum of ones, as one more component.
  void sumValues(size_t index, Func weights) {
    const KeySegment &segment = keys.segments[index];
    RDom key(0, kChunk, 0, (segment.mostBlocks * kKeyBlock + kChunk - 1) / kChunk, ofSegment("key", index));
    Expr number = key.y * kChunk + key.x;
    key.where(number < segment.count(t));
    Expr value = keys.read(false, min(d, size - 1), blockOf(index, number / kKeyBlock), number % kKeyBlock, h / group);
    weightedSum(q, d, h, t) +=
        select(d < size, value, 1.0f) * weights(q, key.x % kKeyBlock, key.x / kKeyBlock, key.y, h, t);
    funcs.reductions.insert({{ofSegment("key", index), key.x}, {ofSegment("chunk", index), key.y}});
  }

  /// A query that sees no key has no weights: its row is zero, not 0 / 0.
  void normalise() {
    Func normaliser = stage("normaliser"), mean = stage("mean"), resultRows = stage("result_rows");
    Expr sum = weightedSum(q, size, h, t);
    normaliser(q, h, t) = 1.0f / select(sum == 0.0f, 1.0f, sum);
    mean(q, d, h, t) = weightedSum(q, d, h, t) * normaliser(q, h, t);
    resultRows(d, q, m, h, t) = mean(q, m * block + d, h, t);
    Func attended("attended");
    Expr ofHead = c % size;
    attended(c, r) = resultRows(ofHead % block, r % kTileRows, ofHead / block, c / size, r / kTileRows);
    funcs.results = {attended};
  }

  Func input;
  OperationFuncs &funcs;
  int size, group, block;
  Keys keys;
  Func queries, rowMax, weightedSum;
  std::vector<Func> scores; ///< Of each segment.
};

} // namespace

static void attentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  if (funcs.rowTile == kTileRows)
    TiledAttention(operands, funcs).define();
  else
    rowAttentionAlgorithm(operands, funcs);
}

const Algorithms &attentionAlgorithms() {
  static const Algorithms algorithms = {{"attention", attentionAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
