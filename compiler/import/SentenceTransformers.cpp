//===- SentenceTransformers.cpp - modules.json and what it names ----------===//

#include "import/SentenceTransformers.h"
#include "import/CheckpointFiles.h"
#include "runtime/support/Printable.h"
#include "import/StrictJson.h"
#include "spec/SpecReader.h"
#include "weights/JoinedSource.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr uint64_t maximumModulesBytes = 1 << 20;

static constexpr StringRef tokenValues = "token_embeddings", sentenceValue = "sentence_embedding";

namespace {

struct PoolingMode {
  StringRef name;
  StringRef flag; ///< Of configurations that say it with one key each.
  spec::PoolingKind kind;
};

/// Follows the modules in their order. Each reads the values that those before it have made.
class ModuleReader {
public:
  ModuleReader(StringRef directory, SentenceModules &modules) : directory(directory), modules(modules) {}
  llvm::Error read(const llvm::json::Array &list);

private:
  using Reader = void (ModuleReader::*)(Config &config, StringRef place);
  struct Kind {
    StringRef name;
    Reader read;
  };
  static llvm::ArrayRef<Kind> kinds();

  llvm::Error readModule(const llvm::json::Value &value, size_t index);
  llvm::Error readLayer(const Kind &kind, StringRef path);
  void readPooling(Config &config, StringRef path);
  void readDense(Config &config, StringRef path);
  void readLayerNorm(Config &config, StringRef path);
  void readNormalize(Config &config, StringRef path);
  void readDropout(Config &config, StringRef path) {}

  std::vector<SentenceLayer> *layersOf(Config &config);
  void refuseOtherKeys(Config &config, llvm::ArrayRef<StringRef> known);

  StringRef directory;
  SentenceModules &modules;
  const llvm::json::Object *object = nullptr; ///< The configuration that is being read.
  std::vector<SentenceLayer> tokenLayers;     ///< Those that a pooling from here on reads the results of.
  llvm::StringSet<> names;
};

} // namespace

// In the order in which several are put side by side.
static constexpr PoolingMode modes[] = {
    {"cls", "pooling_mode_cls_token", spec::PoolingKind::Cls},
    {"max", "pooling_mode_max_tokens", spec::PoolingKind::Max},
    {"mean", "pooling_mode_mean_tokens", spec::PoolingKind::Mean},
    {"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", spec::PoolingKind::MeanSqrt},
    {"weightedmean", "pooling_mode_weightedmean_tokens", spec::PoolingKind::WeightedMean},
    {"lasttoken", "pooling_mode_lasttoken", spec::PoolingKind::Last},
};

/// An activation by the name of its class in torch.nn; nothing for the identity.
static std::optional<spec::Activation> denseActivation(Config &config) {
  static constexpr StringRef key = "activation_function";
  static const std::pair<StringRef, std::optional<spec::Activation>> classes[] = {
      {"Tanh", spec::Activation::Tanh}, {"Identity", std::nullopt},           {"GELU", spec::Activation::Gelu},
      {"ReLU", spec::Activation::Relu}, {"Sigmoid", spec::Activation::Sigmoid}, {"SiLU", spec::Activation::Silu}};
  std::string path = config.has(key) ? config.string(key) : "torch.nn.modules.activation.Tanh";
  std::string known;
  for (auto [name, activation] : classes) {
    if (StringRef(path).starts_with("torch.nn.") && StringRef(path).ends_with(("." + name).str()))
      return activation;
    known += (known.empty() ? "" : ", ") + name.str();
  }
  config.fail(key, "\"" + path + "\" is not supported; supported of torch.nn: " + known);
  return std::nullopt;
}

llvm::ArrayRef<ModuleReader::Kind> ModuleReader::kinds() {
  static const Kind table[] = {{"Pooling", &ModuleReader::readPooling},
                               {"Dense", &ModuleReader::readDense},
                               {"LayerNorm", &ModuleReader::readLayerNorm},
                               {"Normalize", &ModuleReader::readNormalize},
                               {"Dropout", &ModuleReader::readDropout}};
  return table;
}

void ModuleReader::refuseOtherKeys(Config &config, llvm::ArrayRef<StringRef> known) {
  for (const auto &[key, value] : *object)
    if (StringRef name = key; !llvm::is_contained(known, name))
      config.fail(name, "it is not supported; supported: " + llvm::join(known, ", "));
}

