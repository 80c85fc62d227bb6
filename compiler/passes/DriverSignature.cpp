//===- DriverSignature.cpp - What a driver takes of its function ----------===//

#include "passes/DriverSignature.h"

#include "passes/DimensionNames.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tenon;

MemRefType tenon::bufferType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), tensor.getElementType());
}

bool tenon::isState(func::FuncOp function, unsigned result) {
  return static_cast<bool>(function.getResultAttr(result, "tenon.state"));
}

/// States are the last arguments and, in the same order, the last results.
static LogicalResult checkStates(func::FuncOp function) {
  SmallVector<Type> taken, returned;
  for (BlockArgument argument : function.getArguments()) {
    if (function.getArgAttr(argument.getArgNumber(), "tenon.state"))
      taken.push_back(argument.getType());
    else if (!taken.empty())
      return function.emitOpError() << "takes argument " << argument.getArgNumber()
                                    << " after a state, expected states last";
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    if (isState(function, i))
      returned.push_back(function.getResultTypes()[i]);
    else if (!returned.empty())
      return function.emitOpError() << "returns result " << i << " after a state, expected states last";
  }
  if (taken != returned)
    return function.emitOpError() << "takes states of types " << taken << " but returns " << returned;
  return success();
}

LogicalResult tenon::checkSignature(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError() << "has " << function.getBody().getBlocks().size()
                                  << " blocks, expected one: layers are tenon.repeat";
  for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !(tensor.getElementType().isF32() || tensor.getElementType().isInteger(32)))
      return function.emitOpError() << "takes or returns " << type << ", expected tensors of f32 or i32";
  }
  return checkStates(function);
}

/// The names of a returned tensor's dynamic dimensions: those of arguments.
static FailureOr<ArrayAttr> dimensionNames(func::FuncOp function, Operation *end, Value returned) {
  SmallVector<Attribute> names;
  auto type = cast<RankedTensorType>(returned.getType());
  for (unsigned i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    names.push_back(dimensionName(function, {returned, i}));
    if (!names.back())
      return end->emitOpError() << "returns a tensor whose dimension " << i << " is not one of an argument";
  }
  return ArrayAttr::get(function.getContext(), names);
}

static LogicalResult copyAttributes(func::FuncOp function, func::FuncOp driver) {
  Builder builder(function.getContext());
  driver->setDiscardableAttrs(function->getDiscardableAttrDictionary());
  driver->setAttr("tenon.entry", builder.getUnitAttr());
  driver->setAttr("tenon.inputs", builder.getI64IntegerAttr(function.getNumArguments()));
  nameDimensions(function);
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    driver.setArgAttrs(number + 1, function.getArgAttrDict(number));
  }
  Operation *end = function.getBody().front().getTerminator();
  for (OpOperand &operand : end->getOpOperands()) {
    unsigned number = operand.getOperandNumber();
    if (isState(function, number))
      continue;
    FailureOr<ArrayAttr> names = dimensionNames(function, end, operand.get());
    if (failed(names))
      return failure();
    unsigned argument = number + 1 + function.getNumArguments();
    driver.setArgAttrs(argument, function.getResultAttrDict(number));
    driver.setArgAttr(argument, "tenon.dims", *names);
  }
  return success();
}

FailureOr<OwningOpRef<func::FuncOp>> tenon::declareDriver(func::FuncOp function) {
  Builder builder(function.getContext());
  SmallVector<Type> types{MemRefType::get({ShapedType::kDynamic}, builder.getI8Type())};
  for (Type type : function.getArgumentTypes())
    types.push_back(bufferType(type));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!isState(function, i))
      types.push_back(bufferType(function.getResultTypes()[i]));
  OwningOpRef<func::FuncOp> driver =
      func::FuncOp::create(function.getLoc(), function.getName(), builder.getFunctionType(types, {}));
  driver->addEntryBlock();
  if (failed(copyAttributes(function, *driver)))
    return failure();
  return driver;
}
