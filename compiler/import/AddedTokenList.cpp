//===- AddedTokenList.cpp -------------------------------------------------===//
//
// The order in which files override one another is that of transformers' tokenization_utils_base.py.
//
//===----------------------------------------------------------------------===//

#include "import/AddedTokenList.h"
#include "import/StrictJson.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include <map>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

namespace {

class SettingsReader {
public:
  SettingsReader(StringRef directory, const llvm::json::Object &settings, const TokenizerClass &tokenizer,
                 const llvm::json::Array *stored, TokenSettings &result)
      : directory(directory), settings(settings), tokenizer(tokenizer), stored(stored), result(result) {}
  llvm::Error read();

private:
  llvm::Expected<AddedToken> token(const llvm::json::Value &value, const Twine &place, bool special) const;
  llvm::Error readNamed(const llvm::json::Object &object, StringRef file, bool special);
  llvm::Error readExtra(const llvm::json::Object &object, StringRef key, StringRef file);
  llvm::Error readLegacy();
  llvm::Error readListed();
  using TokensById = std::map<int64_t, AddedToken>;
  llvm::Error readAddedTokens(TokensById &byId);
  llvm::Error readStored(TokensById &byId);
  llvm::Error checkOthers() const;
  void useUsual();
  void useListed();
  bool isNamed(StringRef content) const;

  StringRef directory;
  const llvm::json::Object &settings;
  const TokenizerClass &tokenizer;
  const llvm::json::Array *stored;
  TokenSettings &result;
};

} // namespace

static constexpr StringRef settingsFile = "tokenizer_config.json";

/// A string, or an object with flags; what is not given of those is false, and normalised what is not special.
llvm::Expected<AddedToken> SettingsReader::token(const llvm::json::Value &value, const Twine &place,
                                                 bool special) const {
  AddedToken token;
  if (std::optional<StringRef> text = value.getAsString()) {
    token.content = text->str();
    return token;
  }
  const llvm::json::Object *object = value.getAsObject();
  std::optional<StringRef> content = object ? object->getString("content") : std::nullopt;
  if (!content)
    return llvm::createStringError("'" + directory + "/" + place +
                                   "': expected a string or an object with 'content', found " + jsonText(value));
  auto flag = [&](StringRef key, bool usual) { return object->getBoolean(key).value_or(usual); };
  token.content = content->str();
  token.special = special || flag("special", false);
  token.singleWord = flag("single_word", false);
  token.stripsLeft = flag("lstrip", false);
  token.stripsRight = flag("rstrip", false);
  token.normalized = flag("normalized", !token.special);
  return token;
}

void SettingsReader::useUsual() {
  for (auto [name, usual, named] : llvm::zip(namedTokens, tokenizer.usualTokens, result.named)) {
    if (usual.empty())
      continue;
    named = AddedToken{usual.str()};
    named->stripsLeft = tokenizer.maskTakesBlanks && name == "mask_token";
  }
}

llvm::Error SettingsReader::readNamed(const llvm::json::Object &object, StringRef file, bool special) {
  for (auto [name, named] : llvm::zip(namedTokens, result.named)) {
    const llvm::json::Value *value = object.get(name);
    if (!value)
      continue;
    bool stripsLeft = tokenizer.maskTakesBlanks && name == "mask_token" && value->getAsString();
    named.reset();
    if (value->kind() == llvm::json::Value::Null)
      continue;
    llvm::Expected<AddedToken> read = token(*value, file + "': key '" + name, special);
    if (!read)
      return read.takeError();
    read->special = true;
    read->stripsLeft |= stripsLeft;
    named = std::move(*read);
  }
  return llvm::Error::success();
}

/// The list under `key`, where there is none yet.
llvm::Error SettingsReader::readExtra(const llvm::json::Object &object, StringRef key, StringRef file) {
  const llvm::json::Array *list = object.getArray(key);
  if (!list || !result.extra.empty())
    return llvm::Error::success();
  for (const llvm::json::Value &value : *list) {
    llvm::Expected<AddedToken> read = token(value, file + "': key '" + key, false);
    if (!read)
      return read.takeError();
    result.extra.push_back(std::move(*read));
  }
  return llvm::Error::success();
}

llvm::Error SettingsReader::readListed() {
  TokensById byId;
  for (const auto &[key, value] : *settings.getObject("added_tokens_decoder")) {
    int64_t id = 0;
    StringRef name = key;
    llvm::Expected<AddedToken> read = token(value, settingsFile + "': key 'added_tokens_decoder." + name, false);
    if (!read)
      return read.takeError();
    if (name.getAsInteger(10, id) || !value.getAsObject())
      return llvm::createStringError("'" + directory + "/" + settingsFile + "': key 'added_tokens_decoder." + name +
                                     "': expected objects under token ids, found " + jsonText(value));
    byId.insert_or_assign(id, std::move(*read));
  }
  for (auto &[id, added] : byId)
    result.listed.push_back(std::move(added));
  return llvm::Error::success();
}

bool SettingsReader::isNamed(StringRef content) const {
  return llvm::any_of(result.named, [&](const auto &named) { return named && named->content == content; }) ||
         llvm::any_of(result.extra, [&](const AddedToken &extra) { return extra.content == content; });
}

