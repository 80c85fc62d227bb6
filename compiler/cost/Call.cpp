//===- Call.cpp - The sizes of one call -----------------------------------===//

#include "cost/Call.h"
#include "reference/State.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::cost;

FailureOr<int64_t> Call::unknown(Operation *at, unsigned dimension) {
  return at->emitError() << "nothing says how large dimension " << dimension << " is";
}

FailureOr<int64_t> Call::sizeAt(DimensionSource source, Operation *user) {
  if (!source.value)
    return unknown(user, source.dimension);
  return source.dimension == kPackedRows ? packedRows(source.value, user) : size(source.value, source.dimension);
}

FailureOr<int64_t> Call::resultSize(OpResult result, unsigned dimension) {
  Operation *op = result.getOwner();
  if (auto compute = dyn_cast<ComputeOpInterface>(op))
    return sizeAt(compute.getDimensionSource(result.getResultNumber(), dimension), op);
  return unknown(op, dimension);
}

FailureOr<int64_t> Call::size(Value tensor, unsigned dimension) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dimension))
    return type.getDimSize(dimension);
  Value value = origin(tensor);
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argumentSize(argument, dimension);
  return resultSize(cast<OpResult>(value), dimension);
}

FailureOr<int64_t> Call::rows(Value tensor) {
  int64_t product = 1;
  for (unsigned i = 0; i + 1 < cast<RankedTensorType>(tensor.getType()).getRank(); ++i) {
    FailureOr<int64_t> extent = size(tensor, i);
    if (failed(extent))
      return failure();
    product *= *extent;
  }
  return product;
}

FailureOr<uint64_t> Call::bytes(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  FailureOr<int64_t> outer = rows(tensor);
  FailureOr<int64_t> inner = type.getRank() == 0 ? FailureOr<int64_t>(1) : size(tensor, type.getRank() - 1);
  if (failed(outer) || failed(inner))
    return failure();
  return static_cast<uint64_t>(*outer) * static_cast<uint64_t>(*inner) * (type.getElementTypeBitWidth() / 8);
}

//===----------------------------------------------------------------------===//
// Of an entry point
//===----------------------------------------------------------------------===//

/// What the value is outside of kernels and loops, which change no size.
Value EntryCall::origin(Value value) {
  while (true) {
    if (auto result = dyn_cast<OpResult>(value)) {
      auto repeat = dyn_cast<RepeatOp>(result.getOwner());
      if (!repeat)
        return value;
      value = repeat.getInits()[result.getResultNumber()];
      continue;
    }
    auto argument = cast<BlockArgument>(value);
    Operation *owner = argument.getOwner()->getParentOp();
    if (auto kernel = dyn_cast<KernelOp>(owner))
      value = kernel.getInputs()[argument.getArgNumber()];
    else if (auto repeat = dyn_cast<RepeatOp>(owner); repeat && argument.getArgNumber() > 0)
      value = repeat.getInits()[argument.getArgNumber() - 1];
    else
      return value;
  }
}

/// An argument of an entry point, as the caller knows it.
static std::optional<std::pair<EntryRole, StringRef>> roleOf(BlockArgument argument) {
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!function)
    return std::nullopt;
  unsigned number = argument.getArgNumber();
  auto role = function.getArgAttrOfType<StringAttr>(number, "tenon.role");
  std::optional<EntryRole> kind = role ? symbolizeEntryRole(role.getValue()) : std::nullopt;
  auto stack = function.getArgAttrOfType<StringAttr>(number, "tenon.stack");
  return kind ? std::optional(std::pair(*kind, stack ? stack.getValue() : StringRef())) : std::nullopt;
}

