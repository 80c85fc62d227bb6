//===- algorithm.cpp - One row for each sequence ---------------------------===//

#include "kernels/Region.h"

using namespace Halide;

namespace tenon::kernels {

/// The results' rows r are sequences. No row of the padding is read.
static void poolAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Var c("c"), r("r");
  Func x = operands[0].value, starts = operands[1].value, lengths = operands[2].value;
  Expr rows = operands[0].extent;
  Func start("start"), length("length"), pooled("pooled");
  start(r) = unsafe_promise_clamped(starts(r), 0, rows);
  length(r) = unsafe_promise_clamped(lengths(r), 0, rows);
  funcs.stages = {{"start", start}, {"length", length}};

  const std::string &function = textAttribute(*funcs.operation, "function");
  Func row_sum("row_sum");
  RDom t(0, function == "mean" ? rows : Expr(1), "t");
  Expr first = start(r) + (function == "last" ? length(r) - 1 : Expr(0));
  t.where(t < length(r));
  row_sum(c, r) = 0.0f;
  // Halide does not know that sequences lie within the rows.
  row_sum(c, r) += x(c, unsafe_promise_clamped(first + t, 0, rows - 1));
  funcs.stages["row_sum"] = row_sum;
  funcs.reductions["t"] = t.x;
  if (function == "mean")
    pooled(c, r) = row_sum(c, r) / cast<float>(max(length(r), 1));
  else
    pooled(c, r) = row_sum(c, r);
  funcs.results = {pooled};
}

const Algorithms &poolingAlgorithms() {
  static const Algorithms algorithms = {{"pool", poolAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
