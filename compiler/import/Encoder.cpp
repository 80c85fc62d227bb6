//===- Encoder.cpp - Encoders of the transformers library -----------------===//
//
// What the model is comes from the tensors where they can tell (which family, which biases, token types, norms), and
// from config.json where they cannot (heads, activation, epsilon, how positions are counted).
//
//===----------------------------------------------------------------------===//

#include "import/Encoder.h"
#include "import/CheckpointFiles.h"
#include "import/SavedHead.h"
#include "spec/Parameters.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;

static constexpr llvm::StringRef stackName = "encoder";
static constexpr llvm::StringRef embeddingTensor = "embeddings.word_embeddings.weight";
namespace {

/// The tensors of the encoder in a checkpoint file.
class Checkpoint {
public:
  explicit Checkpoint(const weights::SafetensorsFiles &file) : file(file) {}

  /// Of the tensors whose names begin with `root`.
  llvm::Error findPrefix(llvm::StringRef root);
  const Family *findFamily() const;
  /// Of the tensors whose names begin with `root`, those that change nothing of the encoder's output.
  std::vector<std::string> idleTensors(llvm::StringRef root, const Family &family, bool withHead) const;

  /// The tensor with the weight or the bias of a module, in any layer for modules of layers (one that others lack is
  /// missing there, not absent); also by the names of TensorFlow's layer norms, gamma and beta. Empty where there is
  /// none. With `*` kept.
  std::string tensorOf(llvm::StringRef module, bool bias) const;
  std::string usualName(llvm::StringRef module, llvm::StringRef last) const {
    return (prefix + module + "." + last).str();
  }
  bool has(llvm::StringRef module, bool bias) const { return !tensorOf(module, bias).empty(); }

private:
  bool contains(llvm::StringRef pattern) const;

  const weights::SafetensorsFiles &file;
  std::string prefix; ///< What the class that was saved puts before the encoder's names: "bert.", or nothing.
};

} // namespace

llvm::Error Checkpoint::findPrefix(llvm::StringRef root) {
  std::vector<std::string> found;
  for (llvm::StringRef entry : file.names()) {
    llvm::StringRef name = entry;
    if (name.starts_with(root) && name.consume_back(embeddingTensor) && (name.empty() || name.ends_with(".")))
      found.push_back(name.str());
  }
  if (found.empty())
    return llvm::createStringError("'" + file.getPath() + "' has no tensor '" + embeddingTensor +
                                   "', with or without a prefix; supported are encoders of model type " +
                                   encoderTypeNames());
  if (found.size() > 1)
    return llvm::createStringError("'" + file.getPath() + "' has several encoders: '" +
                                   llvm::join(found, embeddingTensor.str() + "', '") + embeddingTensor +
                                   "'; supported is one");
  prefix = found.front();
  return llvm::Error::success();
}

const Family *Checkpoint::findFamily() const {
  for (const Family &family : families())
    if (has(family.probe, /*bias=*/false))
      return &family;
  return nullptr;
}

/// `name` with `*` for the number behind "layer.".
static std::string layerPattern(llvm::StringRef name) {
  auto [before, after] = name.split(".layer.");
  size_t digits = after.find_first_not_of("0123456789");
  if (after.empty() || digits == 0 || digits == llvm::StringRef::npos)
    return name.str();
  return (before + ".layer.*" + after.drop_front(digits)).str();
}

bool Checkpoint::contains(llvm::StringRef pattern) const {
  if (!pattern.contains('*'))
    return file.find(pattern).has_value();
  return llvm::any_of(file.names(), [&](llvm::StringRef name) { return layerPattern(name) == pattern; });
}

std::string Checkpoint::tensorOf(llvm::StringRef module, bool bias) const {
  static constexpr llvm::StringRef suffixes[2][2] = {{".weight", ".gamma"}, {".bias", ".beta"}};
  for (llvm::StringRef suffix : suffixes[bias]) {
    std::string name = (prefix + module + suffix).str();
    if (contains(name))
      return name;
  }
  return "";
}

