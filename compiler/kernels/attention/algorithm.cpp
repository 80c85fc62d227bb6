//===- algorithm.cpp - Attention within each sequence of a packed batch ----===//

#include "kernels/Sequences.h"
#include "kernels/attention/Keys.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), s("s"), d("d"), m("m"), h("h"), t("t");

/// As in attention of rows that come one by one, keys are in the lanes for the scores, components for the weighted
/// sums, and each split of a segment's keys gives a maximum, sums of weights and a weighted sum, which are put together
/// in order. Here the queries are a tile's rows, and each segment's keys go by in loops of their own. Indices: query q
/// of tile t, head h, component d, key i of block n of split s.
class TiledAttention {
public:
  TiledAttention(const std::vector<Operand> &operands, OperationFuncs &funcs)
      : input(operands[0].value), funcs(funcs), size(static_cast<int>(integerAttribute(*funcs.operation, "head_size"))),
        group(static_cast<int>(integerAttribute(*funcs.operation, "heads") /
                               integerAttribute(*funcs.operation, "key_value_heads"))),
        maximum(size + kKeyBlock), keys(keysOf(operands, funcs)) {}

  void define() {
    Func scaled = stage("queries");
    scaled(d, q, h, t) = input(h * size + d, t * kTileRows + q) * keys.scale();
    queries = scaled;
    for (size_t index = 0; index < keys.segments.size(); ++index) {
      packRows(index);
      scoreKeys(index);
      weighKeys(index);
      sumValues(index);
    }
    mergeSplits();
    normalise();
  }

private:
  Func stage(const std::string &name) { return funcs.stages[name] = Func(name); }
  Func stage(const std::string &name, size_t index) { return stage(ofSegment(name, index)); }
  void name(const std::string &name, size_t index, RVar variable) {
    funcs.reductions.insert({ofSegment(name, index), variable});
  }

  const KeySegment &segment(size_t index) const { return keys.segments[index]; }
  Expr count(size_t index) const { return segment(index).count(t); }
  /// The first key of split s that block n has.
  Expr keyOf(Expr n) const { return (s * kSplitBlocks + n) * kKeyBlock; }

  /// Rows are a whole batch's apart: each head's keys and values are put together in blocks, as pages have them.
  void packRows(size_t index) {
    KeySegment &place = keys.segments[index];
    if (place.pages)
      return;
    if (place.starts.defined()) {
      Func firstBlock("first_packed_block");
      Var b("b");
      firstBlock(b) = firstPackedBlock(place.starts(b), b);
      place.blockSequence = sequenceOf(ofSegment("block_sequence", index), firstBlock, place.sequences, 1, funcs);
    }
    Func keyRows = stage("key_rows", index), keyBlocks = stage("key_blocks", index),
         valueBlocks = stage("value_blocks", index);
    funcs.extents[ofSegment("packed_blocks", index)] = place.packedBlocks();
    int square = componentBlock(size);
    keyRows(d, i, m, n, h) = place.keys->value(h * size + m * square + d, place.packedRow(n, i));
    keyBlocks(i, d, n, h) = keyRows(d % square, i, d / square, n, h);
    valueBlocks(d, i, n, h) = place.values->value(h * size + d, place.packedRow(n, i));
  }

  /// A component of key i of block n of split s, or of its value.
  Expr read(bool isKey, size_t index, Expr component, Expr n, Expr i) const {
    const KeySegment &place = segment(index);
    Expr number = s * kSplitBlocks + n, head = h / group;
    if (place.pages)
      return keys.read(isKey, component, {static_cast<int>(index), number}, i, head);
    Expr block = place.packedBlock(number);
    return isKey ? funcs.stages.at(ofSegment("key_blocks", index))(i, component, block, head)
                 : funcs.stages.at(ofSegment("value_blocks", index))(component, i, block, head);
  }

  /// The blocks that a split has, or one more, so that their number divides: no loop goes over others.
  RDom blocks(const std::string &of, size_t index) {
    RDom block(0, kBlocksAtOnce, 0, kSplitBlocks / kBlocksAtOnce, ofSegment(of, index));
    block.where(keyOf(block.y * kBlocksAtOnce) < count(index));
    name(of + "_within", index, block.x);
    name(of, index, block.y);
    return block;
  }
  static Expr numberOf(const RDom &block) { return block.y * kBlocksAtOnce + block.x; }

  /// What lies behind the last key may be anything: it is not seen.
  void scoreKeys(size_t index) {
    Func dot = stage("dot", index), scores = stage("scores", index),
         score = stage(segment(index).modified ? "modified_score" : "score", index);
    RDom component(0, size, ofSegment("component", index));
    dot(i, n, q, s, h, t) = 0.0f;
    dot(i, n, q, s, h, t) += read(true, index, component, n, i) * queries(component, q, h, t);
    name("component", index, component.x);

    Expr value = dot(i, n, q, s, h, t);
    if (segment(index).modified)
      value = keys.score(value, keys.position(t) + q, {static_cast<int>(index), s * kSplitBlocks + n}, i, h);
    score(i, n, q, s, h, t) = select(keyOf(n) + i < count(index), value, kUnseen);
    RDom block = blocks("block_of_scores", index);
    scores(i, n, q, s, h, t) = undef<float>();
    scores(i, numberOf(block), q, s, h, t) = score(i, numberOf(block), q, s, h, t);
  }

