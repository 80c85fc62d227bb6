//===- algorithm.cpp - Operations on each row by itself --------------------===//

#include "kernels/Elementary.h"
#include "kernels/Region.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), g("g"), lane("lane");

/// Lanes in which sums over a row are kept. A constant, so that every target adds in the same order.
constexpr int kSumLanes = 16;

/// The sum of term(c, r) over the `width` columns of each group g of a row: in lanes first, then over the lanes. The
/// partial sums are the stage `name`_lanes, the sums `name`.
Func rowSum(const std::string &name, Func term, int width, OperationFuncs &funcs) {
  Func lanes(name + "_lanes"), sum(name);
  lanes(lane, g, r) = 0.0f;
  if (int whole = width / kSumLanes) {
    RDom block(0, whole, "block");
    lanes(lane, g, r) += term(g * width + block * kSumLanes + lane, r);
  }
  if (int rest = width % kSumLanes) {
    RDom column(0, rest, "column");
    lanes(column, g, r) += term(g * width + (width - rest + column), r);
  }
  RDom all(0, kSumLanes, "all");
  sum(g, r) = 0.0f;
  sum(g, r) += lanes(all, g, r);
  funcs.stages[name + "_lanes"] = lanes;
  funcs.stages[name] = sum;
  funcs.reductions[name] = all.x;
  funcs.sumsOfLanes.insert(sum.name());
  return sum;
}

} // namespace

static void addAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Func sum("sum");
  sum(c, r) = operands[0].value(c, r) + operands[1].value(c, r);
  funcs.results = {sum};
}

static void multiplyAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Func product("elementwise_product");
  product(c, r) = operands[0].value(c, r) * operands[1].value(c, r);
  funcs.results = {product};
}

static void scaleAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Func scaled("scaled");
  scaled(c, r) = operands[0].value(c, r) * static_cast<float>(realAttribute(*funcs.operation, "factor"));
  funcs.results = {scaled};
}

/// cap * tanh(x / cap).
static void softcapAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Func capped("capped");
  float cap = static_cast<float>(realAttribute(*funcs.operation, "cap"));
  capped(c, r) = activation("tanh", operands[0].value(c, r) * (1.0f / cap)) * cap;
  funcs.results = {capped};
}

static void activationAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Func activated("activated");
  activated(c, r) = activation(textAttribute(*funcs.operation, "function"), operands[0].value(c, r));
  funcs.results = {activated};
}

/// Each column is that of one operand; the others' are brought into their widths and not read.
static void concatAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  int first = 0;
  Expr value;
  for (const Operand &operand : operands) {
    int width = static_cast<int>(operand.width());
    Expr part = operand.value(clamp(c - first, 0, width - 1), r);
    value = value.defined() ? select(c < first, value, part) : part;
    first += width;
  }
  Func joined("joined");
  joined(c, r) = value;
  funcs.results = {joined};
}

static void splitAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  int first = 0;
  for (const TensorType &result : funcs.operation->results) {
    Func part("part");
    part(c, r) = operands[0].value(c + first, r);
    funcs.results.push_back(part);
    first += static_cast<int>(result.shape[1]);
  }
}

/// Padding rows hold any ids: they are brought into the table. Where positions are given, rows of position 0 are zeros.
static void embedAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  Func embedded("embedded");
  int offset = static_cast<int>(integerAttribute(*funcs.operation, "offset"));
  const std::vector<int64_t> &table = operands[1].type.shape;
  int panel = table.size() == 3 ? static_cast<int>(table[2]) : 0;
  int last = static_cast<int>(table[0]) * std::max(panel, 1) - 1;
  // The offset is added after a first clamp, so that no id makes the sum overflow.
  Expr id = clamp(operands[0].value(r), -offset, last - offset) + offset;
  Expr row = clamp(id, 0, last);
  Expr value = panel ? operands[1].value(row % panel, c, row / panel) : operands[1].value(c, row);
  if (operands.size() == 3)
    value = select(operands[2].value(r) == 0, 0.0f, value);
  embedded(c, r) = value;
  funcs.results = {embedded};
}

