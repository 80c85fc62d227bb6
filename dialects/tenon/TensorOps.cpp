//===- TensorOps.cpp - Verifiers and folders of tensor IR -----------------===//

#include "tenon/Dialect.h"
#include "tenon/TensorVerifiers.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

SmallVector<int64_t> WeightOp::getPlainShape() {
  SmallVector<int64_t> shape(getResult().getType().getShape());
  if (getRows())
    shape[0] = (*getPartRows())[0];
  if (getPanel() == 0)
    return shape;
  int64_t rowsInAll = shape[0] * shape[2];
  if (std::optional<ArrayRef<int64_t>> parts = getPartRows()) {
    rowsInAll = 0;
    for (int64_t part : *parts)
      rowsInAll += part;
  }
  return {rowsInAll, shape[1]};
}

LogicalResult WeightOp::verify() {
  RankedTensorType type = getResult().getType();
  if (!type.hasStaticShape())
    return emitOpError() << "has type " << type << ", expected a static shape";
  if (failed(verifyElements(*this, "result", type.getShape())))
    return failure();
  if (getParameters().empty())
    return emitOpError() << "names no parameter";
  bool hasLayer = static_cast<bool>(getLayer());
  int64_t layers = getLayers();
  if (hasLayer ? layers <= 0 : layers != 0)
    return emitOpError() << "has " << layers << " layers but " << (hasLayer ? "a" : "no") << " layer index";
  if (failed(verifyNotNegative(*this, "layers", layers, maximumLayers)))
    return failure();
  for (Attribute parameter : getParameters())
    if (cast<StringAttr>(parameter).getValue().contains('*') != hasLayer)
      return emitOpError() << "parameter " << parameter << (hasLayer ? " has no" : " has a") << " '*' for the layer";
  std::optional<ArrayRef<int64_t>> parts = getPartRows();
  if (getParameters().size() > 1 && !parts)
    return emitOpError() << "concatenates " << getParameters().size() << " parameters without part_rows";
  if (parts && parts->size() != getParameters().size())
    return emitOpError() << "has " << parts->size() << " part_rows for " << getParameters().size() << " parameters";
  for (int64_t part : parts.value_or(ArrayRef<int64_t>())) {
    if (part <= 0)
      return emitOpError() << "has a part of " << part << " rows, expected a positive number";
    if (failed(verifyPositive(*this, "a part of part_rows", part)))
      return failure();
  }
  int64_t panel = getPanel();
  if (std::optional<ArrayRef<int64_t>> picked = getRows()) {
    if (panel != 0 || !parts || parts->size() != 1)
      return emitOpError() << "picks rows, expected one parameter with part_rows that is not in panels";
    if (type.getRank() == 0 || type.getDimSize(0) != static_cast<int64_t>(picked->size()))
      return emitOpError() << "picks " << picked->size() << " rows, but has type " << type;
    for (int64_t row : *picked)
      if (row < 0 || row >= (*parts)[0])
        return emitOpError() << "picks row " << row << " of a parameter with " << (*parts)[0] << " rows";
    return success();
  }
  if (panel == 0) {
    int64_t sum = 0;
    for (int64_t part : parts.value_or(ArrayRef<int64_t>()))
      sum += part;
    if (parts && (type.getRank() == 0 || sum != type.getDimSize(0)))
      return emitOpError() << "has part_rows of " << sum << " rows in all, but type " << type;
    return success();
  }
  if (!parts)
    return emitOpError() << "in panels needs part_rows";
  if (failed(verifyPositive(*this, "panel", panel)))
    return failure();
  if (type.getRank() != 3)
    return emitOpError() << "in panels has type " << type << ", expected panels x columns x rows of a panel";
  if (type.getDimSize(2) != panel ||
      type.getDimSize(0) != static_cast<int64_t>(llvm::divideCeil(getPlainShape()[0], panel)))
    return emitOpError() << "of " << getPlainShape()[0] << " rows in panels of " << panel << " has type " << type;
  return success();
}

