//===- ModelBuilder.cpp - Spec to model IR --------------------------------===//

#include "spec/ModelBuilder.h"

#include "mlir/IR/Builders.h"
#include "spec/Rotary.h"
#include "spec/Stacks.h"
#include "tenon/Dialect.h"

using namespace mlir;
using namespace tenon;

namespace {

class ModelBuilder {
public:
  ModelBuilder(const spec::Model &model, MLIRContext *context)
      : builder(context), file(model.file), location(placeOf({})) {}

  OwningOpRef<ModuleOp> build(const spec::Model &model) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(location);
    builder.setInsertionPointToStart(module->getBody());
    auto op = ModelOp::create(builder, location, model.name, model.width, shares(model));
    builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
    for (auto [stack, cached] : llvm::zip_equal(model.stacks, spec::growingStacks(model)))
      build(stack, cached);
    if (model.pooling)
      build(*model.pooling);
    if (model.head)
      HeadOp::create(builder, placeOf(model.head->place), model.head->stack, model.head->tied, model.head->bias,
                     llvm::APFloat(model.head->scale), llvm::APFloat(model.head->softcap), unbound);
    return module;
  }

private:
  /// A line of the spec; the file alone of what a checkpoint's does not say.
  Location placeOf(spec::Place place) {
    if (file.empty())
      return builder.getUnknownLoc();
    return FileLineColLoc::get(builder.getContext(), file, place.line, place.column);
  }

  /// That of the next sublayer.
  Location placeOfSublayer() {
    return placeOf(sublayers < stack->sublayerPlaces.size() ? stack->sublayerPlaces[sublayers++] : stack->place);
  }

  DictionaryAttr shares(const spec::Model &model) {
    SmallVector<NamedAttribute> pairs;
    for (const spec::Share &share : model.shares)
      pairs.push_back(builder.getNamedAttr(share.parameters, builder.getStringAttr(share.source)));
    return pairs.empty() ? DictionaryAttr() : builder.getDictionaryAttr(pairs);
  }

  FloatAttr real(double value) { return builder.getF64FloatAttr(value); }
  FloatAttr nonzero(double value) { return value != 0 ? real(value) : FloatAttr(); }

  static NormFunction function(spec::NormKind kind) {
    switch (kind) {
    case spec::NormKind::LayerNorm:
      return NormFunction::LayerNorm;
    case spec::NormKind::RMSNorm:
      return NormFunction::RMSNorm;
    }
    llvm_unreachable("norm of no kind");
  }

  /// Whether a norm adds a parameter, where the spec's says so.
  static bool hasBias(spec::NormKind kind, bool bias) {
    switch (kind) {
    case spec::NormKind::LayerNorm:
      return bias;
    case spec::NormKind::RMSNorm:
      return false;
    }
    llvm_unreachable("norm of no kind");
  }

  static NormPlace place(spec::NormPlace place) {
    switch (place) {
    case spec::NormPlace::Before:
      return NormPlace::Before;
    case spec::NormPlace::After:
      return NormPlace::After;
    case spec::NormPlace::Both:
      return NormPlace::Both;
    }
    llvm_unreachable("norm of no place");
  }

  NormAttr norm(const spec::Norm &norm) {
    bool after = norm.place == spec::NormPlace::After;
    return NormAttr::get(builder.getContext(), function(norm.kind), place(norm.place), real(norm.epsilon),
                         hasBias(norm.kind, norm.bias), !after && norm.final, nonzero(norm.weightOffset));
  }

  HeadNormAttr headNorm(const std::optional<spec::QueryKeyNorm> &norm) {
    if (!norm)
      return {};
    return HeadNormAttr::get(builder.getContext(), function(norm->kind), real(norm->epsilon),
                             hasBias(norm->kind, norm->bias), norm->overAll, nonzero(norm->weightOffset));
  }

  /// What the stack's positions cannot say: rotary positions of a sublayer's own, or stretched ones.
  RotaryAttr rotary(const spec::AttentionSublayer &attention) {
    std::optional<spec::Rotary> turns = spec::rotaryOf(*stack, attention);
    bool scaled = turns && turns->scaling.kind != spec::ScalingKind::None;
    bool turnsOtherwise = turns.has_value() || stack->input.positions.kind == spec::PositionKind::Rotary;
    if (!scaled && !(attention.ownRotary && turnsOtherwise))
      return {};
    spec::Rotary rotary = turns.value_or(spec::Rotary());
    int64_t length = stack->input.positions.length;
    auto frequencies =
        scaled ? builder.getDenseF64ArrayAttr(spec::rotaryFrequencies(rotary, length)) : DenseF64ArrayAttr();
    double magnitude = spec::rotaryFactor(rotary);
    return RotaryAttr::get(builder.getContext(), length, rotary.dims, real(rotary.base), rotary.interleaved,
                           frequencies, magnitude != 1 ? real(magnitude) : FloatAttr());
  }