static void rotaryAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const Operation &operation = *funcs.operation;
  int headSize = static_cast<int>(integerAttribute(operation, "head_size"));
  int dims = static_cast<int>(integerAttribute(operation, "dims")), half = dims / 2;
  bool interleaved = integerAttribute(operation, "interleaved") != 0;
  Func x = operands[0].value;
  Expr position = clamp(operands[1].value(r), 0, static_cast<int>(operands[2].type.shape[0]) - 1);
  Expr i = c % headSize, headStart = c / headSize * headSize;
  // The pair that a component belongs to, whether it comes first in it, and the other one.
  Expr turned = min(i, dims - 1);
  Expr pair = interleaved ? turned / 2 : turned % half;
  Expr first = interleaved ? turned % 2 == 0 : turned < half;
  Expr partner = interleaved ? select(first, turned + 1, turned - 1) : select(first, turned + half, turned - half);
  Expr cosine = operands[2].value(pair, position), sine = operands[3].value(pair, position);
  // Halide does not see that the partner lies in the same head.
  Expr other = x(unsafe_promise_clamped(headStart + partner, 0, static_cast<int>(operands[0].width()) - 1), r);
  Func rotated("rotated");
  rotated(c, r) = select(i < dims, x(c, r) * cosine + select(first, -other, other) * sine, x(c, r));
  funcs.results = {rotated};
}

static void normAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs) {
  const std::string &function = textAttribute(*funcs.operation, "function");
  float epsilon = static_cast<float>(realAttribute(*funcs.operation, "epsilon"));
  float offset = static_cast<float>(realAttribute(*funcs.operation, "weight_offset", 0.0));
  int groups = static_cast<int>(integerAttribute(*funcs.operation, "groups", 1));
  int width = static_cast<int>(operands[0].width()) / groups;
  // Of one group nothing is divided, so that vectors of columns stay vectors.
  Expr group = groups == 1 ? Expr(0) : c / width, column = groups == 1 ? Expr(c) : c % width;
  Func x = operands[0].value, centred("centred"), square("square"), factor("factor"), normalised("normalised");
  if (function == "layernorm") {
    Func mean("mean");
    mean(g, r) = rowSum("row_sum", x, width, funcs)(g, r) / width;
    funcs.stages["mean"] = mean;
    centred(c, r) = x(c, r) - mean(group, r);
  } else {
    centred(c, r) = x(c, r);
  }
  square(c, r) = centred(c, r) * centred(c, r);
  Func squares = rowSum("square_sum", square, width, funcs);
  if (function == "l2")
    factor(g, r) = keepNaN(squares(g, r), 1.0f / max(sqrt(squares(g, r)), epsilon));
  else
    factor(g, r) = 1.0f / sqrt(squares(g, r) / width + epsilon);
  funcs.stages["factor"] = factor;
  Expr value = centred(c, r) * factor(group, r);
  if (operands.size() > 1) {
    Expr gamma = operands[1].value(column);
    value = value * (offset == 0.0f ? gamma : gamma + offset);
  }
  if (operands.size() > 2)
    value = value + operands[2].value(column);
  normalised(c, r) = value;
  funcs.results = {normalised};
}

const Algorithms &rowwiseAlgorithms() {
  static const Algorithms algorithms = {
      {"add", addAlgorithm},      {"multiply", multiplyAlgorithm},     {"softcap", softcapAlgorithm},
      {"scale", scaleAlgorithm},  {"activation", activationAlgorithm}, {"split", splitAlgorithm},
      {"embed", embedAlgorithm},  {"rotary", rotaryAlgorithm},         {"norm", normAlgorithm},
      {"concat", concatAlgorithm}};
  return algorithms;
}

} // namespace tenon::kernels
