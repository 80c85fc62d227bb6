//===- CTranslate2Stacks.cpp ----------------------------------------------===//
//
// The names of variables, their defaults and the order of operations are those of CTranslate2's layers (transformer.cc,
// attention.cc, whisper.cc, common.cc).
//
//===----------------------------------------------------------------------===//

#include "import/CTranslate2Stacks.h"
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

static constexpr int64_t tableLength = 1024; ///< Of computed positions, of which there are as many as are needed.
static constexpr int64_t kernelSize = 3;     ///< Of Whisper's convolutions.
static constexpr StringRef computedPositions = "computed positions";

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

namespace {

/// Reads one stack after the other. The first error is kept.
class StackReader {
public:
  StackReader(CTranslate2Variables &variables, Config &config, weights::TableSource &source, spec::Model &model)
      : variables(variables), config(config), source(source), model(model) {}
  void readEncoder();
  void readWhisperEncoder();
  void readDecoder();
  llvm::Error takeError() const {
    return message.empty() ? llvm::Error::success() : llvm::createStringError("'" + source.path() + "': " + message);
  }

private:
  void fail(const Twine &text) {
    if (message.empty())
      message = text.str();
  }
  std::string at(const Twine &name) const { return (prefix + name).str(); }
  /// A name in the first layer.
  std::string inLayer(const Twine &name) const { return (prefix + "layer_0/" + name).str(); }
  int64_t extent(const std::string &name, size_t dimension);
  int64_t wholeNumber(const std::string &name, int64_t usual);
  spec::Stack &begin(StringRef name, int64_t width, bool preNorm);
  void readLayers();
  void readNorm(bool preNorm);
  void readEmbeddings(const std::string &name);
  void readPositions();
  void readConvolutions();
  spec::Activation readActivation(const std::string &name);
  spec::AttentionSublayer readAttention(StringRef name, StringRef scope, bool isCross);
  void readMlp(spec::Activation activation);
  void readHead(const std::string &embeddings);

  CTranslate2Variables &variables;
  Config &config;
  weights::TableSource &source;
  spec::Model &model;
  spec::Stack *stack = nullptr;
  std::string prefix; ///< Of the stack's variables.
  int64_t width = 1, heads = 1;
  std::string message;
};

} // namespace

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
  std::string first = inLayer("self_attention/layer_norm/");
  norm.kind = variables.has(first + "beta") ? spec::NormKind::LayerNorm : spec::NormKind::RMSNorm;
  norm.place = preNorm ? spec::NormPlace::Before : spec::NormPlace::After;
  norm.final = variables.has(at("layer_norm/gamma"));
  norm.epsilon = config.numberOr("layer_norm_epsilon", norm.kind == spec::NormKind::LayerNorm ? 1e-5 : 1e-6);
}

/// One vector for each token, scaled, and a norm of the sum with the positions.
void StackReader::readEmbeddings(const std::string &name) {
  stack->input.vocab = extent(name + "/weight", 0);
  std::string scale = at("scale_embeddings");
  if (!variables.has(scale))
    scale = name + "/multiply_by_sqrt_depth";
  const weights::TensorView *view = variables.stored().find(scale);
  double value = variables.number(scale).value_or(1);
  // Flags are stored as int8, factors as other types.
  bool isFlag = !view || view->type == weights::StorageType::I8;
  stack->input.scale = !isFlag ? value : value != 0 ? std::sqrt(static_cast<double>(width)) : 1;
  stack->input.norm = variables.has(at("layernorm_embedding/gamma"));
}

/// CTranslate2's own sinusoids count positions from 1 on.
static std::vector<float> sinusoids(int64_t length, int64_t width) {
  int64_t half = width / 2;
  float step = std::log(10000.f) / static_cast<float>(half - 1);
  std::vector<float> table(length * width);
  for (int64_t position = 0; position < length; ++position)
    for (int64_t i = 0; i < half; ++i) {
      float angle = static_cast<float>(position + 1) * std::exp(-step * static_cast<float>(i));
      table[position * width + i] = std::sin(angle);
      table[position * width + half + i] = std::cos(angle);
    }
  return table;
}

void StackReader::readPositions() {
  std::string name = at("position_encodings/encodings");
  spec::Positions &positions = stack->input.positions;
  positions.kind = spec::PositionKind::Learned;
  if (variables.has(name)) {
    positions.length = extent(name, 0);
    return;
  }
  if (width < 4 || width % 2 != 0 || width > (int64_t(1) << 20))
    return fail("sinusoidal positions of width " + Twine(width) +
                " are not supported; supported: even widths from 4 on");
  positions.length = tableLength;
  llvm::ArrayRef<float> table = source.keep(sinusoids(tableLength, width));
  llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(table.data()), table.size() * sizeof(float));
  std::string computed = at(computedPositions);
  variables.stored().add(computed, {weights::StorageType::F32, {tableLength, width}, bytes});
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

