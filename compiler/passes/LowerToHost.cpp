//===- LowerToHost.cpp - Kernel IR to drivers over memrefs ----------------===//
//
// Upstream bufferisation is not used: it has no way to say that a loop's carried tensor is to be updated in place by
// the kernel that makes the next one, and would allocate or copy once per layer.
//
//===----------------------------------------------------------------------===//

#include "passes/DimensionNames.h"
#include "passes/EntryPoints.h"
#include "passes/HostBuilder.h"
#include "passes/Passes.h"
#include "passes/Weights.h"
#include "tenon/Dialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERTOHOST
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

MemRefType bufferType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), tensor.getElementType());
}

/// Rewrites one function of kernel IR as a driver.
class DriverBuilder {
public:
  DriverBuilder(func::FuncOp function, const WeightTable &weights, const weights::PackedLayout &layout,
                SymbolTable &symbols)
      : function(function), weightTable(weights), layout(layout), symbols(symbols), builder(function.getContext()),
        location(function.getLoc()), host(builder, location) {}

  LogicalResult build() {
    if (failed(checkSignature()))
      return failure();
    SmallVector<Type> types{MemRefType::get({ShapedType::kDynamic}, builder.getI8Type())};
    for (Type type : function.getArgumentTypes())
      types.push_back(bufferType(type));
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (!isState(i))
        types.push_back(bufferType(function.getResultTypes()[i]));
    OwningOpRef<func::FuncOp> owner =
        func::FuncOp::create(location, function.getName(), builder.getFunctionType(types, {}));
    func::FuncOp driver = *owner;
    Block &entry = *driver.addEntryBlock();
    weightBytes = entry.getArgument(0);
    unsigned inputs = function.getNumArguments();
    for (unsigned i = 0; i < inputs; ++i)
      buffers[function.getArgument(i)] = entry.getArgument(i + 1);
    outputs.assign(entry.args_begin() + inputs + 1, entry.args_end());
    if (failed(copyAttributes(driver)))
      return failure();

    builder.setInsertionPointToStart(&entry);
    auto end = func::ReturnOp::create(builder, location);
    builder.setInsertionPoint(end);
    if (failed(countRows()))
      return failure();
    findReaders();
    for (Operation &op : function.getBody().front())
      if (failed(lowerWhereWanted(op)))
        return failure();
    symbols.erase(function);
    symbols.insert(owner.release());
    return success();
  }

private:
  LogicalResult checkSignature() {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError() << "has " << function.getBody().getBlocks().size()
                                    << " blocks, expected one: layers are tenon.repeat";
    for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes())) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !(tensor.getElementType().isF32() || tensor.getElementType().isInteger(32)))
        return function.emitOpError() << "takes or returns " << type << ", expected tensors of f32 or i32";
    }
    return checkStates();
  }

  bool isState(unsigned result) { return static_cast<bool>(function.getResultAttr(result, "tenon.state")); }

  /// States are the last arguments and, in the same order, the last results.
  LogicalResult checkStates() {
    SmallVector<Type> taken, returned;
    for (BlockArgument argument : function.getArguments()) {
      if (function.getArgAttr(argument.getArgNumber(), "tenon.state"))
        taken.push_back(argument.getType());
      else if (!taken.empty())
        return function.emitOpError() << "takes argument " << argument.getArgNumber()
                                      << " after a state, expected states last";
    }
    for (unsigned i = 0; i < function.getNumResults(); ++i) {
      if (isState(i))
        returned.push_back(function.getResultTypes()[i]);
      else if (!returned.empty())
        return function.emitOpError() << "returns result " << i << " after a state, expected states last";
    }
    if (taken != returned)
      return function.emitOpError() << "takes states of types " << taken << " but returns " << returned;
    return success();
  }

  /// Names, roles and limits of the entry point go with it: the manifest is made of them.
  LogicalResult copyAttributes(func::FuncOp driver) {
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
      if (isState(number))
        continue;
      SmallVector<Attribute> names;
      auto type = cast<RankedTensorType>(operand.get().getType());
      for (unsigned i = 0; i < type.getRank(); ++i) {
        if (!type.isDynamicDim(i))
          continue;
        names.push_back(dimensionName(function, {operand.get(), i}));
        if (!names.back())
          return end->emitOpError() << "returns a tensor whose dimension " << i << " is not one of an argument";
      }
      unsigned argument = number + 1 + function.getNumArguments();
      driver.setArgAttrs(argument, function.getResultAttrDict(number));
      driver.setArgAttr(argument, "tenon.dims", builder.getArrayAttr(names));
    }
    return success();
  }

  /// For each kernel outside of loops, the outputs that it is computed for, where those are not all.
  void findReaders() {
    Operation *end = function.getBody().front().getTerminator();
    for (Operation &op : llvm::reverse(function.getBody().front())) {
      llvm::SmallSetVector<unsigned, 4> &reached = outputsOf[&op];
      for (OpOperand &use : op.getUses()) {
        Operation *user = function.getBody().front().findAncestorOpInBlock(*use.getOwner());
        if (user == end)
          reached.insert(use.getOperandNumber());
        else
          reached.insert_range(outputsOf.lookup(user));
      }
    }
  }

  /// What only some outputs need is computed where one of them is wanted.
  LogicalResult lowerWhereWanted(Operation &op) {
    const auto &reached = outputsOf[&op];
    bool always = !isa<KernelOp>(op) || reached.empty() || reached.size() == function.getNumResults() ||
                  llvm::any_of(reached, [&](unsigned result) { return isState(result); });
    if (always)
      return lower(op);
    SmallVector<Value> wanted;
    for (unsigned result : reached)
      wanted.push_back(outputs[result]);
    LogicalResult result = success();
    // Allocations stay in front of everything: what they stand before must not be the condition's body.
    note();
    host.ifWanted(wanted, [&] { result = lower(op); });
    return result;
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

  /// The number of packed rows of each layout, before anything is allocated: every buffer's size follows from it.
  LogicalResult countRows() {
    for (auto op : function.getOps<RowStartsOp>()) {
      auto [source, stride] = sourceOfLengths(op.getLengths());
      Value lengths = buffers.lookup(source);
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

  /// Buffers are allocated ahead of everything else, once, in front of any loop.
  Value allocate(RankedTensorType type, ValueRange sizes) {
    OpBuilder::InsertionGuard guard(builder);
    if (firstOperation)
      builder.setInsertionPoint(firstOperation);
    return memref::AllocOp::create(builder, location, bufferType(type), sizes);
  }

  /// The sizes that `result`'s dynamic dimensions take.
  FailureOr<SmallVector<Value>> dynamicSizes(KernelOp kernel, unsigned result) {
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

  Value sizeOf(Value tensor, unsigned index) {
    if (index == kPackedRows)
      return rowCounts.lookup(tensor);
    Value buffer = buffers.lookup(tensor);
    if (auto alloc = buffer.getDefiningOp<memref::AllocOp>())
      return alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(index)];
    OpBuilder::InsertionGuard guard(builder);
    if (firstOperation)
      builder.setInsertionPoint(firstOperation);
    auto [entry, inserted] = argumentSizes.try_emplace({buffer, index});
    if (inserted)
      entry->second = host.dimension(buffer, index);
    return entry->second;
  }

  LogicalResult lower(Operation &op) {
    return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
        .Case([&](WeightOp weight) { return lower(weight, weight.getLayer()); })
        .Case([&](PositionTableOp table) { return lower(table, Value()); })
        .Case([&](RowStartsOp starts) { return lower(starts); })
        .Case([&](PositionIdsOp ids) { return lower(ids); })
        .Case([&](RowPositionsOp positions) { return lower(positions); })
        .Case([&](StridedLengthsOp strided) { return lower(strided); })
        .Case([&](ZeroLengthsOp zeros) { return lower(zeros); })
        .Case([&](PackRowsOp pack) { return lower(pack); })
        .Case([&](UnpackRowsOp unpack) { return lower(unpack); })
        .Case([&](KernelOp kernel) { return lower(kernel); })
        .Case([&](RepeatOp repeat) { return lower(repeat); })
        .Case([&](CacheLayerOp slice) { return lower(slice); })
        .Case([&](CacheUpdateOp update) { return lower(update); })
        .Case([&](affine::AffineApplyOp apply) { return lower(apply); })
        .Case([&](func::ReturnOp end) { return lower(end); })
        .Default([](Operation *other) { return other->emitOpError() << "has no form in host IR"; });
  }

  /// A parameter is a view of the weights' bytes.
  LogicalResult lower(Operation *op, Value layer) {
    const weights::PackedPlacement &placement = layout.placements[weightTable.indices.lookup(op)];
    Value offset = host.constant(placement.offset);
    if (layer)
      offset = host.add(offset, host.multiply(indices.lookup(layer), host.constant(placement.layerStride)));
    buffers[op->getResult(0)] = memref::ViewOp::create(builder, location, bufferType(op->getResult(0).getType()),
                                                       weightBytes, offset, ValueRange());
    return success();
  }

  LogicalResult lower(RowStartsOp op) {
    if (!rowCounts.count(op.getStarts()))
      return op.emitOpError() << "stands in a loop, expected it among the function's own operations";
    Value lengths = buffers.lookup(op.getLengths());
    Value sequences = sizeOf(op.getLengths(), 0);
    Value size;
    {
      OpBuilder::InsertionGuard guard(builder);
      if (firstOperation)
        builder.setInsertionPoint(firstOperation);
      size = host.add(sequences, host.constant(1));
    }
    Value starts = allocate(op.getStarts().getType(), size);
    buffers[op.getStarts()] = starts;
    note();
    host.writeRowStarts(lengths, op.getTile(), starts);
    return success();
  }

  /// The buffer of an optional operand.
  Value bufferOf(Value tensor) { return tensor ? buffers.lookup(tensor) : Value(); }

  LogicalResult lower(PositionIdsOp op) {
    SmallVector<Value> sizes;
    for (unsigned i : {0u, 1u})
      if (op.getType().isDynamicDim(i))
        sizes.push_back(sizeOf(op.getLike(), i));
    Value result = allocate(op.getType(), sizes);
    buffers[op.getResult()] = result;
    note();
    host.writePositions(buffers.lookup(op.getLike()), bufferOf(op.getPast()), result);
    return success();
  }

  LogicalResult lower(RowPositionsOp op) {
    if (!rowCounts.count(op.getStarts()))
      return op.emitOpError() << "takes starts that are not of a tenon.row_starts";
    Value result = allocate(op.getType(), rowCounts.lookup(op.getStarts()));
    buffers[op.getResult()] = result;
    note();
    host.writeRowPositions(buffers.lookup(op.getStarts()), bufferOf(op.getPast()), result);
    return success();
  }

  LogicalResult lower(StridedLengthsOp op) {
    Value result = allocate(op.getType(), sizesOf(op.getLengths()));
    buffers[op.getResult()] = result;
    note();
    host.writeStridedLengths(buffers.lookup(op.getLengths()), op.getStride(), result);
    return success();
  }

  LogicalResult lower(ZeroLengthsOp op) {
    Value result = allocate(op.getType(), sizesOf(op.getLengths()));
    buffers[op.getResult()] = result;
    note();
    host.writeZeros(result);
    return success();
  }

  LogicalResult lower(PackRowsOp op) {
    if (!rowCounts.count(op.getStarts()))
      return op.emitOpError() << "takes starts that are not of a tenon.row_starts";
    Value input = buffers.lookup(op.getInput()), starts = buffers.lookup(op.getStarts());
    Value lengths = buffers.lookup(op.getLengths());
    RankedTensorType type = op.getResult().getType();
    Value result = allocate(type, rowCounts.lookup(op.getStarts()));
    buffers[op.getResult()] = result;
    note();
    host.packRows(input, starts, lengths, result);
    return success();
  }

  /// Only results of the function are padded again, so this is done where they are returned.
  LogicalResult lower(UnpackRowsOp op) {
    for (Operation *user : op->getUsers())
      if (!isa<func::ReturnOp>(user))
        return op.emitOpError() << "is read by '" << user->getName() << "', expected only the function to return it";
    return success();
  }

  /// The private function that stands for the kernels of one name.
  FailureOr<func::FuncOp> kernelFunction(KernelOp kernel, TypeRange types) {
    if (kernel.getName().empty())
      return kernel.emitOpError() << "has no name, expected the one that tenon-assign-schedules gives";
    if (Operation *known = symbols.lookup(kernel.getName())) {
      if (!known->hasAttr("tenon.results"))
        return kernel.emitOpError() << "has the name of a function, '" << kernel.getName() << "'";
      if (!isKept(kernel))
        return kernel.emitOpError() << "differs from another kernel of its name, '" << kernel.getName() << "'";
      return cast<func::FuncOp>(known);
    }
    auto declaration =
        func::FuncOp::create(location, kernel.getName(), builder.getFunctionType(types, builder.getI32Type()));
    declaration.setPrivate();
    declaration->setAttr("tenon.results", builder.getI64IntegerAttr(kernel.getNumResults()));
    symbols.insert(declaration);
    keepKernel(kernel);
    return declaration;
  }

  /// Whether the kernel of this name that host IR carries is the same.
  bool isKept(KernelOp kernel) {
    auto holder = symbols.lookup<ModuleOp>(kKernelModule).lookupSymbol<func::FuncOp>(kernel.getName());
    auto kept = *holder.getOps<KernelOp>().begin();
    return kept.getSchedules() == kernel.getSchedules() &&
           kept.getInputs().getTypes() == kernel.getInputs().getTypes() &&
           kept.describe().text() == kernel.describe().text();
  }

  /// Host IR carries its kernels along, in a module beside the drivers.
  void keepKernel(KernelOp kernel) {
    auto kernelModule = symbols.lookup<ModuleOp>(kKernelModule);
    if (!kernelModule) {
      kernelModule = ModuleOp::create(location, StringRef(kKernelModule));
      symbols.insert(kernelModule);
    }
    OpBuilder inner = OpBuilder::atBlockEnd(kernelModule.getBody());
    auto type = builder.getFunctionType(kernel.getInputs().getTypes(), kernel.getResultTypes());
    auto holder = func::FuncOp::create(inner, location, kernel.getName(), type);
    Block &entry = *holder.addEntryBlock();
    inner.setInsertionPointToStart(&entry);
    Operation *copy = inner.clone(*kernel);
    copy->setOperands(entry.getArguments());
    func::ReturnOp::create(inner, location, copy->getResults());
  }

  LogicalResult lower(KernelOp kernel) {
    SmallVector<Value> arguments;
    for (Value input : kernel.getInputs())
      arguments.push_back(buffers.lookup(input));
    for (OpResult result : kernel.getResults()) {
      Value updated = kernel.getUpdatedInput(result.getResultNumber());
      if (updated && failed(checkLastUse(kernel, updated)))
        return failure();
      Value &buffer = buffers[result];
      if (updated)
        buffer = buffers.lookup(updated);
      if (!buffer) {
        FailureOr<SmallVector<Value>> sizes = dynamicSizes(kernel, result.getResultNumber());
        if (failed(sizes))
          return failure();
        Value allocated = allocate(cast<RankedTensorType>(result.getType()), *sizes);
        buffers[result] = allocated;
      }
      arguments.push_back(buffers[result]);
    }
    FailureOr<func::FuncOp> callee = kernelFunction(kernel, ValueRange(arguments).getTypes());
    if (failed(callee))
      return failure();
    auto call = func::CallOp::create(builder, location, *callee, arguments);
    note(call);
    return success();
  }

  /// What is updated in place must not be read as it was before.
  LogicalResult checkLastUse(KernelOp kernel, Value updated) {
    for (Operation *user : updated.getUsers())
      if (user != kernel && (user->getBlock() != kernel->getBlock() || !user->isBeforeInBlock(kernel)))
        return kernel.emitOpError() << "updates a tensor in place that '" << user->getName() << "' reads afterwards";
    return success();
  }

  /// One layer of a cache is part of its memory.
  LogicalResult lower(CacheLayerOp op) {
    Value cache = buffers.lookup(op.getCache());
    auto type = cast<MemRefType>(cache.getType());
    SmallVector<OpFoldResult> offsets(3, builder.getIndexAttr(0)), strides(3, builder.getIndexAttr(1));
    offsets[0] = indices.lookup(op.getLayer());
    SmallVector<OpFoldResult> sizes{builder.getIndexAttr(1), sizeOf(op.getCache(), 1),
                                    builder.getIndexAttr(type.getDimSize(2))};
    auto slice = memref::SubViewOp::inferRankReducedResultType(op.getType().getShape(), type, offsets, sizes, strides);
    buffers[op.getResult()] = memref::SubViewOp::create(builder, location, slice, cache, offsets, sizes, strides);
    return success();
  }

  /// The slice has been updated where it lies.
  LogicalResult lower(CacheUpdateOp op) {
    auto view = buffers.lookup(op.getSlice()).getDefiningOp<memref::SubViewOp>();
    if (!view || view.getSource() != buffers.lookup(op.getCache()) ||
        view.getMixedOffsets()[0] != OpFoldResult(indices.lookup(op.getLayer())))
      return op.emitOpError() << "puts a tensor into the cache that is not this layer of it, updated in place";
    buffers[op.getResult()] = buffers.lookup(op.getCache());
    return success();
  }

  LogicalResult lower(affine::AffineApplyOp op) {
    SmallVector<Value> operands =
        llvm::map_to_vector(op.getMapOperands(), [&](Value operand) { return indices.lookup(operand); });
    indices[op.getResult()] = affine::AffineApplyOp::create(builder, location, op.getAffineMap(), operands);
    return success();
  }

  LogicalResult lower(RepeatOp repeat) {
    Block &body = repeat.getBody().front();
    YieldOp yield = repeat.getYield();
    SmallVector<Value> carried;
    for (auto [index, init] : llvm::enumerate(repeat.getInits())) {
      Value buffer = carryBuffer(init, repeat);
      carried.push_back(buffer);
      buffers[body.getArgument(index + 1)] = buffer;
      buffers[repeat.getResult(index)] = buffer;
      if (canUpdateInPlace(yield, index))
        buffers[yield.getOperand(index)] = buffer;
    }
    auto op =
        scf::ForOp::create(builder, location, host.constant(0), host.constant(repeat.getCount()), host.constant(1));
    note(op);
    indices[body.getArgument(0)] = op.getInductionVar();
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(op.getBody());
    for (Operation &inner : body.without_terminator())
      if (failed(lower(inner)))
        return failure();
    copyCarried(yield, carried);
    return success();
  }

  /// Copies what no kernel wrote in place to where the next layer reads it. A value that still stands in another's
  /// buffer (two that change places) is set aside first: the copy to that buffer would write over it.
  void copyCarried(YieldOp yield, ArrayRef<Value> carried) {
    SmallVector<Value> sources;
    for (auto [buffer, value] : llvm::zip(carried, yield.getOperands())) {
      Value source = buffers.lookup(value);
      if (source != buffer && llvm::is_contained(carried, source)) {
        Value aside = allocate(cast<RankedTensorType>(value.getType()), sizesOf(value));
        memref::CopyOp::create(builder, location, source, aside);
        source = aside;
      }
      sources.push_back(source);
    }
    for (auto [buffer, source] : llvm::zip(carried, sources))
      if (source != buffer)
        memref::CopyOp::create(builder, location, source, buffer);
  }

  SmallVector<Value> sizesOf(Value tensor) {
    SmallVector<Value> sizes;
    auto type = cast<RankedTensorType>(tensor.getType());
    for (unsigned i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i))
        sizes.push_back(sizeOf(tensor, i));
    return sizes;
  }

  /// The buffer that layers update: that of the initial value where nobody else needs it (not a loop around this one
  /// either, which would find it changed), otherwise a copy.
  Value carryBuffer(Value init, RepeatOp repeat) {
    Value buffer = buffers.lookup(init);
    if (isStateBuffer(buffer))
      return buffer;
    if (init.hasOneUse() && init.getParentBlock() == repeat->getBlock() && buffer.getDefiningOp<memref::AllocOp>())
      return buffer;
    Value copy = allocate(cast<RankedTensorType>(init.getType()), sizesOf(init));
    note(memref::CopyOp::create(builder, location, buffer, copy));
    return copy;
  }

  /// Whether the kernel that makes the next carried value may write over the last one: it is the last reader at the
  /// latest, does not read it itself, and no other yielded value is it.
  static bool canUpdateInPlace(YieldOp yield, unsigned index) {
    Value next = yield.getOperand(index);
    auto kernel = next.getDefiningOp<KernelOp>();
    if (!kernel || kernel->getBlock() != yield->getBlock() || llvm::count(yield.getOperands(), next) != 1)
      return false;
    Value last = yield->getBlock()->getArgument(index + 1);
    return llvm::all_of(last.getUsers(), [&](Operation *user) {
      return isa<KernelOp>(user) && user->getBlock() == yield->getBlock() && user->isBeforeInBlock(kernel);
    });
  }

  /// States are updated where the caller has them.
  bool isStateBuffer(Value buffer) {
    auto argument = dyn_cast<BlockArgument>(buffer);
    return argument && argument.getArgNumber() > 0 && argument.getArgNumber() <= function.getNumArguments() &&
           function.getArgAttr(argument.getArgNumber() - 1, "tenon.state");
  }

  LogicalResult lower(func::ReturnOp end) {
    unsigned firstState = outputs.size(), states = end.getNumOperands() - outputs.size();
    for (auto [index, value] : llvm::enumerate(end.getOperands().drop_front(firstState))) {
      Value state = buffers.lookup(function.getArgument(function.getNumArguments() - states + index));
      if (buffers.lookup(value) != state)
        return end.emitOpError() << "returns as state " << index
                                 << " another tensor than that argument, updated in place";
    }
    for (auto [value, output] : llvm::zip(end.getOperands(), outputs))
      host.ifWanted({output}, [&, value = value, output = output] {
        if (auto unpacked = value.getDefiningOp<UnpackRowsOp>())
          host.unpackRows(buffers.lookup(unpacked.getInput()), buffers.lookup(unpacked.getStarts()),
                          buffers.lookup(unpacked.getLengths()), output);
        else
          memref::CopyOp::create(builder, location, buffers.lookup(value), output);
      });
    return success();
  }

  /// Remembers the first operation that uses a buffer: allocations go before it.
  void note(Operation *op = nullptr) {
    if (!firstOperation)
      firstOperation = op ? op : arith::ConstantIndexOp::create(builder, location, 0).getOperation();
  }

  func::FuncOp function;
  const WeightTable &weightTable;
  const weights::PackedLayout &layout;
  SymbolTable &symbols;
  OpBuilder builder;
  Location location;
  HostBuilder host;
  Value weightBytes;
  SmallVector<Value> outputs;
  Operation *firstOperation = nullptr;
  llvm::DenseMap<Value, Value> buffers;   // tensors to memrefs
  llvm::DenseMap<Value, Value> indices;   // layer numbers
  llvm::DenseMap<Value, Value> rowCounts; // row starts to R
  llvm::DenseMap<std::pair<Value, unsigned>, Value> argumentSizes;
  llvm::DenseMap<Operation *, llvm::SmallSetVector<unsigned, 4>> outputsOf;
};

/// Host IR carries its parameters along, as a function that returns them in the order of the weights' file: a driver
/// has nothing but their places.
void keepParameters(ModuleOp module, const WeightTable &weights) {
  if (weights.tensors.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto holder = ModuleOp::create(builder, module.getLoc(), StringRef(kParameterModule));
  builder.setInsertionPointToStart(holder.getBody());
  SmallVector<Operation *> first(weights.tensors.size());
  module.walk([&](Operation *op) {
    if (auto found = weights.indices.find(op); found != weights.indices.end() && !first[found->second])
      first[found->second] = op;
  });
  auto types = llvm::map_to_vector(first, [](Operation *op) { return op->getResult(0).getType(); });
  auto function = func::FuncOp::create(builder, module.getLoc(), kParameterModule,
                                       builder.getFunctionType(builder.getIndexType(), types));
  Block &entry = *function.addEntryBlock();
  builder.setInsertionPointToStart(&entry);
  SmallVector<Value> values;
  for (Operation *op : first) {
    Operation *copy = builder.clone(*op);
    if (copy->getNumOperands() > 0)
      copy->setOperand(0, entry.getArgument(0));
    values.push_back(copy->getResult(0));
  }
  func::ReturnOp::create(builder, module.getLoc(), values);
}

struct LowerToHost : tenon::impl::LowerToHostBase<LowerToHost> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> functions;
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal() && !function->hasAttr("tenon.entry"))
        functions.push_back(function);
    if (functions.empty())
      return;
    for (StringRef name : {kKernelModule, kParameterModule})
      if (Operation *taken = module.lookupSymbol(name)) {
        taken->emitError() << "'" << name << "' is a name that host IR gives to what it carries along";
        return signalPassFailure();
      }
    WeightTable weights(module);
    llvm::Expected<weights::PackedLayout> layout = weights::placeTensors(weights.tensors);
    if (!layout) {
      module.emitError() << llvm::toString(layout.takeError());
      return signalPassFailure();
    }
    keepParameters(module, weights);
    SymbolTable symbols(module);
    for (func::FuncOp function : functions) {
      if (failed(DriverBuilder(function, weights, *layout, symbols).build()))
        return signalPassFailure();
    }
  }
};

} // namespace
