//===- KernelUses.cpp - Where kernels stand in a model --------------------===//

#include "explain/KernelUses.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::explain;

/// The kernels whose results a value is made of, beside them only what moves it: loops, caches, layouts.
static void collectProducers(Value value, llvm::SetVector<Operation *> &producers, llvm::DenseSet<Value> &seen) {
  if (!seen.insert(value).second)
    return;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto repeat = dyn_cast<RepeatOp>(argument.getOwner()->getParentOp());
    if (repeat && argument.getArgNumber() > 0)
      collectProducers(repeat.getInits()[argument.getArgNumber() - 1], producers, seen);
    return;
  }
  Operation *op = value.getDefiningOp();
  if (isa<KernelOp>(op)) {
    producers.insert(op);
  } else if (auto repeat = dyn_cast<RepeatOp>(op)) {
    unsigned result = cast<OpResult>(value).getResultNumber();
    collectProducers(repeat.getBody().front().getTerminator()->getOperand(result), producers, seen);
  } else {
    for (Value operand : op->getOperands())
      collectProducers(operand, producers, seen);
  }
}

KernelUsesByName explain::kernelUses(ModuleOp module) {
  KernelUsesByName all;
  module.walk([&](KernelOp kernel) {
    auto [found, isNew] = all.try_emplace(kernel.getName());
    KernelUses &uses = found->second;
    if (isNew) {
      uses.kernel = kernel;
      uses.isParameter.resize(kernel.getInputs().size());
    }
    for (auto [number, input] : llvm::enumerate(kernel.getInputs()))
      if (auto weight = input.getDefiningOp<WeightOp>()) {
        uses.hasParameters = uses.isParameter[number] = true;
        for (auto name : weight.getParameters().getAsRange<StringAttr>())
          uses.parameters.insert(name.getValue());
      }
  });
  // In the order of computation, so that what is before a kernel is known.
  for (auto &[name, uses] : all) {
    if (uses.hasParameters)
      continue;
    llvm::SetVector<Operation *> producers;
    llvm::DenseSet<Value> seen;
    for (Value input : uses.kernel.getInputs())
      collectProducers(input, producers, seen);
    for (Operation *producer : producers)
      for (StringRef parameter : all[cast<KernelOp>(producer).getName()].parameters)
        uses.parameters.insert(parameter);
  }
  return all;
}

llvm::StringMap<llvm::StringMap<int64_t>> explain::loopCounts(ModuleOp module) {
  llvm::StringMap<llvm::StringMap<int64_t>> counts;
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](RepeatOp repeat) {
      repeat.walk([&](KernelOp kernel) { counts[function.getName()][kernel.getName()] = repeat.getCount(); });
    });
  return counts;
}
