//===- algorithm.cpp - Running means over the rows of each sequence --------===//

#include "kernels/Region.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

/// Operands: forget, input, then a cache where there is one, starts, lengths, and with a cache past and pages. A row is
/// forget * c + (1 - forget) * input with c the row before it: that of position past[b] - 1 in the cache for the first
/// of a sequence, or zeros.
static void scanAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Var c("c"), r("r"), b("b");
  bool cached = integerAttribute(*funcs.operation, "cached") != 0;
  int width = static_cast<int>(operands[0].width());
  size_t sequences = cached ? 3 : 2;
  Func forget = operands[0].value, input = operands[1].value, starts = operands[sequences].value;
  Expr rows = operands[0].extent;

  Func start("start"), length("length"), scanned("scanned");
  funcs.sequences = operands[sequences + 1].extent;
  start(b) = clamp(starts(b), 0, rows);
  length(b) = clamp(operands[sequences + 1].value(b), 0, rows - start(b));
  scanned(c, r) = undef<float>();
  RDom at(0, rows, 0, operands[sequences + 1].extent, "at");
  at.where(at.x < length(at.y));
  Expr first = 0.0f;
  if (cached) {
    Func place("place"), page("page");
    Expr last = max(operands[5].value(b), 0) - 1;
    place(b) = rowPlace<Expr>(width, last % kPageTokens, 0);
    page(b) = pageOf(operands[6], last / kPageTokens, b, operands[2].extent);
    first = select(operands[5].value(at.y) > 0, operands[2].value(place(at.y) + c, page(at.y)), 0.0f);
    funcs.stages.insert({{"place", place}, {"page", page}});
  }
  Expr row = unsafe_promise_clamped(start(at.y) + at.x, 0, rows - 1);
  Expr before = select(at.x == 0, first, scanned(c, max(row - 1, 0)));
  scanned(c, row) = forget(c, row) * before + (1.0f - forget(c, row)) * input(c, row);
  funcs.stages.insert({{"start", start}, {"length", length}});
  funcs.reductions.insert({{"token", at.x}, {"sequence", at.y}});
  funcs.results = {scanned};
}

const Algorithms &scanAlgorithms() {
  static const Algorithms algorithms = {{"scan", scanAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
