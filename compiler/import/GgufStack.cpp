//===- GgufStack.cpp ------------------------------------------------------===//
//
// Biases, gates, fused projections and norms are there where their tensors are; sizes come from the keys, the rest from
// the architecture.
//
//===----------------------------------------------------------------------===//

#include "import/GgufStack.h"
#include "expressions/Sugar.h"
#include "spec/Parameters.h"
#include "spec/Rotary.h"
#include "weights/Convert.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef stackName = "decoder";
/// The factors of Llama 3's scaling, of which only the first training's length and `factor` vary.
static constexpr double llama3Low = 1, llama3High = 4;
/// A cap or a bias on scores beyond this is none that a model has, and might not be a float32.
static constexpr double largestScore = 1e6;
static constexpr int64_t largestLayers = 9999;

GgufTensors::GgufTensors(const weights::GgufFile &file) {
  for (const weights::GgufTensor &tensor : file.getIndex().tensors) {
    StringRef name = tensor.name, rest = name;
    std::string pattern = name.str();
    if (rest.consume_front("blk.")) {
      StringRef layer = rest.take_while(llvm::isDigit);
      if (!layer.empty())
        pattern = ("blk.*" + rest.drop_front(layer.size())).str();
    }
    patterns.try_emplace(pattern, tensor.shape.empty() ? 1 : tensor.shape.front());
  }
}

namespace {

class StructureReader {
public:
  StructureReader(GgufKeys &keys, const GgufArchitecture &architecture, const GgufTensors &tensors, spec::Model &model)
      : keys(keys), architecture(architecture), tensors(tensors), model(model) {}
  void read();

private:
  std::string key(StringRef name) const { return (architecture.name + "." + name).str(); }
  bool hasLayer(StringRef name) const { return tensors.has(("blk.*." + name).str()); }
  bool hasLayer(std::initializer_list<StringRef> names) const {
    return llvm::any_of(names, [&](StringRef name) { return hasLayer(name); });
  }
  void refuseWhatIsNotSaid();
  void readNorm();
  void readPositions();
  spec::RotaryScaling readScaling();
  std::optional<spec::RotaryScaling> readFactors();
  void readWindows();
  spec::AttentionSublayer readAttention();
  std::string readScore(const spec::AttentionSublayer &attention);
  spec::MlpSublayer readMlp();
  bool isParallel();
  spec::Block block(bool window);
  void readHead();

  GgufKeys &keys;
  const GgufArchitecture &architecture;
  const GgufTensors &tensors;
  spec::Model &model;
  spec::Stack stack;
  spec::AttentionSublayer attention;
  spec::MlpSublayer mlp;
  int64_t window = 0; ///< Keys that layers with a window see; 0 where there are none.
  int64_t period = 1;
};

} // namespace

/// Keys that change the computation and that no spec can say.
void StructureReader::refuseWhatIsNotSaid() {
  for (StringRef name : {"expert_count", "attention.clamp_kqv", "logit_scale", "residual_scale", "embedding_scale",
                         "attention.output_scale", "attention.temperature_length", "altup.num_inputs"})
    if (keys.numberOr(key(name), 0) != 0)
      keys.fail(key(name), keys.find(key(name))->text() + " is not supported; supported: none, or 0");
  if (!keys.booleanOr(key("attention.causal"), true))
    keys.fail(key("attention.causal"), "false is not supported; supported: true");
  for (StringRef name : {"rope_factors_long.weight", "rope_factors_short.weight"})
    if (tensors.has(name) || hasLayer(name))
      keys.fail(key("rope.scaling.type"), "factors for long and short texts ('" + name +
                                              "') are not supported; supported: linear, yarn, Llama 3's factors");
}

