//===- TensorBuilder.cpp - Tensor IR of rows ------------------------------===//

#include "passes/TensorBuilder.h"

using namespace mlir;
using namespace tenon;

static int64_t components(Value rows) { return cast<RankedTensorType>(rows.getType()).getShape().back(); }

RankedTensorType TensorBuilder::rowsType(int64_t features) {
  return RankedTensorType::get({ShapedType::kDynamic, columns, features}, builder.getF32Type());
}

RankedTensorType TensorBuilder::parameterType(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, builder.getF32Type());
}

Value TensorBuilder::weight(ParameterizedOpInterface op, const Twine &role, ArrayRef<int64_t> picked) {
  auto name = op.getParametersAttr().getAs<FlatSymbolRefAttr>(role.str());
  if (!name)
    return {};
  auto parameter = model.lookupSymbol<ParameterOp>(name);
  SmallVector<int64_t> shape(parameter.getShape());
  DenseI64ArrayAttr partRows, rows;
  if (!picked.empty()) {
    partRows = builder.getDenseI64ArrayAttr(shape[0]);
    rows = builder.getDenseI64ArrayAttr(picked);
    shape[0] = static_cast<int64_t>(picked.size());
  }
  int64_t layers = parameter.getLayers().value_or(0);
  return WeightOp::create(builder, location, parameterType(shape), builder.getStrArrayAttr(parameter.getSymName()),
                          layers > 0 ? layer : Value(), layers, partRows, 0, rows);
}

static llvm::APFloat real(FloatAttr attribute) { return attribute ? attribute.getValue() : llvm::APFloat(0.0); }

Value TensorBuilder::norm(NormAttr kind, ParameterizedOpInterface op, const Twine &role, Value rows) {
  Value scale = weight(op, role + ".weight"), bias = weight(op, role + ".bias");
  return NormOp::create(builder, location, rows.getType(), kind.getFunction(), rows, scale, bias,
                        kind.getEpsilon().getValue(), 1, real(kind.getWeightOffset()));
}

Value TensorBuilder::headNorm(std::optional<HeadNormAttr> kind, ParameterizedOpInterface op, const Twine &role,
                              int64_t heads, Value rows) {
  if (!kind)
    return rows;
  Value scale = weight(op, role + ".weight"), bias = weight(op, role + ".bias");
  return NormOp::create(builder, location, rows.getType(), kind->getFunction(), rows, scale, bias,
                        kind->getEpsilon().getValue(), kind->getWhole() ? 1 : heads, real(kind->getWeightOffset()));
}

Value TensorBuilder::product(Value rows, Value matrix, Value bias) {
  auto type = cast<RankedTensorType>(rows.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = cast<RankedTensorType>(matrix.getType()).getDimSize(0);
  return LinearOp::create(builder, location, RankedTensorType::get(shape, type.getElementType()), rows, matrix, bias);
}

Value TensorBuilder::linear(ParameterizedOpInterface op, const Twine &role, Value rows) {
  Value matrix = weight(op, role + ".weight"), bias = weight(op, role + ".bias");
  return product(rows, matrix, bias);
}

Value TensorBuilder::add(Value lhs, Value rhs) { return AddOp::create(builder, location, lhs.getType(), lhs, rhs); }

Value TensorBuilder::multiply(Value lhs, Value rhs) {
  return MultiplyOp::create(builder, location, lhs.getType(), lhs, rhs);
}

Value TensorBuilder::scale(Value value, FloatAttr factor) {
  return builder.createOrFold<ScaleOp>(location, value.getType(), value, factor);
}

Value TensorBuilder::activation(Value rows, ActivationFunction function) {
  return ActivationOp::create(builder, location, rows.getType(), function, rows);
}

Value TensorBuilder::rotate(Value rows, RotaryAttr rotary, int64_t headSize, Value positions) {
  llvm::APFloat magnitude = rotary.getMagnitude() ? rotary.getMagnitude().getValue() : llvm::APFloat(1.0);
  auto table = [&](TableFunction function) -> Value {
    return PositionTableOp::create(builder, location, parameterType({rotary.getLength(), rotary.getDims() / 2}),
                                   function, rotary.getBase().getValue(), rotary.getFrequencies(), magnitude);
  };
  return RotaryOp::create(builder, location, rows.getType(), rows, positions, table(TableFunction::RotaryCosine),
                          table(TableFunction::RotarySine), headSize, rotary.getDims(), rotary.getInterleaved());
}

Value TensorBuilder::positionTable(PositionsAttr positions, TableFunction function, int64_t tableColumns) {
  return PositionTableOp::create(builder, location, parameterType({positions.getLength(), tableColumns}), function,
                                 positions.getBase().getValue(), DenseF64ArrayAttr(), llvm::APFloat(1.0));
}

Value TensorBuilder::pool(PoolFunction function, Value rows, Value lengths, Value skips) {
  auto type = RankedTensorType::get({ShapedType::kDynamic, components(rows)}, builder.getF32Type());
  return PoolOp::create(builder, location, type, function, rows, Value(), lengths, skips);
}

Value TensorBuilder::dense(PoolingOp op, DenseAttr layer, const Twine &role, Value rows) {
  Value result = linear(op, role, rows);
  if (ActivationFunctionAttr nonlinearity = layer.getFunction())
    result = activation(result, nonlinearity.getValue());
  if (!layer.getResidual())
    return result;
  bool sameSize = rows.getType() == result.getType();
  return add(sameSize ? rows : linear(op, role + ".residual", rows), result);
}

Value TensorBuilder::poolingLayers(PoolingOp op, ArrayAttr layers, const Twine &prefix, Value rows) {
  for (auto [index, layer] : llvm::enumerate(layers)) {
    std::string role = (prefix + Twine(index)).str();
    if (auto product = dyn_cast<DenseAttr>(layer)) {
      rows = dense(op, product, role, rows);
      continue;
    }
    auto norm = cast<VectorNormAttr>(layer);
    Value scale = weight(op, role + ".weight"), bias = weight(op, role + ".bias");
    rows = NormOp::create(builder, location, rows.getType(), norm.getFunction(), rows, scale, bias,
                          norm.getEpsilon().getValue(), 1, llvm::APFloat(0.0));
  }
  return rows;
}

Value TensorBuilder::pooledVector(PoolingOp op, Value rows, Value lengths, Value skips) {
  rows = poolingLayers(op, op.getTokenLayers(), "tokens.", rows);
  SmallVector<Value> parts;
  for (auto function : op.getFunctions().getAsRange<PoolFunctionAttr>())
    parts.push_back(pool(function.getValue(), rows, lengths, skips));
  auto type = cast<RankedTensorType>(parts.front().getType());
  auto ofSize = [&](int64_t size) { return type.clone({ShapedType::kDynamic, size}); };
  Value vector = parts.front();
  if (parts.size() > 1)
    vector =
        ConcatOp::create(builder, location, ofSize(type.getDimSize(1) * static_cast<int64_t>(parts.size())), parts);
  vector = poolingLayers(op, op.getLayers(), "", vector);
  int64_t whole = components(vector), size = op.getSize();
  if (size == 0 || size == whole)
    return vector;
  return SplitOp::create(builder, location, TypeRange{ofSize(size), ofSize(whole - size)}, vector).getResult(0);
}
