//===- Keys.cpp - Which keys a tile of queries sees ------------------------===//

#include "kernels/attention/Keys.h"
#include "kernels/Elementary.h"
#include "kernels/Sequences.h"
#include "kernels/attention/Operands.h"

#include <algorithm>
#include <numbers>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var t("t");

/// What is known of the tile's sequence, and of its queries.
struct Tile {
  Func sequence, start, length, past, position;
  Expr within;     ///< The tile's first row among those of its sequence.
  Expr firstQuery; ///< Positions.
  Expr lastQuery;
};

Tile tileOf(const std::vector<Operand> &operands, const AttentionOperands &at, OperationFuncs &funcs) {
  const Operand &starts = operands[at.starts], &lengths = operands[at.lengths];
  Expr rows = operands[at.query].extent;
  Tile tile{sequenceOf("sequence", starts.value, lengths.extent, funcs.rowTile, funcs),
            Func("start"),
            Func("length"),
            Func("past"),
            Func("position"),
            Expr(),
            Expr(),
            Expr()};
  auto ofSequence = [&](int operand) { return operands[operand].value(tile.sequence(t)); };
  tile.start(t) = unsafe_promise_clamped(ofSequence(at.starts), 0, rows);
  tile.length(t) = unsafe_promise_clamped(ofSequence(at.lengths), 0, rows);
  tile.past(t) = at.past == kAbsent ? Expr(0) : max(ofSequence(at.past), 0);
  tile.within = t * funcs.rowTile - tile.start(t);
  // Where sequences begin somewhere else than at 0.
  Expr begin = at.offset == kAbsent ? tile.past(t) : tile.past(t) + ofSequence(at.offset);
  tile.position(t) = begin + tile.within;
  tile.firstQuery = tile.position(t);
  tile.lastQuery = min(tile.position(t) + (funcs.rowTile - 1), begin + tile.length(t) - 1);
  funcs.stages.insert(
      {{"start", tile.start}, {"length", tile.length}, {"past", tile.past}, {"position", tile.position}});
  return tile;
}

/// Where a segment lies, and how many keys each tile's sequence has there.
KeySegment placeOf(const std::vector<Operand> &operands, const SegmentOperands &at, const Tile &tile, Func total) {
  KeySegment segment;
  segment.sequence = tile.sequence;
  auto ofSequence = [&](int operand) { return operands[operand].value(tile.sequence(t)); };
  if (at.isInPages()) {
    segment.pages = operands[at.pages];
    segment.mostBlocks = segment.pages->innerExtent;
  } else {
    segment.keys = operands[at.key];
    segment.values = operands[at.value];
    segment.mostBlocks = (segment.keys->extent + kKeyBlock - 1) / kKeyBlock;
    segment.start = tile.start;
  }
  Expr all = at.isOwn() ? tile.past(t) + tile.length(t) : max(ofSequence(at.lengths), 0);
  total(t) = min(all, segment.mostBlocks * kKeyBlock);
  if (at.starts != kAbsent) {
    segment.start = Func("source_start");
    segment.start(t) = unsafe_promise_clamped(ofSequence(at.starts), 0, segment.keys->extent);
    segment.starts = operands[at.starts].value;
    segment.sequences = operands[at.lengths].extent;
  }
  segment.offset = at.offset == kAbsent ? Expr(0) : ofSequence(at.offset);
  return segment;
}

/// Limits a segment to what the tile's queries may see of it.
void limit(KeySegment &segment, const KeyRange &range, const Tile &tile, Func total, OperationFuncs &funcs) {
  auto ofTile = [&](Expr bound) {
    return Internal::substitute("last_query", tile.lastQuery,
                                Internal::substitute("first_query", tile.firstQuery, bound)) -
           segment.offset;
  };
  auto stage = [&](const std::string &name, Expr value) {
    std::string own = ofSegment(name, static_cast<size_t>(segment.number));
    Func func(own);
    func(t) = value;
    return funcs.stages[own] = func;
  };
  // A tile of padding sees nothing.
  Expr seen = select(tile.within < tile.length(t), total(t), 0);
  if (range.last.defined())
    seen = min(seen, max(ofTile(range.last), -1) + 1);
  segment.firstBlock = 0;
  if (range.first.defined() && !Internal::is_const_zero(range.first))
    segment.firstBlock = stage("first_block", clamp(ofTile(range.first), 0, seen) / kKeyBlock)(t);
  segment.count =
      stage("count", unsafe_promise_clamped(seen - segment.firstBlock * kKeyBlock, 0, segment.mostBlocks * kKeyBlock));
}

} // namespace

