//===- RowOps.cpp - Reference semantics of operations on rows -------------===//

#include "reference/Models.h"

#include "llvm/ADT/Sequence.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static LogicalResult evaluateOp(EmbedOp op, State<Scalar> &state) {
  const Tensor<Scalar> &ids = state.get(op.getIds()), &table = state.get(op.getTable());
  int64_t panel = table.rank() == 3 ? table.dim(2) : 1, rows = table.dim(0) * panel, columns = table.dim(1);
  if (rows == 0 && ids.size() > 0)
    return op.emitError() << "picks rows of an empty table";
  std::vector<Scalar> result;
  result.reserve(ids.size() * columns);
  const Tensor<Scalar> *positions = state.find(op.getPositions());
  for (auto [index, id] : llvm::enumerate(ids.ints())) {
    if (positions && positions->ints()[index] == 0) {
      result.insert(result.end(), columns, Scalar(0));
      continue;
    }
    int64_t row = std::clamp<int64_t>(id + static_cast<int64_t>(op.getOffset()), 0, rows - 1);
    for (int64_t k = 0; k < columns; ++k)
      result.push_back(table.values()[(row / panel * columns + k) * panel + row % panel]);
  }
  SmallVector<int64_t> shape(ids.shape());
  shape.push_back(columns);
  return state.set(op, op.getResult(), Tensor<Scalar>(shape, std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(LinearOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput()), &weight = state.get(op.getWeight());
  const Tensor<Scalar> *bias = state.find(op.getBias());
  int64_t rows = input.rows(), inputs = input.columns(), outputs = op.getType().getShape().back();
  int64_t panel = weight.rank() == 3 ? weight.dim(2) : 0;
  auto weightAt = [&, values = weight.values()](int64_t n, int64_t k) {
    return panel == 0 ? values[n * inputs + k] : values[(n / panel * inputs + k) * panel + n % panel];
  };

  // Rows are innermost: their sums are independent, so that the compiler may vectorise without reordering any of them.
  std::vector<Scalar> transposed(rows * inputs), sums(rows), result(rows * outputs);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < inputs; ++k)
      transposed[k * rows + r] = input.values()[r * inputs + k];
  for (int64_t n = 0; n < outputs; ++n) {
    std::fill(sums.begin(), sums.end(), Scalar(0));
    for (int64_t k = 0; k < inputs; ++k) {
      Scalar factor = weightAt(n, k);
      const Scalar *column = transposed.data() + k * rows;
      for (int64_t r = 0; r < rows; ++r)
        sums[r] += column[r] * factor;
    }
    for (int64_t r = 0; r < rows; ++r)
      result[r * outputs + n] = bias ? bias->values()[n] + sums[r] : sums[r];
  }
  SmallVector<int64_t> shape(input.shape().drop_back());
  shape.push_back(outputs);
  return state.set(op, op.getResult(), Tensor<Scalar>(shape, std::move(result)));
}

template <typename Op, typename Scalar, typename Function>
static LogicalResult evaluateUnary(Op op, State<Scalar> &state, Function function) {
  const Tensor<Scalar> &input = state.get(op.getInput());
  std::vector<Scalar> result(input.size());
  std::transform(input.values().begin(), input.values().end(), result.begin(), function);
  return state.set(op, op.getResult(), Tensor<Scalar>(input.shape(), std::move(result)));
}

