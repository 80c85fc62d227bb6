//===- CTranslate2Stacks.cpp ----------------------------------------------===//
//
// The names of variables, their defaults and the order of operations are those of CTranslate2's layers (transformer.cc,
// attention.cc, whisper.cc, common.cc).
//
//===----------------------------------------------------------------------===//

#include "import/CTranslate2StackReader.h"
#include "expressions/Sugar.h"
#include "weights/ByteReader.h"
#include "weights/Convert.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

static constexpr int64_t kernelSize = 3;     ///< Of Whisper's convolutions.

/// The one number of a variable, as a double.
static double singleNumber(const weights::CTranslate2Variable &variable) {
  using weights::StorageType;
  if (variable.type == StorageType::I32)
    return llvm::support::endian::read<int32_t, llvm::endianness::little>(variable.data.data());
  StorageType type = variable.type == StorageType::I8    ? StorageType::ScaledI8
                     : variable.type == StorageType::I16 ? StorageType::ScaledI16
                                                         : variable.type;
  float value = 0;
  weights::convertToFloat(type, variable.data.data(), 1, &value);
  return value;
}

/// Convolutions are stored as [out, in, kernel].
static void flatten(llvm::SmallVector<int64_t, 4> &shape) {
  if (shape.size() == 3)
    shape = {shape[0], shape[1] * shape[2]};
}

/// The factors of the integers of `variable`: the reciprocals of the numbers in `scale`.
static llvm::Error addFactors(const weights::CTranslate2Variable &variable, const weights::CTranslate2Variable *scale,
                              weights::TensorView &view, weights::TableSource &source) {
  std::string subject = "'" + source.path() + "': variable " + weights::quotedName(variable.name) + " has integers";
  if (!scale || scale->type != weights::StorageType::F32)
    return llvm::createStringError(subject + ", but no variable " +
                                   weights::quotedName((variable.name + "_scale").str()) + " of type F32");
  weights::TensorView scales{scale->type, scale->shape, scale->data};
  int64_t count = scales.elements(), rows = view.shape.empty() ? 1 : view.shape.front();
  if (count != 1 && count != rows)
    return llvm::createStringError(subject + " in " + Twine(rows) + " rows, and " + Twine(count) +
                                   " scales; expected one, or one for each row");
  std::vector<float> factors(count);
  (void)weights::readFloats(scales, 0, count, factors.data());
  for (float &factor : factors) {
    if (!std::isnormal(factor))
      return llvm::createStringError(subject + " that are to be divided by " + std::to_string(factor));
    factor = 1 / factor;
  }
  view.type =
      variable.type == weights::StorageType::I8 ? weights::StorageType::ScaledI8 : weights::StorageType::ScaledI16;
  view.scaled = std::max<int64_t>(1, view.elements() / count);
  view.factors = source.keep(std::move(factors));
  return llvm::Error::success();
}

llvm::Expected<CTranslate2Variables> CTranslate2Variables::make(const weights::CTranslate2Index &index,
                                                                StoredTensors &tensors, weights::TableSource &source) {
  CTranslate2Variables variables(tensors);
  llvm::StringMap<const weights::CTranslate2Variable *> byName;
  for (const weights::CTranslate2Variable &variable : index.variables)
    byName[variable.name] = &variable;
  for (const weights::CTranslate2Variable &variable : index.variables) {
    weights::TensorView view{variable.type, variable.shape, variable.data};
    if (variable.shape.empty())
      variables.numbers[variable.name] = singleNumber(variable);
    bool isWeight = variable.name.ends_with("/weight");
    if (isWeight && (view.type == weights::StorageType::I8 || view.type == weights::StorageType::I16)) {
      std::string scale = (variable.name + "_scale").str();
      if (llvm::Error error = addFactors(variable, byName.lookup(scale), view, source))
        return std::move(error);
      tensors.use(scale);
    }
    if (view.shape.size() == 3 && view.shape[2] != kernelSize)
      return llvm::createStringError("'" + source.path() + "': variable " + weights::quotedName(variable.name) +
                                     " has shape " + weights::shapeText(view.shape) +
                                     "; supported are convolutions with a kernel of " + Twine(kernelSize));
    flatten(view.shape);
    tensors.add(variable.name, std::move(view));
  }
  for (auto [alias, name] : index.aliases) {
    variables.aliases[alias] = name;
    if (variables.numbers.contains(name))
      variables.numbers[alias] = variables.numbers.lookup(name);
    tensors.addAlias(alias, name);
  }
  return variables;
}