Expr KeySegment::row(Expr n, Expr i) const {
  return clamp(start(t) + (firstBlock + n) * kKeyBlock + i, 0, keys->extent - 1);
}

Expr firstPackedBlock(Expr start, Expr sequence) { return start / kKeyBlock + sequence; }

Expr KeySegment::packedBlocks() const {
  Expr whole = keys->extent / kKeyBlock;
  return starts.defined() ? whole + sequences : whole;
}

Expr KeySegment::packedBlock(Expr n) const {
  Expr first = starts.defined() ? firstPackedBlock(start(t), sequence(t)) : start(t) / kKeyBlock;
  return clamp(first + firstBlock + n, 0, packedBlocks() - 1);
}

Expr KeySegment::packedRow(Expr block, Expr i) const {
  if (!starts.defined())
    return block * kKeyBlock + i;
  Expr number = blockSequence(block), begin = starts(number);
  return clamp(begin + (block - firstPackedBlock(begin, number)) * kKeyBlock + i, 0, keys->extent - 1);
}

MaskAndScore::MaskAndScore(const Operation &operation, const std::vector<Operand> &tables, Expr sequence)
    : mask(expressionOf(operation, "mask")), score(expressionOf(operation, "score")), sequence(sequence),
      heads(static_cast<int>(integerAttribute(operation, "heads"))),
      querySegment(static_cast<int>(querySegmentOf(operation))) {
  table = [tables](int n, Expr i, Expr j) {
    const Operand &one = tables[static_cast<size_t>(n)];
    return one.value(clamp(j, 0, one.innerExtent - 1), clamp(i, 0, one.extent - 1));
  };
}

KeyRange MaskAndScore::range(int segment) const {
  if (!mask)
    return {0, Expr()};
  return keyRange(*mask, {Expr(), Expr(), Expr(), sequence, Expr(), segment, querySegment, table}, heads);
}

bool MaskAndScore::changes(int segment) const {
  if (!mask || score)
    return score.has_value();
  Point any{Var("query"), Var("key"), Var("head"), sequence, Expr(), segment, querySegment, table};
  return !Internal::is_const_one(Internal::simplify(exprOf(*mask, any)));
}

bool MaskAndScore::isRangeOfOneQuery(int segment) const {
  if (!mask)
    return true;
  Var key("key"), head("head");
  Expr last = range(segment).last;
  if (last.defined())
    last = Internal::substitute("first_query", lastQuery, last);
  Expr seen = exprOf(*mask, {lastQuery, key, head, sequence, Expr(), segment, querySegment, table});
  return Internal::is_const_one(Internal::simplify(last.defined() ? seen || key > last : seen));
}

Expr MaskAndScore::apply(Expr product, Expr query, Expr key, Expr head, Expr segment) const {
  Point point{query, key, head, sequence, product, segment, querySegment, table};
  Expr value = score ? exprOf(*score, point) : product;
  return mask ? Halide::select(exprOf(*mask, point), value, kUnseen) : value;
}

Expr Keys::select(const KeyBlock &block, const std::function<Expr(const KeySegment &)> &get) const {
  if (auto number = Internal::as_const_int(block.segment))
    return get(segments[static_cast<size_t>(*number)]);
  Expr chosen = get(segments.back());
  for (size_t i = segments.size() - 1; i-- > 0;)
    chosen = Halide::select(block.segment == static_cast<int>(i), get(segments[i]), chosen);
  return chosen;
}

bool Keys::areInPages() const {
  return std::all_of(segments.begin(), segments.end(), [](const KeySegment &each) { return each.pages.has_value(); });
}

