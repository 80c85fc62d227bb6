//===- MarianStructure.cpp ------------------------------------------------===//
//
// The names of tensors, the order of operations and every constant are those of Marian's transformer.h.
//
//===----------------------------------------------------------------------===//

#include "import/MarianStructure.h"
#include "expressions/Sugar.h"
#include "spec/Fields.h"
#include "spec/YamlTree.h"
#include "weights/Convert.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

static constexpr double normEpsilon = 1e-9;
static constexpr int64_t tableLength = 1024; ///< Of positions, of which Marian has as many as a sentence needs.
static constexpr int64_t largestExtent = std::numeric_limits<int32_t>::max();

namespace {

/// A key that has one value in what is supported, and that value where the key is missing.
struct FixedKey {
  StringRef key, value;
};

enum class Recurrence { SelfAttention, Rnn };

class StructureReader {
public:
  StructureReader(spec::Diagnostics &diagnostics, const spec::YamlNode &root, spec::Model &model)
      : diagnostics(diagnostics), root(root), fields(diagnostics, root, "special:model.yml"), model(model) {}
  void read();

private:
  void checkFixed();
  std::string operations(StringRef key);
  void readNorm();
  void readInput(spec::Stack &stack, size_t index, StringRef weights);
  void readVocabularies();
  spec::AttentionSublayer attention(StringRef name) const;
  spec::MlpSublayer mlp(StringRef dimKey);
  Recurrence readRecurrence();
  void readEncoder();
  void readDecoder();
  void readHead();
  int64_t required(StringRef key) { return fields.requireInteger(key, 1, largestExtent).value_or(1); }

  spec::Diagnostics &diagnostics;
  const spec::YamlNode &root;
  spec::Fields fields;
  spec::Model &model;
  spec::Norm norm;
  bool embeddingNorm = false;
  int64_t heads = 1;
  std::vector<int64_t> vocabularies; ///< Rows of the source's and the target's embedding.
};

} // namespace

static constexpr FixedKey fixedKeys[] = {
    {"type", "transformer"},
    {"right-left", "false"},
    {"layer-normalization", "false"},
    {"lemma-dim-emb", "0"},
    {"ulr", "false"},
    {"transformer-no-projection", "false"},
    {"transformer-rnn-projection", "false"},
    {"transformer-pool", "false"},
    {"transformer-train-position-embeddings", "false"},
    {"transformer-train-positions", "false"},
    {"transformer-disable-position-embeddings", "false"},
    {"transformer-ffn-depth", "2"},
    {"transformer-no-bias", "false"},
    {"transformer-no-affine", "false"},
    {"transformer-attention-mask", "default"},
};

void StructureReader::checkFixed() {
  for (auto [key, value] : fixedKeys)
    if (const spec::YamlNode *node = fields.find(key))
      if (node->kind != spec::YamlNode::Kind::Scalar || node->text != value)
        diagnostics.error(node->range, key + ": " + spec::describe(*node) + " is not supported; supported: " + value);
  for (StringRef key : {"transformer-tied-layers", "input-types"})
    if (const spec::YamlNode *node = fields.find(key))
      if (node->kind != spec::YamlNode::Kind::Null &&
          !(node->kind == spec::YamlNode::Kind::Sequence && node->items.empty()))
        diagnostics.error(node->range, key + ": " + spec::describe(*node) + " is not supported; supported: []");
  if (std::optional<int64_t> depth = fields.integer("transformer-decoder-ffn-depth", 0, largestExtent))
    if (*depth != 0 && *depth != 2)
      diagnostics.error(fields.find("transformer-decoder-ffn-depth")->range,
                        "transformer-decoder-ffn-depth: " + Twine(*depth) +
                            " is not supported; supported: 0 (as the "
                            "encoder), 2");
}

/// The letters of a sublayer's surroundings without d, which stands for dropout.
std::string StructureReader::operations(StringRef key) {
  const spec::YamlNode *node = fields.find(key);
  std::string text = node && node->kind == spec::YamlNode::Kind::Scalar ? node->text : "";
  llvm::erase(text, 'd');
  return text;
}

void StructureReader::readNorm() {
  std::string before = operations("transformer-preprocess"), after = operations("transformer-postprocess");
  std::string top = operations("transformer-postprocess-top"), embedding = operations("transformer-postprocess-emb");
  norm.epsilon = normEpsilon;
  norm.place = before == "n" ? spec::NormPlace::Before : spec::NormPlace::After;
  norm.final = top == "n";
  embeddingNorm = embedding == "n";
  bool postNorm = before.empty() && after == "an" && top.empty();
  bool preNorm = before == "n" && after == "a" && (top.empty() || top == "n");
  if (!(postNorm || preNorm) || !(embedding.empty() || embeddingNorm))
    diagnostics.error(root.range, "transformer-preprocess '" + before + "', -postprocess '" + after +
                                      "', -postprocess-top '" + top + "', -postprocess-emb '" + embedding +
                                      "' (without d) are not supported; supported: '', 'an', '' or 'n', 'a', 'n' (or "
                                      "''), then '' or 'n'");
}

