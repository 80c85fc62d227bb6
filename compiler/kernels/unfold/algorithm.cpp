//===- algorithm.cpp - Each row with its neighbours ------------------------===//

#include "kernels/Region.h"
#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

/// Operands: rows, their starts and lengths, the result's starts and lengths. Column c * window + j of a sequence's row
/// t is component c of its row t * stride + j - window / 2, zero outside of the sequence.
static void unfoldAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Var c("c"), r("r"), j("j");
  int window = static_cast<int>(integerAttribute(*funcs.operation, "window"));
  int stride = static_cast<int>(integerAttribute(*funcs.operation, "stride", 1));
  Expr rows = operands[0].extent;
  Func sequence = sequenceOf("sequence", operands[3].value, operands[4].extent, funcs.rowTile, funcs);
  Func start("start"), length("length"), first("first"), inside("inside"), source("source"), unfolded("unfolded");
  Expr of = sequence(r / funcs.rowTile);
  start(r) = operands[1].value(of);
  length(r) = clamp(operands[2].value(of), 0, rows);
  first(r) = (r - operands[3].value(of)) * stride - window / 2;
  inside(j, r) = first(r) + j >= 0 && first(r) + j < length(r);
  source(j, r) = clamp(start(r) + first(r) + j, 0, max(rows, 1) - 1);
  Expr neighbour = c % window;
  unfolded(c, r) = select(inside(neighbour, r), operands[0].value(c / window, source(neighbour, r)), 0.0f);
  funcs.stages.insert({{"start", start}, {"length", length}, {"first", first}, {"inside", inside}, {"source", source}});
  funcs.results = {unfolded};
}

const Algorithms &unfoldAlgorithms() {
  static const Algorithms algorithms = {{"unfold", unfoldAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