  DenseI64ArrayAttr tableSizes(const std::vector<spec::Table> &tables) {
    SmallVector<int64_t> sizes;
    for (const spec::Table &table : tables)
      sizes.append({table.rows, table.columns});
    return sizes.empty() ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(sizes);
  }

  FlatSymbolRefAttr symbol(const std::string &name) { return FlatSymbolRefAttr::get(builder.getContext(), name); }

  ArrayAttr sources(const spec::AttentionSublayer &attention) {
    SmallVector<Attribute> list;
    for (const spec::Source &source : attention.sources) {
      std::vector<int64_t> layers = spec::sourceLayers(*stack, source);
      list.push_back(SourceAttr::get(builder.getContext(), symbol(source.stack),
                                     layers.empty() ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(layers)));
    }
    return builder.getArrayAttr(list);
  }

  RelativeBiasAttr relative(const spec::AttentionSublayer &attention) {
    const std::optional<spec::RelativeBias> &bias = attention.relative;
    return bias ? RelativeBiasAttr::get(builder.getContext(), bias->buckets, bias->distance, bias->bidirectional)
                : RelativeBiasAttr();
  }

  StringAttr expression(const std::string &text) { return text.empty() ? StringAttr() : builder.getStringAttr(text); }

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

  static bool isEvenlySpaced(const spec::Positions &positions) {
    if (positions.kind != spec::PositionKind::Sinusoidal || positions.interleaved)
      return false;
    switch (positions.spacing) {
    case spec::SinusoidSpacing::Ends:
      return false;
    case spec::SinusoidSpacing::Even:
      return true;
    }
    llvm_unreachable("sinusoids of no spacing");
  }