void StructureReader::readNorm() {
  spec::Norm &norm = stack.norm;
  norm.kind = architecture.norm;
  norm.epsilon = keys.number(
      key(norm.kind == spec::NormKind::RMSNorm ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"));
  norm.place = hasLayer({"post_attention_norm.weight", "post_ffw_norm.weight"}) ? spec::NormPlace::Both
                                                                                : spec::NormPlace::Before;
  norm.bias = norm.kind == spec::NormKind::LayerNorm && hasLayer("attn_norm.bias");
  norm.final = tensors.has("output_norm.weight");
}

std::optional<spec::RotaryScaling> tenon::import::scalingOfFactors(llvm::ArrayRef<float> factors, double base) {
  if (llvm::all_of(factors, [](float factor) { return factor == 1.0f; }))
    return spec::RotaryScaling();
  spec::Rotary rotary;
  rotary.base = base;
  rotary.dims = static_cast<int64_t>(factors.size()) * 2;
  std::vector<double> plain = spec::rotaryFrequencies(rotary, 1);
  rotary.scaling.kind = spec::ScalingKind::Llama3;
  rotary.scaling.factor = factors.back();
  rotary.scaling.lowFrequencyFactor = llama3Low;
  rotary.scaling.highFrequencyFactor = llama3High;
  for (int64_t length = 2; length <= int64_t(1) << 24; length *= 2) {
    rotary.scaling.originalLength = length;
    std::vector<double> scaled = spec::rotaryFrequencies(rotary, 1);
    bool same = true;
    for (size_t i = 0; i < factors.size(); ++i)
      same &= std::abs(plain[i] / scaled[i] / factors[i] - 1) < 1e-4;
    if (same)
      return rotary.scaling;
  }
  return std::nullopt;
}

std::optional<spec::RotaryScaling> StructureReader::readFactors() {
  const weights::GgufFile &file = keys.getFile();
  const weights::GgufTensor *tensor = file.tensor("rope_freqs.weight");
  if (!tensor)
    return std::nullopt;
  int64_t dims = stack.input.positions.dims ? stack.input.positions.dims : attention.headSize;
  std::vector<float> factors(dims / 2);
  bool fits = weights::isFloat(tensor->type) && llvm::ArrayRef(tensor->shape) == llvm::ArrayRef<int64_t>({dims / 2});
  std::optional<spec::RotaryScaling> scaling;
  if (fits && !factors.empty()) {
    (void)weights::readFloats({tensor->type, tensor->shape, file.data(*tensor)}, 0, factors.size(), factors.data());
    scaling = scalingOfFactors(factors, stack.input.positions.base);
  }
  if (!scaling)
    keys.fail("rope_freqs.weight", "expected the " + llvm::Twine(dims / 2) +
                                       " factors of Llama 3's scaling, with a first length that is a power of two");
  return scaling;
}

spec::RotaryScaling StructureReader::readScaling() {
  if (std::optional<spec::RotaryScaling> scaling = readFactors())
    return *scaling;
  spec::RotaryScaling scaling;
  StringRef type = keys.has(key("rope.scaling.type")) ? keys.string(key("rope.scaling.type")) : "linear";
  scaling.factor = keys.numberOr(key("rope.scaling.factor"), keys.numberOr(key("rope.scale_linear"), 0));
  if (type == "none" || scaling.factor == 0 || scaling.factor == 1)
    return {};
  if (type != "linear" && type != "yarn")
    keys.fail(key("rope.scaling.type"), "'" + type + "' is not supported; supported: none, linear, yarn");
  scaling.kind = type == "yarn" ? spec::ScalingKind::Yarn : spec::ScalingKind::Linear;
  if (scaling.kind == spec::ScalingKind::Yarn) {
    scaling.originalLength =
        keys.integerOr(key("rope.scaling.original_context_length"), stack.input.positions.length, 1);
    scaling.betaFast = keys.numberOr(key("rope.scaling.yarn_beta_fast"), 32);
    scaling.betaSlow = keys.numberOr(key("rope.scaling.yarn_beta_slow"), 1);
    scaling.attentionFactor =
        keys.numberOr(key("rope.scaling.attn_factor"), 1) * spec::yarnAttentionFactor(scaling.factor);
  }
  return scaling;
}

void StructureReader::readPositions() {
  spec::Positions &positions = stack.input.positions;
  positions.length = keys.integer(key("context_length"));
  switch (architecture.positions) {
  case GgufPositions::Table:
    positions.kind = spec::PositionKind::Learned;
    return;
  case GgufPositions::Alibi:
    // MPT without a bias has a table.
    if (tensors.has("position_embd.weight"))
      positions.kind = spec::PositionKind::Learned;
    return;
  case GgufPositions::Halves:
  case GgufPositions::Interleaved:
    break;
  }
  positions.kind = spec::PositionKind::Rotary;
  positions.interleaved = architecture.positions == GgufPositions::Interleaved;
  positions.base = keys.numberOr(key("rope.freq_base"), 10000);
  int64_t dims = keys.integerOr(key("rope.dimension_count"), attention.headSize, 2);
  positions.dims = dims == attention.headSize ? 0 : dims;
  positions.scaling = readScaling();
}

spec::AttentionSublayer StructureReader::readAttention() {
  spec::AttentionSublayer attention;
  attention.name = "attention";
  attention.heads = keys.integer(key("attention.head_count"));
  attention.keyValueHeads = keys.integerOr(key("attention.head_count_kv"), attention.heads, 1);
  if (!keys.has(key("attention.key_length")) && model.width % attention.heads != 0)
    keys.fail(key("embedding_length"), llvm::Twine(model.width) + " is not a multiple of " +
                                           key("attention.head_count") + " (" + llvm::Twine(attention.heads) + ")");
  attention.headSize = keys.integerOr(key("attention.key_length"), model.width / attention.heads, 1);
  if (int64_t size = keys.integerOr(key("attention.value_length"), attention.headSize, 1); size != attention.headSize)
    keys.fail(key("attention.value_length"), llvm::Twine(size) + " is not supported; supported: the size of keys (" +
                                                 llvm::Twine(attention.headSize) + ")");
  bool rooted = architecture.largeLayers != 0 && stack.layers == architecture.largeLayers;
  double size = rooted ? static_cast<double>(model.width) / static_cast<double>(attention.heads)
                       : static_cast<double>(attention.headSize);
  attention.scale = keys.numberOr(key("attention.scale"), 0);
  if (attention.scale == 0)
    attention.scale = 1 / std::sqrt(size);
  attention.bias = hasLayer({"attn_qkv.bias", "attn_q.bias", "attn_v.bias"});
  attention.keyBias = hasLayer({"attn_qkv.bias", "attn_k.bias"});
  attention.outputBias = hasLayer("attn_output.bias");
  if (hasLayer({"attn_q_norm.weight", "attn_k_norm.weight"})) {
    spec::QueryKeyNorm norm;
    norm.kind = architecture.norm;
    norm.epsilon = stack.norm.epsilon;
    norm.bias = hasLayer({"attn_q_norm.bias", "attn_k_norm.bias"});
    // One weight for the components of a head, or one for all.
    norm.overAll =
        attention.heads > 1 && tensors.rows("blk.*.attn_q_norm.weight") == attention.heads * attention.headSize;
    attention.queryKeyNorm = norm;
  }
  attention.score = readScore(attention);
  return attention;
}

std::string StructureReader::readScore(const spec::AttentionSublayer &attention) {
  double cap = keys.numberOr(key("attn_logit_softcapping"), architecture.scoreSoftcap);
  if (cap < 0 || cap > largestScore)
    keys.fail(key("attn_logit_softcapping"),
              llvm::formatv("expected a number from 0 to {0}, found {1}", largestScore, cap).str());
  bool table = tensors.has("position_embd.weight");
  double bias =
      keys.numberOr(key("attention.max_alibi_bias"), architecture.positions == GgufPositions::Alibi && !table ? 8 : 0);
  if (keys.failed() || (cap == 0 && bias == 0))
    return "";
  if (bias == 0)
    return expressions::softcap(static_cast<float>(cap)).print();
  if (cap != 0 || bias < 0 || bias > largestScore || attention.heads > int64_t(expressions::maximumAlibiHeads)) {
    keys.fail(
        key("attention.max_alibi_bias"),
        llvm::formatv("{0} with {1} heads and score cap {2} is not supported; supported: a positive bias, at most "
                      "{3} heads, no cap",
                      bias, attention.heads, cap, expressions::maximumAlibiHeads)
            .str());
    return "";
  }
  auto style = architecture.name == "mpt" ? expressions::AlibiStyle::Mpt : expressions::AlibiStyle::Bloom;
  return expressions::alibi(attention.heads, style, static_cast<float>(bias)).print();
}

void StructureReader::readWindows() {
  window = keys.integerOr(key("attention.sliding_window"), architecture.window);
  StringRef name = "attention.sliding_window_pattern";
  const weights::GgufValue *pattern = keys.find(key(name));
  if (!pattern || !pattern->isArray) {
    period = keys.integerOr(key(name), architecture.windowPeriod, 1);
    return;
  }
  // For every layer whether it has a window.
  std::optional<int64_t> global;
  for (int64_t layer = 0; layer < stack.layers && pattern->integer(layer); ++layer)
    if (*pattern->integer(layer) == 0 && !global)
      global = layer;
  period = global ? *global + 1 : stack.layers + 1;
  for (int64_t layer = 0; layer < stack.layers; ++layer)
    if (pattern->integer(layer) != int64_t((layer + 1) % period != 0))
      return keys.fail(key(name), pattern->text() + " is not supported; supported: " + llvm::Twine(stack.layers) +
                                      " booleans, every n-th of them false");
}

spec::MlpSublayer StructureReader::readMlp() {
  spec::MlpSublayer mlp;
  int64_t rows = tensors.rows("blk.*.ffn_up.weight");
  mlp.hidden = keys.integerOr(key("feed_forward_length"), std::max<int64_t>(rows, 1), 1);
  mlp.activation = architecture.activation;
  // Phi-3 has both halves in one tensor.
  mlp.gated = hasLayer("ffn_gate.weight") || rows == 2 * mlp.hidden;
  mlp.bias = hasLayer({"ffn_up.bias", "ffn_gate.bias", "ffn_down.bias"});
  return mlp;
}

bool StructureReader::isParallel() {
  if (architecture.residual == GgufResidual::ByKey)
    return keys.booleanOr(key("use_parallel_residual"), !hasLayer("ffn_norm.weight"));
  return architecture.residual == GgufResidual::Parallel;
}

spec::Block StructureReader::block(bool hasWindow) {
  spec::AttentionSublayer own = attention;
  own.mask = hasWindow ? expressions::window(static_cast<int32_t>(window)).print() : expressions::causal().print();
  const spec::Positions &positions = stack.input.positions;
  if (hasWindow && period > 1 && architecture.windowBase != 0) {
    own.ownRotary = true;
    own.rotary = spec::Rotary{
        keys.numberOr(key("rope.freq_base_swa"), architecture.windowBase), positions.dims, positions.interleaved, {}};
  }
  if (!isParallel())
    return {own, mlp};
  spec::ParallelSublayer parallel;
  parallel.name = "parallel";
  parallel.norm =
      hasLayer({"ffn_norm.weight", "attn_norm_2.weight"}) ? spec::ParallelNorm::Each : spec::ParallelNorm::One;
  parallel.block = {own, mlp};
  return {parallel};
}

void StructureReader::readHead() {
  spec::Head head;
  head.stack = stackName.str();
  head.tied = !tensors.has("output.weight");
  head.bias = tensors.has("output.bias");
  head.softcap = keys.numberOr(key("final_logit_softcapping"), architecture.logitSoftcap);
  model.head = head;
}

void StructureReader::read() {
  refuseWhatIsNotSaid();
  model.width = keys.integer(key("embedding_length"));
  stack.name = stackName.str();
  stack.layers = keys.integer(key("block_count"));
  if (stack.layers > largestLayers)
    keys.fail(key("block_count"), llvm::Twine(stack.layers) + " is above " + llvm::Twine(largestLayers));
  stack.input.vocab = tensors.rows("token_embd.weight");
  if (stack.input.vocab == 0)
    keys.fail("token_embd.weight", "the tensor is missing, or empty");
  stack.input.norm = tensors.has("token_embd_norm.weight");
  if (architecture.scaledEmbedding)
    stack.input.scale = std::sqrt(static_cast<double>(model.width));
  readNorm();
  attention = readAttention();
  readPositions();
  readWindows();
  mlp = readMlp();
  if (keys.failed())
    return;
  int64_t blocks = window > 0 ? std::min(period, stack.layers) : 1;
  for (int64_t layer = 0; layer < blocks; ++layer)
    stack.cycle.push_back(block(window > 0 && (period == 1 || (layer + 1) % period != 0)));
  stack.block = stack.cycle.front();
  // Layers that are all alike, or too few for the one that differs.
  if (blocks == 1 || blocks < period)
    stack.cycle.clear();
  readHead();
  model.stacks.push_back(std::move(stack));
}

void tenon::import::readGgufStructure(GgufKeys &keys, const GgufArchitecture &architecture, const GgufTensors &tensors,
                                      spec::Model &model) {
  StructureReader(keys, architecture, tensors, model).read();
}

namespace {
struct ModuleName {
  StringRef module; ///< Of the spec, after the name of the stack; for the head its own.
  StringRef tensor; ///< Without ".weight" or ".bias".
};
} // namespace

static constexpr ModuleName modules[] = {
    {"input.tokens", "token_embd"},
    {"input.positions", "position_embd"},
    {"input.norm", "token_embd_norm"},
    {"layers.*.parallel.norm", "blk.*.attn_norm"},
    {"layers.*.attention.norm", "blk.*.attn_norm"},
    {"layers.*.attention.query", "blk.*.attn_q"},
    {"layers.*.attention.key", "blk.*.attn_k"},
    {"layers.*.attention.value", "blk.*.attn_v"},
    {"layers.*.attention.query_norm", "blk.*.attn_q_norm"},
    {"layers.*.attention.key_norm", "blk.*.attn_k_norm"},
    {"layers.*.attention.output", "blk.*.attn_output"},
    {"layers.*.attention.norm_after", "blk.*.post_attention_norm"},
    {"layers.*.mlp.norm", "blk.*.ffn_norm"},
    {"layers.*.mlp.gate", "blk.*.ffn_gate"},
    {"layers.*.mlp.up", "blk.*.ffn_up"},
    {"layers.*.mlp.down", "blk.*.ffn_down"},
    {"layers.*.mlp.norm_after", "blk.*.post_ffw_norm"},
    {"norm", "output_norm"},
    {"head", "output"},
};

/// The tensor of a module. Falcon-40B's attention has its norm in a second one, and its MLP the first.
static StringRef tensorOf(StringRef module, const GgufTensors &tensors) {
  if (tensors.has("blk.*.attn_norm_2.weight")) {
    if (module == "layers.*.attention.norm")
      return "blk.*.attn_norm_2";
    if (module == "layers.*.mlp.norm")
      return "blk.*.attn_norm";
  }
  return llvm::find_if(modules, [&](const ModuleName &entry) { return entry.module == module; })->tensor;
}

/// Makes `name` its rows of the tensor that has several modules one after the other: query, key and value, or Phi-3's
/// gate and up.
static void takeRows(spec::TensorName &name, StringRef module, const GgufTensors &tensors,
                     const llvm::StringMap<int64_t> &rows) {
  static constexpr StringRef projections[] = {"layers.*.attention.query", "layers.*.attention.key",
                                              "layers.*.attention.value"};
  static constexpr StringRef halves[] = {"layers.*.mlp.gate", "layers.*.mlp.up"};
  StringRef kind = StringRef(name.parameter).rsplit('.').second;
  bool isProjection = llvm::is_contained(projections, module);
  bool isHalf = llvm::is_contained(halves, module) && rows.contains(halves[0]) && !tensors.has("blk.*.ffn_gate.weight");
  std::string fused = ((isProjection ? "blk.*.attn_qkv." : "blk.*.ffn_up.") + kind).str();
  if (!(isProjection || isHalf) || !tensors.has(fused))
    return;
  name.tensor = fused;
  for (StringRef part : isProjection ? llvm::ArrayRef(projections) : llvm::ArrayRef(halves)) {
    if (part == module) {
      name.offset = name.period;
      name.count = rows.lookup(part);
    }
    name.period += rows.lookup(part);
  }
}

std::vector<spec::TensorName> tenon::import::ggufTensorNames(const spec::Model &model, const GgufTensors &tensors) {
  std::string prefix = model.stacks.front().name + ".";
  llvm::StringMap<int64_t> rows; // By module.
  std::vector<spec::Parameter> parameters = spec::parameters(model);
  auto moduleOf = [&](const spec::Parameter &parameter) {
    StringRef module = StringRef(parameter.name).rsplit('.').first;
    module.consume_front(prefix);
    return module;
  };
  for (const spec::Parameter &parameter : parameters)
    rows[moduleOf(parameter)] = parameter.shape.front();
  std::vector<spec::TensorName> names;
  for (const spec::Parameter &parameter : parameters) {
    StringRef module = moduleOf(parameter), kind = StringRef(parameter.name).rsplit('.').second;
    spec::TensorName name;
    name.parameter = parameter.name;
    name.tensor = (tensorOf(module, tensors) + "." + kind).str();
    takeRows(name, module, tensors, rows);
    names.push_back(std::move(name));
  }
  return names;
}
