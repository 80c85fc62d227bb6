//===- SentenceTransformers.cpp -------------------------------------------===//

#include "import/SentenceTransformers.h"
#include "import/StrictJson.h"
#include "spec/SpecReader.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;

static constexpr uint64_t maximumModulesBytes = 1 << 20;
static constexpr llvm::StringRef supportedModules = "Transformer, Pooling, Normalize, in this order";

/// The kind of pooling that the configuration chooses: one of the `pooling_mode_...` flags, or `pooling_mode` by name.
static spec::PoolingKind poolingKind(const llvm::json::Object &object, Config &config) {
  std::vector<std::string> chosen;
  if (std::string name = config.string("pooling_mode"); !name.empty())
    chosen.push_back(name);
  for (const auto &[key, value] : object) {
    llvm::StringRef mode = key;
    if (mode.consume_front("pooling_mode_") && config.booleanOr(key, false))
      chosen.push_back(mode.str());
  }
  bool one = chosen.size() == 1;
  if (one && (chosen[0] == "mean" || chosen[0] == "mean_tokens"))
    return spec::PoolingKind::Mean;
  if (one && (chosen[0] == "cls" || chosen[0] == "cls_token"))
    return spec::PoolingKind::Cls;
  std::sort(chosen.begin(), chosen.end());
  std::string found;
  for (const std::string &mode : chosen)
    found += (found.empty() ? "" : " and ") + mode;
  config.fail("pooling_mode", (found.empty() ? "none is chosen" : found + " is not supported") +
                                  "; supported: one of mean_tokens, cls_token");
  return spec::PoolingKind::Mean;
}

static llvm::Error readPooling(llvm::StringRef path, SentenceModules &modules) {
  llvm::Expected<llvm::json::Object> object = readJsonObject(path);
  if (!object)
    return object.takeError();
  Config config(*object, path);
  modules.pooling.emplace().kind = poolingKind(*object, config);
  modules.width =
      config.integer(config.has("embedding_dimension") ? "embedding_dimension" : "word_embedding_dimension");
  return config.takeError();
}

/// Takes one entry of modules.json, the `index`-th.
static llvm::Error readModule(const llvm::json::Value &value, size_t index, llvm::StringRef directory,
                              SentenceModules &modules) {
  std::string where = "'" + directory.str() + "/modules.json': module " + std::to_string(index) + ": ";
  const llvm::json::Object *object = value.getAsObject();
  std::optional<llvm::StringRef> type = object ? object->getString("type") : std::nullopt;
  std::optional<llvm::StringRef> path = object ? object->getString("path") : std::nullopt;
  if (!type || !path)
    return llvm::createStringError(where + "expected an object with strings 'type' and 'path', found " +
                                   jsonText(value));
  if (std::string reason = path->empty() ? "" : spec::whyUnsafePath(*path); !reason.empty())
    return llvm::createStringError(where + "path ('" + *path + "'): " + reason);
  llvm::StringRef kind = type->substr(type->rfind('.') + 1);
  if (index == 0 && kind == "Transformer") {
    modules.encoder = path->str();
    return llvm::Error::success();
  }
  if (index == 1 && kind == "Pooling")
    return readPooling((directory + "/" + *path + (path->empty() ? "" : "/") + "config.json").str(), modules);
  if (index == 2 && kind == "Normalize" && modules.pooling) {
    modules.pooling->normalize = true;
    return llvm::Error::success();
  }
  return llvm::createStringError(where + "type '" + *type + "' is not supported here; supported: " + supportedModules);
}

/// Reads sentence_bert_config.json, which stands beside the encoder's files where texts are cut.
static llvm::Error readTextLimit(llvm::StringRef directory, SentenceModules &modules) {
  std::string path =
      (directory + "/" + modules.encoder + (modules.encoder.empty() ? "" : "/") + "sentence_bert_config.json").str();
  if (!llvm::sys::fs::exists(path))
    return llvm::Error::success();
  llvm::Expected<llvm::json::Object> object = readJsonObject(path);
  if (!object)
    return object.takeError();
  Config config(*object, path);
  modules.textTokens = config.integerOr("max_seq_length", 0);
  return config.takeError();
}

llvm::Expected<SentenceModules> tenon::import::readSentenceModules(llvm::StringRef directory) {
  SentenceModules modules;
  std::string path = (directory + "/modules.json").str();
  if (!llvm::sys::fs::exists(path))
    return modules;
  llvm::Expected<std::string> text = readTextFile(path, maximumModulesBytes);
  if (!text)
    return text.takeError();
  llvm::Expected<llvm::json::Value> value = parseJson(*text, path);
  if (!value)
    return value.takeError();
  const llvm::json::Array *list = value->getAsArray();
  if (!list || list->empty())
    return llvm::createStringError("'" + path + "': expected an array of modules, found " + jsonText(*value));
  for (size_t index = 0; index < list->size(); ++index)
    if (llvm::Error error = readModule((*list)[index], index, directory, modules))
      return std::move(error);
  if (llvm::Error error = readTextLimit(directory, modules))
    return std::move(error);
  return modules;
}
