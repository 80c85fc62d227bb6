//===- Parameters.cpp -----------------------------------------------------===//

#include "spec/Parameters.h"
#include "llvm/ADT/StringExtras.h"

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
    layers = stack.layers;
    for (const Sublayer &sublayer : stack.block)
      std::visit([&](const auto &kind) { addSublayer(stack.name + ".layers.*.", kind); }, sublayer);
    layers = 0;
    if (stack.norm.place != NormPlace::After && stack.norm.final)
      addNorm(stack.name + ".norm");
  }

  void addHead(const Head &head, const Stack &stack) {
    layers = 0;
    int64_t vocab = stack.input.vocab;
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

  void addNorm(const std::string &name) {
    add(name + ".weight", {width});
    if (norm->kind == NormKind::LayerNorm && norm->bias)
      add(name + ".bias", {width});
  }

  void addInput(const std::string &prefix, const Input &input) {
    if (input.features == 0)
      add(prefix + ".tokens.weight", {input.vocab, width});
    addConvolutions(prefix + ".convolutions.", input);
    if (input.positions.kind == PositionKind::Learned)
      add(prefix + ".positions.weight", {input.positions.offset + input.positions.length, width});
    if (input.types > 0)
      add(prefix + ".types.weight", {input.types, width});
    if (input.norm)
      addNorm(prefix + ".norm");
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
      addNorm(prefix + ".norm");
    addProjections();
    if (norm->place == NormPlace::After)
      addNorm(prefix + ".norm");
    if (norm->place == NormPlace::Both)
      addNorm(prefix + ".norm_after");
  }

  void addSublayer(const std::string &layer, const AttentionSublayer &attention) {
    std::string prefix = layer + attention.name;
    int64_t queryRows = attention.heads * attention.headSize;
    int64_t keyRows = attention.keyValueHeads * attention.headSize;
    const Stack *source = attention.from.empty() ? nullptr : model.findStack(attention.from);
    int64_t sourceWidth = source ? model.widthOf(*source) : width;
    addNormed(prefix, [&] {
      addLinear(prefix + ".query", queryRows, width, attention.bias);
      addLinear(prefix + ".key", keyRows, sourceWidth, attention.keyBias);
      addLinear(prefix + ".value", keyRows, sourceWidth, attention.bias);
      if (const std::optional<QueryKeyNorm> &norm = attention.queryKeyNorm) {
        addQueryKeyNorm(prefix + ".query_norm", *norm, norm->overAll ? queryRows : attention.headSize);
        addQueryKeyNorm(prefix + ".key_norm", *norm, norm->overAll ? keyRows : attention.headSize);
      }
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
      addNorm(layer + parallel.name + ".norm");
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

std::optional<std::string> tenon::spec::replacedName(const Share &share, llvm::StringRef parameter) {
  llvm::SmallVector<llvm::StringRef, 8> left, parts;
  llvm::StringRef(share.parameters).split(left, '.');
  parameter.split(parts, '.');
  if (left.size() > parts.size())
    return std::nullopt;
  llvm::StringRef layer;
  for (auto [pattern, part] : llvm::zip(left, parts)) {
    bool isLayer = pattern == "*" && (part == "*" || llvm::all_of(part, llvm::isDigit));
    if (isLayer)
      layer = part;
    else if (pattern != part)
      return std::nullopt;
  }
  auto [before, after] = llvm::StringRef(share.source).split('*');
  std::string name = llvm::StringRef(share.source).contains('*') ? (before + layer + after).str() : share.source;
  for (llvm::StringRef part : llvm::ArrayRef(parts).drop_front(left.size()))
    name += "." + part.str();
  return name;
}

std::string tenon::spec::sharedName(const Model &model, llvm::StringRef parameter) {
  for (const Share &share : model.shares)
    if (std::optional<std::string> name = replacedName(share, parameter))
      return *name;
  return parameter.str();
}

std::vector<Parameter> tenon::spec::parameters(const Model &model) {
  std::vector<Parameter> list = placesOfParameters(model);
  llvm::erase_if(list, [&](const Parameter &parameter) { return sharedName(model, parameter.name) != parameter.name; });
  return list;
}