std::vector<std::string> Checkpoint::idleTensors(llvm::StringRef root, const Family &family, bool withHead) const {
  std::vector<std::string> idle;
  for (llvm::StringRef entry : file.names()) {
    llvm::StringRef name = entry;
    if (!name.starts_with(root))
      continue;
    bool isInside = name.consume_front(prefix) && (name.starts_with("embeddings.") || name.starts_with(family.layers));
    // Buffers with 0, 1, 2, ... and zeros; and the pooler's output, which nothing takes, where its class has one.
    bool isBuffer = name == "embeddings.position_ids" || name == "embeddings.token_type_ids";
    bool isPooler = !isInside && name.starts_with("pooler.");
    if (isBuffer || isPooler || (!withHead && !isInside && !name.starts_with("LayerNorm.")))
      idle.push_back(entry.str());
  }
  return idle;
}

/// Refuses what changes the computation and is not in the spec.
static void checkConfig(Config &config) {
  if (config.booleanOr("is_decoder", false))
    config.fail("is_decoder", "true is not supported; supported: false (encoders)");
  if (config.booleanOr("add_cross_attention", false))
    config.fail("add_cross_attention", "true is not supported; supported: false");
  std::string positions = config.string("position_embedding_type");
  if (!positions.empty() && positions != "absolute")
    config.fail("position_embedding_type", "\"" + positions + "\" is not supported; supported: \"absolute\"");
}

static spec::Positions positions(Config &config, const Checkpoint &checkpoint, const ModelType &type) {
  spec::Positions positions;
  positions.length = config.integer("max_position_embeddings");
  positions.kind = spec::PositionKind::Learned;
  if (!checkpoint.has("embeddings.position_embeddings", false) && config.booleanOr("sinusoidal_pos_embds", false)) {
    positions.kind = spec::PositionKind::Sinusoidal;
    positions.interleaved = true;
    positions.spacing = spec::SinusoidSpacing::Even;
    return positions;
  }
  if (type.positionsFollowPadding) {
    int64_t padding = config.integer("pad_token_id", 0);
    positions.offset = padding + 1;
    positions.pad = padding;
    if (positions.length <= positions.offset)
      config.fail("max_position_embeddings", llvm::Twine(positions.length) + " leaves no position after the " +
                                                 llvm::Twine(positions.offset) + " of padding");
    positions.length -= positions.offset;
  }
  return positions;
}

static llvm::StringRef checkpointModule(const Family &family, llvm::StringRef module) {
  for (const ModuleName &name : family.modules)
    if (name.module == module)
      return name.checkpoint;
  return "";
}

static spec::Stack readStack(Config &config, const Checkpoint &checkpoint, const Family &family,
                             const ModelType &type) {
  auto has = [&](llvm::StringRef module, bool bias) {
    llvm::StringRef name = checkpointModule(family, module);
    return !name.empty() && checkpoint.has(name, bias);
  };
  // Modules that the spec gives a bias together: where only some have one, the others' is missing.
  auto anyBias = [&](std::initializer_list<const char *> modules) {
    return llvm::any_of(modules, [&](llvm::StringRef module) { return has(("layers.*." + module).str(), true); });
  };
  spec::Stack stack;
  stack.name = stackName;
  stack.layers = config.integer(family.keys.layers);
  stack.input.vocab = config.integer("vocab_size");
  stack.input.positions = positions(config, checkpoint, type);
  if (has("input.types", false))
    stack.input.types = config.integer("type_vocab_size");
  stack.input.norm = has("input.norm", false);
  stack.norm.place = family.normBefore ? spec::NormPlace::Before : spec::NormPlace::After;
  // DistilBERT has no key for it.
  stack.norm.epsilon = config.numberOr("layer_norm_eps", 1e-12);
  stack.norm.bias = anyBias({"attention.norm", "mlp.norm"});
  stack.norm.final = !family.normBefore || has("norm", false);

  spec::AttentionSublayer attention;
  attention.name = "attention";
  attention.heads = attention.keyValueHeads = config.integer(family.keys.heads);
  int64_t width = config.integer(family.keys.width);
  if (width % attention.heads != 0)
    config.fail(family.keys.width, llvm::Twine(width) + " is not a multiple of '" + family.keys.heads + "' (" +
                                       llvm::Twine(attention.heads) + ")");
  attention.headSize = width / attention.heads;
  attention.scale = 1 / std::sqrt(static_cast<double>(attention.headSize));
  attention.bias = anyBias({"attention.query", "attention.key", "attention.value"});
  attention.keyBias = attention.bias;
  attention.outputBias = has("layers.*.attention.output", true);
  stack.block.push_back(attention);

  spec::MlpSublayer mlp;
  mlp.hidden = config.integer(family.keys.hidden);
  mlp.activation = readActivation(config, family.keys.activation);
  mlp.bias = anyBias({"mlp.up", "mlp.down"});
  stack.block.push_back(mlp);
  return stack;
}

