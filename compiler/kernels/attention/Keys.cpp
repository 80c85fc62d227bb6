//===- Keys.cpp - Which keys a tile of queries sees ------------------------===//

#include "kernels/attention/Keys.h"
#include "kernels/Sequences.h"
#include "kernels/attention/Expressions.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var t("t");

/// Keys and values as rows of the batch, the sequence's own.
void readRows(const std::vector<Operand> &operands, int size, Func start, Func firstBlock, Keys &keys) {
  Expr rows = operands[1].extent;
  auto read = [=](const Operand &operand) {
    return [=](Expr component, Expr n, Expr i, Expr h) {
      Expr row = start(t) + (firstBlock(t) + n) * kKeyBlock + i;
      return operand.value(h * size + component, clamp(row, 0, rows - 1));
    };
  };
  keys.key = read(operands[1]);
  keys.value = read(operands[2]);
}

/// Keys and values in the pages of the sequence.
void readPages(const Operand &cache, const Operand &table, int size, Func sequence, Func firstBlock, Keys &keys) {
  auto read = [=](bool isKey) {
    return [=](Expr component, Expr n, Expr i, Expr h) {
      Expr place = isKey ? keyPlace(size, h, i, component) : valuePlace(size, h, i, component);
      return cache.value(place, pageOf(table, firstBlock(t) + n, sequence(t), cache.extent));
    };
  };
  keys.key = read(true);
  keys.value = read(false);
}

/// The expressions of an operation, over the tables that are its last operands.
struct MaskAndScore {
  std::optional<expressions::Expression> mask, score;
  std::function<Expr(int n, Expr i, Expr j)> table;
  Expr sequence;
  int heads;

  MaskAndScore(const std::vector<Operand> &operands, const OperationFuncs &funcs, Expr sequence)
      : mask(expressionOf(*funcs.operation, "mask")), score(expressionOf(*funcs.operation, "score")),
        sequence(sequence), heads(static_cast<int>(integerAttribute(*funcs.operation, "heads"))) {
    size_t count = static_cast<size_t>(integerAttribute(*funcs.operation, "tables"));
    std::vector<Operand> tables(operands.end() - static_cast<std::ptrdiff_t>(count), operands.end());
    table = [tables](int n, Expr i, Expr j) {
      const Operand &one = tables[static_cast<size_t>(n)];
      return one.value(clamp(j, 0, one.innerExtent - 1), clamp(i, 0, one.extent - 1));
    };
  }

  KeyRange range() const {
    return mask ? keyRange(*mask, {Expr(), Expr(), Expr(), sequence, Expr(), table}, heads) : KeyRange{0, Expr()};
  }

  /// The product stands alone in the innermost select, so that it is computed for all keys of a block alike.
  Expr apply(Expr product, Expr query, Expr key, Expr head) const {
    Point point{query, key, head, sequence, product, table};
    Expr value = score ? exprOf(*score, point) * static_cast<float>(kLog2E) : product;
    return mask ? select(exprOf(*mask, point), value, kUnseen) : value;
  }
};

} // namespace

std::optional<expressions::Expression> expressionOf(const Operation &operation, const std::string &name) {
  if (!operation.attributes.count(name))
    return std::nullopt;
  auto kind = name == "mask" ? expressions::Kind::Mask : expressions::Kind::Score;
  // verifyDescription has read it before.
  expressions::ParseResult parsed = expressions::parse(textAttribute(operation, name), kind);
  return parsed->isNeutral() ? std::nullopt : std::optional(*parsed);
}

Keys keysOf(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  bool cached = integerAttribute(operation, "cached") != 0;
  int size = static_cast<int>(integerAttribute(operation, "head_size")), tile = funcs.rowTile;
  const Operand &starts = operands[cached ? 2 : 3], &lengths = operands[cached ? 3 : 4];
  Expr rows = operands[0].extent;

  Keys keys;
  Func sequence = sequenceOf("sequence", starts.value, lengths.extent, tile, funcs);
  Func start("start"), length("length"), past("past"), total("total"), position("position"), count("count");
  Func firstBlock("first_block");
  start(t) = unsafe_promise_clamped(starts.value(sequence(t)), 0, rows);
  length(t) = unsafe_promise_clamped(lengths.value(sequence(t)), 0, rows);
  past(t) = cached ? max(operands[4].value(sequence(t)), 0) : Expr(0);
  keys.mostBlocks = cached ? operands[5].innerExtent : (rows + kKeyBlock - 1) / kKeyBlock;
  bool ownKeys = integerAttribute(operation, "own_keys") != 0;
  Expr all = ownKeys ? max(operands[6].value(sequence(t)), 0) : past(t) + length(t);
  total(t) = min(all, keys.mostBlocks * kKeyBlock);
  Expr within = t * tile - start(t);
  position(t) = past(t) + within;
  MaskAndScore modifiers(operands, funcs, sequence(t));
  KeyRange range = modifiers.range();
  // A tile of padding sees nothing.
  Expr first = 0, seen = select(within < length(t), total(t), 0);
  Expr last = min(position(t) + (tile - 1), past(t) + length(t) - 1);
  auto ofTile = [&](Expr bound) {
    return Internal::substitute("last_query", last, Internal::substitute("first_query", position(t), bound));
  };
  if (range.last.defined())
    seen = min(seen, max(ofTile(range.last), -1) + 1);
  if (range.first.defined() && !Internal::is_const_zero(range.first))
    first = clamp(ofTile(range.first), 0, seen) / kKeyBlock;
  firstBlock(t) = first;
  count(t) = unsafe_promise_clamped(seen - firstBlock(t) * kKeyBlock, 0, keys.mostBlocks * kKeyBlock);
  keys.position = position;
  keys.count = count;
  funcs.stages.insert({{"start", start},
                       {"length", length},
                       {"past", past},
                       {"position", position},
                       {"first_block", firstBlock},
                       {"count", count}});
  keys.modified = modifiers.mask || modifiers.score;
  keys.scale = modifiers.score ? 1 : kLog2E;
  keys.score = [=](Expr product, Expr query, Expr n, Expr i, Expr head) {
    return modifiers.apply(product, query, (firstBlock(t) + n) * kKeyBlock + i, head);
  };
  if (cached)
    readPages(operands[1], operands[5], size, sequence, firstBlock, keys);
  else
    readRows(operands, size, start, firstBlock, keys);
  funcs.sequences = lengths.extent;
  return keys;
}

} // namespace tenon::kernels
