//===- algorithm.cpp - New rows of keys and values into the pages of a cache //

#include "kernels/Region.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

/// Operands: cache, keys, values, starts, lengths, past, pages. Row r of sequence b is key past[b] + r - starts[b].
/// Only what the new rows fill is written, and the cache that comes in is not read.
void cacheAppendAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Var f("f"), p("p"), r("r");
  int size = static_cast<int>(integerAttribute(*funcs.operation, "head_size"));
  int heads = static_cast<int>(integerAttribute(*funcs.operation, "key_value_heads"));
  Expr rows = operands[1].extent;
  Func sequence = sequenceOf("sequence", operands[3].value, operands[4].extent, 1, funcs);
  Func within("within"), position("position"), isNew("is_new"), page("page");
  within(r) = r - operands[3].value(sequence(r));
  isNew(r) = within(r) >= 0 && within(r) < operands[4].value(sequence(r));
  position(r) = max(operands[5].value(sequence(r)) + within(r), 0);
  page(r) = pageOf(operands[6], position(r) / kPageKeys, sequence(r), operands[0].extent);

  Func cache("cache");
  cache(f, p) = undef<float>();
  for (bool isKey : {true, false}) {
    std::string name = isKey ? "key_" : "value_";
    RDom at(0, size, 0, heads, 0, rows, name);
    at.where(isNew(at.z));
    Expr first = at.y * (2 * size * kPageKeys), slot = position(at.z) % kPageKeys;
    Expr place = isKey ? first + at.x * kPageKeys + slot : first + size * kPageKeys + slot * size + at.x;
    cache(place, page(at.z)) = operands[isKey ? 1 : 2].value(at.y * size + at.x, at.z);
    funcs.reductions.insert({{name + "component", at.x}, {name + "head", at.y}, {name + "row", at.z}});
  }
  funcs.stages.insert({{"is_new", isNew}, {"position", position}, {"page", page}});
  funcs.results = {cache};
}

} // namespace tenon::kernels
