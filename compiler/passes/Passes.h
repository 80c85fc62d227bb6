//===- Passes.h - Tenon's passes and pipelines ------------------*- C++ -*-===//

#ifndef TENON_PASSES_PASSES_H
#define TENON_PASSES_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir {
class ModuleOp;
namespace func {
class FuncOp;
} // namespace func
} // namespace mlir

namespace tenon {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// What the pipelines can be told.
struct PipelineOptions : mlir::PassPipelineOptions<PipelineOptions> {
  ListOption<std::string> targets{*this, "targets", llvm::cl::desc("Targets, best first")};
  Option<bool> fuse{*this, "fuse", llvm::cl::desc("Whether operations share kernels"), llvm::cl::init(true)};
  Option<bool> unify{*this, "unify", llvm::cl::desc("Whether stacks that are one decoder become one"),
                     llvm::cl::init(true)};
};

void buildTensorPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
void buildKernelPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
void buildHostPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
void buildLLVMPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Registers the pipelines as `tenon-tensor`, `tenon-kernel`, `tenon-host` and `tenon-llvm`.
void registerPipelines();

} // namespace tenon

#endif // TENON_PASSES_PASSES_H
