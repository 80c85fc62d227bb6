//===- State.cpp - What the interpreter knows while it runs ---------------===//

#include "reference/State.h"

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> LogicalResult State<Scalar>::set(Operation *owner, Value value, Tensor<Scalar> tensor) {
  auto type = cast<RankedTensorType>(value.getType());
  bool matches = type.getRank() == tensor.rank() && type.getElementType().isInteger(32) == tensor.isInteger();
  for (int64_t i = 0; matches && i < type.getRank(); ++i)
    matches = type.isDynamicDim(i) || type.getDimSize(i) == tensor.dim(i);
  if (!matches)
    return owner->emitError() << "a value of type " << type << " is given "
                              << (tensor.isInteger() ? "integers" : "floats") << " of shape [" << tensor.shape() << "]";
  tensors[value] = std::move(tensor);
  return success();
}

template <typename Scalar> Tensors<Scalar> State<Scalar>::get(ValueRange values) const {
  Tensors<Scalar> result;
  for (Value value : values)
    if (!value.getType().isIndex())
      result.push_back(get(value));
  return result;
}

template <typename Scalar> static LogicalResult evaluateIn(Operation *op, State<Scalar> &state) {
  auto reference = dyn_cast<ReferenceOpInterface>(op);
  if (!reference)
    return op->emitError() << "is not an operation of tensor IR, which is all that the reference evaluates";
  if constexpr (std::is_same_v<Scalar, double>)
    return reference.evaluateInDouble(state);
  else
    return reference.evaluateInFloat(state);
}

template <typename Scalar> FailureOr<Tensors<Scalar>> State<Scalar>::run(Block &block) {
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      return get(op.getOperands());
    if (failed(evaluateIn(&op, *this)))
      return failure();
    if (options.onOp && isa<ComputeOpInterface>(op))
      options.onOp(&op, get(op.getOperands()), get(op.getResults()));
  }
  return block.getParentOp()->emitError() << "has a block without a terminator";
}

template <typename Scalar>
FailureOr<Tensors<Scalar>> State<Scalar>::run(Operation *owner, Block &block, ArrayRef<Tensor<Scalar>> arguments) {
  unsigned next = 0;
  for (BlockArgument argument : block.getArguments())
    if (!argument.getType().isIndex() && failed(set(owner, argument, arguments[next++])))
      return failure();
  FailureOr<Tensors<Scalar>> results = run(block);
  for (BlockArgument argument : block.getArguments())
    tensors.erase(argument);
  for (Operation &op : block)
    for (Value result : op.getResults())
      tensors.erase(result);
  return results;
}

/// The parameters of one layer, one after the other, in N×K order.
static FailureOr<std::vector<float>> readParameters(WeightOp op, int64_t layer, const ParameterProvider &provider) {
  SmallVector<int64_t> whole = op.getPlainShape();
  std::vector<float> values;
  for (auto [i, parameter] : llvm::enumerate(op.getParameters().getAsRange<StringAttr>())) {
    std::string name = parameter.getValue().str();
    if (size_t star = name.find('*'); star != std::string::npos)
      name.replace(star, 1, std::to_string(layer));
    SmallVector<int64_t> shape = whole;
    if (std::optional<ArrayRef<int64_t>> parts = op.getPartRows())
      shape[0] = (*parts)[i];
    FailureOr<FloatTensor> tensor = provider ? provider(name) : FailureOr<FloatTensor>(failure());
    if (failed(tensor))
      return op.emitError() << "parameter '" << name << "' is missing, expected shape [" << shape << "]";
    if (tensor->shape() != ArrayRef(shape))
      return op.emitError() << "parameter '" << name << "' has shape [" << tensor->shape() << "], expected [" << shape
                            << "]";
    llvm::append_range(values, tensor->values());
  }
  return values;
}

/// N×K as ceil(N/p)×K×p, zero past column N.
static std::vector<float> toPanels(ArrayRef<float> values, ArrayRef<int64_t> plain, ArrayRef<int64_t> panels) {
  std::vector<float> result(countElements(panels), 0);
  int64_t inputs = plain[1], panel = panels[2];
  for (int64_t n = 0; n < plain[0]; ++n)
    for (int64_t k = 0; k < inputs; ++k)
      result[(n / panel * inputs + k) * panel + n % panel] = values[n * inputs + k];
  return result;
}

static std::vector<float> pickRows(ArrayRef<float> values, ArrayRef<int64_t> picked, int64_t columns) {
  std::vector<float> result;
  for (int64_t row : picked)
    llvm::append_range(result, values.slice(row * columns, columns));
  return result;
}

template <typename Scalar> FailureOr<Tensor<Scalar>> State<Scalar>::getParameters(WeightOp op) {
  int64_t layer = op.getLayer() ? getIndex(op.getLayer()) : 0;
  if (op.getLayer() && (layer < 0 || layer >= static_cast<int64_t>(op.getLayers())))
    return op.emitError() << "layer " << layer << " is not one of " << op.getLayers();
  // Operations with equal attributes read the same parameters: their types follow from part_rows and panel, or else
  // from the one parameter's shape.
  std::pair<Attribute, int64_t> key(op->getAttrDictionary(), layer);
  if (auto found = parameters.find(key); found != parameters.end())
    return found->second;
  FailureOr<std::vector<float>> values = readParameters(op, layer, options.parameters);
  if (failed(values))
    return failure();
  ArrayRef<int64_t> shape = op.getType().getShape();
  if (op.getPanel() > 0)
    values = toPanels(*values, op.getPlainShape(), shape);
  if (std::optional<ArrayRef<int64_t>> picked = op.getRows())
    values = pickRows(*values, *picked, countElements(shape.drop_front()));
  Tensor<Scalar> tensor(shape, std::vector<Scalar>(values->begin(), values->end()));
  parameters[key] = tensor;
  return tensor;
}

template class State<float>;
template class State<double>;

} // namespace tenon::reference
