//===- CarriedAlong.cpp - Kernels and parameters within host IR -----------===//

#include "passes/CarriedAlong.h"

#include "passes/EntryPoints.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tenon;

LogicalResult tenon::checkCarriedNames(ModuleOp module) {
  for (StringRef name : {kKernelModule, kParameterModule})
    if (Operation *taken = module.lookupSymbol(name))
      return taken->emitError() << "'" << name << "' is a name that host IR gives to what it carries along";
  return success();
}

void tenon::carryParameters(ModuleOp module, const WeightTable &weights) {
  if (weights.tensors.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto holder = ModuleOp::create(builder, module.getLoc(), StringRef(kParameterModule));
  builder.setInsertionPointToStart(holder.getBody());
  auto types = llvm::map_to_vector(weights.operations, [](Operation *op) { return op->getResult(0).getType(); });
  auto function = func::FuncOp::create(builder, module.getLoc(), kParameterModule,
                                       builder.getFunctionType(builder.getIndexType(), types));
  Block &entry = *function.addEntryBlock();
  builder.setInsertionPointToStart(&entry);
  SmallVector<Value> values;
  for (Operation *op : weights.operations) {
    Operation *copy = builder.clone(*op);
    if (copy->getNumOperands() > 0)
      copy->setOperand(0, entry.getArgument(0));
    values.push_back(copy->getResult(0));
  }
  func::ReturnOp::create(builder, module.getLoc(), values);
}

/// Whether the kernel of this name that is carried along is the same.
static bool isCarried(KernelOp kernel, SymbolTable &symbols) {
  auto holder = symbols.lookup<ModuleOp>(kKernelModule).lookupSymbol<func::FuncOp>(kernel.getName());
  auto carried = *holder.getOps<KernelOp>().begin();
  return carried.getSchedules() == kernel.getSchedules() &&
         carried.getInputs().getTypes() == kernel.getInputs().getTypes() &&
         carried.describe().text() == kernel.describe().text();
}

static void carryKernel(KernelOp kernel, SymbolTable &symbols) {
  Location location = kernel.getLoc();
  auto kernelModule = symbols.lookup<ModuleOp>(kKernelModule);
  if (!kernelModule) {
    kernelModule = ModuleOp::create(location, StringRef(kKernelModule));
    symbols.insert(kernelModule);
  }
  OpBuilder builder = OpBuilder::atBlockEnd(kernelModule.getBody());
  auto type = builder.getFunctionType(kernel.getInputs().getTypes(), kernel.getResultTypes());
  auto holder = func::FuncOp::create(builder, location, kernel.getName(), type);
  Block &entry = *holder.addEntryBlock();
  builder.setInsertionPointToStart(&entry);
  Operation *copy = builder.clone(*kernel);
  copy->setOperands(entry.getArguments());
  func::ReturnOp::create(builder, location, copy->getResults());
}

FailureOr<func::FuncOp> tenon::kernelFunction(KernelOp kernel, TypeRange types, SymbolTable &symbols) {
  if (kernel.getName().empty())
    return kernel.emitOpError() << "has no name, expected the one that tenon-assign-schedules gives";
  if (Operation *known = symbols.lookup(kernel.getName())) {
    if (!known->hasAttr("tenon.results"))
      return kernel.emitOpError() << "has the name of a function, '" << kernel.getName() << "'";
    if (!isCarried(kernel, symbols))
      return kernel.emitOpError() << "differs from another kernel of its name, '" << kernel.getName() << "'";
    return cast<func::FuncOp>(known);
  }
  Builder builder(kernel.getContext());
  auto declaration =
      func::FuncOp::create(kernel.getLoc(), kernel.getName(), builder.getFunctionType(types, builder.getI32Type()));
  declaration.setPrivate();
  declaration->setAttr("tenon.results", builder.getI64IntegerAttr(kernel.getNumResults()));
  symbols.insert(declaration);
  carryKernel(kernel, symbols);
  return declaration;
}