spec::AttentionSublayer StackReader::readAttention(StringRef name, StringRef scope, bool isCross) {
  std::string layer = inLayer(scope + "/");
  spec::AttentionSublayer attention;
  attention.name = name;
  attention.heads = heads;
  attention.keyValueHeads = wholeNumber(layer + "num_heads_kv", heads);
  attention.headSize = wholeNumber(layer + "head_dim", std::max<int64_t>(1, width / heads));
  if (heads % attention.keyValueHeads != 0)
    fail("variable '" + at("num_heads") + "' (" + Twine(heads) + ") is not a multiple of the key heads (" +
         Twine(attention.keyValueHeads) + ")");
  attention.scale =
      variables.number(layer + "queries_scale").value_or(1 / std::sqrt(static_cast<double>(attention.headSize)));
  attention.bias = attention.keyBias = variables.has(layer + "linear_0/bias");
  attention.outputBias = variables.has(layer + (isCross ? "linear_2/bias" : "linear_1/bias"));
  if (isCross)
    attention.from = "encoder";
  for (int64_t i = 0; i < stack->layers; ++i)
    for (StringRef number : {"num_heads_kv", "head_dim", "queries_scale"}) {
      std::string own = at("layer_" + Twine(i) + "/" + scope + "/" + number);
      if (variables.number(own) != variables.number(layer + number.str()))
        fail("variable '" + own + "' differs from '" + layer + number + "'; supported: layers of one kind");
    }
  return attention;
}

void StackReader::readMlp(spec::Activation activation) {
  spec::MlpSublayer mlp;
  mlp.name = "mlp";
  mlp.hidden = extent(inLayer("ffn/linear_0/weight"), 0);
  mlp.activation = activation;
  mlp.gated = variables.has(inLayer("ffn/linear_0_noact/weight"));
  mlp.bias = variables.has(inLayer("ffn/linear_0/bias"));
  stack->block.push_back(mlp);
}

void StackReader::readEncoder() {
  std::string embeddings = variables.has("encoder/embeddings/weight") ? "encoder/embeddings" : "encoder/embeddings_0";
  begin("encoder", extent(embeddings + "/weight", 1), variables.flag("encoder/pre_norm", true));
  // Of several embeddings, which are refused; and what the number of key heads says too.
  for (StringRef name : {"embeddings_merge", "multi_query_attention"})
    (void)variables.number(at(name));
  readEmbeddings(embeddings);
  readPositions();
  stack->block.push_back(readAttention("attention", "self_attention", false));
  readMlp(readActivation(at("activation")));
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
  stack->block.push_back(readAttention("attention", "self_attention", false));
  readMlp(spec::Activation::Gelu);
}

void StackReader::readDecoder() {
  std::string embeddings = "decoder/embeddings";
  begin("decoder", extent(embeddings + "/weight", 1), variables.flag("decoder/pre_norm", true));
  // What is only of use for alignments, or for the biases below.
  for (StringRef name : {"alignment_layer", "alignment_heads", "alibi_use_positive_positions", "scale_alibi"})
    (void)variables.number(at(name));
  if (variables.flag(at("alibi"), false))
    fail("variable 'decoder/alibi' is set; supported: positions that are added to embeddings");
  stack->input.zeroFirst = variables.flag(at("start_from_zero_embedding"), false);
  readEmbeddings(embeddings);
  readPositions();
  spec::AttentionSublayer own = readAttention("attention", "self_attention", false);
  own.mask = expressions::causal().print();
  stack->block.push_back(own);
  if (!variables.has(inLayer("attention/linear_0/weight")))
    return fail("variable '" + inLayer("attention/linear_0/weight") +
                "' is missing; supported: decoders that attend to an encoder");
  stack->block.push_back(readAttention("cross", "attention", true));
  readMlp(readActivation(at("activation")));
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
  else
    reader.readEncoder();
  reader.readDecoder();
  return reader.takeError();
}

/// The rows of one projection in the matrix that holds several.
static TensorPart fused(const spec::Model &model, StringRef stackName, StringRef sublayer, StringRef projection,
                        const std::string &layer, StringRef last) {
  const spec::Stack *stack = model.findStack(stackName.str());
  for (const spec::Sublayer &candidate : stack->block) {
    const auto *attention = std::get_if<spec::AttentionSublayer>(&candidate);
    if (!attention || attention->name != sublayer)
      continue;
    int64_t queries = attention->heads * attention->headSize, keys = attention->keyValueHeads * attention->headSize;
    bool isCross = !attention->from.empty();
    std::string scope = layer + (isCross ? "attention/" : "self_attention/");
    if (projection == "output")
      return {scope + (isCross ? "linear_2/" : "linear_1/") + last.str()};
    if (projection == "query")
      return {scope + "linear_0/" + last.str(), false, 0, isCross ? 0 : queries};
    int64_t offset = (isCross ? 0 : queries) + (projection == "value" ? keys : 0);
    return {scope + (isCross ? "linear_1/" : "linear_0/") + last.str(), false, offset, keys};
  }
  llvm_unreachable("a projection belongs to an attention of the block");
}

static TensorPart layerPart(const spec::Model &model, StringRef stack, StringRef sublayer, StringRef module,
                            int64_t index, StringRef last) {
  std::string layer = (stack + "/layer_" + Twine(index) + "/").str();
  StringRef norm = last == "weight" ? "gamma" : "beta";
  if (sublayer == "mlp") {
    if (module == "norm")
      return {layer + "ffn/layer_norm/" + norm.str()};
    const spec::Block &block = model.findStack(stack.str())->block;
    bool gated = llvm::any_of(block, [](const spec::Sublayer &candidate) {
      const auto *mlp = std::get_if<spec::MlpSublayer>(&candidate);
      return mlp && mlp->gated;
    });
    StringRef linear = module == "down" ? "linear_1/" : module == "up" && gated ? "linear_0_noact/" : "linear_0/";
    return {layer + "ffn/" + linear.str() + last.str()};
  }
  if (module == "norm")
    return {layer + (sublayer == "cross" ? "attention" : "self_attention") + "/layer_norm/" + norm.str()};
  return fused(model, stack, sublayer, module, layer, last);
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
  return layerPart(model, stack, sublayer, projection, layer, last);
}
