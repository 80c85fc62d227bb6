//===- LowerToHost.cpp - Kernel IR to drivers over memrefs ----------------===//
//
// Upstream bufferisation is not used: it has no way to say that a loop's carried tensor is to be updated in place by
// the kernel that makes the next one, and would allocate or copy once per layer.
//
//===----------------------------------------------------------------------===//

#include "passes/CarriedAlong.h"
#include "passes/DriverBuffers.h"
#include "passes/DriverSignature.h"
#include "passes/OutputLiveness.h"
#include "passes/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERTOHOST
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// Rewrites one function of kernel IR as a driver.
class DriverBuilder {
public:
  DriverBuilder(func::FuncOp function, const WeightTable &weights, const weights::PackedLayout &layout,
                SymbolTable &symbols)
      : function(function), weightTable(weights), layout(layout), symbols(symbols), builder(function.getContext()),
        location(function.getLoc()), host(builder, location), buffers(builder, location, host) {}

  LogicalResult build() {
    if (failed(checkSignature(function)))
      return failure();
    FailureOr<OwningOpRef<func::FuncOp>> driver = declareDriver(function);
    if (failed(driver))
      return failure();
    Block &entry = (*driver)->front();
    weightBytes = entry.getArgument(0);
    unsigned inputs = function.getNumArguments();
    for (unsigned i = 0; i < inputs; ++i)
      buffers.set(function.getArgument(i), entry.getArgument(i + 1));
    outputs.assign(entry.args_begin() + inputs + 1, entry.args_end());

    builder.setInsertionPointToStart(&entry);
    auto end = func::ReturnOp::create(builder, location);
    builder.setInsertionPoint(end);
    // Before anything is allocated: every buffer's size follows from it.
    if (failed(buffers.countRows(function)))
      return failure();
    OutputLiveness liveness(function);
    for (Operation &op : function.getBody().front())
      if (failed(lowerWhereWanted(op, liveness.onlyFor(&op))))
        return failure();
    if (DictionaryAttr sizes = buffers.derivedSizes(); !sizes.empty())
      (**driver)->setAttr("tenon.sizes", sizes);
    symbols.erase(function);
    symbols.insert(driver->release());
    return success();
  }

private:
  /// What only some outputs need is computed where one of them is wanted.
  LogicalResult lowerWhereWanted(Operation &op, ArrayRef<unsigned> onlyFor) {
    if (onlyFor.empty())
      return lower(op);
    auto wanted = llvm::map_to_vector(onlyFor, [&](unsigned result) { return outputs[result]; });
    LogicalResult result = success();
    // Allocations stay in front of everything: what they stand before must not be the condition's body.
    buffers.note();
    host.ifWanted(wanted, [&] { result = lower(op); });
    return result;
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
        .Case([&](AddLengthsOp sum) { return lower(sum); })
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
    WeightPlace place = weightTable.places.lookup(op);
    const weights::PackedPlacement &placement = layout.placements[place.tensor];
    Value offset = host.constant(placement.offset + place.byte);
    if (layer)
      offset = host.add(offset, host.multiply(indices.lookup(layer), host.constant(placement.layerStride)));
    buffers.set(op->getResult(0), memref::ViewOp::create(builder, location, bufferType(op->getResult(0).getType()),
                                                         weightBytes, offset, ValueRange()));
    return success();
  }

  LogicalResult lower(RowStartsOp op) {
    if (!buffers.rowCount(op.getStarts()))
      return op.emitOpError() << "stands in a loop, expected it among the function's own operations";
    Value starts = buffers.allocate(op.getStarts(), buffers.oneMore(buffers.sizeOf(op.getLengths(), 0)));
    buffers.note();
    host.writeRowStarts(buffers.of(op.getLengths()), op.getTile(), starts);
    return success();
  }

