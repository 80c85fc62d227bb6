//===- Parameters.cpp -----------------------------------------------------===//

#include "spec/Parameters.h"
#include "spec/Stacks.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::spec;

namespace {

class ParameterList {
public:
  ParameterList(const Model &model, std::vector<Parameter> &list) : model(model), list(list) {}

  void addStack(const Stack &stack) {
    layers = 0;
    width = model.widthOf(stack);
    norm = &stack.norm;
    addInput(stack.name + ".input", stack.input);
    addBlock(stack, stack.block);
    layers = 0;
    if (stack.norm.place != NormPlace::After && stack.norm.final)
      addNorm(stack.name + ".norm", width);
  }

  void addBlock(const Stack &stack, const Block &block) {
    width = model.widthOf(stack);
    norm = &stack.norm;
    layers = stack.layers;
    for (const Sublayer &sublayer : block)
      std::visit([&](const auto &kind) { addSublayer(stack.name + ".layers.*.", kind); }, sublayer);
  }

  void addHead(const Head &head, const Stack &stack) {
    layers = 0;
    const Stack *target = targetOf(model, stack);
    int64_t vocab = target ? target->input.vocab : 0;
    width = model.widthOf(stack);
    if (!head.tied)
      add("head.weight", {vocab, width});
    if (head.bias)
      add("head.bias", {vocab});
  }

  void addPooling(const Pooling &pooling, const Stack &stack) {
    layers = 0;
    int64_t size = addPoolingLayers("pooling.tokens.", pooling.tokenLayers, model.widthOf(stack));
    addPoolingLayers("pooling.", pooling.layers, size * static_cast<int64_t>(pooling.kinds.size()));
  }

private:
  /// Parameters are named after their layers' places. Returns how many components come out.
  int64_t addPoolingLayers(const std::string &prefix, const std::vector<PoolingLayer> &list, int64_t size) {
    for (size_t i = 0; i < list.size(); ++i) {
      std::string name = prefix + std::to_string(i);
      if (const auto *dense = std::get_if<DenseLayer>(&list[i])) {
        addLinear(name, dense->size, size, dense->bias);
        if (dense->residual && dense->size != size)
          add(name + ".residual.weight", {dense->size, size});
        size = dense->size;
      } else if (!std::get<VectorNorm>(list[i]).unit) {
        add(name + ".weight", {size});
        add(name + ".bias", {size});
      }
    }
    return size;
  }

  void add(const std::string &name, llvm::SmallVector<int64_t, 2> shape) {
    list.push_back({name, std::move(shape), layers});
  }

  void addLinear(const std::string &name, int64_t out, int64_t in, bool bias) {
    add(name + ".weight", {out, in});
    if (bias)
      add(name + ".bias", {out});
  }

  /// One of the stack's kind.
  void addNorm(const std::string &name, int64_t components) {
    add(name + ".weight", {components});
    if (norm->kind == NormKind::LayerNorm && norm->bias)
      add(name + ".bias", {components});
  }

  void addInput(const std::string &prefix, const Input &input) {
    if (input.vocab > 0)
      add(prefix + ".tokens.weight", {input.vocab, width});
    addConvolutions(prefix + ".convolutions.", input);
    if (input.positions.kind == PositionKind::Learned)
      add(prefix + ".positions.weight", {input.positions.offset + input.positions.length, width});
    if (input.types > 0)
      add(prefix + ".types.weight", {input.types, width});
    if (input.norm)
      addNorm(prefix + ".norm", width);
  }

  void addConvolutions(const std::string &prefix, const Input &input) {
    int64_t components = input.features;
    for (size_t i = 0; i < input.convolutions.size(); ++i) {
      const Convolution &convolution = input.convolutions[i];
      addLinear(prefix + std::to_string(i), convolution.channels, components * convolution.kernel, convolution.bias);
      components = convolution.channels;
    }
  }

  void addQueryKeyNorm(const std::string &name, const QueryKeyNorm &norm, int64_t components) {
    add(name + ".weight", {components});
    if (norm.bias)
      add(name + ".bias", {components});
  }

  /// The norms of a sublayer around its projections.
  template <typename Projections> void addNormed(const std::string &prefix, Projections addProjections) {
    if (norm->place != NormPlace::After && ownNorm)
      addNorm(prefix + ".norm", width);
    addProjections();
    if (norm->place == NormPlace::After)
      addNorm(prefix + ".norm", width);
    if (norm->place == NormPlace::Both)
      addNorm(prefix + ".norm_after", width);
  }

  /// Where the keys and values of a source have their parameters: with several segments each its own.
  static std::string segmentOf(const std::string &prefix, const AttentionSublayer &attention, const Source &source) {
    return attention.sources.size() > 1 || attention.joint ? prefix + "." + source.stack : prefix;
  }

