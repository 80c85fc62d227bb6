//===- Seq2SeqStructure.cpp -----------------------------------------------===//
//
// Biases, gates, norms of the embeddings and of whole stacks, and which matrices are one are there where the tensors
// say so; sizes come from config.json, the rest from the model type.
//
//===----------------------------------------------------------------------===//

#include "import/Seq2SeqStructure.h"
#include "expressions/Sugar.h"
#include "import/CheckpointFiles.h"
#include "spec/Names.h"
#include "spec/Parameters.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

namespace {

class StructureReader {
public:
  StructureReader(Config &config, const Seq2SeqType &type, const Seq2SeqTensors &tensors, bool encoderAlone,
                  spec::Model &model)
      : config(config), type(type), tensors(tensors), encoderAlone(encoderAlone), model(model) {}
  void read();

private:
  bool isT5() const { return type.positions == Seq2SeqPositions::Relative; }
  bool hasAny(StringRef prefix, std::initializer_list<StringRef> modules, StringRef last) const {
    return llvm::any_of(modules, [&](StringRef module) { return tensors.has((prefix + module).str(), last); });
  }
  spec::Stack readStack(StringRef name, const Seq2SeqKeys &keys);
  void readInput(const Seq2SeqKeys &keys, spec::Stack &stack);
  void readConvolutions(spec::Input &input);
  spec::Positions readPositions(StringRef name, const Seq2SeqKeys &keys);
  spec::Norm readNorm(StringRef name);
  spec::AttentionSublayer readAttention(StringRef stack, StringRef name, const Seq2SeqKeys &keys);
  spec::MlpSublayer readMlp(StringRef stack, const Seq2SeqKeys &keys);
  void readActivation(spec::MlpSublayer &mlp);
  void shareTokens();
  void readHead();

  Config &config;
  const Seq2SeqType &type;
  const Seq2SeqTensors &tensors;
  bool encoderAlone;
  spec::Model &model;
};

} // namespace

void StructureReader::readConvolutions(spec::Input &input) {
  input.features = config.integer("num_mel_bins");
  for (int64_t stride : {1, 2}) {
    spec::Convolution &convolution = input.convolutions.emplace_back();
    convolution.channels = model.width;
    convolution.kernel = 3;
    convolution.stride = stride;
  }
}

spec::Positions StructureReader::readPositions(StringRef name, const Seq2SeqKeys &keys) {
  spec::Positions positions;
  if (isT5())
    return positions;
  positions.length = config.integer(keys.length);
  positions.kind = spec::PositionKind::Learned;
  positions.offset = type.positionOffset;
  if (!tensors.hasWeight((name + ".input.positions").str()) && positions.offset == 0) {
    // Whisper's go to the base itself.
    bool even = type.positions == Seq2SeqPositions::Sinusoidal;
    if (even || name == "encoder") {
      positions.kind = spec::PositionKind::Sinusoidal;
      positions.spacing = even ? spec::SinusoidSpacing::Even : spec::SinusoidSpacing::Ends;
    }
  }
  return positions;
}

void StructureReader::readInput(const Seq2SeqKeys &keys, spec::Stack &stack) {
  bool isEncoder = stack.name == "encoder";
  spec::Input &input = stack.input;
  if (isEncoder && type.hears) {
    readConvolutions(input);
  } else {
    bool apart = !isEncoder && !config.booleanOr("share_encoder_decoder_embeddings", true);
    input.vocab = config.integer(apart && config.has("decoder_vocab_size") ? "decoder_vocab_size" : "vocab_size");
    // Whisper has the key, but does not scale.
    if (!type.hears && config.booleanOr("scale_embedding", false))
      input.scale = std::sqrt(double(model.width));
  }
  input.positions = readPositions(stack.name, keys);
  input.norm = tensors.hasWeight(stack.name + ".input.norm");
}

spec::Norm StructureReader::readNorm(StringRef name) {
  spec::Norm norm;
  norm.kind = type.norm;
  norm.place = type.place;
  norm.epsilon = isT5() ? config.number("layer_norm_epsilon") : 1e-5;
  norm.bias = norm.kind == spec::NormKind::LayerNorm;
  norm.final = norm.place != spec::NormPlace::Before || tensors.hasWeight((name + ".norm").str());
  return norm;
}

spec::AttentionSublayer StructureReader::readAttention(StringRef stack, StringRef name, const Seq2SeqKeys &keys) {
  spec::AttentionSublayer attention;
  std::string prefix = (stack + ".layers.*." + name + ".").str();
  attention.name = name.str();
  attention.heads = attention.keyValueHeads = config.integer(keys.heads);
  if (isT5())
    attention.headSize = config.integer("d_kv");
  else if (model.width % attention.heads == 0)
    attention.headSize = model.width / attention.heads;
  else
    config.fail("d_model", std::to_string(model.width) + " is not a multiple of '" + keys.heads + "' (" +
                               std::to_string(attention.heads) + ")");
  attention.scale = isT5() || attention.headSize == 0 ? 1 : 1 / std::sqrt(double(attention.headSize));
  attention.bias = hasAny(prefix, {"query", "value"}, "bias");
  attention.keyBias = tensors.has(prefix + "key", "bias");
  attention.outputBias = tensors.has(prefix + "output", "bias");
  if (name == "cross")
    attention.sources = {{"encoder"}};
  else if (stack == "decoder")
    attention.mask = expressions::causal().print();
  if (isT5() && name != "cross") {
    spec::RelativeBias &relative = attention.relative.emplace();
    relative.buckets = config.integer("relative_attention_num_buckets");
    relative.distance = config.integer("relative_attention_max_distance");
    relative.bidirectional = stack == "encoder";
  }
  return attention;
}

