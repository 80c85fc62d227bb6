//===- StoredTokenizer.cpp ------------------------------------------------===//
//
// From `convert_to_native_format` of transformers' tokenization_utils_tokenizers.py.
//
//===----------------------------------------------------------------------===//

#include "import/StoredTokenizer.h"
#include "import/TokenizerAssembly.h"
#include "import/TokenizerFiles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Base64.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
namespace json = llvm::json;

namespace {

/// Takes a vocabulary out of the object of a tokenizer.json. False where that is none of the class's kind.
class StoredReader {
public:
  StoredReader(const json::Object &object, const TokenizerClass &tokenizer, VocabularyFiles &files)
      : object(object), tokenizer(tokenizer), files(files) {}
  bool read();

private:
  bool readIds(const json::Object &vocabulary);
  bool readScores(const json::Array &pieces);
  bool readMerges(const json::Array &merges);
  bool readCharacters();

  const json::Object &object;
  const TokenizerClass &tokenizer;
  VocabularyFiles &files;
};

} // namespace

bool StoredReader::readIds(const json::Object &vocabulary) {
  for (const auto &[token, value] : vocabulary) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || *id > INT32_MAX)
      return false;
    files.tokens.emplace_back(StringRef(token).str(), *id);
  }
  llvm::sort(files.tokens, [](const auto &a, const auto &b) { return a.second < b.second; });
  return true;
}

bool StoredReader::readScores(const json::Array &pieces) {
  for (const json::Value &value : pieces) {
    const json::Array *piece = value.getAsArray();
    if (!piece || piece->size() != 2)
      return false;
    std::optional<StringRef> text = (*piece)[0].getAsString();
    std::optional<double> score = (*piece)[1].getAsNumber();
    if (!text || !score)
      return false;
    files.tokens.emplace_back(text->str(), static_cast<int64_t>(files.tokens.size()));
    files.scores.push_back(*score);
  }
  return true;
}

/// Pairs, or texts with a blank between the two.
bool StoredReader::readMerges(const json::Array &merges) {
  for (const json::Value &value : merges) {
    const json::Array *pair = value.getAsArray();
    std::optional<StringRef> text = value.getAsString(), left, right;
    if (text)
      std::tie(left, right) = text->split(' ');
    else if (pair && pair->size() == 2)
      left = (*pair)[0].getAsString(), right = (*pair)[1].getAsString();
    if (!left || !right || left->empty() || right->empty())
      return false;
    files.merges.emplace_back(left->str(), right->str());
  }
  return true;
}

/// The first table of replacements among the normalizers.
bool StoredReader::readCharacters() {
  const json::Object *whole = object.getObject("normalizer");
  std::vector<const json::Object *> normalizers = {whole};
  if (const json::Array *list = whole ? whole->getArray("normalizers") : nullptr)
    for (const json::Value &each : *list)
      normalizers.push_back(each.getAsObject());
  for (const json::Object *one : normalizers) {
    std::optional<StringRef> table =
        one && one->getString("type") == "Precompiled" ? one->getString("precompiled_charsmap") : std::nullopt;
    if (!table)
      continue;
    std::vector<char> bytes;
    if (llvm::Error error = llvm::decodeBase64(*table, bytes)) {
      llvm::consumeError(std::move(error));
      return false;
    }
    files.characters.assign(bytes.begin(), bytes.end());
    return true;
  }
  return true;
}

bool StoredReader::read() {
  const json::Object *model = object.getObject("model");
  const json::Array *added = object.getArray("added_tokens");
  if (!model || !added)
    return false;
  if (const json::Value *truncation = object.get("truncation"))
    files.truncation = *truncation;
  if (tokenizer.keepsProcessor && object.get("post_processor"))
    files.processor = *object.get("post_processor");
  else
    files.processor = nullptr;
  const json::Object *ids = model->getObject("vocab");
  const json::Array *scores = model->getArray("vocab"), *merges = model->getArray("merges");
  bool isBytePairs = tokenizer.kind == VocabularyKind::BytePairs || tokenizer.kind == VocabularyKind::PieceMerges;
  if (tokenizer.kind == VocabularyKind::Pieces)
    return scores && readScores(*scores) && readCharacters();
  return ids && isBytePairs == (merges != nullptr) && readIds(*ids) && (!merges || readMerges(*merges));
}

/// The class that makes the tokenizer anew, or null.
static const TokenizerClass *classOf(const TokenizerConfig &config, StringRef text) {
  if (takesTokenizersAsStored(config.model.getString("model_type").value_or("")))
    return nullptr;
  StringRef name = config.className();
  // So do tokenizers of Llama's later kind that are called by the name of its first.
  if (name == "LlamaTokenizer" && text.contains("\"ByteLevel\""))
    return nullptr;
  return findTokenizerClass(name);
}

llvm::Error tenon::import::remakeTokenizer(StringRef directory, ImportedModel &imported) {
  const TokenizerConfig &config = imported.tokenizerConfig;
  const TokenizerClass *tokenizer = classOf(config, imported.tokenizer);
  if (!tokenizer)
    return llvm::Error::success();
  llvm::Expected<json::Value> value = parseJson(imported.tokenizer, imported.tokenizerPath);
  if (!value) {
    // Whoever reads the tokenizer as a whole says so.
    llvm::consumeError(value.takeError());
    return llvm::Error::success();
  }
  VocabularyFiles files;
  const json::Object *object = value->getAsObject();
  if (!object || !StoredReader(*object, *tokenizer, files).read())
    return llvm::Error::success();
  llvm::Expected<TokenSettings> tokens =
      readTokenSettings(directory, config.settings, *tokenizer, object->getArray("added_tokens"));
  if (!tokens)
    return tokens.takeError();
  Config options(config.settings, (directory + "/tokenizer_config.json").str());
  std::string text = assembleTokenizer(*tokenizer, files, *tokens, options);
  if (llvm::Error error = options.takeError())
    return error;
  imported.tokenizer = std::move(text);
  return llvm::Error::success();
}
