//===- ModelBuilder.cpp - Spec to model IR --------------------------------===//

#include "driver/ModelBuilder.h"

#include "mlir/IR/Builders.h"
#include "tenon/Dialect.h"

using namespace mlir;
using namespace tenon;

namespace {

class ModelBuilder {
public:
  explicit ModelBuilder(MLIRContext *context) : builder(context), location(builder.getUnknownLoc()) {}

  OwningOpRef<ModuleOp> build(const spec::Model &model) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(location);
    builder.setInsertionPointToStart(module->getBody());
    auto op = ModelOp::create(builder, location, model.name, model.width);
    builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
    for (const spec::Stack &stack : model.stacks)
      build(stack);
    if (model.pooling)
      PoolingOp::create(builder, location, model.pooling->stack,
                        model.pooling->kind == spec::PoolingKind::Mean ? PoolFunction::Mean : PoolFunction::Cls,
                        model.pooling->normalize);
    return module;
  }

private:
  NormAttr norm(const spec::Norm &norm) {
    bool layerNorm = norm.kind == spec::NormKind::LayerNorm, before = norm.place == spec::NormPlace::Before;
    return NormAttr::get(builder.getContext(), layerNorm ? NormFunction::LayerNorm : NormFunction::RMSNorm,
                         before ? NormPlace::Before : NormPlace::After, builder.getF64FloatAttr(norm.epsilon),
                         layerNorm && norm.bias, before && norm.final);
  }

  static PositionKind kind(spec::PositionKind kind) {
    switch (kind) {
    case spec::PositionKind::None:
      return PositionKind::NoPositions;
    case spec::PositionKind::Learned:
      return PositionKind::Learned;
    case spec::PositionKind::Sinusoidal:
      return PositionKind::Sinusoidal;
    case spec::PositionKind::Rotary:
      return PositionKind::Rotary;
    }
    llvm_unreachable("positions of no kind");
  }

  static ActivationFunction function(spec::Activation activation) {
    switch (activation) {
    case spec::Activation::Gelu:
      return ActivationFunction::Gelu;
    case spec::Activation::GeluTanh:
      return ActivationFunction::GeluTanh;
    case spec::Activation::Relu:
      return ActivationFunction::Relu;
    case spec::Activation::Silu:
      return ActivationFunction::Silu;
    }
    llvm_unreachable("activation of no kind");
  }

  void build(const spec::Stack &stack) {
    auto op = StackOp::create(builder, location, stack.name, stack.layers, norm(stack.norm));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
    const spec::Positions &positions = stack.input.positions;
    auto attribute = PositionsAttr::get(builder.getContext(), kind(positions.kind), positions.length, positions.offset,
                                        builder.getF64FloatAttr(positions.base), positions.dims, positions.interleaved);
    TokenInputOp::create(builder, location, stack.input.vocab, attribute, stack.input.types, stack.input.norm,
                         llvm::APFloat(stack.input.scale));
    for (const spec::Sublayer &sublayer : stack.block)
      std::visit([&](const auto &kind) { build(kind); }, sublayer);
  }

  void build(const spec::AttentionSublayer &attention) {
    AttentionLayerOp::create(builder, location, attention.name, attention.heads, attention.keyValueHeads,
                             attention.headSize, llvm::APFloat(attention.scale), attention.bias, attention.outputBias);
  }

  void build(const spec::ParallelSublayer &parallel) {
    for (const auto &sublayer : parallel.block)
      std::visit([&](const auto &kind) { build(kind); }, sublayer);
  }

  void build(const spec::MlpSublayer &mlp) {
    MlpLayerOp::create(builder, location, mlp.name, mlp.hidden, function(mlp.activation), mlp.gated, mlp.bias);
  }

  OpBuilder builder;
  Location location;
};

} // namespace

OwningOpRef<ModuleOp> tenon::buildModel(const spec::Model &model, MLIRContext *context) {
  return ModelBuilder(context).build(model);
}
