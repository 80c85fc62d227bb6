//===- algorithm.cpp - Convolutions of each component alone ----------------===//

#include "kernels/Region.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

/// Operands: rows, weights, then a cache where there is one, starts, lengths, and with a cache past and pages. Row t of
/// a sequence is the sum of its rows t - before, t - before + 1, ..., each times a row of weights: those before the
/// first lie in the cache, or are zeros as those behind the last are.
static void depthwiseAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Var c("c"), r("r"), j("j");
  bool cached = integerAttribute(*funcs.operation, "cached") != 0;
  int before = static_cast<int>(integerAttribute(*funcs.operation, "before"));
  int width = static_cast<int>(operands[0].width()), taps = static_cast<int>(operands[1].type.shape[0]);
  size_t sequences = cached ? 3 : 2;
  const Operand &starts = operands[sequences], &lengths = operands[sequences + 1];
  Expr rows = operands[0].extent;

  Func sequence = sequenceOf("sequence", starts.value, lengths.extent, funcs.rowTile, funcs);
  Func start("start"), first("first"), inside("inside"), source("source"), convolved("convolved");
  Expr of = sequence(r / funcs.rowTile);
  start(r) = starts.value(of);
  first(r) = r - start(r) - before;
  inside(j, r) = first(r) + j >= 0 && first(r) + j < lengths.value(of);
  source(j, r) = clamp(start(r) + first(r) + j, 0, max(rows, 1) - 1);
  funcs.stages.insert({{"start", start}, {"first", first}, {"inside", inside}, {"source", source}});
  Func there("there"), place("place"), page("page");
  if (cached) {
    Expr token = operands[sequences + 2].value(of) + first(r) + j;
    there(j, r) = first(r) + j < 0 && token >= 0;
    place(j, r) = rowPlace<Expr>(width, max(token, 0) % kPageTokens, 0);
    page(j, r) = pageOf(operands[sequences + 3], max(token, 0) / kPageTokens, of, operands[2].extent);
    funcs.stages.insert({{"there", there}, {"place", place}, {"page", page}});
  }
  Expr sum;
  for (int tap = 0; tap < taps; ++tap) {
    Expr otherwise = 0.0f;
    // The first taps alone reach before the rows.
    if (cached && tap < before)
      otherwise = select(there(tap, r), operands[2].value(place(tap, r) + c, page(tap, r)), otherwise);
    Expr product = operands[1].value(c, tap) * select(inside(tap, r), operands[0].value(c, source(tap, r)), otherwise);
    sum = sum.defined() ? sum + product : product;
  }
  convolved(c, r) = sum;
  funcs.results = {convolved};
}

const Algorithms &depthwiseAlgorithms() {
  static const Algorithms algorithms = {{"depthwise", depthwiseAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
