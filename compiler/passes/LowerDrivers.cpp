//===- LowerDrivers.cpp - The binary form of drivers and kernel calls -----===//

#include "passes/EntryPoints.h"
#include "passes/Passes.h"
#include "tenon/library.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERDRIVERS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// Halide's structures as HalideRuntime.h lays them out.
struct HalideTypes {
  explicit HalideTypes(MLIRContext *context) {
    Builder b(context);
    auto pointer = LLVM::LLVMPointerType::get(context);
    auto type = LLVM::LLVMStructType::getLiteral(context, {b.getI8Type(), b.getI8Type(), b.getI16Type()});
    Type i32 = b.getI32Type(), i64 = b.getI64Type();
    dimension = LLVM::LLVMStructType::getLiteral(context, {i32, i32, i32, i32});
    buffer = LLVM::LLVMStructType::getLiteral(context, {i64, pointer, pointer, i64, type, i32, pointer, pointer});
  }
  LLVM::LLVMStructType dimension, buffer;
  static constexpr int kHost = 2, kType = 4, kDimensions = 5, kDim = 6; // fields of halide_buffer_t
  static constexpr int64_t kMaxRank = 4;
};

/// Fields of tenon_call.
enum CallField { kWeights, kKernels, kContext, kReserve, kArguments, kDims };

class DriverLowering {
public:
  DriverLowering(func::FuncOp driver, const llvm::StringMap<int64_t> &kernels)
      : driver(driver), kernels(kernels), builder(driver.getContext()), location(driver.getLoc()),
        halide(driver.getContext()), pointer(LLVM::LLVMPointerType::get(driver.getContext())) {
    Type p = pointer;
    callType = LLVM::LLVMStructType::getLiteral(driver.getContext(), {p, p, p, p, p, p});
  }

  void run() {
    EntryPoint entry(driver);
    Block &block = driver.getBody().front();
    SmallVector<Value> old(block.getArguments());
    call = block.insertArgument(0u, pointer, location);
    auto calls = llvm::to_vector(driver.getOps<func::CallOp>());
    auto arenas = llvm::to_vector(driver.getOps<memref::AllocOp>());
    auto ends = llvm::to_vector(driver.getOps<func::ReturnOp>());

    builder.setInsertionPointToStart(&block);
    reserveCallFrames(calls);
    kernelTable = loadCall(kKernels);
    readArguments(entry, old);
    block.eraseArguments(1, old.size());
    driver.setFunctionType(builder.getFunctionType({pointer}, {builder.getI32Type()}));
    driver.removeArgAttrsAttr();
    driver->removeAttr("tenon.entry");
    driver->removeAttr("tenon.inputs");

    for (func::ReturnOp end : ends) {
      builder.setInsertionPoint(end);
      func::ReturnOp::create(builder, location, i32(0));
      end.erase();
    }
    for (memref::AllocOp arena : arenas)
      lowerArena(arena);
    for (func::CallOp kernelCall : calls)
      lowerKernelCall(kernelCall);
  }

private:
  Value i32(int64_t value) { return LLVM::ConstantOp::create(builder, location, builder.getI32IntegerAttr(value)); }
  Value i64(int64_t value) { return LLVM::ConstantOp::create(builder, location, builder.getI64IntegerAttr(value)); }
  Value load(Type type, Value address) { return LLVM::LoadOp::create(builder, location, type, address); }
  void store(Value value, Value address) { LLVM::StoreOp::create(builder, location, value, address); }
  Value field(Type type, Value base, ArrayRef<LLVM::GEPArg> indices) {
    return LLVM::GEPOp::create(builder, location, pointer, type, base, indices);
  }
  Value callField(CallField index) { return field(callType, call, {0, static_cast<int32_t>(index)}); }
  Value loadCall(CallField index) { return load(pointer, callField(index)); }

  /// Stack space for one call's arguments, used by every call in turn.
  void reserveCallFrames(ArrayRef<func::CallOp> calls) {
    unsigned most = 0;
    for (func::CallOp kernelCall : calls)
      most = std::max(most, kernelCall.getNumOperands());
    auto allocate = [&](Type type, int64_t count) -> Value {
      return LLVM::AllocaOp::create(builder, location, pointer, type, i64(count));
    };
    halideBuffers = allocate(halide.buffer, most);
    halideDimensions = allocate(halide.dimension, most * HalideTypes::kMaxRank);
    argumentVector = allocate(pointer, most + 1);
  }