LogicalResult PositionTableOp::verify() {
  RankedTensorType type = getResult().getType();
  if (type.getRank() != 2 || !type.hasStaticShape())
    return emitOpError() << "has type " << type << ", expected positions x columns";
  if (failed(verifyElements(*this, "result", type.getShape())))
    return failure();
  if (!(getBase().convertToDouble() > 0))
    return emitOpError() << "base (" << getBase().convertToDouble() << ") is not positive";
  std::optional<ArrayRef<double>> frequencies = getFrequencies();
  if (frequencies && static_cast<int64_t>(frequencies->size()) != type.getDimSize(1))
    return emitOpError() << "has " << frequencies->size() << " frequencies for " << type.getDimSize(1) << " columns";
  bool sinusoidal = getFunction() != TableFunction::RotaryCosine && getFunction() != TableFunction::RotarySine;
  if (sinusoidal && type.getDimSize(1) % 2 != 0)
    return emitOpError() << "has " << type.getDimSize(1) << " columns, expected an even number";
  if (sinusoidal && (frequencies || !getMagnitude().isExactlyValue(1.0)))
    return emitOpError() << "is sinusoidal, only rotary tables have frequencies and a magnitude of their own";
  return success();
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

LogicalResult EmbedOp::verify() {
  ArrayRef<int64_t> table = getTable().getType().getShape();
  if (table.size() != 2 && table.size() != 3)
    return emitOpError() << "table has rank " << table.size() << ", expected 2, or 3 in panels";
  if (ShapedType::isDynamic(table[1]))
    return emitOpError() << "table is " << getTable().getType() << ", expected rows of a static number of columns";
  if (failed(verifyNotNegative(*this, "offset", getOffset())))
    return failure();
  SmallVector<int64_t> expected(getIds().getType().getShape());
  expected.push_back(table[1]);
  if (getResult().getType().getShape() != ArrayRef<int64_t>(expected))
    return emitOpError() << "result is " << getResult().getType() << ", expected "
                         << RankedTensorType::get(expected, getResult().getType().getElementType());
  if (getPositions() && getPositions().getType().getShape() != getIds().getType().getShape())
    return emitOpError() << "positions are " << getPositions().getType() << ", expected one for each of "
                         << getIds().getType();
  return success();
}

kernels::Operation EmbedOp::describe() {
  kernels::Operation description = describeOperation(*this);
  if (getPositions())
    description.attributes["zero_first"] = int64_t(1);
  return description;
}

LogicalResult LinearOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())) ||
      failed(verifyStaticColumns(*this, "result", getResult())) ||
      failed(verifySameRows(*this, "result", getResult(), getInput())))
    return failure();
  int64_t inputs = columns(getInput()), outputs = columns(getResult());
  ArrayRef<int64_t> weight = getWeight().getType().getShape();
  bool matches = weight.size() == 2 ? weight[0] == outputs && weight[1] == inputs
                                    : weight.size() == 3 && weight[2] > 0 && weight[1] == inputs &&
                                          weight[0] == static_cast<int64_t>(llvm::divideCeil(outputs, weight[2]));
  if (!matches)
    return emitOpError() << "weight is " << getWeight().getType() << ", expected " << outputs << "x" << inputs
                         << " or panels of it";
  return verifyVector(*this, "bias", getBias(), outputs);
}

LogicalResult SoftcapOp::verify() {
  if (!(getCap().convertToDouble() > 0))
    return emitOpError() << "cap (" << getCap().convertToDouble() << ") is not positive";
  return success();
}

OpFoldResult ScaleOp::fold(FoldAdaptor) { return getFactor().isExactlyValue(1.0) ? getInput() : OpFoldResult(); }

LogicalResult NormOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())))
    return failure();
  if (!(getEpsilon().convertToDouble() >= 0))
    return emitOpError() << "epsilon (" << getEpsilon().convertToDouble() << ") is negative";
  if (getFunction() == NormFunction::L2 && getScale())
    return emitOpError() << "l2 has no scale";
  if (getBias() && (getFunction() != NormFunction::LayerNorm || !getScale()))
    return emitOpError() << "only layernorm with a scale has a bias";
  int64_t groups = getGroups();
  if (failed(verifyPositive(*this, "groups", groups)))
    return failure();
  if (columns(getInput()) % groups != 0)
    return emitOpError() << "input has " << columns(getInput()) << " columns, which is not a multiple of groups ("
                         << groups << ")";
  if (!getScale() && !getWeightOffset().isZero())
    return emitOpError() << "has a weight_offset but no scale to add it to";
  if (failed(verifyVector(*this, "scale", getScale(), columns(getInput()) / groups)))
    return failure();
  return verifyVector(*this, "bias", getBias(), columns(getInput()) / groups);
}

