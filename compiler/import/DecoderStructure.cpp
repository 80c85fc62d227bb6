//===- DecoderStructure.cpp -----------------------------------------------===//
//
// Biases, gates, fused projections, norms of queries and keys and norms behind a sublayer are there where their tensors
// are; sizes come from config.json, the rest from the model type.
//
//===----------------------------------------------------------------------===//

#include "import/DecoderStructure.h"
#include "expressions/Sugar.h"
#include "import/CheckpointFiles.h"
#include "import/LayerKinds.h"
#include "spec/Names.h"
#include "spec/Parameters.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef stackName = "decoder";
/// Of models whose configuration has no word for it, because their positions go on for ever.
static constexpr int64_t usualLength = 2048;
/// Of norms whose configuration has no word for it.
static constexpr double usualEpsilon = 1e-5;

namespace {

class StructureReader {
public:
  StructureReader(Config &config, const DecoderType &type, const DecoderTensors &tensors, bool withoutHead,
                  spec::Model &model)
      : config(config), type(type), tensors(tensors), withoutHead(withoutHead), model(model) {}
  void read();

private:
  bool hasAny(std::initializer_list<StringRef> modules, StringRef last) const {
    return llvm::any_of(modules, [&](StringRef module) { return tensors.has(module, last); });
  }
  /// Whether one of `modules` has a bias that the configuration's `key` admits.
  bool hasBias(StringRef key, std::initializer_list<StringRef> modules) {
    return key != noBias && config.booleanOr(key, true) && hasAny(modules, "bias");
  }
  void refuseWhatIsNotSaid();
  void readNorm();
  void readPositions();
  void readAttention();
  int64_t keyValueHeads();
  double attentionScale();
  std::string alibi();
  std::string softcap(StringRef key);
  void readMlp();
  bool isParallel();
  spec::AttentionSublayer cross();
  spec::Block block(LayerKind kind);
  void readBlocks();
  void readHead();

  Config &config;
  const DecoderType &type;
  const DecoderTensors &tensors;
  bool withoutHead;
  spec::Model &model;
  spec::Stack stack;
  spec::AttentionSublayer attention;
  spec::MlpSublayer mlp;
  RotarySizes rotarySizes;
  bool usesAlibi = false;
  /// Not 0 where every token sees those behind it too: in windows the `sides`-th part of the window on either side.
  int32_t sides = 0;
};

} // namespace

/// Refuses what changes the computation and is not in the spec.
void StructureReader::refuseWhatIsNotSaid() {
  if (!type.attends && config.booleanOr("add_cross_attention", false))
    config.fail("add_cross_attention", "true is not supported; supported: false, or true in an encoder-decoder");
  for (StringRef key : {"scale_attn_by_inverse_layer_idx", "apply_residual_connection_post_layernorm"})
    if (config.booleanOr(key, false))
      config.fail(key, "true is not supported; supported: false");
  if (!config.booleanOr("layer_norm_elementwise_affine", true))
    config.fail("layer_norm_elementwise_affine", "false is not supported; supported: true");
  bool halves = config.booleanOr("use_bidirectional_attention", false);
  // Of a window that is seen on either side, Gemma 3's has half.
  sides = halves ? 2 : config.booleanOr("is_causal", true) ? 0 : 1;
  if (halves && !StringRef(type.name).starts_with("gemma3"))
    config.fail("use_bidirectional_attention", "true is not supported; supported: false, or true for Gemma 3");
  if (config.has("word_embed_proj_dim") && config.integer("word_embed_proj_dim") != model.width)
    config.fail("word_embed_proj_dim", "expected the width, " + std::to_string(model.width) +
                                           ": embeddings of another width are not supported");
  std::optional<Config> attention = config.section("attn_config");
  if (!attention)
    return;
  if (attention->numberOr("clip_qkv", 0) != 0)
    attention->fail("clip_qkv", "clipped queries, keys and values are not supported; supported: null");
  for (StringRef key : {"prefix_lm", "qk_ln", "attn_uses_sequence_id"})
    if (attention->booleanOr(key, false))
      attention->fail(key, "true is not supported; supported: false");
  if (!attention->booleanOr("alibi", true))
    attention->fail("alibi", "false is not supported; supported: true");
  std::string kind = attention->string("attn_type");
  if (!kind.empty() && kind != "multihead_attention")
    attention->fail("attn_type", "\"" + kind + "\" is not supported; supported: \"multihead_attention\"");
}