Expr Keys::pageOf(const KeyBlock &block) const {
  if (block.page.defined())
    return unsafe_promise_clamped(block.page, 0, max(cache->extent, 1) - 1);
  return select(block, [&](const KeySegment &segment) {
    return kernels::pageOf(*segment.pages, segment.firstBlock + block.n, sequence(t), cache->extent);
  });
}

Expr Keys::read(bool isKey, Expr component, const KeyBlock &block, Expr i, Expr h) const {
  auto inRows = [&](const KeySegment &segment) {
    const Operand &rows = isKey ? *segment.keys : *segment.values;
    return rows.value(h * size + component, segment.row(block.n, i));
  };
  auto inPage = [&](const KeyBlock &place) {
    return cache->value(isKey ? keyPlace(size, h, i, component) : valuePlace(size, h, i, component), pageOf(place));
  };
  // One load, whatever the segment.
  if (areInPages())
    return inPage(block);
  return select(block, [&](const KeySegment &segment) {
    return segment.pages ? inPage({segment.number, block.n}) : inRows(segment);
  });
}

Expr Keys::score(Expr product, Expr query, const KeyBlock &block, Expr i, Expr head) const {
  Expr first = select(block, [](const KeySegment &segment) { return segment.firstBlock; });
  Expr offset = select(block, [](const KeySegment &segment) { return segment.offset; });
  return modifiers->apply(product, query, (first + block.n) * kKeyBlock + i + offset, head, block.segment);
}

float Keys::scale() const {
  return static_cast<float>(modifiers->score ? operationScale : operationScale * std::numbers::log2e);
}

Expr Keys::weight(Expr score, Expr maximum) const {
  Expr under = score - maximum;
  return exp2Negative(modifiers->score ? under * std::numbers::log2e_v<float> : under);
}

Func foldLanes(const std::string &name, size_t segment, Func lanes, const Var &lane, Expr (*combine)(Expr, Expr),
               OperationFuncs &funcs) {
  std::vector<Var> variables = lanes.args();
  for (int width = kKeyBlock / 2; width > 0; width /= 2) {
    auto at = [&](Expr number) {
      std::vector<Expr> place;
      for (const Var &variable : variables)
        place.push_back(variable.same_as(lane) ? number : Expr(variable));
      return lanes(place);
    };
    std::string own = ofSegment(name + "_of_" + std::to_string(2 * width), segment);
    Func halves(own);
    halves(variables) = combine(at(lane), at(lane + width));
    funcs.stages[own] = halves;
    lanes = halves;
  }
  return lanes;
}

std::string ofSegment(const std::string &name, size_t segment) {
  return segment == 0 ? name : name + "_" + std::to_string(segment);
}

Keys keysOf(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  AttentionOperands at(operation);
  Tile tile = tileOf(operands, at, funcs);
  Keys keys;
  keys.position = tile.position;
  keys.sequence = tile.sequence;
  keys.size = static_cast<int>(integerAttribute(operation, "head_size"));
  if (at.cache != kAbsent)
    keys.cache = operands[at.cache];
  std::vector<Operand> tables(operands.begin() + at.firstTable, operands.end());
  keys.modifiers.emplace(operation, tables, tile.sequence(t));
  keys.operationScale = realAttribute(operation, "scale");
  for (size_t i = 0; i < at.segments.size(); ++i) {
    Func total("total");
    KeySegment segment = placeOf(operands, at.segments[i], tile, total);
    segment.number = static_cast<int>(i);
    limit(segment, keys.modifiers->range(static_cast<int>(i)), tile, total, funcs);
    segment.modified = keys.modifiers->changes(static_cast<int>(i));
    if (at.segments[i].starts != kAbsent)
      funcs.stages.insert({ofSegment("source_start", i), segment.start});
    keys.segments.push_back(segment);
  }
  return keys;
}

std::optional<expressions::Expression> expressionOf(const Operation &operation, const std::string &name) {
  if (!operation.attributes.count(name))
    return std::nullopt;
  auto kind = name == "mask" ? expressions::Kind::Mask : expressions::Kind::Score;
  // verifyDescription has read it before.
  expressions::ParseResult parsed = expressions::parse(textAttribute(operation, name), kind);
  return parsed->isNeutral() ? std::nullopt : std::optional(*parsed);
}

} // namespace tenon::kernels