LogicalResult RotaryOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())))
    return failure();
  int64_t headSize = getHeadSize(), dims = getDims();
  if (headSize <= 0 || columns(getInput()) % headSize != 0)
    return emitOpError() << "input has " << columns(getInput()) << " columns, which is not a multiple of head_size ("
                         << headSize << ")";
  if (dims <= 0 || dims % 2 != 0 || dims > headSize)
    return emitOpError() << "dims (" << dims << ") is not an even number between 2 and head_size (" << headSize << ")";
  if (getPositions().getType().getShape() != rows(getInput()))
    return emitOpError() << "positions are " << getPositions().getType() << ", expected one per row of "
                         << getInput().getType();
  for (Value table : {getCosine(), getSine()})
    if (tensorType(table).getRank() != 2 || columns(table) != dims / 2)
      return emitOpError() << "table is " << tensorType(table) << ", expected positions x " << dims / 2;
  if (getCosine().getType() != getSine().getType())
    return emitOpError() << "tables differ: " << getCosine().getType() << " and " << getSine().getType();
  return success();
}

LogicalResult SplitOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())))
    return failure();
  int64_t sum = 0;
  for (Value part : getResults()) {
    if (failed(verifyStaticColumns(*this, "result", part)) || failed(verifySameRows(*this, "result", part, getInput())))
      return failure();
    sum += columns(part);
  }
  if (sum != columns(getInput()))
    return emitOpError() << "results have " << sum << " columns in all, the input " << columns(getInput());
  return success();
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "has no inputs, expected at least one";
  if (failed(verifyStaticColumns(*this, "result", getResult())))
    return failure();
  int64_t sum = 0;
  for (Value part : getInputs()) {
    if (failed(verifyStaticColumns(*this, "input", part)) ||
        failed(verifySameRows(*this, "input", part, getResult())))
      return failure();
    sum += columns(part);
  }
  if (sum != columns(getResult()))
    return emitOpError() << "inputs have " << sum << " columns in all, the result " << columns(getResult());
  return success();
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

LogicalResult PoolOp::verify() {
  if (failed(verifySequences(*this, getInput(), getStarts(), getLengths())))
    return failure();
  if (getSkips() && getSkips().getType() != getLengths().getType())
    return emitOpError() << "skips are " << getSkips().getType() << ", expected one per sequence, "
                         << getLengths().getType();
  ArrayRef<int64_t> result = getResult().getType().getShape();
  if (result.size() != 2 || result[1] != columns(getInput()) || result[0] != getLengths().getType().getDimSize(0))
    return emitOpError() << "result is " << getResult().getType() << ", expected one row of " << columns(getInput())
                         << " columns per sequence";
  return success();
}

LogicalResult UnfoldOp::verify() {
  if (failed(verifyStaticColumns(*this, "input", getInput())) ||
      failed(verifySequences(*this, getInput(), getStarts(), getLengths())) ||
      failed(verifyRank(*this, "result starts", getResultStarts(), 1)) ||
      failed(verifyRank(*this, "result lengths", getResultLengths(), 1)))
    return failure();
  if (static_cast<bool>(getStarts()) != static_cast<bool>(getResultStarts()))
    return emitOpError() << "has starts of only one of its input and its result";
  int64_t window = getWindow(), stride = getStride();
  if (window <= 0 || window % 2 == 0)
    return emitOpError() << "window (" << window << ") is not odd and positive";
  if (failed(verifyPositive(*this, "stride", stride)))
    return failure();
  SmallVector<int64_t> expected(getInput().getType().getShape());
  int64_t &rowsInAll = expected[expected.size() - 2];
  if (getStarts())
    rowsInAll = ShapedType::kDynamic;
  else if (!ShapedType::isDynamic(rowsInAll))
    rowsInAll = static_cast<int64_t>(llvm::divideCeil(rowsInAll, stride));
  expected.back() *= window;
  if (getResult().getType().getShape() != ArrayRef<int64_t>(expected))
    return emitOpError() << "result is " << getResult().getType() << ", expected "
                         << RankedTensorType::get(expected, getResult().getType().getElementType());
  return success();
}

DimensionSource UnfoldOp::getDimensionSource(unsigned, unsigned dimension) {
  if (getResultStarts())
    return {getResultStarts(), kPackedRows};
  // A padded result has rows of its own where the stride leaves some out.
  return dimension == 1 && getStride() > 1 ? DimensionSource() : DimensionSource{getInput(), dimension};
}