void StructureReader::readVocabularies() {
  const spec::YamlNode *node = fields.require("dim-vocabs");
  if (!node)
    return;
  for (const spec::YamlNode &item : node->items)
    if (std::optional<int64_t> rows = spec::readInteger(diagnostics, item, "dim-vocabs", 1, largestExtent))
      vocabularies.push_back(*rows);
  if (vocabularies.size() != 2)
    diagnostics.error(node->range,
                      "dim-vocabs: expected the sizes of two vocabularies, found " + Twine(vocabularies.size()));
  vocabularies.resize(2, 1);
}

void StructureReader::readInput(spec::Stack &stack, size_t index, StringRef name) {
  stack.name = name;
  stack.norm = norm;
  stack.input.vocab = vocabularies[index];
  stack.input.scale = std::sqrt(static_cast<double>(model.width));
  stack.input.norm = embeddingNorm;
  stack.input.positions.kind = spec::PositionKind::Sinusoidal;
  stack.input.positions.length = tableLength;
}

spec::AttentionSublayer StructureReader::attention(StringRef name) const {
  spec::AttentionSublayer layer;
  layer.name = name;
  layer.heads = layer.keyValueHeads = heads;
  layer.headSize = model.width / heads;
  layer.scale = 1 / std::sqrt(static_cast<double>(layer.headSize));
  return layer;
}

spec::MlpSublayer StructureReader::mlp(StringRef dimKey) {
  static constexpr std::pair<StringRef, spec::Activation> activations[] = {
      {"relu", spec::Activation::Relu},
      {"swish", spec::Activation::Silu},
      {"gelu", spec::Activation::QuickGelu}, // Marian's is x * sigmoid(1.702 x).
  };
  spec::MlpSublayer layer;
  layer.hidden = fields.integer(dimKey, 0, largestExtent).value_or(0);
  if (layer.hidden == 0)
    layer.hidden = required("transformer-dim-ffn");
  std::string name = fields.string("transformer-ffn-activation").value_or("swish");
  auto found = llvm::find_if(activations, [&](const auto &entry) { return entry.first == name; });
  if (found == std::end(activations))
    diagnostics.error(fields.find("transformer-ffn-activation")->range,
                      "transformer-ffn-activation: '" + name + "' is not supported; supported: relu, swish, gelu");
  else
    layer.activation = found->second;
  return layer;
}

Recurrence StructureReader::readRecurrence() {
  StringRef key = "transformer-decoder-autoreg";
  std::string kind = fields.string(key).value_or("self-attention");
  if (kind != "self-attention" && kind != "rnn")
    diagnostics.error(fields.find(key)->range,
                      key + ": '" + kind + "' is not supported; supported: self-attention, rnn");
  if (kind != "rnn")
    return Recurrence::SelfAttention;
  std::string cell = fields.string("dec-cell").value_or("gru");
  if (cell != "ssru")
    diagnostics.error(fields.find("dec-cell") ? fields.find("dec-cell")->range : root.range,
                      "dec-cell: '" + cell + "' is not supported; supported: ssru");
  for (StringRef depth : {"dec-cell-base-depth", "dec-cell-high-depth"}) {
    int64_t usual = depth == "dec-cell-base-depth" ? 2 : 1;
    if (int64_t found = fields.integer(depth, 0, largestExtent).value_or(usual); found != usual)
      diagnostics.error(fields.find(depth)->range,
                        depth + ": " + Twine(found) + " is not supported; supported: " + Twine(usual));
  }
  return Recurrence::Rnn;
}

void StructureReader::readEncoder() {
  spec::Stack &stack = model.stacks.emplace_back();
  readInput(stack, 0, "encoder");
  stack.layers = required("enc-depth");
  stack.block = {attention("attention"), mlp("transformer-dim-ffn")};
}

void StructureReader::readDecoder() {
  spec::Stack &stack = model.stacks.emplace_back();
  readInput(stack, 1, "decoder");
  stack.input.zeroFirst = true;
  stack.layers = required("dec-depth");
  if (readRecurrence() == Recurrence::Rnn) {
    spec::SsruSublayer ssru;
    stack.block.push_back(ssru);
  } else {
    spec::AttentionSublayer layer = attention("attention");
    layer.mask = expressions::causal().print();
    stack.block.push_back(layer);
  }
  spec::AttentionSublayer cross = attention("cross");
  cross.sources = {{"encoder"}};
  stack.block.push_back(cross);
  stack.block.push_back(mlp("transformer-decoder-dim-ffn"));
}

void StructureReader::readHead() {
  bool all = fields.boolean("tied-embeddings-all").value_or(false);
  if (all || fields.boolean("tied-embeddings-src").value_or(false))
    model.shares.push_back({"decoder.input.tokens", "encoder.input.tokens"});
  spec::Head &head = model.head.emplace();
  head.stack = "decoder";
  head.tied = all || fields.boolean("tied-embeddings").value_or(false);
  head.bias = !fields.boolean("output-omit-bias").value_or(false);
}

