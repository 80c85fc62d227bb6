//===- CheckpointFiles.cpp ------------------------------------------------===//

#include "import/CheckpointFiles.h"
#include "import/StoredTokenizer.h"
#include "import/TokenizerFiles.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

static constexpr uint64_t maximumTokenizerBytes = 256 << 20;
static constexpr uint64_t maximumTemplateBytes = 1 << 20;

llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>>
tenon::import::openCheckpointWeights(llvm::StringRef directory) {
  for (llvm::StringRef name : {"model.safetensors", "model.safetensors.index.json"})
    if (std::string path = (directory + "/" + name).str(); llvm::sys::fs::exists(path))
      return weights::SafetensorsFiles::open(path);
  for (llvm::StringRef other : {"pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (llvm::sys::fs::exists(directory + "/" + other))
      return llvm::createStringError("'" + directory + "' has its weights in '" + other +
                                     "', which is not supported; supported: model.safetensors and "
                                     "model.safetensors.index.json");
  return llvm::createStringError("'" + directory + "' has no model.safetensors and no model.safetensors.index.json");
}

llvm::Error tenon::import::readTokenizer(llvm::StringRef directory, ImportedModel &imported) {
  if (llvm::Error error = readTokenizerConfig(directory).moveInto(imported.tokenizerConfig))
    return error;
  std::string path = (directory + "/tokenizer.json").str();
  if (!llvm::sys::fs::exists(path))
    return buildTokenizer(directory, imported);
  llvm::Expected<std::string> text = readTextFile(path, maximumTokenizerBytes);
  if (!text)
    return text.takeError();
  imported.tokenizerPath = path;
  imported.tokenizer = std::move(*text);
  imported.model.tokenizer = "tokenizer.json";
  return remakeTokenizer(directory, imported);
}

/// The template in tokenizer_config.json, which is at `path`: the one, or that of several which is called "default".
static llvm::Expected<std::string> templateOfSettings(const llvm::json::Object &settings, llvm::StringRef path) {
  const llvm::json::Value *value = settings.get("chat_template");
  if (!value || value->kind() == llvm::json::Value::Null)
    return "";
  if (std::optional<llvm::StringRef> text = value->getAsString())
    return text->str();
  const llvm::json::Array *list = value->getAsArray();
  for (const llvm::json::Value &item : list ? *list : llvm::json::Array()) {
    const llvm::json::Object *named = item.getAsObject();
    std::optional<llvm::StringRef> text = named ? named->getString("template") : std::nullopt;
    if (text && named->getString("name") == "default")
      return text->str();
  }
  return llvm::createStringError("'" + path +
                                 "': key 'chat_template': expected a string or an array of objects with "
                                 "'name' and 'template', one named \"default\", found " +
                                 jsonText(*value));
}

llvm::Error tenon::import::readChatTemplate(llvm::StringRef directory, ImportedModel &imported) {
  std::string file = (directory + "/chat_template.jinja").str();
  llvm::Expected<std::string> text =
      llvm::sys::fs::exists(file)
          ? readTextFile(file, maximumTemplateBytes)
          : templateOfSettings(imported.tokenizerConfig.settings, (directory + "/tokenizer_config.json").str());
  if (!text)
    return text.takeError();
  imported.chatTemplate = std::move(*text);
  if (imported.chatTemplate.empty())
    return llvm::Error::success();
  imported.model.chatTemplate = "chat_template.jinja";
  return readChatTokens(directory, imported.tokenizerConfig).moveInto(imported.model.chatTokens.emplace());
}

std::string tenon::import::specName(llvm::StringRef text) {
  std::string name;
  for (char c : text.take_front(100))
    name += llvm::isAlnum(c) || c == '_' || c == '.' || c == '-' ? c : '-';
  if (name.empty() || !(llvm::isAlpha(name[0]) || name[0] == '_'))
    name = "model-" + name;
  return name;
}

/// A name that a spec can have, from the last part of a path or of a repository's name.
std::string tenon::import::checkpointName(Config &config, llvm::StringRef directory) {
  std::string path = config.string("_name_or_path");
  llvm::StringRef last = llvm::sys::path::filename(llvm::StringRef(path).rtrim('/'));
  if (last.empty() || last == "." || last == "..")
    last = llvm::sys::path::filename(directory.rtrim('/'));
  return specName(last);
}

spec::Activation tenon::import::readActivation(Config &config, llvm::StringRef key, llvm::StringRef usual) {
  static const std::pair<llvm::StringRef, spec::Activation> names[] = {
      {"gelu", spec::Activation::Gelu},
      {"gelu_python", spec::Activation::Gelu},
      {"gelu_new", spec::Activation::GeluTanh},
      {"gelu_fast", spec::Activation::GeluTanh},
      {"gelu_pytorch_tanh", spec::Activation::GeluTanh},
      {"relu", spec::Activation::Relu},
      {"relu2", spec::Activation::ReluSquared},
      {"silu", spec::Activation::Silu},
      {"swish", spec::Activation::Silu},
      {"quick_gelu", spec::Activation::QuickGelu},
  };
  std::string name = config.has(key) ? config.string(key) : usual.str();
  std::string known;
  for (auto [candidate, value] : names) {
    if (candidate == name)
      return value;
    known += (known.empty() ? "\"" : ", \"") + candidate.str() + "\"";
  }
  config.fail(key, "\"" + name + "\" is not supported; supported: " + known);
  return spec::Activation::Gelu;
}

llvm::Error tenon::import::checkModel(const spec::Model &model, llvm::StringRef path) {
  std::string text = spec::writeSpec(model);
  std::string name = ("spec of " + path).str();
  return spec::readSpec(llvm::MemoryBufferRef(text, name)).takeError();
}
