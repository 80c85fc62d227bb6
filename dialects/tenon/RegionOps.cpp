//===- RegionOps.cpp - Verifiers of layers and kernels --------------------===//

#include "tenon/Dialect.h"
#include "tenon/Verifiers.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;

/// The yielded values have the types of the results.
static LogicalResult verifyYield(Operation *op) {
  Block &block = op->getRegion(0).front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    return op->emitOpError() << "body does not end with tenon.yield";
  if (yield.getOperandTypes() != op->getResultTypes())
    return op->emitOpError() << "yields " << yield.getOperandTypes() << ", expected " << op->getResultTypes();
  return success();
}

YieldOp RepeatOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

YieldOp KernelOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

LogicalResult RepeatOp::verify() { return verifyPositive(*this, "count", getCount(), maximumLayers); }

LogicalResult RepeatOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments() != getInits().size() + 1 || !block.getArgument(0).getType().isIndex())
    return emitOpError() << "body has " << block.getNumArguments() << " arguments, expected the layer and "
                         << getInits().size() << " values";
  for (auto [argument, init] : llvm::zip(block.getArguments().drop_front(), getInits()))
    if (argument.getType() != init.getType())
      return emitOpError() << "body takes " << argument.getType() << " where it is given " << init.getType();
  return verifyYield(*this);
}

LogicalResult KernelOp::verify() {
  if (failed(verifyPositive(*this, "row_tile", getRowTile())))
    return failure();
  llvm::StringSet<> targets;
  for (auto schedule : getSchedules().getAsRange<ScheduleAttr>())
    if (!targets.insert(schedule.getTarget()).second)
      return emitOpError() << "has two schedules for target '" << schedule.getTarget() << "'";
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError() << "body takes " << block.getArgumentTypes() << " where it is given "
                         << getInputs().getTypes();
  for (Operation &op : block.without_terminator())
    if (!isa<ComputeOpInterface>(op))
      return op.emitOpError() << "is not an operation that a kernel computes";
  return verifyYield(*this);
}

DimensionSource KernelOp::getDimensionSource(unsigned result, unsigned dimension) {
  DimensionSource source{getYield().getOperand(result), dimension};
  while (auto opResult = dyn_cast_if_present<OpResult>(source.value))
    source =
        cast<ComputeOpInterface>(opResult.getOwner()).getDimensionSource(opResult.getResultNumber(), source.dimension);
  if (auto argument = dyn_cast_if_present<BlockArgument>(source.value))
    return {getInputs()[argument.getArgNumber()], source.dimension};
  return {};
}

Value KernelOp::getUpdatedInput(unsigned result) {
  auto yielded = dyn_cast<OpResult>(getYield().getOperand(result));
  auto update = yielded ? dyn_cast<DestinationStyleOpInterface>(yielded.getOwner()) : DestinationStyleOpInterface();
  if (!update)
    return {};
  auto argument = dyn_cast<BlockArgument>(update.getTiedOpOperand(yielded)->get());
  return argument ? getInputs()[argument.getArgNumber()] : Value();
}

kernels::KernelDescription KernelOp::describe() {
  kernels::KernelDescription description;
  description.rowTile = getRowTile();
  llvm::DenseMap<Value, int> numbers;
  Block &block = getBody().front();
  for (BlockArgument argument : block.getArguments()) {
    numbers.try_emplace(argument, numbers.size());
    description.arguments.push_back(describeType(argument.getType()));
  }
  for (Operation &op : block.without_terminator()) {
    kernels::Operation described = cast<ComputeOpInterface>(op).describe();
    for (Value operand : op.getOperands())
      described.operands.push_back(numbers.lookup(operand));
    for (Value result : op.getResults())
      numbers.try_emplace(result, numbers.size());
    description.operations.push_back(std::move(described));
  }
  for (Value value : getYield().getResults())
    description.results.push_back(numbers.lookup(value));
  return description;
}