void StructureReader::read() {
  if (!fields.isMapping())
    return;
  checkFixed();
  readNorm();
  readVocabularies();
  model.width = required("dim-emb");
  heads = required("transformer-heads");
  if (model.width % heads != 0)
    diagnostics.error(root.range, "dim-emb (" + Twine(model.width) + ") is not a multiple of transformer-heads (" +
                                      Twine(heads) + ")");
  if (diagnostics.hasErrors())
    return;
  readEncoder();
  readDecoder();
  readHead();
}

llvm::Error tenon::import::readMarianStructure(StringRef yaml, StringRef path, spec::Model &model) {
  if (yaml.empty())
    return llvm::createStringError("'" + path + "' has no 'special:model.yml', which says what the model is");
  std::string name = (path + ": special:model.yml").str();
  llvm::MemoryBufferRef buffer(yaml, name);
  spec::Diagnostics diagnostics(buffer);
  spec::YamlNode root = spec::readYamlTree(buffer, diagnostics);
  if (!diagnostics.hasErrors())
    StructureReader(diagnostics, root, model).read();
  return diagnostics.takeError();
}

namespace {
/// Where a module of a layer is in Marian: "attention.query" is prefix + "Wq" and prefix + "bq".
struct ModuleName {
  StringRef module, prefix, weight, bias;
};
} // namespace

static constexpr ModuleName layerModules[] = {
    {"attention.query", "_self_", "Wq", "bq"},
    {"attention.key", "_self_", "Wk", "bk"},
    {"attention.value", "_self_", "Wv", "bv"},
    {"attention.output", "_self_", "Wo", "bo"},
    {"attention.norm", "_self_", "Wo_ln_scale", "Wo_ln_bias"},
    {"cross.query", "_context_", "Wq", "bq"},
    {"cross.key", "_context_", "Wk", "bk"},
    {"cross.value", "_context_", "Wv", "bv"},
    {"cross.output", "_context_", "Wo", "bo"},
    {"cross.norm", "_context_", "Wo_ln_scale", "Wo_ln_bias"},
    {"mlp.up", "_ffn_", "W1", "b1"},
    {"mlp.down", "_ffn_", "W2", "b2"},
    {"mlp.norm", "_ffn_", "ffn_ln_scale", "ffn_ln_bias"},
    {"ssru.forget", "_rnn_", "Wf", "bf"},
    {"ssru.input", "_rnn_", "W", ""},
    {"ssru.norm", "_rnn_", "ffn_ln_scale", "ffn_ln_bias"},
};

/// A norm before a sublayer has another name than one behind it.
static std::string normName(const StoredTensors &stored, const std::string &name, const std::string &before) {
  return !stored.has(name) && stored.has(before) ? before : name;
}

static std::string layerTensor(const StoredTensors &stored, StringRef stack, int64_t layer, StringRef module,
                               bool bias) {
  std::string prefix = stack.str() + "_l" + std::to_string(layer + 1);
  for (const ModuleName &name : layerModules)
    if (name.module == module) {
      std::string tensor = prefix + name.prefix.str() + (bias ? name.bias : name.weight).str();
      if (!module.ends_with(".norm"))
        return tensor;
      std::string before = module == "ssru.norm" ? prefix + "_rnn_ln_" + (bias ? "bias" : "scale") : tensor;
      return normName(stored, tensor, before + "_pre");
    }
  return prefix + "_" + module.str();
}

static std::string tensorOf(const StoredTensors &stored, StringRef stack, StringRef module, int64_t layer, bool bias) {
  StringRef last = bias ? "bias" : "scale";
  if (stack == "head")
    return bias                                   ? "decoder_ff_logit_out_b"
           : stored.has("decoder_ff_logit_out_W") ? "decoder_ff_logit_out_W"
                                                  : "decoder_ff_logit_out_Wt";
  if (module == "input.tokens")
    return stored.has("Wemb") ? "Wemb" : stack.str() + "_Wemb";
  if (module == "input.norm")
    return (stack + "_emb_ln_" + last + "_pre").str();
  if (module == "norm")
    return (stack + "_top_ln_" + last).str();
  return layerTensor(stored, stack, layer, module.substr(StringRef("layers.*.").size()), bias);
}

TensorPart tenon::import::marianPart(const StoredTensors &stored, StringRef parameter, int64_t layer) {
  auto [path, last] = parameter.rsplit('.');
  auto [stack, module] = path.split('.');
  TensorPart part;
  part.tensor = tensorOf(stored, stack, module, layer, last == "bias");
  const weights::TensorView *view = stored.find(part.tensor);
  // Embeddings, and the output matrix that is called Wt, are stored as they are used.
  bool asUsed = StringRef(part.tensor).ends_with("Wemb") || StringRef(part.tensor).ends_with("_Wt");
  part.transpose = view && view->shape.size() == 2 && !asUsed && !weights::isScaled(view->type);
  return part;
}