/// T5 has "relu", "gated-gelu" and the like; what is gated the tensors say.
void StructureReader::readActivation(spec::MlpSublayer &mlp) {
  if (!isT5()) {
    mlp.activation = import::readActivation(config, type.activation);
    return;
  }
  std::string name = config.string(type.activation);
  bool gated = StringRef(name).starts_with("gated-");
  if (gated != mlp.gated)
    config.fail(type.activation, "\"" + name + "\" " + (gated ? "has a gate" : "has no gate") +
                                     ", but the tensors say " + "otherwise ('DenseReluDense." +
                                     (gated ? "wi" : "wi_0") + "')");
  static constexpr std::pair<StringRef, spec::Activation> activations[] = {
      {"gated-gelu", spec::Activation::GeluTanh}, {"relu", spec::Activation::Relu},
      {"gated-relu", spec::Activation::Relu},     {"gelu", spec::Activation::Gelu},
      {"gelu_new", spec::Activation::GeluTanh},   {"gated-gelu_new", spec::Activation::GeluTanh},
      {"silu", spec::Activation::Silu},           {"gated-silu", spec::Activation::Silu},
  };
  std::string known;
  for (auto [candidate, activation] : activations) {
    if (candidate == name) {
      mlp.activation = activation;
      return;
    }
    known += (known.empty() ? "\"" : ", \"") + candidate.str() + "\"";
  }
  config.fail(type.activation, "\"" + name + "\" is not supported; supported: " + known);
}

spec::MlpSublayer StructureReader::readMlp(StringRef stack, const Seq2SeqKeys &keys) {
  spec::MlpSublayer mlp;
  std::string prefix = (stack + ".layers.*.mlp.").str();
  mlp.hidden = config.integer(keys.hidden);
  mlp.gated = tensors.hasWeight(prefix + "gate");
  mlp.bias = hasAny(prefix, {"up", "down", "gate"}, "bias");
  readActivation(mlp);
  return mlp;
}

spec::Stack StructureReader::readStack(StringRef name, const Seq2SeqKeys &keys) {
  spec::Stack stack;
  stack.name = name.str();
  StringRef layersKey = config.firstOf(keys.layers);
  stack.layers = config.integer(layersKey);
  if (stack.layers > spec::maximumLayers)
    config.fail(layersKey,
                std::to_string(stack.layers) + " layers; supported: at most " + std::to_string(spec::maximumLayers));
  readInput(keys, stack);
  stack.norm = readNorm(name);
  stack.block.push_back(readAttention(name, "attention", keys));
  if (name == "decoder")
    stack.block.push_back(readAttention(name, "cross", keys));
  stack.block.push_back(readMlp(name, keys));
  return stack;
}

/// Encoder and decoder may have one token embedding: under one name, or under two with the same numbers.
void StructureReader::shareTokens() {
  if (type.hears || !config.booleanOr("share_encoder_decoder_embeddings", true))
    return;
  std::string source = tensors.tensorName("encoder.input.tokens", "weight");
  std::string target = tensors.tensorName("decoder.input.tokens", "weight");
  bool onlyOne = tensors.hasWeight("encoder.input.tokens") != tensors.hasWeight("decoder.input.tokens");
  if (onlyOne || source == target || tensors.same(source, target))
    model.shares.push_back({"decoder.input.tokens", "encoder.input.tokens"});
}

void StructureReader::readHead() {
  spec::Head &head = model.head.emplace();
  head.stack = "decoder";
  // Where both matrices are there and differ, transformers does not tie them whatever the key says.
  bool tied = config.booleanOr("tie_word_embeddings", true);
  std::string matrix = tensors.tensorName("head", "weight");
  bool own = tensors.hasWeight("head") && !tensors.same(matrix, tensors.tensorName("decoder.input.tokens", "weight"));
  head.tied = !own && (tied || isT5());
  head.bias = tensors.hasHeadBias();
  // Newer configurations say whether it was tied when it was made, apart from whether it is.
  if (type.scalesHead && config.booleanOr("scale_decoder_outputs", tied))
    head.scale = 1 / std::sqrt(double(model.width));
}

void StructureReader::read() {
  model.width = config.integer("d_model");
  model.stacks.push_back(readStack("encoder", type.encoder));
  if (encoderAlone || !tensors.hasDecoder())
    return;
  model.stacks.push_back(readStack("decoder", type.decoder));
  shareTokens();
  readHead();
}

void tenon::import::readSeq2SeqStructure(Config &config, const Seq2SeqType &type, const Seq2SeqTensors &tensors,
                                         bool encoderAlone, spec::Model &model) {
  StructureReader(config, type, tensors, encoderAlone, model).read();
}

std::vector<spec::TensorName> tenon::import::seq2SeqTensorNames(const spec::Model &model,
                                                                const Seq2SeqTensors &tensors) {
  std::vector<spec::TensorName> names;
  for (const spec::Parameter &parameter : spec::parameters(model)) {
    auto [module, last] = StringRef(parameter.name).rsplit('.');
    std::string tensor = tensors.tensorName(module, last);
    // Shared tokens may be under the decoder's name alone.
    if (module == "encoder.input.tokens" && !tensors.hasWeight(module) && tensors.hasWeight("decoder.input.tokens"))
      tensor = tensors.tensorName("decoder.input.tokens", last);
    if (!tensor.empty() && tensor != parameter.name)
      names.push_back({parameter.name, tensor});
  }
  return names;
}