/// added_tokens.json: contents with their ids.
llvm::Error SettingsReader::readAddedTokens(TokensById &byId) {
  llvm::Expected<llvm::json::Object> object = readJsonObjectIfAny(directory, "added_tokens.json");
  if (!object)
    return object.takeError();
  for (const auto &[key, value] : *object) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id)
      return llvm::createStringError("'" + directory + "/added_tokens.json': key '" + StringRef(key) +
                                     "': expected an integer, found " + jsonText(value));
    bool special = isNamed(StringRef(key));
    AddedToken added;
    added.content = StringRef(key).str();
    added.special = special;
    added.normalized = !special;
    byId.insert_or_assign(*id, std::move(added));
  }
  return llvm::Error::success();
}

/// Those of tokenizer.json, which come last.
llvm::Error SettingsReader::readStored(TokensById &byId) {
  for (const llvm::json::Value &value : stored ? *stored : llvm::json::Array()) {
    llvm::Expected<AddedToken> read = token(value, "tokenizer.json': key 'added_tokens", false);
    if (!read)
      return read.takeError();
    const llvm::json::Object *object = value.getAsObject();
    std::optional<int64_t> id = object ? object->getInteger("id") : std::nullopt;
    if (!id)
      return llvm::createStringError("'" + directory + "/tokenizer.json': key 'added_tokens': expected objects with an " +
                                     "'id', found " + jsonText(value));
    byId.insert_or_assign(*id, std::move(*read));
  }
  return llvm::Error::success();
}

/// Named tokens have the flags that they are listed with.
void SettingsReader::useListed() {
  for (std::optional<AddedToken> &named : result.named)
    for (const AddedToken &listed : result.listed)
      if (named && named->content == listed.content)
        named = listed;
}

/// Tokens under keys that only some class or model knows would be added too.
llvm::Error SettingsReader::checkOthers() const {
  auto check = [&](const Twine &key, const llvm::json::Value &value) -> llvm::Error {
    std::optional<StringRef> text = value.getAsString();
    if (!text || isNamed(*text) ||
        llvm::any_of(result.listed, [&](const AddedToken &listed) { return listed.content == *text; }))
      return llvm::Error::success();
    return llvm::createStringError("'" + directory + "/" + settingsFile + "': key '" + key +
                                   "' is not supported: its token is none of those that are listed");
  };
  for (const auto &[key, value] : settings)
    if (StringRef name = key; name.ends_with("_token") && !llvm::is_contained(namedTokens, name))
      if (llvm::Error error = check(name, value))
        return error;
  for (StringRef group : {"extra_special_tokens", "model_specific_special_tokens"})
    if (const llvm::json::Object *tokens = settings.getObject(group))
      for (const auto &[key, value] : *tokens)
        if (llvm::Error error = check(group + "." + StringRef(key), value))
          return error;
  return llvm::Error::success();
}

/// The files of older versions. Additional tokens of the map come too late to make those of added_tokens.json special.
llvm::Error SettingsReader::readLegacy() {
  StringRef file = "special_tokens_map.json";
  llvm::Expected<llvm::json::Object> map = readJsonObjectIfAny(directory, file);
  if (!map)
    return map.takeError();
  if (llvm::Error error = readNamed(*map, file, true))
    return error;
  if (llvm::Error error = readExtra(*map, "extra_special_tokens", file))
    return error;
  TokensById byId;
  if (llvm::Error error = readAddedTokens(byId))
    return error;
  if (llvm::Error error = readStored(byId))
    return error;
  for (auto &[id, added] : byId)
    result.listed.push_back(std::move(added));
  return readExtra(*map, "additional_special_tokens", file);
}

llvm::Error SettingsReader::read() {
  useUsual();
  if (llvm::Error error = readNamed(settings, settingsFile, false))
    return error;
  for (StringRef key : {"extra_special_tokens", "additional_special_tokens"})
    if (llvm::Error error = readExtra(settings, key, settingsFile))
      return error;
  if (llvm::Error error = settings.getObject("added_tokens_decoder") ? readListed() : readLegacy())
    return error;
  useListed();
  return checkOthers();
}

const std::optional<AddedToken> &TokenSettings::operator[](StringRef name) const {
  return named[llvm::find(namedTokens, name) - std::begin(namedTokens)];
}

std::string TokenSettings::text(StringRef name) const {
  const std::optional<AddedToken> &token = (*this)[name];
  return token ? token->content : "";
}

std::vector<AddedToken> TokenSettings::inOrder(llvm::ArrayRef<AddedToken> usualExtra) const {
  std::vector<AddedToken> tokens = listed;
  llvm::StringSet<> isListed;
  for (const AddedToken &token : listed)
    isListed.insert(token.content);
  auto add = [&](const AddedToken &token) {
    if (!isListed.contains(token.content))
      tokens.push_back(token);
  };
  for (const std::optional<AddedToken> &token : named)
    if (token)
      add(*token);
  for (const AddedToken &token : extra.empty() ? usualExtra : llvm::ArrayRef(extra))
    add(token);
  for (AddedToken &token : tokens)
    token.special |= llvm::any_of(named, [&](const auto &other) { return other && other->content == token.content; });
  return tokens;
}

llvm::Expected<TokenSettings> tenon::import::readTokenSettings(StringRef directory, const llvm::json::Object &settings,
                                                               const TokenizerClass &tokenizer,
                                                               const llvm::json::Array *stored) {
  TokenSettings result;
  if (llvm::Error error = SettingsReader(directory, settings, tokenizer, stored, result).read())
    return std::move(error);
  return result;
}
