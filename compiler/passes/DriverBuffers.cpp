//===- DriverBuffers.cpp - The memory of a driver's tensors ---------------===//

#include "passes/DriverBuffers.h"

#include "passes/DriverSignature.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tenon;

Value DriverBuffers::ahead(llvm::function_ref<Value()> make) {
  OpBuilder::InsertionGuard guard(builder);
  if (firstUse)
    builder.setInsertionPoint(firstUse);
  return make();
}

void DriverBuffers::note(Operation *op) {
  if (!firstUse)
    firstUse = op ? op : arith::ConstantIndexOp::create(builder, location, 0).getOperation();
}

Value DriverBuffers::allocate(RankedTensorType type, ValueRange sizes) {
  return ahead([&]() -> Value { return memref::AllocOp::create(builder, location, bufferType(type), sizes); });
}

Value DriverBuffers::allocate(Value tensor, ValueRange sizes) {
  Value buffer = allocate(cast<RankedTensorType>(tensor.getType()), sizes);
  set(tensor, buffer);
  return buffer;
}

/// The lengths of whole sequences, and every how many-th row of them is left.
static std::pair<Value, int64_t> sourceOfLengths(Value lengths) {
  int64_t stride = 1;
  while (auto strided = lengths.getDefiningOp<StridedLengthsOp>()) {
    stride *= static_cast<int64_t>(strided.getStride());
    lengths = strided.getLengths();
  }
  return {lengths, stride};
}

LogicalResult DriverBuffers::countRows(func::FuncOp function) {
  for (auto op : function.getOps<RowStartsOp>()) {
    auto [source, stride] = sourceOfLengths(op.getLengths());
    Value lengths = of(source);
    if (!lengths)
      return op.emitOpError() << "takes lengths that do not come from an argument of the function";
    auto count = scf::ForOp::create(builder, location, host.constant(0), host.dimension(lengths, 0), host.constant(1),
                                    host.constant(0));
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(count.getBody());
      Value length = host.loadIndex(lengths, count.getInductionVar());
      Value rows = host.roundUp(stride > 1 ? host.divideUp(length, stride) : length, op.getTile());
      scf::YieldOp::create(builder, location, host.add(count.getRegionIterArg(0), rows));
    }
    rowCounts[op.getStarts()] = count.getResult(0);
  }
  return success();
}

Value DriverBuffers::sizeOf(Value tensor, unsigned dimension) {
  if (dimension == kPackedRows)
    return rowCounts.lookup(tensor);
  Value buffer = of(tensor);
  if (auto alloc = buffer.getDefiningOp<memref::AllocOp>())
    return alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(dimension)];
  auto [entry, inserted] = argumentSizes.try_emplace({buffer, dimension});
  if (inserted)
    entry->second = ahead([&] { return host.dimension(buffer, dimension); });
  return entry->second;
}

SmallVector<Value> DriverBuffers::sizesOf(Value tensor) {
  SmallVector<Value> sizes;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (unsigned i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(sizeOf(tensor, i));
  return sizes;
}

FailureOr<SmallVector<Value>> DriverBuffers::sizesOfResult(KernelOp kernel, unsigned result) {
  SmallVector<Value> sizes;
  auto type = cast<RankedTensorType>(kernel.getResult(result).getType());
  for (unsigned i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    DimensionSource source = kernel.getDimensionSource(result, i);
    Value size = source.value ? sizeOf(source.value, source.dimension) : Value();
    if (!size)
      return kernel.emitOpError() << "has a result whose dimension " << i << " no operand has";
    sizes.push_back(size);
  }
  return sizes;
}
