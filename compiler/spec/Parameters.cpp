//===- Parameters.cpp -----------------------------------------------------===//

#include "spec/Parameters.h"

using namespace tenon::spec;

namespace {

class ParameterList {
public:
  ParameterList(int64_t width, std::vector<Parameter> &list) : width(width), list(list) {}

  void addStack(const Stack &stack) {
    layers = 0;
    norm = &stack.norm;
    addInput(stack.name + ".input", stack.input);
    layers = stack.layers;
    for (const Sublayer &sublayer : stack.block) {
      if (const auto *attention = std::get_if<AttentionSublayer>(&sublayer))
        addAttention(stack.name + ".layers.*." + attention->name, *attention);
      else
        addMlp(stack.name + ".layers.*." + std::get<MlpSublayer>(sublayer).name, std::get<MlpSublayer>(sublayer));
    }
    layers = 0;
    if (stack.norm.place == NormPlace::Before && stack.norm.final)
      addNorm(stack.name + ".norm");
  }

private:
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
    add(prefix + ".tokens.weight", {input.vocab, width});
    if (input.positions.kind == PositionKind::Learned)
      add(prefix + ".positions.weight", {input.positions.offset + input.positions.length, width});
    if (input.types > 0)
      add(prefix + ".types.weight", {input.types, width});
    if (input.norm)
      addNorm(prefix + ".norm");
  }

  void addAttention(const std::string &prefix, const AttentionSublayer &attention) {
    int64_t queryRows = attention.heads * attention.headSize;
    int64_t keyRows = attention.keyValueHeads * attention.headSize;
    if (norm->place == NormPlace::Before)
      addNorm(prefix + ".norm");
    addLinear(prefix + ".query", queryRows, width, attention.bias);
    addLinear(prefix + ".key", keyRows, width, attention.bias);
    addLinear(prefix + ".value", keyRows, width, attention.bias);
    addLinear(prefix + ".output", width, queryRows, attention.outputBias);
    if (norm->place == NormPlace::After)
      addNorm(prefix + ".norm");
  }

  void addMlp(const std::string &prefix, const MlpSublayer &mlp) {
    if (norm->place == NormPlace::Before)
      addNorm(prefix + ".norm");
    if (mlp.gated)
      addLinear(prefix + ".gate", mlp.hidden, width, mlp.bias);
    addLinear(prefix + ".up", mlp.hidden, width, mlp.bias);
    addLinear(prefix + ".down", width, mlp.hidden, mlp.bias);
    if (norm->place == NormPlace::After)
      addNorm(prefix + ".norm");
  }

  int64_t width;
  std::vector<Parameter> &list;
  int64_t layers = 0;
  const Norm *norm = nullptr;
};

} // namespace

std::vector<Parameter> tenon::spec::parameters(const Model &model) {
  std::vector<Parameter> list;
  ParameterList collector(model.width, list);
  for (const Stack &stack : model.stacks)
    collector.addStack(stack);
  return list;
}