  void weighKeys(size_t index) {
    Func scores = funcs.stages.at(ofSegment("scores", index)), laneMax = stage("lane_max", index),
         splitMax = stage("split_max", index), weights = stage("weights", index), laneSum = stage("lane_sum", index);
    RDom ofMax = blocks("block_of_max", index), each = blocks("block_of_weights", index),
         ofSum = blocks("block_of_sum", index);
    laneMax(i, q, s, h, t) = kLeastMaximum;
    laneMax(i, q, s, h, t) = max(laneMax(i, q, s, h, t), scores(i, numberOf(ofMax), q, s, h, t));
    splitMax(q, s, h, t) = foldLanes("max", index, laneMax, i, max, funcs)(0, q, s, h, t);
    weights(i, n, q, s, h, t) = undef<float>();
    weights(i, numberOf(each), q, s, h, t) = keys.weight(scores(i, numberOf(each), q, s, h, t), splitMax(q, s, h, t));
    laneSum(i, q, s, h, t) = 0.0f;
    laneSum(i, q, s, h, t) += weights(i, numberOf(ofSum), q, s, h, t);
  }

  /// First the blocks that are full, whose loops are of constant length, then the keys that are left. Rows of a split
  /// are the components of its weighted sum, the lanes of the sum of its weights, and its maximum.
  void sumValues(size_t index) {
    Func weights = funcs.stages.at(ofSegment("weights", index)), sum = stage("weighted_sum", index),
         split = stage("split", index);
    RDom key(0, kKeyBlock, 0, kSplitBlocks, ofSegment("key", index)),
        rest(0, kKeyBlock, 0, kSplitBlocks, ofSegment("rest", index));
    Expr full = count(index) / kKeyBlock - s * kSplitBlocks;
    key.where(key.y < full);
    rest.where(full <= rest.y && rest.y <= full && rest.x < count(index) % kKeyBlock);
    sum(d, q, s, h, t) = 0.0f;
    sum(d, q, s, h, t) += read(false, index, d, key.y, key.x) * weights(key.x, key.y, q, s, h, t);
    sum(d, q, s, h, t) += read(false, index, d, rest.y, rest.x) * weights(rest.x, rest.y, q, s, h, t);
    name("key", index, key.x);
    name("block_of_key", index, key.y);
    name("rest", index, rest.x);
    name("block_of_rest", index, rest.y);

    Func lastSplit = stage("last_split", index);
    lastSplit(t) = max(count(index) - 1, 0) / (kSplitBlocks * kKeyBlock);
    split(d, q, s, h, t) =
        select(d < size, sum(min(d, size - 1), q, s, h, t), d < maximum,
               funcs.stages.at(ofSegment("lane_sum", index))(clamp(d - size, 0, kKeyBlock - 1), q, s, h, t),
               funcs.stages.at(ofSegment("split_max", index))(q, s, h, t));
  }

  Func splitOf(size_t index) const { return funcs.stages.at(ofSegment("split", index)); }

  /// The splits that a tile has, or the first where it has none.
  RDom splits(const std::string &of, size_t index, Expr tile) {
    Expr most = (segment(index).mostBlocks + (kSplitBlocks - 1)) / kSplitBlocks;
    RDom split(0, max(most, 1), ofSegment(of, index));
    split.where(split <= funcs.stages.at(ofSegment("last_split", index))(tile));
    name(of, index, split.x);
    return split;
  }

  /// Row by row, so that one row's sums stay in registers.
  void mergeSplits() {
    Func top = stage("top");
    merged = stage("merged");
    top(q, h, t) = kLeastMaximum;
    merged(d, r, h) = 0.0f;
    for (size_t index = 0; index < keys.segments.size(); ++index) {
      RDom each = splits("split_of_top", index, t);
      top(q, h, t) = max(top(q, h, t), splitOf(index)(maximum, q, each, h, t));
    }
    for (size_t index = 0; index < keys.segments.size(); ++index) {
      Func factor = stage("factor", index);
      RDom ofFactor = splits("split_of_factor", index, t), each = splits("split_of_sum", index, tileOf(r));
      factor(q, s, h, t) = undef<float>();
      factor(q, ofFactor, h, t) = keys.weight(splitOf(index)(maximum, q, ofFactor, h, t), top(q, h, t));
      merged(d, r, h) += factor(queryOf(r), each, h, tileOf(r)) * splitOf(index)(d, queryOf(r), each, h, tileOf(r));
    }
  }

  /// A query that sees no key has no weights: its row is zero, not 0 / 0.
  void normalise() {
    Func lanes("lanes"), normaliser = stage("normaliser"), attended("attended");
    lanes(i, r, h) = merged(size + i, r, h);
    Expr sum = foldLanes("sum", 0, lanes, i, operator+, funcs)(0, r, h);
    normaliser(r, h) = 1.0f / select(sum == 0.0f, 1.0f, sum);
    attended(c, r) = merged(c % size, r, c / size) * normaliser(r, c / size);
    funcs.results = {attended};
  }

  static Expr tileOf(Expr row) { return row / kTileRows; }
  static Expr queryOf(Expr row) { return row % kTileRows; }

  Func input;
  OperationFuncs &funcs;
  int size, group, maximum; ///< `maximum` is where a split's row has it.
  Keys keys;
  Func queries, merged;
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
