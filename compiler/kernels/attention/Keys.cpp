//===- Keys.cpp - Which keys a tile of queries sees ------------------------===//

#include "kernels/attention/Keys.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var t("t");

/// Keys and values as rows of the batch, the sequence's own.
void readRows(const std::vector<Operand> &operands, int size, Func start, Keys &keys) {
  Expr rows = operands[1].extent;
  auto read = [=](const Operand &operand) {
    return [=](Expr component, Expr n, Expr i, Expr h) {
      Expr row = start(t) + n * kKeyBlock + i;
      return operand.value(h * size + component, clamp(row, 0, rows - 1));
    };
  };
  keys.key = read(operands[1]);
  keys.value = read(operands[2]);
}

/// Keys and values in the pages of the sequence.
void readPages(const Operand &cache, const Operand &table, int size, Keys &keys) {
  Func sequence = keys.sequence;
  auto read = [=](bool isKey) {
    return [=](Expr component, Expr n, Expr i, Expr h) {
      Expr first = h * (2 * size * kPageKeys);
      Expr place = isKey ? first + component * kPageKeys + i : first + size * kPageKeys + i * size + component;
      return cache.value(place, pageOf(table, n, sequence(t), cache.extent));
    };
  };
  keys.key = read(true);
  keys.value = read(false);
}

} // namespace

Keys keysOf(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  bool cached = integerAttribute(operation, "cached") != 0;
  int size = static_cast<int>(integerAttribute(operation, "head_size")), tile = funcs.rowTile;
  const Operand &starts = operands[cached ? 2 : 3], &lengths = operands[cached ? 3 : 4];
  Expr rows = operands[0].extent;

  Keys keys;
  keys.sequence = sequenceOf("sequence", starts.value, lengths.extent, tile, funcs);
  Func start("start"), length("length"), past("past"), total("total"), position("position"), count("count");
  start(t) = unsafe_promise_clamped(starts.value(keys.sequence(t)), 0, rows);
  length(t) = unsafe_promise_clamped(lengths.value(keys.sequence(t)), 0, rows);
  past(t) = cached ? max(operands[4].value(keys.sequence(t)), 0) : Expr(0);
  keys.mostBlocks = cached ? operands[5].innerExtent : (rows + kKeyBlock - 1) / kKeyBlock;
  total(t) = min(past(t) + length(t), keys.mostBlocks * kKeyBlock);
  Expr within = t * tile - start(t);
  position(t) = past(t) + within;
  // A tile of padding sees nothing.
  Expr seen = select(within < length(t), total(t), 0);
  if (operation.attributes.count("mask")) {
    keys.masked = true;
    keys.sees = [](Expr query, Expr n, Expr i, Expr head) { return n * kKeyBlock + i <= query; };
    seen = min(seen, position(t) + tile);
  }
  count(t) = unsafe_promise_clamped(seen, 0, keys.mostBlocks * kKeyBlock);
  keys.position = position;
  keys.count = count;
  funcs.stages.insert({{"start", start}, {"length", length}, {"past", past}, {"position", position}, {"count", count}});
  if (cached)
    readPages(operands[1], operands[5], size, keys);
  else
    readRows(operands, size, start, keys);
  funcs.sequences = lengths.extent;
  return keys;
}

} // namespace tenon::kernels