void ModuleReader::readPooling(Config &config, StringRef) {
  std::vector<StringRef> keys = {"word_embedding_dimension", "embedding_dimension", "pooling_mode", "include_prompt"};
  std::vector<std::string> chosen;
  const llvm::json::Value *mode = object->get("pooling_mode");
  if (mode && mode->getAsString())
    chosen.push_back(config.string("pooling_mode"));
  else if (mode)
    chosen = config.strings("pooling_mode");
  bool byFlags = !mode;
  for (const PoolingMode &each : modes) {
    keys.push_back(each.flag);
    if (byFlags && config.booleanOr(each.flag, false))
      chosen.push_back(each.name.str());
  }
  refuseOtherKeys(config, keys);
  if (byFlags && chosen.empty())
    chosen = {"mean"};
  modules.kinds.clear();
  for (const std::string &name : chosen)
    if (const auto *found = llvm::find_if(modes, [&](const PoolingMode &each) { return each.name == name; });
        found != std::end(modes))
      modules.kinds.push_back(found->kind);
  if (modules.kinds.empty() || modules.kinds.size() != chosen.size())
    config.fail("pooling_mode", (mode ? jsonText(*mode) : "none") + " is not supported; supported: one or several of " +
                                    llvm::join(llvm::map_range(modes, [](auto &each) { return each.name; }), ", "));
  modules.width =
      config.integer(config.has("embedding_dimension") ? "embedding_dimension" : "word_embedding_dimension");
  modules.prompt = config.booleanOr("include_prompt", true);
  modules.pools = true;
  // A second one begins anew with the tokens.
  modules.tokenLayers = tokenLayers;
  modules.layers.clear();
}

/// Where a layer belongs that reads and writes the values that the configuration names, or null.
std::vector<SentenceLayer> *ModuleReader::layersOf(Config &config) {
  std::string input = config.has("module_input_name") ? config.string("module_input_name") : sentenceValue.str();
  std::string output = config.has("module_output_name") ? config.string("module_output_name") : input;
  if (output != input)
    config.fail("module_output_name", "\"" + output + "\" is not supported; supported: that of module_input_name, \"" +
                                          input + "\"");
  if (input == tokenValues)
    return &tokenLayers;
  if (input != sentenceValue)
    config.fail("module_input_name", "\"" + input + "\" is not supported; supported: \"" + sentenceValue + "\", \"" +
                                         tokenValues + "\"");
  return &modules.layers;
}

void ModuleReader::readDense(Config &config, StringRef path) {
  std::vector<SentenceLayer> *layers = layersOf(config);
  spec::DenseLayer dense;
  dense.size = config.integer("out_features");
  dense.activation = denseActivation(config);
  dense.bias = config.booleanOr("bias", true);
  dense.residual = config.booleanOr("use_residual", false);
  if (layers == &modules.layers && !modules.pools)
    config.fail("module_input_name", "\"" + sentenceValue + "\" is made by a Pooling, and none stands before");
  layers->push_back({dense, path.str(), config.integer("in_features")});
}

void ModuleReader::readLayerNorm(Config &config, StringRef path) {
  refuseOtherKeys(config, {"dimension"});
  if (!modules.pools)
    config.fail("dimension", "\"" + sentenceValue + "\" is made by a Pooling, and none stands before");
  modules.layers.push_back({spec::VectorNorm(), path.str(), config.integer("dimension")});
}

void ModuleReader::readNormalize(Config &config, StringRef) {
  std::vector<SentenceLayer> *layers = layersOf(config);
  // The library passes over one without anything to normalise.
  if (layers != &modules.layers || modules.pools)
    layers->push_back({spec::VectorNorm{.unit = true}, "", 0});
}

llvm::Error ModuleReader::readLayer(const Kind &kind, StringRef path) {
  std::string file = (directory + "/" + path + (path.empty() ? "" : "/") + "config.json").str();
  llvm::json::Object keys;
  // Those that have nothing to say may have no file.
  if (llvm::sys::fs::exists(file) && !path.empty()) {
    llvm::Expected<llvm::json::Object> read = readJsonObject(file);
    if (!read)
      return read.takeError();
    keys = std::move(*read);
  }
  object = &keys;
  Config config(keys, file);
  (this->*kind.read)(config, path);
  return config.takeError();
}

llvm::Error ModuleReader::readModule(const llvm::json::Value &value, size_t index) {
  std::string where = "'" + directory.str() + "/modules.json': module " + std::to_string(index) + ": ";
  const llvm::json::Object *module = value.getAsObject();
  std::optional<StringRef> type = module ? module->getString("type") : std::nullopt;
  std::optional<StringRef> path = module ? module->getString("path") : std::nullopt;
  if (!type || !path)
    return llvm::createStringError(where + "expected an object with strings 'type' and 'path', found " +
                                   jsonText(value));
  if (std::string reason = path->empty() ? "" : spec::whyUnsafePath(*path); !reason.empty())
    return llvm::createStringError(where + "path ('" + printable(*path) + "'): " + reason);
  if (std::optional<StringRef> name = module->getString("name"); name && !names.insert(*name).second)
    return llvm::createStringError(where + "name '" + printable(*name) + "' is that of another module, which it would replace");
  StringRef kind = type->substr(type->rfind('.') + 1);
  bool ours = type->starts_with("sentence_transformers.");
  if (ours && index == 0 && kind == "Transformer") {
    modules.encoder = path->str();
    return llvm::Error::success();
  }
  const auto *found = llvm::find_if(kinds(), [&](const Kind &each) { return each.name == kind; });
  if (ours && index > 0 && found != kinds().end())
    return readLayer(*found, *path);
  return llvm::createStringError(
      where + "type '" + printable(*type) + "' is not supported " + (index ? "behind the first" : "as the first") +
      "; supported: " +
      (index ? llvm::join(llvm::map_range(kinds(), [](const Kind &each) { return each.name; }), ", ") : "Transformer") +
      " of sentence_transformers");
}