/// The tensor of every parameter that has another name in the checkpoint.
static std::vector<spec::TensorName> tensorNames(const spec::Model &model, const Checkpoint &checkpoint,
                                                 const Family &family) {
  std::vector<spec::TensorName> names;
  for (const spec::Parameter &parameter : spec::parameters(model)) {
    auto [module, last] = llvm::StringRef(parameter.name).drop_front(stackName.size() + 1).rsplit('.');
    std::string tensor = checkpoint.tensorOf(checkpointModule(family, module), last == "bias");
    // One that is missing keeps a name for the message that says so.
    if (tensor.empty())
      tensor = checkpoint.usualName(checkpointModule(family, module), last);
    if (tensor != parameter.name)
      names.push_back({parameter.name, tensor});
  }
  return names;
}

llvm::Error tenon::import::readEncoder(Config &config, const ModelType &type, const weights::SafetensorsFiles &files,
                                       llvm::StringRef root, llvm::StringRef configPath, bool withoutHead,
                                       spec::Model &model, std::vector<std::string> &idle) {
  Checkpoint checkpoint(files);
  if (llvm::Error error = checkpoint.findPrefix(root))
    return error;
  const Family *family = checkpoint.findFamily();
  if (!family || family->name != type.family)
    return llvm::createStringError("'" + files.getPath() + "': expected tensors named as in " + type.family +
                                   ", because '" + configPath + "' has model_type \"" + type.name + "\"; found " +
                                   (family ? "those of " + family->name : llvm::StringRef("other names")));
  model.width = config.integer(family->keys.width);
  model.stacks.push_back(readStack(config, checkpoint, *family, type));
  if (llvm::Error error = config.takeError())
    return error;
  model.names = tensorNames(model, checkpoint, *family);
  idle = checkpoint.idleTensors(root, *family, !withoutHead);
  return llvm::Error::success();
}

llvm::Expected<ImportedModel> tenon::import::importEncoder(Config &config, const ModelType &type,
                                                           llvm::StringRef directory,
                                                           const ImportOptions &options) {
  std::string configPath = (directory + "/config.json").str();
  checkConfig(config);
  bool withoutHead = isWithoutHead(config, options, {}, "the encoder");
  llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> files = openCheckpointWeights(directory);
  if (!files)
    return files.takeError();
  ImportedModel imported;
  imported.model.name = checkpointName(config, directory);
  if (llvm::Error error = readEncoder(config, type, **files, /*root=*/"", configPath, withoutHead,
                                      imported.model, imported.idleTensors))
    return std::move(error);
  imported.model.weights = llvm::sys::path::filename((*files)->getPath()).str();
  if (llvm::Error error = readTokenizer(directory, imported))
    return std::move(error);
  if (llvm::Error error = checkModel(imported.model, configPath))
    return std::move(error);
  imported.source = std::make_unique<weights::SafetensorsSource>(std::move(*files), imported.model.names);
  return imported;
}
