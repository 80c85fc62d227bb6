//===- ModelPipeline.h - What is done on model IR ---------------*- C++ -*-===//

#ifndef TENON_PASSES_MODELPIPELINE_H
#define TENON_PASSES_MODELPIPELINE_H

#include "passes/Passes.h"

namespace tenon {

/// The passes before model IR is lowered, with which `buildTensorPipeline` begins: afterwards it says what a model has
/// parameters for, each once. Run again they change nothing.
void buildModelPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

} // namespace tenon

#endif // TENON_PASSES_MODELPIPELINE_H