llvm::Error ModuleReader::read(const llvm::json::Array &list) {
  for (size_t index = 0; index < list.size(); ++index)
    if (llvm::Error error = readModule(list[index], index))
      return error;
  return llvm::Error::success();
}

llvm::Expected<std::optional<SentenceModules>> tenon::import::readSentenceModules(StringRef directory) {
  std::string path = (directory + "/modules.json").str();
  if (!llvm::sys::fs::exists(path))
    return std::nullopt;
  llvm::Expected<std::string> text = readTextFile(path, maximumModulesBytes);
  if (!text)
    return text.takeError();
  llvm::Expected<llvm::json::Value> value = parseJson(*text, path);
  if (!value)
    return value.takeError();
  const llvm::json::Array *list = value->getAsArray();
  if (!list || list->empty())
    return llvm::createStringError("'" + path + "': expected an array of modules, found " + jsonText(*value));
  SentenceModules modules;
  if (llvm::Error error = ModuleReader(directory, modules).read(*list))
    return std::move(error);
  return modules;
}

/// The weights of layers, which lie in a directory each, under the names of the parameters that `prefix` begins.
static llvm::Error addLayers(const std::vector<SentenceLayer> &layers, const std::string &prefix, StringRef directory,
                             int64_t size, std::vector<spec::PoolingLayer> &list, weights::JoinedSource &source) {
  for (const SentenceLayer &each : layers) {
    if (each.inputs != 0 && each.inputs != size)
      return llvm::createStringError("'" + directory + "/" + each.directory + "/config.json': it reads " +
                                     llvm::Twine(each.inputs) + " components; there are " + llvm::Twine(size));
    std::string name = prefix + std::to_string(list.size()) + ".";
    list.push_back(each.layer);
    const auto *dense = std::get_if<spec::DenseLayer>(&each.layer);
    if (each.directory.empty())
      continue;
    std::string stored = dense ? "linear" : "norm";
    std::vector<spec::TensorName> names;
    for (StringRef last : {"weight", "bias"})
      names.push_back({name + last.str(), stored + "." + last.str()});
    names.push_back({name + "residual.weight", "residual.weight"});
    llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> file =
        openCheckpointWeights((directory + "/" + each.directory).str());
    if (!file)
      return file.takeError();
    source.add(name, each.directory + "/", std::make_unique<weights::SafetensorsSource>(std::move(*file), names));
    size = dense ? dense->size : size;
  }
  return llvm::Error::success();
}

static int64_t componentsBehind(const std::vector<SentenceLayer> &layers, int64_t size) {
  for (const SentenceLayer &each : layers)
    if (const auto *dense = std::get_if<spec::DenseLayer>(&each.layer))
      size = dense->size;
  return size;
}

llvm::Error tenon::import::addSentencePooling(const SentenceModules &modules, StringRef directory,
                                              ImportedModel &imported) {
  spec::Model &model = imported.model;
  const spec::Stack &stack = model.stacks.front();
  int64_t width = model.widthOf(stack), tokens = componentsBehind(modules.tokenLayers, width);
  if (modules.width != tokens)
    return llvm::createStringError("'" + directory + "': pooling has word_embedding_dimension " +
                                   llvm::Twine(modules.width) + "; the states that it reads have " +
                                   llvm::Twine(tokens) + " components");
  spec::Pooling &pooling = model.pooling.emplace();
  pooling.stack = stack.name;
  pooling.kinds = modules.kinds;
  pooling.prompt = modules.prompt;
  auto source = std::make_unique<weights::JoinedSource>(std::move(imported.source));
  if (llvm::Error error =
          addLayers(modules.tokenLayers, "pooling.tokens.", directory, width, pooling.tokenLayers, *source))
    return error;
  if (llvm::Error error = addLayers(modules.layers, "pooling.", directory,
                                    tokens * static_cast<int64_t>(pooling.kinds.size()), pooling.layers, *source))
    return error;
  imported.source = std::move(source);
  return llvm::Error::success();
}
