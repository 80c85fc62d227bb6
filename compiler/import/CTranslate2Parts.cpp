//===- CTranslate2Parts.cpp - Where the parameters of a model.bin lie -----===//

#include "import/CTranslate2Stacks.h"
#include "spec/Stacks.h"
#include "llvm/ADT/STLExtras.h"
#include <cassert>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

/// The rows of one projection in the matrix that holds several.
static TensorPart fused(const spec::Model &model, StringRef stackName, StringRef sublayer, StringRef projection,
                        const std::string &layer, StringRef last) {
  const spec::Stack *stack = model.findStack(stackName.str());
  const spec::AttentionSublayer *attention = nullptr;
  spec::forEachAttention(stack->block, [&](const spec::AttentionSublayer &candidate) {
    if (candidate.name == sublayer)
      attention = &candidate;
  });
  assert(attention && "a projection belongs to an attention of the block");
  int64_t queries = attention->heads * attention->headSize, keys = attention->keyValueHeads * attention->headSize;
  bool isCross = !attention->sources.empty();
  std::string scope = layer + (isCross ? "attention/" : "self_attention/");
  if (projection == "relative")
    return {scope + "relative_attention_bias"};
  if (projection == "query_norm" || projection == "key_norm")
    return {scope + (projection == "query_norm" ? "q_norm/" : "k_norm/") + (last == "weight" ? "gamma" : "beta")};
  if (projection == "output")
    return {scope + (isCross ? "linear_2/" : "linear_1/") + last.str()};
  if (projection == "query")
    return {scope + "linear_0/" + last.str(), false, 0, isCross ? 0 : queries};
  int64_t offset = (isCross ? 0 : queries) + (projection == "value" ? keys : 0);
  return {scope + (isCross ? "linear_1/" : "linear_0/") + last.str(), false, offset, keys};
}

/// Whether the MLP of the block, which may stand in parallel, has a gate.
static bool hasGate(const spec::Block &block) {
  auto isGated = [](const auto &sublayer) {
    const auto *mlp = std::get_if<spec::MlpSublayer>(&sublayer);
    return mlp && mlp->gated;
  };
  return llvm::any_of(block, [&](const spec::Sublayer &sublayer) {
    const auto *parallel = std::get_if<spec::ParallelSublayer>(&sublayer);
    return isGated(sublayer) || (parallel && llvm::any_of(parallel->block, isGated));
  });
}

static TensorPart layerPart(const spec::Model &model, const CTranslate2Variables &variables, StringRef stack,
                            StringRef sublayer, StringRef module, int64_t index, StringRef last) {
  std::string layer = (stack + "/layer_" + Twine(index) + "/").str();
  if (module == "norm" || module == "norm_after") {
    CTranslate2Norms norms = ctranslate2Norms(variables, layer);
    StringRef name = sublayer == "cross"                     ? norms.cross
                     : sublayer == "mlp" && module == "norm" ? norms.mlp
                     : sublayer == "mlp"                     ? norms.mlpAfter
                     : module == "norm_after"                ? norms.attentionAfter
                                                             : norms.attention;
    return {layer + name.str() + (last == "weight" ? "gamma" : "beta")};
  }
  if (sublayer != "mlp")
    return fused(model, stack, sublayer, module, layer, last);
  bool gated = hasGate(model.findStack(stack.str())->block);
  StringRef linear = module == "down" ? "linear_1/" : module == "up" && gated ? "linear_0_noact/" : "linear_0/";
  return {layer + "ffn/" + linear.str() + last.str()};
}

CTranslate2Norms tenon::import::ctranslate2Norms(const CTranslate2Variables &variables, const std::string &layer) {
  CTranslate2Norms norms;
  auto has = [&](StringRef name) { return variables.has(layer + name.str() + "gamma"); };
  if (has("pre_feedforward_layer_norm/"))
    return {"input_layer_norm/", "post_attention_layer_norm/", "", "pre_feedforward_layer_norm/",
            "post_feedforward_layer_norm/"};
  if (has("shared_layer_norm/"))
    norms.attention = norms.mlp = "shared_layer_norm/";
  else if (has("input_layer_norm/"))
    norms.attention = "input_layer_norm/", norms.mlp = "post_attention_layer_norm/";
  return norms;
}

TensorPart tenon::import::ctranslate2Part(const spec::Model &model, const CTranslate2Variables &variables,
                                          StringRef parameter, int64_t layer) {
  auto [path, last] = parameter.rsplit('.');
  auto [stack, module] = path.split('.');
  std::string prefix = stack.str() + "/", norm = last == "weight" ? "gamma" : "beta";
  if (stack == "head")
    return {"decoder/projection/" + last.str()};
  if (module == "norm")
    return {prefix + "layer_norm/" + norm};
  if (module == "input.norm")
    return {prefix + "layernorm_embedding/" + norm};
  if (module == "input.tokens") {
    std::string name = prefix + "embeddings/weight";
    return {variables.has(name) ? name : prefix + "embeddings_0/weight"};
  }
  if (module == "input.positions") {
    std::string name = prefix + "position_encodings/encodings";
    return {variables.has(name) ? name : prefix + computedPositions.str()};
  }
  if (module.consume_front("input.convolutions."))
    return {prefix + (module == "0" ? "conv1/" : "conv2/") + last.str()};
  module.consume_front("layers.*.");
  auto [sublayer, projection] = module.split('.');
  return layerPart(model, variables, stack, sublayer, projection, layer, last);
}
