//===- LowerToHost.cpp - Kernel IR to drivers over memrefs ----------------===//
//
// Upstream bufferisation is not used: it has no way to say that a loop's carried tensor is to be updated in place by
// the kernel that makes the next one, and would allocate or copy once per layer.
//
//===----------------------------------------------------------------------===//

#include "passes/EntryPoints.h"
#include "passes/Passes.h"
#include "passes/Weights.h"
#include "tenon/Dialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/EquivalenceClasses.h"
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
        location(function.getLoc()) {}

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
    nameDimensions();
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
        names.push_back(dimensionName({operand.get(), i}));
        if (!names.back())
          return end->emitOpError() << "returns a tensor whose dimension " << i << " is not one of an argument";
      }
      unsigned argument = number + 1 + function.getNumArguments();
      driver.setArgAttrs(argument, function.getResultAttrDict(number));
      driver.setArgAttr(argument, "tenon.dims", builder.getArrayAttr(names));
    }
    return success();
  }

  using Classes = llvm::EquivalenceClasses<const void *>;

  static void unite(Classes &classes, ValueRange values) {
    for (Value value : values)
      classes.unionSets(values.front().getAsOpaquePointer(), value.getAsOpaquePointer());
  }

  /// Puts tensors together that must have equally many rows (dimension 0), since an operation reads them side by side.
  static void uniteRows(Operation *op, Classes &classes) {
    SmallVector<Value> rows;
    if (auto attention = dyn_cast<AttentionOp>(op)) {
      rows = {attention.getQuery(), attention.getKey(), attention.getValue(), attention.getResult()};
    } else if (auto cached = dyn_cast<CachedAttentionOp>(op)) {
      rows = {cached.getQuery(), cached.getResult()};
      unite(classes, {cached.getLengths(), cached.getPast(), cached.getPages()});
    } else if (auto append = dyn_cast<CacheAppendOp>(op)) {
      rows = {append.getKey(), append.getValue()};
      unite(classes, {append.getLengths(), append.getPast(), append.getPages()});
    } else if (auto pool = dyn_cast<PoolOp>(op)) {
      rows = {pool.getLengths(), pool.getResult()};
    } else if (isa<ComputeOpInterface>(op)) {
      for (Value value :
           llvm::concat<Value>(SmallVector<Value>(op->getOperands()), SmallVector<Value>(op->getResults())))
        if (cast<RankedTensorType>(value.getType()).isDynamicDim(0))
          rows.push_back(value);
    } else if (auto kernel = dyn_cast<KernelOp>(op)) {
      for (auto [input, argument] : llvm::zip(kernel.getInputs(), kernel.getBody().front().getArguments()))
        unite(classes, {input, argument});
      for (auto [yielded, result] : llvm::zip(kernel.getYield().getOperands(), kernel.getResults()))
        unite(classes, {yielded, result});
    } else if (auto repeat = dyn_cast<RepeatOp>(op)) {
      for (auto [index, init] : llvm::enumerate(repeat.getInits()))
        unite(classes, {init, repeat.getBody().front().getArgument(index + 1), repeat.getYield().getOperand(index),
                        repeat.getResult(index)});
    }
    if (!rows.empty())
      unite(classes, rows);
  }

  /// Names for the dimensions of the arguments that have none: one name where the kernels need one size, which no
  /// kernel checks but the runtime does.
  void nameDimensions() {
    Classes classes;
    function.walk([&](Operation *op) { uniteRows(op, classes); });
    for (BlockArgument argument : function.getArguments()) {
      classes.insert(argument.getAsOpaquePointer());
      if (function.getArgAttr(argument.getArgNumber(), "tenon.dims"))
        continue;
      auto first = llvm::find_if(function.getArguments(), [&](BlockArgument other) {
        return classes.isEquivalent(argument.getAsOpaquePointer(), other.getAsOpaquePointer());
      });
      function.setArgAttr(argument.getArgNumber(), "tenon.dims", ownDimensions(argument, *first));
    }
  }

  ArrayAttr ownDimensions(BlockArgument argument, BlockArgument firstWithItsRows) {
    SmallVector<Attribute> names;
    auto type = cast<RankedTensorType>(argument.getType());
    for (unsigned i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i))
        names.push_back(
            builder.getStringAttr("d" + Twine((i == 0 ? firstWithItsRows : argument).getArgNumber()) + "_" + Twine(i)));
    return builder.getArrayAttr(names);
  }

  /// The name of the argument's dimension that `source` equals, or null.
  Attribute dimensionName(DimensionSource source) {
    while (Operation *op = source.value.getDefiningOp()) {
      unsigned result = cast<OpResult>(source.value).getResultNumber();
      if (auto kernel = dyn_cast<KernelOp>(op))
        source = kernel.getDimensionSource(result, source.dimension);
      else if (auto unpack = dyn_cast<UnpackRowsOp>(op))
        source.value = unpack.getLike();
      else if (auto positions = dyn_cast<PositionIdsOp>(op))
        source.value = positions.getIds();
      else if (auto repeat = dyn_cast<RepeatOp>(op))
        source.value = repeat.getInits()[result];
      else
        return {};
      if (!source.value)
        return {};
    }
    auto argument = cast<BlockArgument>(source.value);
    if (argument.getOwner() != &function.getBody().front())
      return {};
    auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "tenon.dims");
    return names[cast<RankedTensorType>(argument.getType()).getDynamicDimIndex(source.dimension)];
  }

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, location, value); }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, location, a, b); }
  Value multiply(Value a, Value b) { return arith::MulIOp::create(builder, location, a, b); }
  Value load(Value buffer, ValueRange indices) { return memref::LoadOp::create(builder, location, buffer, indices); }
  void store(Value value, Value buffer, ValueRange indices) {
    memref::StoreOp::create(builder, location, value, buffer, indices);
  }
  Value loadIndex(Value buffer, Value index) {
    return arith::IndexCastOp::create(builder, location, builder.getIndexType(), load(buffer, index));
  }
  Value roundUp(Value value, int64_t tile) {
    Value bumped = add(value, constant(tile - 1));
    return multiply(arith::DivUIOp::create(builder, location, bumped, constant(tile)), constant(tile));
  }
  Value dimension(Value buffer, unsigned index) { return builder.createOrFold<memref::DimOp>(location, buffer, index); }

  void loop(Value end, llvm::function_ref<void(Value)> body) {
    auto op = scf::ForOp::create(builder, location, constant(0), end, constant(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }

  /// Runs `body` unless the caller passed no memory for any of `wanted`.
  void ifWanted(ArrayRef<Value> wanted, llvm::function_ref<void()> body) {
    Value any;
    for (Value output : wanted) {
      Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, location, output);
      Value given = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne, address, constant(0));
      any = any ? arith::OrIOp::create(builder, location, any, given).getResult() : given;
    }
    auto op = scf::IfOp::create(builder, location, any, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&op.getThenRegion().front());
    body();
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
    ifWanted(wanted, [&] { result = lower(op); });
    return result;
  }

  /// The number of packed rows of each layout, before anything is allocated: every buffer's size follows from it.
  LogicalResult countRows() {
    for (auto op : function.getOps<RowStartsOp>()) {
      Value lengths = buffers.lookup(op.getLengths());
      if (!lengths)
        return op.emitOpError() << "takes lengths that are not an argument of the function";
      auto count = scf::ForOp::create(builder, location, constant(0), dimension(lengths, 0), constant(1), constant(0));
      {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(count.getBody());
        Value rows = roundUp(loadIndex(lengths, count.getInductionVar()), op.getTile());
        scf::YieldOp::create(builder, location, add(count.getRegionIterArg(0), rows));
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
    Value buffer = buffers.lookup(tensor);
    if (auto alloc = buffer.getDefiningOp<memref::AllocOp>())
      return alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(index)];
    OpBuilder::InsertionGuard guard(builder);
    if (firstOperation)
      builder.setInsertionPoint(firstOperation);
    auto [entry, inserted] = argumentSizes.try_emplace({buffer, index});
    if (inserted)
      entry->second = dimension(buffer, index);
    return entry->second;
  }

  LogicalResult lower(Operation &op) {
    return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
        .Case([&](WeightOp weight) { return lower(weight, weight.getLayer()); })
        .Case([&](PositionTableOp table) { return lower(table, Value()); })
        .Case([&](RowStartsOp starts) { return lower(starts); })
        .Case([&](PositionIdsOp ids) { return lower(ids); })
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
    Value offset = constant(placement.offset);
    if (layer)
      offset = add(offset, multiply(indices.lookup(layer), constant(placement.layerStride)));
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
      size = add(sequences, constant(1));
    }
    Value starts = allocate(op.getStarts().getType(), size);
    buffers[op.getStarts()] = starts;
    note();
    Type element = builder.getI32Type();
    store(arith::ConstantIntOp::create(builder, location, element, 0), starts, constant(0));
    loop(sequences, [&](Value sequence) {
      Value rows = roundUp(loadIndex(lengths, sequence), op.getTile());
      Value next = add(loadIndex(starts, sequence), rows);
      store(arith::IndexCastOp::create(builder, location, element, next), starts, add(sequence, constant(1)));
    });
    return success();
  }

  LogicalResult lower(PositionIdsOp op) {
    Value ids = buffers.lookup(op.getIds());
    Value result = allocate(op.getResult().getType(), sizesOf(op.getIds()));
    buffers[op.getResult()] = result;
    note();
    Value past = op.getPast() ? buffers.lookup(op.getPast()) : Value();
    loop(dimension(ids, 0), [&](Value sequence) {
      Value first = past ? loadIndex(past, sequence) : constant(0);
      loop(dimension(ids, 1), [&](Value token) {
        Value position = arith::IndexCastOp::create(builder, location, builder.getI32Type(), add(first, token));
        store(position, result, {sequence, token});
      });
    });
    return success();
  }

  /// Loops over the trailing dimensions that padded and packed rows share.
  void forEachElement(ArrayRef<int64_t> shape, SmallVectorImpl<Value> &element,
                      llvm::function_ref<void(ValueRange)> body) {
    if (shape.empty())
      return body(element);
    loop(constant(shape[0]), [&](Value index) {
      element.push_back(index);
      forEachElement(shape.drop_front(), element, body);
      element.pop_back();
    });
  }

  static SmallVector<Value> concat(ArrayRef<Value> first, ValueRange second) {
    SmallVector<Value> all(first);
    llvm::append_range(all, second);
    return all;
  }

  Value zero(Type type) { return arith::ConstantOp::create(builder, location, builder.getZeroAttr(type)); }

  LogicalResult lower(PackRowsOp op) {
    if (!rowCounts.count(op.getStarts()))
      return op.emitOpError() << "takes starts that are not of a tenon.row_starts";
    Value input = buffers.lookup(op.getInput()), starts = buffers.lookup(op.getStarts());
    Value lengths = buffers.lookup(op.getLengths());
    RankedTensorType type = op.getResult().getType();
    Value result = allocate(type, rowCounts.lookup(op.getStarts()));
    buffers[op.getResult()] = result;
    note();
    loop(dimension(lengths, 0), [&](Value sequence) {
      Value first = loadIndex(starts, sequence), end = loadIndex(starts, add(sequence, constant(1)));
      Value length = loadIndex(lengths, sequence);
      loop(arith::SubIOp::create(builder, location, end, first), [&](Value token) {
        Value inside = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ult, token, length);
        SmallVector<Value> element;
        forEachElement(type.getShape().drop_front(), element, [&](ValueRange rest) {
          auto choice = scf::IfOp::create(
              builder, location, inside,
              [&](OpBuilder &inner, Location) {
                scf::YieldOp::create(
                    inner, location,
                    memref::LoadOp::create(inner, location, input, concat({sequence, token}, rest)).getResult());
              },
              [&](OpBuilder &inner, Location) {
                Value nothing = arith::ConstantOp::create(inner, location, inner.getZeroAttr(type.getElementType()));
                scf::YieldOp::create(inner, location, nothing);
              });
          store(choice.getResult(0), result, concat(add(first, token), rest));
        });
      });
    });
    return success();
  }

  /// Only results of the function are padded again, so this is done where they are returned.
  LogicalResult lower(UnpackRowsOp op) {
    for (Operation *user : op->getUsers())
      if (!isa<func::ReturnOp>(user))
        return op.emitOpError() << "is read by '" << user->getName() << "', expected only the function to return it";
    return success();
  }

  void unpack(UnpackRowsOp op, Value result) {
    Value input = buffers.lookup(op.getInput()), starts = buffers.lookup(op.getStarts());
    Value lengths = buffers.lookup(op.getLengths());
    RankedTensorType type = op.getResult().getType();
    loop(dimension(lengths, 0), [&](Value sequence) {
      Value first = loadIndex(starts, sequence), length = loadIndex(lengths, sequence);
      loop(dimension(result, 1), [&](Value token) {
        Value inside = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ult, token, length);
        Value row = add(first, token);
        auto choice = scf::IfOp::create(builder, location, inside, /*withElseRegion=*/true);
        SmallVector<Value> element;
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(&choice.getThenRegion().front());
        forEachElement(type.getShape().drop_front(2), element, [&](ValueRange rest) {
          store(load(input, concat(row, rest)), result, concat({sequence, token}, rest));
        });
        builder.setInsertionPointToStart(&choice.getElseRegion().front());
        forEachElement(type.getShape().drop_front(2), element, [&](ValueRange rest) {
          store(zero(type.getElementType()), result, concat({sequence, token}, rest));
        });
      });
    });
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
    auto op = scf::ForOp::create(builder, location, constant(0), constant(repeat.getCount()), constant(1));
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
        return end.emitOpError() << "returns as state " << index << " another tensor than that argument, updated in place";
    }
    for (auto [value, output] : llvm::zip(end.getOperands(), outputs))
      ifWanted({output}, [&, value = value, output = output] {
        if (auto unpacked = value.getDefiningOp<UnpackRowsOp>())
          unpack(unpacked, output);
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
