//===- ConfigDefaults.cpp -------------------------------------------------===//

#include "import/ConfigDefaults.h"
#include "import/StrictJson.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
namespace json = llvm::json;

/// For each model type: `defaults` of its keys; which are `nullable`; `aliases`, older names of keys, which win over
/// today's; `values` of keys that stand for others; `sections`, objects inside with the type that they have, or have
/// where they name none, and the keys that they have from outside. Written by scripts/make-config-defaults from
/// transformers' classes.
static constexpr char tableText[] =
#include "import/ConfigDefaults.inc"
    ;

static const json::Object &table() {
  static const json::Value value = llvm::cantFail(json::parse(tableText));
  return *value.getAsObject();
}

/// The part `name` of a class's entry; empty where it has none.
static const json::Object &partOf(const json::Object &entry, StringRef name) {
  static const json::Object empty;
  const json::Object *part = entry.getObject(name);
  return part ? *part : empty;
}

/// Keys that some class has.
static const llvm::StringSet<> &keysOfAll() {
  static const llvm::StringSet<> keys = [] {
    llvm::StringSet<> all;
    for (const auto &[type, entry] : table())
      for (const auto &[key, value] : partOf(*entry.getAsObject(), "defaults"))
        all.insert(StringRef(key));
    return all;
  }();
  return keys;
}

/// Keys that every class keeps and some code reads, whether or not the class declares them.
static bool isReadFromAny(StringRef key) {
  return key.ends_with("_token_id") || key == "head_dim" || key == "original_max_position_embeddings";
}

static bool isNull(const json::Value &value) { return value.kind() == json::Value::Null; }

namespace {

class Completion {
public:
  Completion(StringRef path, std::vector<std::string> &assumed) : path(path), assumed(assumed) {}
  void complete(json::Object &config, StringRef type, const std::string &outer);
  llvm::Error takeError() const;

private:
  void completeKeys(json::Object &config, const json::Object &entry, const std::string &outer);
  void completeSections(json::Object &config, const json::Object &entry, const std::string &outer);

  StringRef path;
  std::vector<std::string> &assumed;
  std::vector<std::string> nulls;
};

} // namespace

/// Older names and values become today's, and what is no key of the class goes.
static void modernise(json::Object &config, const json::Object &entry) {
  for (const auto &[alias, key] : partOf(entry, "aliases")) {
    const json::Value *value = config.get(alias);
    if (value && !isNull(*value))
      config[*key.getAsString()] = json::Value(*value);
    config.erase(alias);
  }
  for (const auto &[key, values] : partOf(entry, "values")) {
    std::optional<StringRef> value = config.getString(key);
    if (std::optional<StringRef> other = value ? values.getAsObject()->getString(*value) : std::nullopt)
      config[key] = other->str();
  }
  const json::Object &defaults = partOf(entry, "defaults"), &sections = partOf(entry, "sections");
  std::vector<std::string> strange;
  for (const auto &[key, value] : config)
    if (keysOfAll().contains(key) && !defaults.get(key) && !sections.get(key) && !isReadFromAny(key))
      strange.push_back(key.str());
  for (const std::string &key : strange)
    config.erase(key);
}

void Completion::completeKeys(json::Object &config, const json::Object &entry, const std::string &outer) {
  const json::Array *nullable = entry.getArray("nullable");
  for (const auto &[key, usual] : partOf(entry, "defaults")) {
    const json::Value *value = config.get(key);
    if (value && isNull(*value) && !llvm::is_contained(*nullable, json::Value(StringRef(key))))
      nulls.push_back(outer + key.str());
    if (value)
      continue;
    config[key] = json::Value(usual);
    if (usual.getAsInteger() && !StringRef(key).ends_with("_token_id"))
      assumed.push_back(outer + key.str() + " (" + jsonText(usual) + ")");
  }
}

void Completion::completeSections(json::Object &config, const json::Object &entry, const std::string &outer) {
  for (const auto &[key, about] : partOf(entry, "sections")) {
    const json::Object &description = *about.getAsObject();
    json::Value &value = config[key];
    if (isNull(value))
      value = json::Object();
    json::Object *section = value.getAsObject();
    if (!section)
      continue; // Whoever reads it says so.
    std::string type = description.getString("type")->str();
    if (description.getBoolean("unless_named"))
      type = section->try_emplace("model_type", type).first->second.getAsString().value_or("").str();
    if (const json::Array *inherited = description.getArray("outer"))
      for (const json::Value &name : *inherited)
        (*section)[*name.getAsString()] = json::Value(*config.get(*name.getAsString()));
    complete(*section, type, outer + key.str() + ".");
  }
}

void Completion::complete(json::Object &config, StringRef type, const std::string &outer) {
  const json::Object *entry = table().getObject(type);
  if (!entry)
    return;
  modernise(config, *entry);
  completeKeys(config, *entry, outer);
  completeSections(config, *entry, outer);
}

llvm::Error Completion::takeError() const {
  if (nulls.empty())
    return llvm::Error::success();
  std::vector<std::string> sorted = nulls;
  llvm::sort(sorted);
  std::string text;
  for (const std::string &key : sorted)
    text += (text.empty() ? "'" : "\n'") + path.str() + "': key '" + key + "': expected a value, found null";
  return llvm::createStringError(text);
}

llvm::Error tenon::import::completeConfig(json::Object &config, StringRef path, std::vector<std::string> &assumed) {
  Completion completion(path, assumed);
  std::string type = config.getString("model_type").value_or("").str();
  completion.complete(config, type, "");
  llvm::sort(assumed);
  return completion.takeError();
}