void StructureReader::readNorm() {
  spec::Norm &norm = stack.norm;
  norm.kind = type.norm;
  bool both = tensors.hasWeight("layers.*.mlp.norm_after");
  bool before = config.booleanOr("do_layer_norm_before", true);
  norm.place = both ? spec::NormPlace::Both : before ? spec::NormPlace::Before : spec::NormPlace::After;
  norm.epsilon = config.numberOr(type.epsilon, usualEpsilon);
  norm.bias = hasAny({"layers.*.attention.norm", "layers.*.parallel.norm", "layers.*.mlp.norm", "norm"}, "bias");
  norm.final = norm.place == spec::NormPlace::After ||
               (tensors.hasWeight("norm") && !config.booleanOr("_remove_final_layer_norm", false));
  norm.weightOffset = type.isGemma ? 1 : 0;
}

void StructureReader::readPositions() {
  spec::Positions &positions = stack.input.positions;
  positions.length = config.integerOr(type.length, usualLength, /*least=*/1);
  usesAlibi = type.positions == DecoderPositions::Alibi || config.booleanOr("alibi", false);
  if (type.positions == DecoderPositions::Learned) {
    positions.kind = spec::PositionKind::Learned;
    positions.offset = type.positionOffset;
  } else if (!usesAlibi) {
    rotarySizes = {attention.headSize, positions.length, type.scalesRotary};
    spec::Rotary rotary = readRotary(config, LayerKind::Full, rotarySizes);
    positions.kind = spec::PositionKind::Rotary;
    positions.base = rotary.base;
    positions.dims = rotary.dims;
    positions.scaling = rotary.scaling;
  }
}

int64_t StructureReader::keyValueHeads() {
  if (!config.has("multi_query"))
    return config.integerOr("num_key_value_heads", attention.heads, /*least=*/1);
  if (config.booleanOr("new_decoder_architecture", false))
    return config.integerOr("num_kv_heads", attention.heads, /*least=*/1);
  return config.booleanOr("multi_query", true) ? 1 : attention.heads;
}

double StructureReader::attentionScale() {
  double usual = 1 / std::sqrt(double(attention.headSize));
  if (config.has("query_pre_attn_scalar")) {
    double scalar = config.numberOr("query_pre_attn_scalar", 1);
    if (!(scalar > 0))
      config.fail("query_pre_attn_scalar", "expected a number above 0, found " + std::to_string(scalar));
    return 1 / std::sqrt(scalar);
  }
  if (!config.booleanOr("scale_attn_weights", true))
    return 1;
  std::optional<Config> section = config.section("attn_config");
  return section ? section->numberOr("softmax_scale", usual) : usual;
}

std::string StructureReader::alibi() {
  if (attention.heads > expressions::maximumAlibiHeads) {
    config.fail(type.heads, "ALiBi with " + std::to_string(attention.heads) +
                                                " heads is not supported; supported: at most " +
                                                std::to_string(expressions::maximumAlibiHeads));
    return "";
  }
  if (std::optional<Config> section = config.section("attn_config")) {
    double maximum = section->numberOr("alibi_bias_max", 8);
    if (!(maximum > 0 && maximum <= 100))
      section->fail("alibi_bias_max", "expected a number above 0, at most 100, found " + std::to_string(maximum));
    return expressions::alibi(attention.heads, expressions::AlibiStyle::Mpt, maximum).print();
  }
  // Falcon adds the bias before it scales the scores, with slopes of bfloat16.
  if (type.positions == DecoderPositions::Rotary)
    return scaledAlibi(attention.heads, attention.scale);
  return expressions::alibi(attention.heads, expressions::AlibiStyle::Bloom).print();
}

std::string StructureReader::softcap(StringRef key) {
  double cap = config.numberOr(key, 1);
  if (!(cap >= spec::leastCap && cap <= spec::largestCap)) {
    config.fail(key, "expected a number between " + std::to_string(spec::leastCap) + " and " +
                         std::to_string(spec::largestCap) + ", found " + std::to_string(cap));
    return "";
  }
  return expressions::softcap(cap).print();
}