std::optional<double> CTranslate2Variables::number(StringRef name) {
  tensors->use(name);
  auto found = numbers.find(name);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

llvm::ArrayRef<int64_t> CTranslate2Variables::shape(StringRef name) const {
  const weights::TensorView *view = tensors->find(name);
  return view ? llvm::ArrayRef<int64_t>(view->shape) : llvm::ArrayRef<int64_t>();
}

/// An extent of a tensor that has to be there.
int64_t StackReader::extent(const std::string &name, size_t dimension) {
  llvm::ArrayRef<int64_t> shape = variables.shape(name);
  if (dimension < shape.size() && shape[dimension] > 0)
    return shape[dimension];
  if (!variables.has(name))
    fail("variable '" + name + "' is missing");
  else
    fail("variable '" + name + "' has shape " + weights::shapeText(shape) + "; expected " + Twine(dimension + 1) +
         " dimensions or more, none of them 0");
  return 1;
}

int64_t StackReader::wholeNumber(const std::string &name, int64_t usual) {
  double value = variables.number(name).value_or(static_cast<double>(usual));
  if (value >= 1 && value <= std::numeric_limits<int32_t>::max() && value == std::floor(value))
    return static_cast<int64_t>(value);
  fail("variable '" + name + "' is " + std::to_string(value) + "; expected a whole number above 0");
  return 1;
}

spec::Stack &StackReader::begin(StringRef name, int64_t stackWidth, bool preNorm) {
  prefix = (name + "/").str();
  width = stackWidth;
  stack = &model.stacks.emplace_back();
  stack->name = name;
  if (model.width == 0)
    model.width = width;
  else if (model.width != width)
    stack->width = width;
  heads = wholeNumber(at("num_heads"), 8);
  readLayers();
  readNorm(preNorm);
  return *stack;
}

void StackReader::readLayers() {
  std::string last = "/self_attention/linear_0/weight";
  while (variables.has(at("layer_" + Twine(stack->layers) + last)))
    ++stack->layers;
  if (stack->layers == 0)
    fail("variable '" + inLayer(StringRef(last).drop_front()) + "' is missing");
}

void StackReader::readNorm(bool preNorm) {
  spec::Norm &norm = stack->norm;
  std::string first = inLayer(ctranslate2Norms(variables, inLayer("")).attention);
  norm.kind = variables.has(first + "beta") ? spec::NormKind::LayerNorm : spec::NormKind::RMSNorm;
  norm.place = preNorm ? spec::NormPlace::Before : spec::NormPlace::After;
  if (!ctranslate2Norms(variables, inLayer("")).attentionAfter.empty())
    norm.place = spec::NormPlace::Both;
  norm.final = variables.has(at("layer_norm/gamma"));
  norm.weightOffset = takesOneOff(first) ? 1 : 0;
  norm.epsilon = config.numberOr("layer_norm_epsilon", norm.kind == spec::NormKind::LayerNorm ? 1e-5 : 1e-6);
}

/// Whether a norm's factor is 1 + gamma, which all norms of the stack agree on.
bool StackReader::takesOneOff(const std::string &norm) {
  StringRef flag = "layer_norm_use_residual";
  bool value = variables.flag(norm + flag.str(), false);
  CTranslate2Norms names = ctranslate2Norms(variables, inLayer(""));
  auto check = [&](const std::string &other) {
    if (variables.has(other + "gamma") && variables.flag(other + flag.str(), false) != value)
      fail("variable '" + other + flag + "' differs from '" + norm + flag + "'; supported: norms of one kind");
  };
  check(at("layer_norm/"));
  for (int64_t i = 0; i < stack->layers; ++i)
    for (StringRef name : {names.attention, names.attentionAfter, names.cross, names.mlp, names.mlpAfter,
                           StringRef("self_attention/q_norm/"), StringRef("self_attention/k_norm/")})
      check(at("layer_" + Twine(i) + "/" + name));
  return value;
}

/// One vector for each token, scaled, and a norm of the sum with the positions.
void StackReader::readEmbeddings(const std::string &name) {
  stack->input.vocab = extent(name + "/weight", 0);
  std::string scale = at("scale_embeddings");
  if (!variables.has(scale))
    scale = name + "/multiply_by_sqrt_depth";
  const weights::TensorView *view = variables.stored().find(scale);
  double value = variables.number(scale).value_or(1);
  (void)variables.number(name + "/multiply_by_sqrt_depth"); // What an older version reads.
  // Flags are stored as int8, factors as other types.
  bool isFlag = !view || view->type == weights::StorageType::I8;
  stack->input.scale = !isFlag ? value : value != 0 ? std::sqrt(static_cast<double>(width)) : 1;
  stack->input.norm = variables.has(at("layernorm_embedding/gamma"));
}

spec::Activation StackReader::readActivation(const std::string &name) {
  // By the numbers of ctranslate2::ops::ActivationType.
  static constexpr spec::Activation activations[] = {spec::Activation::Relu, spec::Activation::GeluTanh,
                                                     spec::Activation::Silu, spec::Activation::Gelu,
                                                     spec::Activation::QuickGelu};
  double number = variables.number(name).value_or(0);
  for (auto [index, activation] : llvm::enumerate(activations))
    if (number == double(index))
      return activation;
  fail("variable '" + name + "' is " + std::to_string(number) +
       "; supported: 0 (ReLU), 1 (GELU, tanh), 2 (Swish), 3 (GELU), 4 (GELU, sigmoid)");
  return spec::Activation::Relu;
}

/// What is stored, or what the product of all heads takes.
int64_t StackReader::headSizeOf(const std::string &layer, bool isCross) {
  int64_t components = extent(layer + (isCross ? "linear_2/weight" : "linear_1/weight"), 1);
  return wholeNumber(layer + "head_dim", std::max<int64_t>(1, components / heads));
}

spec::AttentionSublayer StackReader::readAttention(StringRef name, StringRef scope, bool isCross) {
  std::string layer = inLayer(scope + "/");
  spec::AttentionSublayer attention;
  attention.name = name;
  attention.heads = heads;
  attention.keyValueHeads = wholeNumber(layer + "num_heads_kv", heads);
  attention.headSize = headSizeOf(layer, isCross);
  if (heads % attention.keyValueHeads != 0)
    fail("variable '" + at("num_heads") + "' (" + Twine(heads) + ") is not a multiple of the key heads (" +
         Twine(attention.keyValueHeads) + ")");
  attention.scale =
      variables.number(layer + "queries_scale").value_or(1 / std::sqrt(static_cast<double>(attention.headSize)));
  attention.bias = attention.keyBias = variables.has(layer + "linear_0/bias");
  attention.outputBias = variables.has(layer + (isCross ? "linear_2/bias" : "linear_1/bias"));
  if (isCross)
    attention.sources = {{"encoder"}};
  readRelative(layer, isCross, attention);
  readHeadNorms(layer, attention);
  checkSameInLayers(scope);
  return attention;
}

void StackReader::checkSameInLayers(StringRef scope) {
  static constexpr StringRef numbers[] = {"num_heads_kv",
                                          "head_dim",
                                          "queries_scale",
                                          "rotary_base",
                                          "rotary_dim",
                                          "rotary_interleave",
                                          "rotary_scaling_type",
                                          "rotary_scaling_factor",
                                          "rotary_low_freq_factor",
                                          "rotary_high_freq_factor",
                                          "original_max_position_embeddings",
                                          "sliding_window",
                                          "relative_attention_max_distance"};
  for (int64_t i = 0; i < stack->layers; ++i)
    for (StringRef number : numbers) {
      std::string own = at("layer_" + Twine(i) + "/" + scope + "/" + number), first = inLayer(scope + "/" + number);
      if (variables.number(own) != variables.number(first))
        fail("variable '" + own + "' differs from '" + first + "'; supported: layers of one kind");
    }
}

/// Norms of queries and keys before they turn.
void StackReader::readHeadNorms(const std::string &layer, spec::AttentionSublayer &attention) {
  std::string gamma = layer + "q_norm/gamma";
  if (!variables.has(gamma))
    return;
  spec::QueryKeyNorm &norm = attention.queryKeyNorm.emplace();
  norm.bias = variables.has(layer + "q_norm/beta");
  norm.kind = norm.bias ? spec::NormKind::LayerNorm : spec::NormKind::RMSNorm;
  norm.epsilon = config.numberOr("layer_norm_epsilon", norm.bias ? 1e-5 : 1e-6);
  norm.weightOffset = variables.flag(layer + "q_norm/layer_norm_use_residual", false) ? 1 : 0;
  if (extent(gamma, 0) != attention.headSize)
    fail("variable '" + gamma + "' has " + Twine(extent(gamma, 0)) + " numbers; supported: a norm of each head's " +
         Twine(attention.headSize) + " components");
}

spec::MlpSublayer StackReader::readMlp(spec::Activation activation) {
  spec::MlpSublayer mlp;
  mlp.hidden = extent(inLayer("ffn/linear_0/weight"), 0);
  mlp.activation = activation;
  mlp.gated = variables.has(inLayer("ffn/linear_0_noact/weight"));
  mlp.bias = variables.has(inLayer("ffn/linear_0/bias"));
  return mlp;
}

void StackReader::readEncoder() {
  std::string embeddings = variables.has("encoder/embeddings/weight") ? "encoder/embeddings" : "encoder/embeddings_0";
  begin("encoder", extent(embeddings + "/weight", 1), variables.flag("encoder/pre_norm", true));
  // Of several embeddings, which are refused; and what the number of key heads says too.
  for (StringRef name : {"embeddings_merge", "multi_query_attention"})
    (void)variables.number(at(name));
  readEmbeddings(embeddings);
  readPositions();
  stack->block = {readAttention("attention", "self_attention", false), readMlp(readActivation(at("activation")))};
}

void StackReader::readConvolutions() {
  for (int64_t index : {1, 2}) {
    std::string name = at("conv" + Twine(index) + "/");
    spec::Convolution &convolution = stack->input.convolutions.emplace_back();
    convolution.channels = extent(name + "weight", 0);
    convolution.kernel = kernelSize;
    convolution.stride = index;
    convolution.bias = variables.has(name + "bias");
  }
  stack->input.features = extent(at("conv1/weight"), 1) / kernelSize;
}

void StackReader::readWhisperEncoder() {
  begin("encoder", extent("encoder/conv2/weight", 0), /*preNorm=*/true);
  readConvolutions();
  readPositions();
  stack->block = {readAttention("attention", "self_attention", false), readMlp(spec::Activation::Gelu)};
}

/// An attention and the MLP behind it, or beside it where they have one norm, or one each of its input.
void StackReader::addSublayers(spec::AttentionSublayer attention) {
  spec::MlpSublayer mlp = readMlp(readActivation(at("activation")));
  CTranslate2Norms norms = ctranslate2Norms(variables, inLayer(""));
  bool isParallel = norms.attention != "self_attention/layer_norm/" && norms.attentionAfter.empty();
  if (!isParallel) {
    stack->block = {attention, mlp};
    return;
  }
  spec::ParallelSublayer parallel;
  parallel.name = "parallel";
  parallel.norm = norms.attention == norms.mlp ? spec::ParallelNorm::One : spec::ParallelNorm::Each;
  parallel.block = {attention, mlp};
  stack->block = {parallel};
}

void StackReader::readDecoder(bool attends) {
  std::string embeddings = "decoder/embeddings";
  begin("decoder", extent(embeddings + "/weight", 1), variables.flag("decoder/pre_norm", true));
  // What is only of use for alignments, or for the biases below.
  for (StringRef name : {"alignment_layer", "alignment_heads", "alibi_use_positive_positions", "scale_alibi"})
    (void)variables.number(at(name));
  stack->input.zeroFirst = variables.flag(at("start_from_zero_embedding"), false);
  readEmbeddings(embeddings);
  readPositions();
  limitToWindow(inLayer("self_attention/"));
  spec::AttentionSublayer own = readAttention("attention", "self_attention", false);
  own.mask = expressions::causal().print();
  if (variables.flag(at("alibi"), false))
    own.score = readAlibi();
  if (attends)
    stack->block = {own, readAttention("cross", "attention", true), readMlp(readActivation(at("activation")))};
  else
    addSublayers(own);
  readHead(embeddings + "/weight");
}

void StackReader::readHead(const std::string &embeddings) {
  std::string projection = at("projection/weight");
  spec::Head &head = model.head.emplace();
  head.stack = "decoder";
  head.tied = variables.target(projection) == variables.target(embeddings);
  if (head.tied)
    variables.stored().use(projection);
  head.bias = variables.has(at("projection/bias"));
  head.scale = variables.number(at("scale_outputs")).value_or(1);
  head.softcap = variables.number(at("final_logit_softcapping")).value_or(0);
  for (StringRef other : {"encoder/embeddings/weight", "encoder/embeddings_0/weight"})
    if (variables.has(other) && variables.target(other) == variables.target(embeddings)) {
      model.shares.push_back({"decoder.input.tokens", "encoder.input.tokens"});
      variables.stored().use(embeddings);
    }
}

llvm::Error tenon::import::readCTranslate2Structure(CTranslate2Variables &variables, StringRef specification,
                                                    Config &config, weights::TableSource &source, spec::Model &model) {
  StackReader reader(variables, config, source, model);
  if (specification == "WhisperSpec")
    reader.readWhisperEncoder();
  else if (specification == "TransformerSpec")
    reader.readEncoder();
  reader.readDecoder(/*attends=*/specification != "TransformerDecoderSpec");
  return reader.takeError();
}
