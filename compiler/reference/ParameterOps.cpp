//===- ParameterOps.cpp - Reference semantics of parameters and tables ----===//

#include "reference/Models.h"

#include <cmath>

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static LogicalResult evaluateOp(WeightOp op, State<Scalar> &state) {
  FailureOr<Tensor<Scalar>> parameters = state.getParameters(op);
  if (failed(parameters))
    return failure();
  return state.set(op, op.getResult(), *parameters);
}

/// The exponent e of a column's angular frequency base^e, and whether the column holds the sine.
static std::pair<double, bool> getWave(TableFunction function, int64_t column, int64_t columns) {
  switch (function) {
  case TableFunction::Sinusoidal: {
    int64_t half = columns / 2;
    double exponent = half > 1 ? -static_cast<double>(column % half) / static_cast<double>(half - 1) : 0;
    return {exponent, column < half};
  }
  case TableFunction::SinusoidalEven: {
    int64_t half = columns / 2;
    return {-static_cast<double>(column % half) / static_cast<double>(half), column < half};
  }
  case TableFunction::SinusoidalInterleaved:
    return {-2.0 * static_cast<double>(column / 2) / static_cast<double>(columns), column % 2 == 0};
  case TableFunction::RotaryCosine:
    return {-static_cast<double>(column) / static_cast<double>(columns), false};
  case TableFunction::RotarySine:
    return {-static_cast<double>(column) / static_cast<double>(columns), true};
  }
  llvm_unreachable("every table function is a case above");
}

template <typename Scalar> static LogicalResult evaluateOp(PositionTableOp op, State<Scalar> &state) {
  ArrayRef<int64_t> shape = op.getType().getShape();
  double base = op.getBase().convertToDouble(), magnitude = op.getMagnitude().convertToDouble();
  std::optional<ArrayRef<double>> frequencies = op.getFrequencies();
  std::vector<Scalar> table;
  for (int64_t position = 0; position < shape[0]; ++position)
    for (int64_t column = 0; column < shape[1]; ++column) {
      auto [exponent, sine] = getWave(op.getFunction(), column, shape[1]);
      double frequency = frequencies ? (*frequencies)[column] : std::pow(base, exponent);
      double angle = static_cast<double>(position) * frequency;
      table.push_back(static_cast<float>(magnitude * (sine ? std::sin(angle) : std::cos(angle))));
    }
  return state.set(op, op.getResult(), Tensor<Scalar>(shape, std::move(table)));
}

void attachParameterOpModels(MLIRContext *context) { attachModels<WeightOp, PositionTableOp>(context); }

} // namespace tenon::reference
