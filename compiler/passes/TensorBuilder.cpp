//===- TensorBuilder.cpp - Tensor IR of a model's sublayers ---------------===//

#include "passes/TensorBuilder.h"

using namespace mlir;
using namespace tenon;

TensorBuilder::TensorBuilder(StackOp stack, OpBuilder &builder, int64_t length)
    : stack(stack), model(stack->getParentOfType<ModelOp>()), builder(builder), location(stack.getLoc()),
      columns(length), width(stack.getHiddenWidth()) {}

RankedTensorType TensorBuilder::rowsType(int64_t features) {
  return RankedTensorType::get({ShapedType::kDynamic, columns, features}, builder.getF32Type());
}

RankedTensorType TensorBuilder::parameterType(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, builder.getF32Type());
}

std::string TensorBuilder::nameOf(Operation &sublayer) {
  return (stack.getSymName() + ".layers.*." + sublayer.getAttrOfType<StringAttr>("name").getValue()).str();
}

Value TensorBuilder::weight(const Twine &name, ArrayRef<int64_t> shape, ArrayRef<int64_t> picked) {
  std::string parameter = model.getSharedParameter(name.str());
  bool layered = StringRef(parameter).contains('*');
  SmallVector<int64_t> resultShape(shape);
  DenseI64ArrayAttr partRows, rows;
  if (!picked.empty()) {
    partRows = builder.getDenseI64ArrayAttr(shape[0]);
    rows = builder.getDenseI64ArrayAttr(picked);
    resultShape[0] = static_cast<int64_t>(picked.size());
  }
  return WeightOp::create(builder, location, parameterType(resultShape), builder.getStrArrayAttr(StringRef(parameter)),
                          layered ? layer : Value(), layered ? stack.getLayers() : 0, partRows, 0, rows);
}

static llvm::APFloat real(FloatAttr attribute) { return attribute ? attribute.getValue() : llvm::APFloat(0.0); }

Value TensorBuilder::norm(Value rows, const Twine &name) {
  NormAttr kind = stack.getNorm();
  int64_t features = cast<RankedTensorType>(rows.getType()).getShape().back();
  Value scale = weight(name + ".weight", {features});
  Value bias = kind.getBias() ? weight(name + ".bias", {features}) : Value();
  return NormOp::create(builder, location, rows.getType(), kind.getFunction(), rows, scale, bias,
                        kind.getEpsilon().getValue(), 1, real(kind.getWeightOffset()));
}

Value TensorBuilder::headNorm(Value rows, std::optional<HeadNormAttr> kind, int64_t heads, const Twine &name) {
  if (!kind)
    return rows;
  int64_t features = cast<RankedTensorType>(rows.getType()).getShape().back();
  int64_t groups = kind->getWhole() ? 1 : heads;
  Value scale = weight(name + ".weight", {features / groups});
  Value bias = kind->getBias() ? weight(name + ".bias", {features / groups}) : Value();
  return NormOp::create(builder, location, rows.getType(), kind->getFunction(), rows, scale, bias,
                        kind->getEpsilon().getValue(), groups, real(kind->getWeightOffset()));
}

