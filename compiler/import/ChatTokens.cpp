//===- ChatTokens.cpp - The tokens that a chat template knows by name -----===//

#include "import/CheckpointFiles.h"
#include "import/TokenizerClasses.h"
#include <map>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

namespace json = llvm::json;

namespace {

/// Named tokens of transformers' `special_tokens_map`.
class TokenReader {
public:
  void addUsual(StringRef className) {
    for (auto [name, text] : usualTokens(className))
      tokens.insert_or_assign(name.str(), text.str());
  }

  /// What an object of a file says; null says that there is none.
  void addObject(const json::Object &object) {
    for (const auto &[key, value] : object) {
      StringRef name = key;
      if (name == "model_specific_special_tokens" || name == "extra_special_tokens")
        addSpecific(value.getAsObject());
      else if (name.ends_with("_token"))
        add(name, value);
    }
  }

  std::vector<spec::ChatToken> take() const {
    std::vector<spec::ChatToken> list;
    for (const auto &[name, text] : tokens)
      list.push_back({name, text});
    return list;
  }

private:
  /// Under names that only this model has.
  void addSpecific(const json::Object *object) {
    for (const auto &[key, value] : object ? *object : json::Object())
      add(key, value);
  }

  /// A text, or an object with the text; other values are options whose name ends alike.
  void add(StringRef name, const json::Value &value) {
    const json::Object *object = value.getAsObject();
    std::optional<StringRef> text = object ? object->getString("content") : value.getAsString();
    if (text)
      tokens.insert_or_assign(name.str(), text->str());
    else if (value.kind() == json::Value::Null)
      tokens.erase(name.str());
  }

  std::map<std::string, std::string> tokens;
};

} // namespace

llvm::Expected<std::vector<spec::ChatToken>> tenon::import::readChatTokens(StringRef directory,
                                                                              const TokenizerConfig &config) {
  TokenReader reader;
  reader.addUsual(config.className());
  reader.addObject(config.settings);
  // Older versions wrote another file, which newer ones go by where theirs does not list the tokens.
  if (!config.settings.get("added_tokens_decoder")) {
    llvm::Expected<json::Object> map = readJsonObjectIfAny(directory, "special_tokens_map.json");
    if (!map)
      return map.takeError();
    reader.addObject(*map);
  }
  return reader.take();
}
