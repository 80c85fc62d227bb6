//===- algorithm.cpp - Matrix product with weights in panels ---------------===//

#include "kernels/Region.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

/// Columns of the panels that plain weights are rearranged into: three vectors of the widest target.
constexpr int kPlainPanel = 48;

const Var c("c"), r("r"), j("j"), k("k"), p("p");

/// Weights [N, K] as panels (j, k, p), zero past the last column.
Func panelsOf(Func plain, int width, int panel) {
  Func panels("panels");
  Expr n = p * panel + j;
  panels(j, k, p) = select(n < width, plain(k, min(n, width - 1)), 0.0f);
  return panels;
}

} // namespace

static void linearAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  int width = static_cast<int>(funcs.operation->results[0].shape[1]);
  const TensorType &weightType = operands[1].type;
  bool packed = weightType.shape.size() == 3;
  int panel = packed ? static_cast<int>(weightType.shape[2]) : kPlainPanel;
  Func weights = operands[1].value;
  if (!packed) {
    weights = panelsOf(weights, width, panel);
    funcs.stages["panels"] = weights;
  }

  // One accumulator per output, over k in order: an output's bits depend on nothing but its row and column.
  Func product("product"), result("linear");
  RDom depth(0, static_cast<int>(operands[0].width()), "depth");
  product(c, r) = 0.0f;
  product(c, r) += operands[0].value(depth, r) * weights(c % panel, depth, c / panel);
  Expr value = product(c, r);
  if (operands.size() == 3)
    value = value + operands[2].value(c);
  result(c, r) = value;
  funcs.stages["product"] = product;
  funcs.reductions["depth"] = depth.x;
  funcs.results = {result};
}

const Algorithms &linearAlgorithms() {
  static const Algorithms algorithms = {{"linear", linearAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