  void addKeysAndValues(const std::string &prefix, const AttentionSublayer &attention) {
    int64_t rows = attention.keyValueHeads * attention.headSize;
    auto addSegment = [&](const std::string &segment, int64_t components) {
      addLinear(segment + ".key", rows, components, attention.keyBias);
      addLinear(segment + ".value", rows, components, attention.bias);
    };
    for (const Source &source : attention.sources) {
      const Stack *stack = model.findStack(source.stack);
      int64_t components = stack ? model.widthOf(*stack) : width;
      // What enters a layer is normalised before it is read, as the reader's own state is; a last state has been.
      if (source.state != SourceState::Final && norm->place != NormPlace::After)
        addNorm(prefix + "." + source.stack + ".norm", components);
      addSegment(segmentOf(prefix, attention, source), components);
    }
    if (attention.hasOwnKeys())
      addSegment(prefix, width);
  }

  void addQueryKeyNorms(const std::string &prefix, const AttentionSublayer &attention) {
    const QueryKeyNorm &norm = *attention.queryKeyNorm;
    auto components = [&](int64_t heads) { return norm.overAll ? heads * attention.headSize : attention.headSize; };
    addQueryKeyNorm(prefix + ".query_norm", norm, components(attention.heads));
    for (const Source &source : attention.sources)
      addQueryKeyNorm(segmentOf(prefix, attention, source) + ".key_norm", norm, components(attention.keyValueHeads));
    if (attention.hasOwnKeys())
      addQueryKeyNorm(prefix + ".key_norm", norm, components(attention.keyValueHeads));
  }

  void addSublayer(const std::string &layer, const AttentionSublayer &attention) {
    std::string prefix = layer + attention.name;
    int64_t queryRows = attention.heads * attention.headSize;
    addNormed(prefix, [&] {
      addLinear(prefix + ".query", queryRows, width, attention.bias);
      addKeysAndValues(prefix, attention);
      if (attention.queryKeyNorm)
        addQueryKeyNorms(prefix, attention);
      for (size_t i = 0; i < attention.tables.size(); ++i)
        add(prefix + ".table" + std::to_string(i) + ".weight", {attention.tables[i].rows, attention.tables[i].columns});
      if (attention.relative)
        add(prefix + ".relative.weight", {attention.relative->buckets, attention.heads});
      addLinear(prefix + ".output", width, queryRows, attention.outputBias);
    });
  }

  void addSublayer(const std::string &layer, const MlpSublayer &mlp) {
    std::string prefix = layer + mlp.name;
    addNormed(prefix, [&] {
      if (mlp.gated)
        addLinear(prefix + ".gate", mlp.hidden, width, mlp.bias);
      addLinear(prefix + ".up", mlp.hidden, width, mlp.bias);
      addLinear(prefix + ".down", width, mlp.hidden, mlp.bias);
    });
  }

  void addSublayer(const std::string &layer, const SsruSublayer &ssru) {
    std::string prefix = layer + ssru.name;
    addNormed(prefix, [&] {
      addLinear(prefix + ".forget", width, width, ssru.bias);
      addLinear(prefix + ".input", width, width, ssru.inputBias);
    });
  }

  void addSublayer(const std::string &layer, const ParallelSublayer &parallel) {
    ownNorm = parallel.norm == ParallelNorm::Each;
    if (!ownNorm)
      addNorm(layer + parallel.name + ".norm", width);
    for (const auto &sublayer : parallel.block)
      std::visit([&](const auto &kind) { addSublayer(layer, kind); }, sublayer);
    ownNorm = true;
  }

  const Model &model;
  int64_t width = 0; ///< Of the stack.
  std::vector<Parameter> &list;
  int64_t layers = 0;
  const Norm *norm = nullptr;
  bool ownNorm = true; ///< Whether sublayers have norms before them, not one that stands before several.
};

} // namespace

std::vector<Parameter> tenon::spec::placesOfParameters(const Model &model) {
  std::vector<Parameter> list;
  ParameterList collector(model, list);
  for (const Stack &stack : model.stacks)
    collector.addStack(stack);
  for (const Stack &stack : model.stacks)
    if (model.head && model.head->stack == stack.name)
      collector.addHead(*model.head, stack);
  for (const Stack &stack : model.stacks)
    if (model.pooling && model.pooling->stack == stack.name)
      collector.addPooling(*model.pooling, stack);
  return list;
}

std::vector<Parameter> tenon::spec::placesOfBlock(const Model &model, const Stack &stack, const Block &block) {
  std::vector<Parameter> list;
  ParameterList(model, list).addBlock(stack, block);
  return list;
}

Sharing tenon::spec::sharingOf(const Model &model) {
  Sharing sharing;
  for (const Share &share : model.shares)
    sharing.add(share.parameters, share.source);
  return sharing;
}

std::vector<Parameter> tenon::spec::parameters(const Model &model) {
  std::vector<Parameter> list;
  Sharing sharing = sharingOf(model);
  for (Parameter &place : placesOfParameters(model)) {
    std::string name = sharing.resolve(place.name).value_or(place.name);
    if (name == place.name)
      list.push_back(std::move(place));
    else if (Sharing::withoutLayer(name) == place.name)
      list.push_back({std::move(name), std::move(place.shape), 0});
  }
  return list;
}