  /// A memref over `data`, dense, of the given sizes (i64).
  Value memrefOf(MemRefType type, Value data, ArrayRef<Value> sizes) {
    int64_t rank = type.getRank();
    Type i64Type = builder.getI64Type();
    SmallVector<Type> fields{pointer, pointer, i64Type};
    if (rank > 0) {
      auto array = LLVM::LLVMArrayType::get(i64Type, rank);
      fields.append({array, array});
    }
    Value descriptor =
        LLVM::PoisonOp::create(builder, location, LLVM::LLVMStructType::getLiteral(type.getContext(), fields));
    auto insert = [&](Value value, ArrayRef<int64_t> position) {
      descriptor = LLVM::InsertValueOp::create(builder, location, descriptor, value, position);
    };
    insert(data, 0);
    insert(data, 1);
    insert(i64(0), 2);
    Value stride = i64(1);
    for (int64_t i = rank - 1; i >= 0; --i) {
      insert(sizes[i], {3, i});
      insert(stride, {4, i});
      stride = LLVM::MulOp::create(builder, location, stride, sizes[i]);
    }
    return UnrealizedConversionCastOp::create(builder, location, type, descriptor).getResult(0);
  }

  void readArguments(const EntryPoint &entry, SmallVectorImpl<Value> &old) {
    // Views of the weights are placed by constants, so their extent is of no interest.
    old[0].replaceAllUsesWith(memrefOf(cast<MemRefType>(old[0].getType()), loadCall(kWeights), i64(INT64_MAX)));
    Value arguments = loadCall(kArguments), dims = loadCall(kDims);
    unsigned index = 0;
    for (const std::vector<EntryTensor> *tensors : {&entry.inputs, &entry.states, &entry.outputs})
      for (const EntryTensor &tensor : *tensors) {
        SmallVector<Value> sizes;
        unsigned dynamic = 0;
        for (int64_t size : tensor.type.getShape()) {
          bool isDynamic = ShapedType::isDynamic(size);
          sizes.push_back(isDynamic ? load(builder.getI64Type(), field(builder.getI64Type(), dims,
                                                                       {static_cast<int32_t>(tensor.dims[dynamic++])}))
                                    : i64(size));
        }
        Value data = load(pointer, field(pointer, arguments, {static_cast<int32_t>(index)}));
        old[++index].replaceAllUsesWith(memrefOf(tensor.type, data, sizes));
      }
  }

  /// Ends the function with `status` where `condition` holds, and goes on otherwise.
  void returnIf(Value condition, Value status) {
    Block *current = builder.getInsertionBlock();
    Block *rest = current->splitBlock(builder.getInsertionPoint());
    Block *leave = builder.createBlock(rest);
    func::ReturnOp::create(builder, location, status);
    builder.setInsertionPointToEnd(current);
    cf::CondBranchOp::create(builder, location, condition, leave, ValueRange(), rest, ValueRange());
    builder.setInsertionPointToStart(rest);
  }

  void lowerArena(memref::AllocOp arena) {
    builder.setInsertionPoint(arena);
    Value size = arith::IndexCastOp::create(builder, location, builder.getI64Type(), arena.getDynamicSizes()[0]);
    auto signature = LLVM::LLVMFunctionType::get(pointer, {pointer, builder.getI64Type()});
    Value memory =
        LLVM::CallOp::create(builder, location, signature, ValueRange{loadCall(kReserve), loadCall(kContext), size})
            .getResult();
    Value null = LLVM::ZeroOp::create(builder, location, pointer);
    Value missing = LLVM::ICmpOp::create(builder, location, LLVM::ICmpPredicate::eq, memory, null);
    returnIf(missing, i32(TENON_DRIVER_NO_MEMORY));
    arena.replaceAllUsesWith(memrefOf(arena.getType(), memory, size));
    arena.erase();
  }