void StructureReader::readAttention() {
  attention.name = "attention";
  attention.heads = config.integer(type.heads);
  attention.keyValueHeads = keyValueHeads();
  if (attention.heads % attention.keyValueHeads != 0)
    config.fail(type.heads, std::to_string(attention.heads) + " is not a multiple of the key heads (" +
                                                std::to_string(attention.keyValueHeads) + ")");
  attention.headSize = config.integerOr("head_dim", 0);
  if (attention.headSize == 0) {
    if (model.width % attention.heads != 0)
      config.fail(type.width, std::to_string(model.width) + " is not a multiple of '" +
                                                  type.heads + "' (" + std::to_string(attention.heads) +
                                                  ")");
    attention.headSize = model.width / attention.heads;
  }
  attention.scale = attentionScale();
  attention.bias = hasBias(type.bias.queryKeyValue, {"layers.*.attention.query", "layers.*.attention.value"});
  attention.keyBias = hasBias(type.bias.queryKeyValue, {"layers.*.attention.key"});
  attention.outputBias = hasBias(type.bias.output, {"layers.*.attention.output"});
  if (config.booleanOr("qk_layernorm", true) && tensors.hasWeight("layers.*.attention.query_norm")) {
    spec::QueryKeyNorm &norm = attention.queryKeyNorm.emplace();
    norm.kind = type.norm;
    norm.epsilon = config.numberOr(type.epsilon, usualEpsilon);
    norm.weightOffset = type.isGemma ? 1 : 0;
    norm.bias = tensors.hasBias("layers.*.attention.query_norm");
    norm.overAll = tensors.rows("layers.*.attention.query_norm") != attention.headSize;
  }
}

void StructureReader::readMlp() {
  const DecoderModule *down = tensors.entry("layers.*.mlp.down", "weight");
  int64_t usual = down && !down->transposed ? tensors.rows("layers.*.mlp.up") : 4 * model.width;
  mlp.hidden = config.has(type.hidden) ? config.integer(type.hidden) : std::max<int64_t>(1, usual);
  mlp.activation = readActivation(config, type.activation, type.usualActivation);
  mlp.gated = tensors.hasWeight("layers.*.mlp.gate");
  mlp.bias = hasBias(type.bias.mlp, {"layers.*.mlp.up", "layers.*.mlp.down", "layers.*.mlp.gate"});
}

bool StructureReader::isParallel() {
  if (type.residual != DecoderResidual::ByKey)
    return type.residual == DecoderResidual::Parallel;
  bool parallel = config.booleanOr(type.parallelKey, true);
  if (!parallel && config.booleanOr("new_decoder_architecture", false))
    config.fail(type.parallelKey, "false with 'new_decoder_architecture' is not supported; supported: true");
  return parallel;
}

/// The attention to the encoder, which has the sizes of the other one.
spec::AttentionSublayer StructureReader::cross() {
  spec::AttentionSublayer layer = attention;
  layer.name = "cross";
  layer.sources = {{"encoder"}};
  layer.bias = hasAny({"layers.*.cross.query", "layers.*.cross.value"}, "bias");
  layer.keyBias = tensors.hasBias("layers.*.cross.key");
  layer.outputBias = tensors.hasBias("layers.*.cross.output");
  return layer;
}

spec::Block StructureReader::block(LayerKind kind) {
  spec::AttentionSublayer layer = attention;
  if (kind == LayerKind::Sliding) {
    auto window = static_cast<int32_t>(config.integer("sliding_window"));
    layer.mask = (sides ? expressions::around(window / sides) : expressions::window(window)).print();
    if (hasSlidingRotary(config)) {
      layer.ownRotary = true;
      layer.rotary = readRotary(config, kind, rotarySizes);
    }
  } else if (sides == 0) {
    layer.mask = expressions::causal().print();
  }
  if (type.attends)
    return {layer, cross(), mlp};
  if (!isParallel())
    return {layer, mlp};
  spec::ParallelSublayer parallel;
  parallel.name = "parallel";
  // A norm that is stored for layers one after the other does not count.
  bool ownNorm = tensors.hasWeight("layers.*.mlp.norm") &&
                 tensors.entry("layers.*.mlp.norm", "weight")->checkpoint == type.parallelMlpNorm;
  parallel.norm = ownNorm ? spec::ParallelNorm::Each : spec::ParallelNorm::One;
  parallel.block = {layer, mlp};
  return {parallel};
}

void StructureReader::readBlocks() {
  if (stack.layers > spec::maximumLayers)
    return; // It has been said.
  std::vector<LayerKind> kinds = layerKinds(config, type.name, stack.layers);
  if (config.failed())
    return;
  size_t period = periodOf(kinds);
  if (period > maximumCycle) {
    config.fail("layer_types", "a pattern of " + std::to_string(period) + " layers is not supported; supported: " +
                                   "patterns of at most " + std::to_string(maximumCycle) + " that repeat");
    return;
  }
  if (period == 1) {
    stack.block = block(kinds.front());
    return;
  }
  for (LayerKind kind : llvm::ArrayRef(kinds).take_front(period))
    stack.cycle.push_back(block(kind));
  stack.block = stack.cycle.front();
}

