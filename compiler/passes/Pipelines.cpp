//===- Pipelines.cpp - The order of the passes ----------------------------===//

#include "passes/ModelPipeline.h"
#include "passes/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tenon {

void buildModelPipeline(OpPassManager &manager, const PipelineOptions &options) {
  // First: what follows may move a sublayer, which then still reads its own parameters.
  manager.addPass(createBindParameters());
  if (options.unify) {
    // Before stacks are compared: what no query sees makes no difference between them.
    manager.addPass(createDropUnseenKeys());
    manager.addPass(createUnifyStacks());
  }
}

void buildTensorPipeline(OpPassManager &manager, const PipelineOptions &options) {
  buildModelPipeline(manager, options);
  manager.addPass(createLowerModelToTensor());
  // Equal position tables and ids of all layers become one.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void buildKernelPipeline(OpPassManager &manager, const PipelineOptions &options) {
  // Before weights have panels: panels of one parameter cannot be concatenated with those of another.
  if (options.fuse)
    manager.addPass(createFuseProjections());
  manager.nest<func::FuncOp>().addPass(createPackRows());
  manager.addPass(createPackWeights());
  FuseKernelsOptions fusion;
  fusion.fuse = options.fuse;
  manager.nest<func::FuncOp>().addPass(createFuseKernels(fusion));
  AssignSchedulesOptions schedules;
  schedules.targets.assign(options.targets.begin(), options.targets.end());
  manager.addPass(createAssignSchedules(schedules));
}

void buildHostPipeline(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(createLowerToHost());
  manager.nest<func::FuncOp>().addPass(createPlanMemory());
  // After planning, which wants allocations and their uses as they were emitted.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLoopInvariantCodeMotionPass());
}

void buildLLVMPipeline(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(memref::createExpandStridedMetadataPass());
  // To branches first: a kernel's error leaves the driver from within its loops.
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createLowerDrivers());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  // After what takes memrefs apart, which leaves constants of offsets behind.
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void registerPipelines() {
  PassPipelineRegistration<PipelineOptions>("tenon-tensor", "Model IR to tensor IR", buildTensorPipeline);
  PassPipelineRegistration<PipelineOptions>("tenon-kernel", "Tensor IR to kernel IR", buildKernelPipeline);
  PassPipelineRegistration<PipelineOptions>("tenon-host", "Kernel IR to host IR", buildHostPipeline);
  PassPipelineRegistration<PipelineOptions>("tenon-llvm", "Host IR to the LLVM dialect", buildLLVMPipeline);
}

} // namespace tenon