  static bool isShared(spec::ParallelNorm norm) {
    switch (norm) {
    case spec::ParallelNorm::One:
      return true;
    case spec::ParallelNorm::Each:
      return false;
    }
    llvm_unreachable("norm of no kind");
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
    case spec::Activation::ReluSquared:
      return ActivationFunction::ReluSquared;
    case spec::Activation::QuickGelu:
      return ActivationFunction::QuickGelu;
    case spec::Activation::Tanh:
      return ActivationFunction::Tanh;
    case spec::Activation::Sigmoid:
      return ActivationFunction::Sigmoid;
    }
    llvm_unreachable("activation of no kind");
  }

  ActivationFunctionAttr nonlinearity(std::optional<spec::Activation> activation) {
    return activation ? ActivationFunctionAttr::get(builder.getContext(), function(*activation))
                      : ActivationFunctionAttr();
  }

  static PoolFunction function(spec::PoolingKind kind) {
    switch (kind) {
    case spec::PoolingKind::Mean:
      return PoolFunction::Mean;
    case spec::PoolingKind::Cls:
      return PoolFunction::Cls;
    case spec::PoolingKind::Max:
      return PoolFunction::Max;
    case spec::PoolingKind::MeanSqrt:
      return PoolFunction::MeanSqrt;
    case spec::PoolingKind::WeightedMean:
      return PoolFunction::WeightedMean;
    case spec::PoolingKind::Last:
      return PoolFunction::Last;
    }
    llvm_unreachable("pooling of no kind");
  }

  ArrayAttr layers(const std::vector<spec::PoolingLayer> &list) {
    // The epsilon of torch.nn.functional.normalize, which sentence-transformers calls.
    constexpr double kUnitEpsilon = 1e-12;
    MLIRContext *context = builder.getContext();
    SmallVector<Attribute> attributes;
    for (const spec::PoolingLayer &layer : list) {
      if (const auto *dense = std::get_if<spec::DenseLayer>(&layer)) {
        attributes.push_back(DenseAttr::get(context, dense->size, nonlinearity(dense->activation), dense->bias,
                                            dense->residual));
        continue;
      }
      const auto &norm = std::get<spec::VectorNorm>(layer);
      attributes.push_back(norm.unit ? VectorNormAttr::get(context, NormFunction::L2, real(kUnitEpsilon))
                                     : VectorNormAttr::get(context, NormFunction::LayerNorm, real(norm.epsilon)));
    }
    return builder.getArrayAttr(attributes);
  }

  void build(const spec::Pooling &pooling) {
    SmallVector<Attribute> functions;
    for (spec::PoolingKind kind : pooling.kinds)
      functions.push_back(PoolFunctionAttr::get(builder.getContext(), function(kind)));
    PoolingOp::create(builder, placeOf(pooling.place), pooling.stack, builder.getArrayAttr(functions),
                      layers(pooling.tokenLayers), layers(pooling.layers), pooling.size, !pooling.prompt, unbound);
  }

  void build(const spec::Stack &stack, bool cached) {
    location = placeOf(stack.place);
    auto width = stack.width > 0 ? builder.getI64IntegerAttr(stack.width) : IntegerAttr();
    auto op = StackOp::create(builder, location, stack.name, stack.layers, norm(stack.norm), cached, width,
                              expression(stack.prefix), unbound);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
    this->stack = &stack;
    sublayers = 0;
    const spec::Positions &positions = stack.input.positions;
    auto attribute =
        PositionsAttr::get(builder.getContext(), kind(positions.kind), positions.length, positions.offset,
                           real(positions.base), positions.dims, positions.interleaved, isEvenlySpaced(positions),
                           positions.pad ? builder.getI64IntegerAttr(*positions.pad) : IntegerAttr(),
                           positions.behind.empty() ? FlatSymbolRefAttr() : symbol(positions.behind));
    location = placeOf(stack.inputPlace);
    build(stack.input, attribute);
    if (stack.cycle.empty())
      return build(stack.block);
    for (const spec::Block &block : stack.cycle) {
      auto blockOp = BlockOp::create(builder, placeOf(stack.place));
      OpBuilder::InsertionGuard blockGuard(builder);
      builder.setInsertionPointToStart(&blockOp.getBody().emplaceBlock());
      build(block);
    }
  }

  void build(const spec::Input &input, PositionsAttr positions) {
    llvm::APFloat scale(input.scale);
    if (!input.parts.empty()) {
      SmallVector<Attribute> parts;
      for (const std::string &part : input.parts)
        parts.push_back(symbol(part));
      ConcatInputOp::create(builder, location, builder.getArrayAttr(parts), positions, input.norm, scale, unbound);
      return;
    }
    if (input.features == 0) {
      TokenInputOp::create(builder, location, input.vocab, positions, input.types, input.norm, scale, input.zeroFirst,
                           unbound);
      return;
    }
    SmallVector<Attribute> convolutions;
    for (const spec::Convolution &convolution : input.convolutions) {
      convolutions.push_back(ConvolutionAttr::get(builder.getContext(), convolution.channels, convolution.kernel,
                                                  convolution.stride, nonlinearity(convolution.activation),
                                                  convolution.bias));
    }
    FeatureInputOp::create(builder, location, input.features, positions, builder.getArrayAttr(convolutions), input.norm,
                           scale, unbound);
  }

  template <typename Sublayers> void build(const std::vector<Sublayers> &block) {
    for (const Sublayers &sublayer : block) {
      location = placeOfSublayer();
      std::visit([&](const auto &kind) { build(kind); }, sublayer);
    }
  }

  void build(const spec::AttentionSublayer &attention) {
    AttentionLayerOp::create(builder, location, attention.name, attention.heads, attention.keyValueHeads,
                             attention.headSize, llvm::APFloat(attention.scale), attention.bias,
                             attention.bias && !attention.keyBias, attention.outputBias, expression(attention.mask),
                             expression(attention.score), rotary(attention), headNorm(attention.queryKeyNorm),
                             tableSizes(attention.tables), sources(attention), attention.joint, relative(attention),
                             expression(attention.prefixMask), unbound);
  }

  Attribute attribute(int64_t size) { return builder.getI64IntegerAttr(size); }
  Attribute attribute(bool flag) { return flag ? builder.getUnitAttr() : UnitAttr(); }
  Attribute attribute(spec::Activation activation) { return nonlinearity(activation); }

  template <spec::KeyedSublayer Kind> void build(const Kind &sublayer) {
    OperationState state(location, llvm::StringRef(Kind::operation));
    state.addAttribute("name", builder.getStringAttr(sublayer.name));
    Kind::forEachKey(sublayer, [&](const auto &key, const auto &value) {
      if (Attribute known = attribute(value))
        state.addAttribute(llvm::StringRef(key.name), known);
    });
    builder.create(state);
  }

  void build(const spec::ParallelSublayer &parallel) {
    auto op = ParallelOp::create(builder, location, parallel.name, isShared(parallel.norm), unbound);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
    build(parallel.block);
  }

  const DictionaryAttr unbound; ///< No operation says which parameters it reads: names follow from its place.
  OpBuilder builder;
  std::string file;                   ///< That says what is built.
  Location location;                  ///< Of what is built in it.
  const spec::Stack *stack = nullptr; ///< The one that is built.
  size_t sublayers = 0;               ///< So many of its sublayers are there.
};

} // namespace

OwningOpRef<ModuleOp> tenon::buildModel(const spec::Model &model, MLIRContext *context) {
  return ModelBuilder(model, context).build(model);
}
