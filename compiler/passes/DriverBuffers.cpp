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

Value DriverBuffers::allocate(StringRef name, RankedTensorType type, ValueRange sizes) {
  auto names = llvm::map_to_vector(sizes, [&](Value size) -> Attribute { return sizeNames.lookup(size); });
  return ahead([&]() -> Value {
    auto alloc = memref::AllocOp::create(builder, location, bufferType(type), sizes);
    alloc->setAttr("tenon.of", builder.getStringAttr(name));
    if (!llvm::is_contained(names, Attribute()))
      alloc->setAttr("tenon.sizes", builder.getArrayAttr(names));
    return alloc;
  });
}

Value DriverBuffers::allocateCopy(RankedTensorType type, ValueRange sizes) { return allocate("copy", type, sizes); }

Value DriverBuffers::allocate(Value tensor, ValueRange sizes) {
  Operation *op = tensor.getDefiningOp();
  auto kernel = dyn_cast<KernelOp>(op);
  StringRef name = kernel ? kernel.getName() : op->getName().stripDialect();
  Value buffer = allocate(name, cast<RankedTensorType>(tensor.getType()), sizes);
  set(tensor, buffer);
  return buffer;
}

Value DriverBuffers::oneMore(Value size) {
  Value sum = ahead([&] { return host.add(size, host.constant(1)); });
  if (StringAttr name = sizeNames.lookup(size))
    nameSize(sum, name.getValue() + " + 1", {builder.getNamedAttr("of", name), rule("plus", 1)});
  return sum;
}

void DriverBuffers::nameDimension(Value size, Value buffer, unsigned dimension) {
  auto argument = dyn_cast<BlockArgument>(buffer);
  auto driver = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  auto names = driver ? driver.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "tenon.dims") : ArrayAttr();
  if (names)
    nameSize(size, cast<StringAttr>(names[cast<MemRefType>(buffer.getType()).getDynamicDimIndex(dimension)]).getValue());
}

void DriverBuffers::nameSize(Value size, const Twine &name, ArrayRef<NamedAttribute> rule) {
  StringAttr attribute = builder.getStringAttr(name);
  sizeNames[size] = attribute;
  bool isKnown = llvm::any_of(derived, [&](NamedAttribute known) { return known.getName() == attribute; });
  if (!rule.empty() && !isKnown)
    derived.push_back(builder.getNamedAttr(attribute, builder.getDictionaryAttr(rule)));
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

/// No more than if every sequence had the length of the longest, which the argument in front of the lengths is padded
/// to, or one row.
void DriverBuffers::nameRows(RowStartsOp op, BlockArgument lengths, int64_t stride) {
  auto function = cast<func::FuncOp>(lengths.getOwner()->getParentOp());
  unsigned number = lengths.getArgNumber();
  auto padded = number > 0 ? dyn_cast<RankedTensorType>(function.getArgumentTypes()[number - 1]) : RankedTensorType();
  if (!padded || padded.getRank() < 2 || !padded.isDynamicDim(0) ||
      (!padded.isDynamicDim(1) && padded.getDimSize(1) != 1))
    return;
  auto dims = function.getArgAttrOfType<ArrayAttr>(number - 1, "tenon.dims");
  auto given = function.getArgAttrOfType<StringAttr>(number, "tenon.name");
  std::string name = "rows(" + (given ? given.str() : "arg" + std::to_string(number));
  name += stride > 1 ? "/" + std::to_string(stride) + ")" : ")";
  SmallVector<NamedAttribute> rules{builder.getNamedAttr("of", dims[0]), rule("stride", stride),
                                    rule("tile", op.getTile())};
  if (padded.isDynamicDim(1))
    rules.push_back(builder.getNamedAttr("length", dims[1]));
  nameSize(rowCounts.lookup(op.getStarts()), name, rules);
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
    if (auto argument = dyn_cast<BlockArgument>(source))
      nameRows(op, argument, stride);
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
  if (inserted) {
    entry->second = ahead([&] { return host.dimension(buffer, dimension); });
    nameDimension(entry->second, buffer, dimension);
  }
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