void StructureReader::readHead() {
  if (withoutHead)
    return;
  spec::Head &head = model.head.emplace();
  head.stack = stackName;
  // A matrix that is stored and differs counts, whatever the key says.
  head.tied = config.booleanOr("tie_word_embeddings", false) && !tensors.hasOwnHead();
  head.bias = tensors.hasBias("head");
  head.softcap = config.numberOr("final_logit_softcapping", 0);
}

void StructureReader::read() {
  model.width = config.integer(type.width);
  refuseWhatIsNotSaid();
  stack.name = stackName;
  stack.layers = config.integer(type.layers);
  if (stack.layers > spec::maximumLayers)
    config.fail(type.layers,
                std::to_string(stack.layers) + " layers; supported: at most " + std::to_string(spec::maximumLayers));
  stack.input.vocab = config.integer("vocab_size");
  stack.input.norm = tensors.hasWeight("input.norm");
  if (type.isGemma)
    stack.input.scale = std::sqrt(double(model.width));
  readNorm();
  readAttention();
  readPositions();
  if (usesAlibi)
    attention.score = alibi();
  else if (config.has("attn_logit_softcapping"))
    attention.score = softcap("attn_logit_softcapping");
  readMlp();
  readBlocks();
  readHead();
  model.stacks.push_back(std::move(stack));
}

void tenon::import::readDecoderStructure(Config &config, const DecoderType &type, const DecoderTensors &tensors,
                                         bool withoutHead, spec::Model &model) {
  StructureReader(config, type, tensors, withoutHead, model).read();
}

/// The attention and the MLP of the first layer; all layers' have the same sizes.
static std::pair<const spec::AttentionSublayer *, const spec::MlpSublayer *> sublayersOf(const spec::Block &block) {
  if (const auto *parallel = std::get_if<spec::ParallelSublayer>(&block.front()))
    return {&std::get<spec::AttentionSublayer>(parallel->block[0]), &std::get<spec::MlpSublayer>(parallel->block[1])};
  return {&std::get<spec::AttentionSublayer>(block.front()), &std::get<spec::MlpSublayer>(block.back())};
}

/// Sets the rows that `module` has of the tensor of `entry`.
static void selectPart(const DecoderModule &entry, StringRef module, const spec::Block &block, spec::TensorName &name) {
  auto [attention, mlp] = sublayersOf(block);
  if (entry.part == ModulePart::GateHalf || entry.part == ModulePart::UpHalf) {
    name.count = mlp->hidden;
    name.period = 2 * mlp->hidden;
    name.offset = entry.part == ModulePart::UpHalf ? mlp->hidden : 0;
    return;
  }
  if (entry.part == ModulePart::KeysValues) {
    name.count = attention->keyValueHeads * attention->headSize;
    name.period = 2 * name.count;
    name.offset = module.ends_with("value") ? name.count : 0;
    return;
  }
  // Of all key heads, or of one.
  bool stacked = entry.part == ModulePart::Stacked;
  int64_t keys = (stacked ? attention->keyValueHeads : 1) * attention->headSize;
  int64_t queries = keys * (attention->heads / attention->keyValueHeads);
  name.count = module.ends_with("query") ? queries : keys;
  name.period = queries + 2 * keys;
  name.offset = module.ends_with("query") ? 0 : module.ends_with("key") ? queries : queries + keys;
}

std::vector<spec::TensorName> tenon::import::decoderTensorNames(const spec::Model &model,
                                                                const DecoderTensors &tensors) {
  std::vector<spec::TensorName> names;
  for (const spec::Parameter &parameter : spec::parameters(model)) {
    StringRef rest = parameter.name;
    rest.consume_front((stackName + ".").str());
    auto [module, last] = rest.rsplit('.');
    const DecoderModule *entry = tensors.entry(module, last);
    if (!entry)
      continue; // It keeps its own name for the message that says that it is missing.
    spec::TensorName name{parameter.name, tensors.tensorName(*entry, last)};
    name.transpose = entry->transposed && last == "weight";
    if (entry->part != ModulePart::Whole)
      selectPart(*entry, module, model.stacks.front().block, name);
    if (name.tensor != name.parameter || !name.isWhole())
      names.push_back(std::move(name));
  }
  return names;
}