Value TensorBuilder::product(Value rows, Value matrix, Value bias) {
  auto type = cast<RankedTensorType>(rows.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = cast<RankedTensorType>(matrix.getType()).getDimSize(0);
  return LinearOp::create(builder, location, RankedTensorType::get(shape, type.getElementType()), rows, matrix, bias);
}

Value TensorBuilder::linear(Value rows, const Twine &name, int64_t outputs, bool hasBias) {
  int64_t inputs = cast<RankedTensorType>(rows.getType()).getShape().back();
  Value matrix = weight(name + ".weight", {outputs, inputs});
  Value bias = hasBias ? weight(name + ".bias", {outputs}) : Value();
  return product(rows, matrix, bias);
}

Value TensorBuilder::add(Value lhs, Value rhs) { return AddOp::create(builder, location, lhs.getType(), lhs, rhs); }

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

Value TensorBuilder::positionTable(TableFunction function, int64_t tableColumns) {
  PositionsAttr attribute = stack.getInput().getPositions();
  return PositionTableOp::create(builder, location, parameterType({attribute.getLength(), tableColumns}), function,
                                 attribute.getBase().getValue(), DenseF64ArrayAttr(), llvm::APFloat(1.0));
}

RotaryAttr TensorBuilder::rotaryOf(AttentionLayerOp op) {
  RotaryAttr rotary = op.getRotary().value_or(RotaryAttr());
  PositionsAttr attribute = stack.getInput().getPositions();
  if (!rotary && attribute.getKind() == PositionKind::Rotary) {
    int64_t headSize = op.getHeadSize();
    rotary = RotaryAttr::get(builder.getContext(), attribute.getLength(),
                             attribute.getDims() > 0 ? attribute.getDims() : headSize, attribute.getBase(),
                             attribute.getInterleaved(), DenseF64ArrayAttr(), FloatAttr());
  }
  return !op.hasOwnKeys() || !rotary || rotary.getDims() == 0 ? RotaryAttr() : rotary;
}

Value TensorBuilder::mlp(MlpLayerOp op, Value rows) {
  std::string name = nameOf(*op);
  int64_t hidden = op.getHidden();
  Value gate = op.getGated() ? linear(rows, name + ".gate", hidden, op.getBias()) : Value();
  Value up = linear(rows, name + ".up", hidden, op.getBias());
  Value active = activation(gate ? gate : up, op.getFunction());
  if (gate)
    active = MultiplyOp::create(builder, location, up.getType(), active, up);
  return linear(active, name + ".down", width, op.getBias());
}

Value TensorBuilder::pool(PoolFunction function, Value rows, Value lengths, Value skips) {
  int64_t features = cast<RankedTensorType>(rows.getType()).getShape().back();
  auto type = RankedTensorType::get({ShapedType::kDynamic, features}, builder.getF32Type());
  return PoolOp::create(builder, location, type, function, rows, Value(), lengths, skips);
}

Value TensorBuilder::dense(DenseAttr layer, const Twine &name, Value rows) {
  Value result = linear(rows, name, layer.getSize(), layer.getBias());
  if (ActivationFunctionAttr nonlinearity = layer.getFunction())
    result = activation(result, nonlinearity.getValue());
  if (!layer.getResidual())
    return result;
  bool sameSize = rows.getType() == result.getType();
  return add(sameSize ? rows : linear(rows, name + ".residual", layer.getSize(), /*hasBias=*/false), result);
}

Value TensorBuilder::poolingLayers(ArrayAttr layers, const Twine &prefix, Value rows) {
  for (auto [index, layer] : llvm::enumerate(layers)) {
    std::string name = (prefix + Twine(index)).str();
    if (auto product = dyn_cast<DenseAttr>(layer)) {
      rows = dense(product, name, rows);
      continue;
    }
    auto norm = cast<VectorNormAttr>(layer);
    int64_t size = cast<RankedTensorType>(rows.getType()).getShape().back();
    bool trained = norm.getFunction() != NormFunction::L2;
    rows = NormOp::create(builder, location, rows.getType(), norm.getFunction(), rows,
                          trained ? weight(name + ".weight", {size}) : Value(),
                          trained ? weight(name + ".bias", {size}) : Value(), norm.getEpsilon().getValue(), 1,
                          llvm::APFloat(0.0));
  }
  return rows;
}

Value TensorBuilder::pooledVector(PoolingOp op, Value rows, Value lengths, Value skips) {
  rows = poolingLayers(op.getTokenLayers(), "pooling.tokens.", rows);
  SmallVector<Value> parts;
  for (auto function : op.getFunctions().getAsRange<PoolFunctionAttr>())
    parts.push_back(pool(function.getValue(), rows, lengths, skips));
  auto type = cast<RankedTensorType>(parts.front().getType());
  auto ofSize = [&](int64_t size) { return type.clone({ShapedType::kDynamic, size}); };
  Value vector = parts.front();
  if (parts.size() > 1)
    vector =
        ConcatOp::create(builder, location, ofSize(type.getDimSize(1) * static_cast<int64_t>(parts.size())), parts);
  vector = poolingLayers(op.getLayers(), "pooling.", vector);
  int64_t whole = cast<RankedTensorType>(vector.getType()).getDimSize(1), size = op.getSize();
  if (size == 0 || size == whole)
    return vector;
  return SplitOp::create(builder, location, TypeRange{ofSize(size), ofSize(whole - size)}, vector).getResult(0);
}