  LogicalResult lower(PositionIdsOp op) {
    SmallVector<Value> sizes;
    for (unsigned i : {0u, 1u})
      if (op.getType().isDynamicDim(i))
        sizes.push_back(buffers.sizeOf(op.getLike(), i));
    Value result = buffers.allocate(op.getResult(), sizes);
    buffers.note();
    host.writePositions(buffers.of(op.getLike()), buffers.of(op.getPast()), op.getPad(), result);
    return success();
  }

  LogicalResult lower(RowPositionsOp op) {
    if (!buffers.rowCount(op.getStarts()))
      return op.emitOpError() << "takes starts that are not of a tenon.row_starts";
    Value result = buffers.allocate(op.getResult(), buffers.rowCount(op.getStarts()));
    buffers.note();
    host.writeRowPositions(buffers.of(op.getStarts()), buffers.of(op.getPast()),
                           buffers.of(op.getTokens()), op.getPad(), result);
    return success();
  }

  LogicalResult lower(StridedLengthsOp op) {
    Value result = buffers.allocate(op.getResult(), buffers.sizesOf(op.getLengths()));
    buffers.note();
    host.writeStridedLengths(buffers.of(op.getLengths()), op.getStride(), result);
    return success();
  }

  LogicalResult lower(ZeroLengthsOp op) {
    Value result = buffers.allocate(op.getResult(), buffers.sizesOf(op.getLengths()));
    buffers.note();
    host.writeZeros(result);
    return success();
  }

  LogicalResult lower(AddLengthsOp op) {
    Value lhs = buffers.of(op.getLhs()), rhs = buffers.of(op.getRhs());
    Value result = buffers.allocate(op.getResult(), buffers.sizesOf(op.getLhs()));
    buffers.note();
    host.writeSums(lhs, rhs, result);
    return success();
  }

