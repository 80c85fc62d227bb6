//===- algorithm.cpp - One row for each sequence ---------------------------===//

#include "kernels/Region.h"

#include <limits>

using namespace Halide;

namespace tenon::kernels {

/// The results' rows r are sequences. No row of the padding is read.
static void poolAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Var c("c"), r("r");
  Func x = operands[0].value, starts = operands[1].value, lengths = operands[2].value;
  Expr rows = operands[0].extent;
  Func start("start"), length("length"), skip("skip"), pooled("pooled");
  start(r) = unsafe_promise_clamped(starts(r), 0, rows);
  length(r) = unsafe_promise_clamped(lengths(r), 0, rows);
  skip(r) = operands.size() > 3 ? clamp(operands[3].value(r), 0, length(r)) : Expr(0);
  funcs.stages = {{"start", start}, {"length", length}, {"skip", skip}};
  funcs.sequences = operands[2].extent;

  const std::string &function = textAttribute(*funcs.operation, "function");
  bool one = function == "cls" || function == "last", largest = function == "max";
  Func row_sum("row_sum");
  RDom t(0, one ? Expr(1) : rows, "t");
  // The row that is looked at. Where all are skipped, the first one stands for `cls`, and none for `last`.
  Expr row = t;
  if (function == "cls")
    row = select(skip(r) < length(r), skip(r), 0) + t;
  else if (function == "last")
    row = length(r) - 1 + t;
  t.where(row < length(r));
  if (function != "cls")
    t.where(row >= skip(r));
  // Halide does not know that sequences lie within the rows.
  Expr value = x(c, unsafe_promise_clamped(start(r) + row, 0, rows - 1));
  if (function == "weighted_mean")
    value = value * cast<float>(row + 1);
  row_sum(c, r) = largest ? Expr(-std::numeric_limits<float>::infinity()) : Expr(0.0f);
  if (largest)
    row_sum(c, r) = select(value > row_sum(c, r) || is_nan(value), value, row_sum(c, r));
  else
    row_sum(c, r) += value;
  funcs.stages["row_sum"] = row_sum;
  funcs.reductions["t"] = t.x;

  // Of the rows from s to n - 1; where there are none, the sum is 0.
  Expr n = cast<float>(length(r)), s = cast<float>(skip(r));
  Expr weights = function == "weighted_mean" ? 0.5f * (n * (n + 1.0f) - s * (s + 1.0f)) : n - s;
  if (function == "mean_sqrt")
    weights = sqrt(weights);
  pooled(c, r) = one || largest ? row_sum(c, r) : row_sum(c, r) / max(weights, 1.0f);
  funcs.results = {pooled};
}

const Algorithms &poolingAlgorithms() {
  static const Algorithms algorithms = {{"pool", poolAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