FailureOr<int64_t> EntryCall::argumentSize(BlockArgument argument, unsigned dimension) {
  auto role = roleOf(argument);
  Operation *function = argument.getOwner()->getParentOp();
  if (!role)
    return unknown(function, dimension);
  if (dimension == 0)
    return 1;
  auto [kind, stack] = *role;
  switch (kind) {
  case EntryRole::Tokens:
  case EntryRole::Types:
  case EntryRole::Features:
    return given(EntryRole::Lengths, stack);
  case EntryRole::Rows:
    return given(EntryRole::SourceLengths, stack);
  default:
    return unknown(function, dimension);
  }
}

FailureOr<int64_t> EntryCall::packedRows(Value starts, Operation *user) {
  auto packing = origin(starts).getDefiningOp<RowStartsOp>();
  return packing ? number(packing.getLengths()) : unknown(user, 0);
}

FailureOr<int64_t> EntryCall::resultSize(OpResult result, unsigned dimension) {
  Operation *op = result.getOwner();
  if (auto kernel = dyn_cast<KernelOp>(op))
    return sizeAt(kernel.getDimensionSource(result.getResultNumber(), dimension), op);
  if (auto positions = dyn_cast<RowPositionsOp>(op))
    return packedRows(positions.getStarts(), op);
  if (auto pack = dyn_cast<PackRowsOp>(op))
    return dimension == 0 ? number(pack.getLengths()) : size(pack.getInput(), dimension + 1);
  if (auto unpack = dyn_cast<UnpackRowsOp>(op))
    return dimension == 0   ? FailureOr<int64_t>(1)
           : dimension == 1 ? number(unpack.getLengths())
                            : size(unpack.getInput(), dimension - 1);
  return Call::resultSize(result, dimension);
}

FailureOr<int64_t> EntryCall::number(Value counts) {
  if (!counts)
    return 0;
  Value value = origin(counts);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto role = roleOf(argument);
    if (!role)
      return unknown(argument.getOwner()->getParentOp(), 0);
    return given(role->first, role->second);
  }
  if (auto found = known.find(value); found != known.end())
    return found->second;
  // What becomes of lengths is what the reference makes of them.
  Operation *op = value.getDefiningOp();
  auto semantics = dyn_cast<ReferenceOpInterface>(op);
  if (!semantics)
    return unknown(op, 0);
  reference::Options<double> options;
  reference::State<double> state(options);
  for (Value operand : op->getOperands()) {
    FailureOr<int64_t> count = number(operand);
    if (failed(count) ||
        failed(state.set(op, operand, {ArrayRef<int64_t>(1), std::vector<int32_t>{static_cast<int32_t>(*count)}})))
      return failure();
  }
  if (failed(semantics.evaluateInDouble(state)))
    return failure();
  return known[value] = state.get(value).ints().front();
}

FailureOr<SmallVector<int64_t>> EntryCall::numbers(Value counts) {
  FailureOr<int64_t> one = number(counts);
  if (failed(one))
    return failure();
  return SmallVector<int64_t>{*one};
}

//===----------------------------------------------------------------------===//
// Of a kernel
//===----------------------------------------------------------------------===//

FailureOr<int64_t> KernelCall::argumentSize(BlockArgument argument, unsigned dimension) {
  unsigned number = argument.getArgNumber();
  if (number >= sizes.shapes.size() || dimension >= sizes.shapes[number].size())
    return unknown(kernel, dimension);
  return sizes.shapes[number][dimension];
}

FailureOr<SmallVector<int64_t>> KernelCall::numbers(Value counts) {
  auto argument = dyn_cast<BlockArgument>(counts);
  if (!argument || argument.getArgNumber() >= sizes.numbers.size())
    return kernel.emitError() << "nothing says what a list of integers holds";
  const std::vector<int32_t> &list = sizes.numbers[argument.getArgNumber()];
  return SmallVector<int64_t>(list.begin(), list.end());
}

FailureOr<int64_t> KernelCall::packedRows(Value starts, Operation *user) {
  FailureOr<SmallVector<int64_t>> list = numbers(starts);
  if (failed(list) || list->empty())
    return unknown(user, 0);
  return list->back();
}