  LogicalResult lower(PackRowsOp op) {
    if (!buffers.rowCount(op.getStarts()))
      return op.emitOpError() << "takes starts that are not of a tenon.row_starts";
    Value input = buffers.of(op.getInput()), starts = buffers.of(op.getStarts());
    Value lengths = buffers.of(op.getLengths());
    Value result = buffers.allocate(op.getResult(), buffers.rowCount(op.getStarts()));
    buffers.note();
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

  LogicalResult lower(KernelOp kernel) {
    SmallVector<Value> arguments;
    for (Value input : kernel.getInputs())
      arguments.push_back(buffers.of(input));
    for (OpResult result : kernel.getResults()) {
      FailureOr<Value> buffer = resultBuffer(kernel, result);
      if (failed(buffer))
        return failure();
      arguments.push_back(*buffer);
    }
    FailureOr<func::FuncOp> callee = kernelFunction(kernel, ValueRange(arguments).getTypes(), symbols);
    if (failed(callee))
      return failure();
    auto call = func::CallOp::create(builder, location, *callee, arguments);
    buffers.note(call);
    return success();
  }

  /// Where a kernel writes a result: what it updates, what is there for it, or memory of its own.
  FailureOr<Value> resultBuffer(KernelOp kernel, OpResult result) {
    if (Value updated = kernel.getUpdatedInput(result.getResultNumber())) {
      if (failed(checkLastUse(kernel, updated)))
        return failure();
      buffers.set(result, buffers.of(updated));
    }
    if (Value buffer = buffers.of(result))
      return buffer;
    FailureOr<SmallVector<Value>> sizes = buffers.sizesOfResult(kernel, result.getResultNumber());
    if (failed(sizes))
      return failure();
    return buffers.allocate(result, *sizes);
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
    Value cache = buffers.of(op.getCache());
    auto type = cast<MemRefType>(cache.getType());
    SmallVector<OpFoldResult> offsets(3, builder.getIndexAttr(0)), strides(3, builder.getIndexAttr(1));
    offsets[0] = indices.lookup(op.getLayer());
    SmallVector<OpFoldResult> sizes{builder.getIndexAttr(1), buffers.sizeOf(op.getCache(), 1),
                                    builder.getIndexAttr(type.getDimSize(2))};
    auto slice = memref::SubViewOp::inferRankReducedResultType(op.getType().getShape(), type, offsets, sizes, strides);
    buffers.set(op.getResult(), memref::SubViewOp::create(builder, location, slice, cache, offsets, sizes, strides));
    return success();
  }

  /// The slice has been updated where it lies.
  LogicalResult lower(CacheUpdateOp op) {
    auto view = buffers.of(op.getSlice()).getDefiningOp<memref::SubViewOp>();
    if (!view || view.getSource() != buffers.of(op.getCache()) ||
        view.getMixedOffsets()[0] != OpFoldResult(indices.lookup(op.getLayer())))
      return op.emitOpError() << "puts a tensor into the cache that is not this layer of it, updated in place";
    buffers.set(op.getResult(), buffers.of(op.getCache()));
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
      buffers.set(body.getArgument(index + 1), buffer);
      buffers.set(repeat.getResult(index), buffer);
      if (canUpdateInPlace(yield, index))
        buffers.set(yield.getOperand(index), buffer);
    }
    auto op =
        scf::ForOp::create(builder, location, host.constant(0), host.constant(repeat.getCount()), host.constant(1));
    buffers.note(op);
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
      Value source = buffers.of(value);
      if (source != buffer && llvm::is_contained(carried, source)) {
        Value aside = buffers.allocateCopy(cast<RankedTensorType>(value.getType()), buffers.sizesOf(value));
        memref::CopyOp::create(builder, location, source, aside);
        source = aside;
      }
      sources.push_back(source);
    }
    for (auto [buffer, source] : llvm::zip(carried, sources))
      if (source != buffer)
        memref::CopyOp::create(builder, location, source, buffer);
  }

  /// The buffer that layers update: that of the initial value where nobody else needs it (not a loop around this one
  /// either, which would find it changed), otherwise a copy.
  Value carryBuffer(Value init, RepeatOp repeat) {
    Value buffer = buffers.of(init);
    if (isStateBuffer(buffer))
      return buffer;
    if (init.hasOneUse() && init.getParentBlock() == repeat->getBlock() && buffer.getDefiningOp<memref::AllocOp>())
      return buffer;
    Value copy = buffers.allocateCopy(cast<RankedTensorType>(init.getType()), buffers.sizesOf(init));
    buffers.note(memref::CopyOp::create(builder, location, buffer, copy));
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
      Value state = buffers.of(function.getArgument(function.getNumArguments() - states + index));
      if (buffers.of(value) != state)
        return end.emitOpError() << "returns as state " << index
                                 << " another tensor than that argument, updated in place";
    }
    for (auto [value, output] : llvm::zip(end.getOperands(), outputs))
      host.ifWanted({output}, [&, value = value, output = output] {
        if (auto unpacked = value.getDefiningOp<UnpackRowsOp>())
          host.unpackRows(buffers.of(unpacked.getInput()), buffers.of(unpacked.getStarts()),
                          buffers.of(unpacked.getLengths()), output);
        else
          memref::CopyOp::create(builder, location, buffers.of(value), output);
      });
    return success();
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
  DriverBuffers buffers;
  llvm::DenseMap<Value, Value> indices; // layer numbers
};

struct LowerToHost : tenon::impl::LowerToHostBase<LowerToHost> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> functions;
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal() && !function->hasAttr("tenon.entry"))
        functions.push_back(function);
    if (functions.empty())
      return;
    if (failed(checkCarriedNames(module)))
      return signalPassFailure();
    WeightTable weights(module);
    llvm::Expected<weights::PackedLayout> layout = weights::placeTensors(weights.tensors);
    if (!layout) {
      module.emitError() << llvm::toString(layout.takeError());
      return signalPassFailure();
    }
    carryParameters(module, weights);
    SymbolTable symbols(module);
    for (func::FuncOp function : functions) {
      if (failed(DriverBuilder(function, weights, *layout, symbols).build()))
        return signalPassFailure();
    }
  }
};

} // namespace