template <typename Op, typename Scalar, typename Function>
static LogicalResult evaluateBinary(Op op, State<Scalar> &state, Function function) {
  const Tensor<Scalar> &lhs = state.get(op.getLhs()), &rhs = state.get(op.getRhs());
  if (lhs.shape() != rhs.shape())
    return op.emitError() << "operands have shapes [" << lhs.shape() << "] and [" << rhs.shape()
                          << "], expected the same";
  std::vector<Scalar> result(lhs.size());
  std::transform(lhs.values().begin(), lhs.values().end(), rhs.values().begin(), result.begin(), function);
  return state.set(op, op.getResult(), Tensor<Scalar>(lhs.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(AddOp op, State<Scalar> &state) {
  return evaluateBinary(op, state, [](Scalar a, Scalar b) { return a + b; });
}

template <typename Scalar> static LogicalResult evaluateOp(MultiplyOp op, State<Scalar> &state) {
  return evaluateBinary(op, state, [](Scalar a, Scalar b) { return a * b; });
}

template <typename Scalar> static LogicalResult evaluateOp(ScaleOp op, State<Scalar> &state) {
  Scalar factor = static_cast<float>(op.getFactor().convertToDouble());
  return evaluateUnary(op, state, [=](Scalar x) { return x * factor; });
}

template <typename Scalar> static Scalar gelu(Scalar x) {
  return x * (Scalar(0.5) * (Scalar(1) + std::erf(x * Scalar(0.70710678118654752440))));
}

template <typename Scalar> static Scalar geluTanh(Scalar x) {
  Scalar root = Scalar(0.79788456080286535588); // √(2/π)
  return Scalar(0.5) * x * (Scalar(1) + std::tanh(root * (x + Scalar(0.044715) * x * x * x)));
}

template <typename Scalar> static LogicalResult evaluateOp(ActivationOp op, State<Scalar> &state) {
  switch (op.getFunction()) {
  case ActivationFunction::Gelu:
    return evaluateUnary(op, state, [](Scalar x) { return gelu(x); });
  case ActivationFunction::GeluTanh:
    return evaluateUnary(op, state, [](Scalar x) { return geluTanh(x); });
  case ActivationFunction::Relu:
    return evaluateUnary(op, state, [](Scalar x) { return x < 0 ? Scalar(0) : x; });
  case ActivationFunction::Silu:
    return evaluateUnary(op, state, [](Scalar x) { return x / (Scalar(1) + std::exp(-x)); });
  case ActivationFunction::Sigmoid:
    return evaluateUnary(op, state, [](Scalar x) { return Scalar(1) / (Scalar(1) + std::exp(-x)); });
  case ActivationFunction::Tanh:
    return evaluateUnary(op, state, [](Scalar x) { return std::tanh(x); });
  case ActivationFunction::ReluSquared:
    return evaluateUnary(op, state, [](Scalar x) { return x < 0 ? Scalar(0) : x * x; });
  case ActivationFunction::QuickGelu:
    return evaluateUnary(op, state, [](Scalar x) { return x / (Scalar(1) + std::exp(Scalar(-1.702) * x)); });
  }
  llvm_unreachable("every activation function is a case above");
}

template <typename Scalar> static LogicalResult evaluateOp(SoftcapOp op, State<Scalar> &state) {
  Scalar cap = static_cast<float>(op.getCap().convertToDouble());
  return evaluateUnary(op, state, [=](Scalar x) { return cap * std::tanh(x / cap); });
}

template <typename Scalar, typename Function> static Scalar sum(ArrayRef<Scalar> row, Function function) {
  Scalar total = 0;
  for (Scalar x : row)
    total += function(x);
  return total;
}

/// What is subtracted from a row, and what it is divided by then.
template <typename Scalar>
static std::pair<Scalar, Scalar> getShiftAndDivisor(NormFunction function, ArrayRef<Scalar> row, Scalar epsilon) {
  Scalar width = static_cast<Scalar>(row.size());
  auto square = [](Scalar x) { return x * x; };
  switch (function) {
  case NormFunction::LayerNorm: {
    Scalar mean = sum(row, [](Scalar x) { return x; }) / width;
    Scalar variance = sum(row, [&](Scalar x) { return square(x - mean); }) / width;
    return {mean, std::sqrt(variance + epsilon)};
  }
  case NormFunction::RMSNorm:
    return {0, std::sqrt(sum(row, square) / width + epsilon)};
  case NormFunction::L2:
    return {0, std::max(std::sqrt(sum(row, square)), epsilon)};
  }
  llvm_unreachable("every norm function is a case above");
}

template <typename Scalar> static LogicalResult evaluateOp(NormOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput());
  const Tensor<Scalar> *scale = state.find(op.getScale()), *bias = state.find(op.getBias());
  Scalar epsilon = static_cast<Scalar>(op.getEpsilon().convertToDouble());
  Scalar offset = static_cast<Scalar>(op.getWeightOffset().convertToDouble());
  int64_t size = input.columns() / static_cast<int64_t>(op.getGroups());
  std::vector<Scalar> result;
  result.reserve(input.size());
  for (int64_t begin = 0; begin < input.size(); begin += size) {
    ArrayRef<Scalar> group = input.values().slice(begin, size);
    auto [shift, divisor] = getShiftAndDivisor(op.getFunction(), group, epsilon);
    for (auto [i, x] : llvm::enumerate(group)) {
      Scalar value = (x - shift) / divisor;
      if (scale)
        value *= scale->values()[i] + offset;
      if (bias)
        value += bias->values()[i];
      result.push_back(value);
    }
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(input.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(RotaryOp op, State<Scalar> &state) {
  const Tensor<Scalar> &input = state.get(op.getInput()), &positions = state.get(op.getPositions());
  const Tensor<Scalar> &cosine = state.get(op.getCosine()), &sine = state.get(op.getSine());
  int64_t columns = input.columns(), headSize = op.getHeadSize(), pairs = op.getDims() / 2;
  std::vector<Scalar> result = input.values().vec();
  for (int64_t r = 0; r < input.rows(); ++r) {
    int64_t position = std::clamp<int64_t>(positions.ints()[r], 0, cosine.rows() - 1);
    for (int64_t head = 0; head < columns; head += headSize)
      for (int64_t i = 0; i < pairs; ++i) {
        int64_t base = r * columns + head;
        int64_t first = base + (op.getInterleaved() ? 2 * i : i);
        int64_t second = base + (op.getInterleaved() ? 2 * i + 1 : i + pairs);
        Scalar a = input.values()[first], b = input.values()[second];
        Scalar c = cosine.row(position)[i], s = sine.row(position)[i];
        result[first] = a * c - b * s;
        result[second] = b * c + a * s;
      }
  }
  return state.set(op, op.getResult(), Tensor<Scalar>(input.shape(), std::move(result)));
}

template <typename Scalar> static LogicalResult evaluateOp(SplitOp op, State<Scalar> &state) {
  const Tensor<Scalar> input = state.get(op.getInput());
  int64_t begin = 0;
  for (Value part : op.getResults()) {
    int64_t columns = cast<RankedTensorType>(part.getType()).getShape().back();
    std::vector<Scalar> values;
    for (int64_t r = 0; r < input.rows(); ++r)
      llvm::append_range(values, input.row(r).slice(begin, columns));
    SmallVector<int64_t> shape(input.shape().drop_back());
    shape.push_back(columns);
    if (failed(state.set(op, part, Tensor<Scalar>(shape, std::move(values)))))
      return failure();
    begin += columns;
  }
  return success();
}

template <typename Scalar> static LogicalResult evaluateOp(ConcatOp op, State<Scalar> &state) {
  std::vector<Scalar> values;
  SmallVector<int64_t> shape(state.get(op.getInputs().front()).shape());
  for (int64_t r = 0, rows = state.get(op.getInputs().front()).rows(); r < rows; ++r)
    for (Value part : op.getInputs()) {
      const Tensor<Scalar> &input = state.get(part);
      if (input.rows() != rows)
        return op.emitError() << "an input has " << input.rows() << " rows, the first one " << rows;
      llvm::append_range(values, input.row(r));
    }
  shape.back() = cast<RankedTensorType>(op.getType()).getShape().back();
  return state.set(op, op.getResult(), Tensor<Scalar>(shape, std::move(values)));
}

void attachRowOpModels(MLIRContext *context) {
  attachModels<EmbedOp, LinearOp, AddOp, MultiplyOp, ScaleOp, ActivationOp, SoftcapOp, NormOp, RotaryOp, SplitOp,
               ConcatOp>(context);
}

} // namespace tenon::reference