  /// Describes one memref to Halide, innermost dimension first. Where its size is not known here, adds to `tooLarge`
  /// whether it has more elements than Halide counts in 32 bits.
  void fillBuffer(unsigned index, Value buffer, Value &tooLarge) {
    auto type = cast<MemRefType>(buffer.getType());
    int32_t base = static_cast<int32_t>(index * HalideTypes::kMaxRank);
    Value structure = field(halide.buffer, halideBuffers, {static_cast<int32_t>(index)});
    auto member = [&](int32_t number) { return field(halide.buffer, structure, {0, number}); };
    store(LLVM::ZeroOp::create(builder, location, halide.buffer), structure);
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, location, buffer);
    if (!type.getLayout().isIdentity()) {
      auto metadata = memref::ExtractStridedMetadataOp::create(builder, location, buffer);
      Value bytes = arith::ConstantIndexOp::create(builder, location, type.getElementTypeBitWidth() / 8);
      Value offset = arith::MulIOp::create(builder, location, metadata.getOffset(), bytes);
      address = arith::AddIOp::create(builder, location, address, offset);
    }
    Value bits = arith::IndexCastOp::create(builder, location, builder.getI64Type(), address);
    store(LLVM::IntToPtrOp::create(builder, location, pointer, bits), member(HalideTypes::kHost));
    // halide_type_t: code (0 int, 2 float), bits, lanes.
    int64_t code = isa<FloatType>(type.getElementType()) ? 2 : 0;
    store(i32(code | type.getElementTypeBitWidth() << 8 | 1 << 16), member(HalideTypes::kType));
    store(i32(type.getRank()), member(HalideTypes::kDimensions));
    store(field(halide.dimension, halideDimensions, {base}), member(HalideTypes::kDim));
    Value stride = i32(1), elements = i64(1);
    for (int64_t i = 0; i < type.getRank(); ++i) {
      Value size = memref::DimOp::create(builder, location, buffer, type.getRank() - 1 - i);
      Value extent = arith::IndexCastOp::create(builder, location, builder.getI32Type(), size);
      Value dimension = field(halide.dimension, halideDimensions, {base + static_cast<int32_t>(i)});
      store(LLVM::ZeroOp::create(builder, location, halide.dimension), dimension);
      store(extent, field(halide.dimension, dimension, {0, 1}));
      store(stride, field(halide.dimension, dimension, {0, 2}));
      stride = LLVM::MulOp::create(builder, location, stride, extent);
      // What a product of dynamic extents passed is remembered before the next factor.
      Value wide = arith::IndexCastOp::create(builder, location, builder.getI64Type(), size);
      elements = LLVM::MulOp::create(builder, location, elements, wide);
      if (type.hasStaticShape())
        continue;
      Value above = LLVM::ICmpOp::create(builder, location, LLVM::ICmpPredicate::ugt, elements, i64(INT32_MAX));
      tooLarge = tooLarge ? LLVM::OrOp::create(builder, location, tooLarge, above).getResult() : above;
    }
  }

  void lowerKernelCall(func::CallOp kernelCall) {
    builder.setInsertionPoint(kernelCall);
    store(callField(kContext), argumentVector);
    Value tooLarge;
    for (auto [index, operand] : llvm::enumerate(kernelCall.getOperands())) {
      fillBuffer(index, operand, tooLarge);
      store(field(halide.buffer, halideBuffers, {static_cast<int32_t>(index)}),
            field(pointer, argumentVector, {static_cast<int32_t>(index + 1)}));
    }
    if (tooLarge)
      returnIf(tooLarge, i32(TENON_DRIVER_TOO_LARGE));
    int64_t number = kernels.lookup(kernelCall.getCallee());
    Value kernel = load(pointer, field(pointer, kernelTable, {static_cast<int32_t>(number)}));
    auto signature = LLVM::LLVMFunctionType::get(builder.getI32Type(), pointer);
    Value status = LLVM::CallOp::create(builder, location, signature, ValueRange{kernel, argumentVector}).getResult();
    Value wrong = LLVM::ICmpOp::create(builder, location, LLVM::ICmpPredicate::ne, status, i32(0));
    returnIf(wrong, status);
    kernelCall.erase();
  }

  func::FuncOp driver;
  const llvm::StringMap<int64_t> &kernels;
  OpBuilder builder;
  Location location;
  HalideTypes halide;
  Type pointer;
  LLVM::LLVMStructType callType;
  Value call, kernelTable, halideBuffers, halideDimensions, argumentVector;
};

/// What this pass takes as given, checked: host IR may be written by hand.
LogicalResult checkDriver(func::FuncOp driver, const llvm::StringMap<int64_t> &kernels) {
  auto result = driver.walk([&](Operation *op) {
    if (op != driver && op->getNumRegions() > 0) {
      op->emitOpError() << "is structured control flow, expected branches (convert-scf-to-cf)";
      return WalkResult::interrupt();
    }
    if (isa<memref::AllocOp>(op) && !op->hasAttr("tenon.arena")) {
      op->emitOpError() << "is not the arena, expected planned memory (tenon-plan-memory)";
      return WalkResult::interrupt();
    }
    auto call = dyn_cast<func::CallOp>(op);
    if (!call)
      return WalkResult::advance();
    if (!kernels.contains(call.getCallee())) {
      call.emitOpError() << "calls '" << call.getCallee() << "', which is no kernel";
      return WalkResult::interrupt();
    }
    for (Type type : call.getOperandTypes()) {
      auto memref = dyn_cast<MemRefType>(type);
      if (!memref || memref.getRank() > HalideTypes::kMaxRank) {
        call.emitOpError() << "gives a kernel " << type << ", expected memrefs of at most " << HalideTypes::kMaxRank
                           << " dimensions";
        return WalkResult::interrupt();
      }
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

struct LowerDrivers : tenon::impl::LowerDriversBase<LowerDrivers> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::StringMap<int64_t> numbers;
    for (auto [index, function] : llvm::enumerate(kernelFunctions(module)))
      numbers[function.getName()] = index;
    for (auto driver : module.getOps<func::FuncOp>())
      if (driver->hasAttr("tenon.entry") && !driver.isExternal()) {
        if (failed(checkDriver(driver, numbers)))
          return signalPassFailure();
        DriverLowering(driver, numbers).run();
      }
    for (func::FuncOp function : kernelFunctions(module))
      function.erase();
    for (StringRef name : {kKernelModule, kParameterModule})
      if (auto carried = module.lookupSymbol<ModuleOp>(name))
        carried.erase();
  }
};

} // namespace
