//===- algorithm.cpp - New rows of keys and values into the pages of a cache //

#include "kernels/Region.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var f("f"), p("p"), r("r");

/// Where the new rows go. Row r of sequence b has position past[b] + r - starts[b].
struct Places {
  Func isNew{"is_new"}, position{"position"}, page{"page"};
};

/// `operands` are a cache and others, then from `sequences` on starts, lengths, past and pages.
Places placesOf(const std::vector<Operand> &operands, size_t sequences, OperationFuncs &funcs) {
  const Operand &starts = operands[sequences], &lengths = operands[sequences + 1];
  Func sequence = sequenceOf("sequence", starts.value, lengths.extent, 1, funcs);
  Places places;
  Func within("within");
  within(r) = r - starts.value(sequence(r));
  places.isNew(r) = within(r) >= 0 && within(r) < lengths.value(sequence(r));
  places.position(r) = max(operands[sequences + 2].value(sequence(r)) + within(r), 0);
  places.page(r) = pageOf(operands[sequences + 3], places.position(r) / kPageTokens, sequence(r), operands[0].extent);
  funcs.stages.insert({{"is_new", places.isNew}, {"position", places.position}, {"page", places.page}});
  return places;
}

} // namespace

/// Operands: cache, keys, values, starts, lengths, past, pages. Only what the new rows
/// fill is written, and the cache that comes in is not read.
static void cacheAppendAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  int size = static_cast<int>(integerAttribute(*funcs.operation, "head_size"));
  int heads = static_cast<int>(integerAttribute(*funcs.operation, "key_value_heads"));
  Expr rows = operands[1].extent;
  auto [isNew, position, page] = placesOf(operands, 3, funcs);
  Func cache("cache");
  cache(f, p) = undef<float>();
  for (bool isKey : {true, false}) {
    std::string name = isKey ? "key_" : "value_";
    RDom at(0, size, 0, heads, 0, rows, name);
    at.where(isNew(at.z));
    Expr slot = position(at.z) % kPageTokens;
    Expr place = isKey ? keyPlace<Expr>(size, at.y, slot, at.x) : valuePlace<Expr>(size, at.y, slot, at.x);
    cache(place, page(at.z)) = operands[isKey ? 1 : 2].value(at.y * size + at.x, at.z);
    funcs.reductions.insert({{name + "component", at.x}, {name + "head", at.y}, {name + "row", at.z}});
  }
  funcs.results = {cache};
}

/// Operands: cache, rows, starts, lengths, past, pages. Token t's row is row t mod kPageTokens of its page.
static void appendRowsAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  int width = static_cast<int>(operands[1].width());
  auto [isNew, position, page] = placesOf(operands, 2, funcs);
  Func cache("cache");
  cache(f, p) = undef<float>();
  RDom at(0, width, 0, operands[1].extent, "row_");
  at.where(isNew(at.y));
  cache(rowPlace<Expr>(width, position(at.y) % kPageTokens, at.x), page(at.y)) = operands[1].value(at.x, at.y);
  funcs.reductions.insert({{"row_component", at.x}, {"row_row", at.y}});
  funcs.results = {cache};
}

const Algorithms &cacheAppendAlgorithms() {
  static const Algorithms algorithms = {{"cache_append", cacheAppendAlgorithm}, {"append_rows", appendRowsAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
