//===- CTranslate2.cpp - Models in CTranslate2's form ---------------------===//

#include "import/CTranslate2.h"
#include "runtime/support/Printable.h"
#include "import/CTranslate2Stacks.h"
#include "import/CheckpointFiles.h"
#include "import/StrictJson.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

static constexpr uint64_t maximumVocabularyBytes = 256 << 20;
static constexpr double timestampStep = 0.02;
/// Models of English alone have fewer tokens: GPT-2's own. So OpenAI's code tells them apart.
static constexpr size_t multilingualTokens = 51865;

namespace {

/// What is known of a kind of model.
struct Specification {
  StringRef name;
  uint32_t oldest, newest; ///< Revisions.
};

/// The tokens of a model, by id.
struct Vocabulary {
  std::string path;
  std::vector<std::string> tokens;
  llvm::StringMap<int64_t> ids;

  std::optional<int64_t> idOf(StringRef token) const {
    auto found = ids.find(token);
    return found == ids.end() ? std::nullopt : std::optional(found->second);
  }
};

class Importer {
public:
  Importer(StringRef path, weights::TableSource &source, const ImportOptions &options)
      : path(path), source(source), options(options) {
    directory = llvm::sys::path::parent_path(path);
    if (directory.empty())
      directory = ".";
  }
  llvm::Error run(ImportedModel &imported);

private:
  llvm::Error readConfig();
  llvm::Error readVocabulary(StringRef name, Vocabulary &vocabulary);
  llvm::Error readVocabularies(spec::Model &model);
  llvm::Error readTranslationTokens(Config &config, spec::Model &model);
  llvm::Error readTextTokens(Config &config, spec::Model &model);
  llvm::Error readSpeechTokens(Config &config, spec::Model &model);
  void readAudio(spec::Model &model);
  bool exists(const Twine &name) const { return llvm::sys::fs::exists(directory + "/" + name); }

  StringRef path;
  std::string directory;
  weights::TableSource &source;
  const ImportOptions &options;
  StringRef specification;
  llvm::json::Object configObject;
  Vocabulary target; ///< Of what the decoder writes.
};

} // namespace

static constexpr Specification specifications[] = {
    {"TransformerSpec", 5, 7}, {"TransformerDecoderSpec", 8, 8}, {"WhisperSpec", 3, 3}};

bool tenon::import::isCTranslate2Path(StringRef path) {
  if (llvm::sys::path::filename(path) != "model.bin" || !llvm::sys::fs::exists(path))
    return false;
  llvm::Expected<std::unique_ptr<weights::MappedFile>> file = weights::MappedFile::open(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return false;
  }
  return weights::beginsAsCTranslate2((*file)->bytes());
}

static llvm::Error checkSpecification(const weights::CTranslate2Index &index, StringRef path) {
  std::string known;
  for (auto [name, oldest, newest] : specifications) {
    if (index.specification == name && index.revision >= oldest && index.revision <= newest)
      return llvm::Error::success();
    known += (known.empty() ? "" : ", ") + name.str() + " of revision " + std::to_string(oldest) +
             (newest > oldest ? " to " + std::to_string(newest) : "");
  }
  return llvm::createStringError("'" + path + "' is a model of specification '" + printable(index.specification) +
                                 "' of revision " + Twine(index.revision) + "; supported: " + known +
                                 " (encoder-decoders of translation and T5, models of text alone, Whisper)");
}

llvm::Error Importer::readConfig() {
  llvm::Expected<llvm::json::Object> object = readJsonObject(directory + "/config.json");
  if (!object)
    return object.takeError();
  configObject = std::move(*object);
  return llvm::Error::success();
}

/// One token a line. Where all lines end with a carriage return, it belongs to none of the tokens.
static std::vector<std::string> tokensOfLines(StringRef text) {
  llvm::SmallVector<StringRef, 0> lines;
  text.split(lines, '\n');
  if (!lines.empty() && lines.back().empty())
    lines.pop_back();
  bool returns = llvm::all_of(lines, [](StringRef line) { return line.ends_with("\r"); });
  std::vector<std::string> tokens;
  for (StringRef line : lines)
    tokens.push_back((returns ? line.drop_back() : line).str());
  return tokens;
}

static llvm::Expected<std::vector<std::string>> tokensOfJson(StringRef text, StringRef path) {
  llvm::Expected<llvm::json::Value> value = parseJson(text, path);
  if (!value)
    return value.takeError();
  std::vector<std::string> tokens;
  const llvm::json::Array *list = value->getAsArray();
  for (const llvm::json::Value &item : list ? *list : llvm::json::Array()) {
    std::optional<StringRef> token = item.getAsString();
    if (!token)
      return llvm::createStringError("'" + path + "': token " + Twine(tokens.size()) + ": expected a string, found " +
                                     jsonText(item));
    tokens.push_back(token->str());
  }
  if (!list)
    return llvm::createStringError("'" + path + "': expected an array of strings, found " + jsonText(*value));
  return tokens;
}

/// NAME.json or NAME.txt; nothing where neither is there.
llvm::Error Importer::readVocabulary(StringRef name, Vocabulary &vocabulary) {
  StringRef extension = exists(name + ".json") ? ".json" : ".txt";
  if (!exists(name + extension))
    return llvm::Error::success();
  vocabulary.path = (directory + "/" + name + extension).str();
  llvm::Expected<std::string> text = readTextFile(vocabulary.path, maximumVocabularyBytes);
  if (!text)
    return text.takeError();
  if (extension == ".json") {
    llvm::Expected<std::vector<std::string>> tokens = tokensOfJson(*text, vocabulary.path);
    if (!tokens)
      return tokens.takeError();
    vocabulary.tokens = std::move(*tokens);
  } else {
    vocabulary.tokens = tokensOfLines(*text);
  }
  for (auto [id, token] : llvm::enumerate(vocabulary.tokens))
    vocabulary.ids.try_emplace(token, id);
  return llvm::Error::success();
}

static llvm::Error checkVocabulary(const Vocabulary &vocabulary, const spec::Stack &stack) {
  if (int64_t(vocabulary.tokens.size()) == stack.input.vocab)
    return llvm::Error::success();
  return llvm::createStringError("'" + vocabulary.path + "' has " + Twine(vocabulary.tokens.size()) +
                                 " tokens; the embedding of the " + stack.name + " has " + Twine(stack.input.vocab) +
                                 " rows");
}

llvm::Error Importer::readVocabularies(spec::Model &model) {
  Vocabulary first;
  // Speech and text alone have one of what is written.
  bool isSingle = specification != "TransformerSpec";
  for (StringRef name : {isSingle ? "vocabulary" : "shared_vocabulary", "source_vocabulary"})
    if (first.path.empty() && !(isSingle && name == "source_vocabulary"))
      if (llvm::Error error = readVocabulary(name, first))
        return error;
  bool isShared = isSingle || StringRef(llvm::sys::path::filename(first.path)).starts_with("shared");
  if (!isShared)
    if (llvm::Error error = readVocabulary("target_vocabulary", target))
      return error;
  if (first.path.empty() || (!isShared && target.path.empty()))
    return llvm::createStringError("'" + directory + "' has no " +
                                   (isSingle ? "vocabulary" : "shared_vocabulary, or source_ and target_vocabulary") +
                                   " (.json or .txt)");
  if (!isSingle)
    if (llvm::Error error = checkVocabulary(first, model.stacks.front()))
      return error;
  if (isShared)
    target = std::move(first);
  return checkVocabulary(target, model.stacks.back());
}

llvm::Error Importer::readTranslationTokens(Config &config, spec::Model &model) {
  spec::SpecialTokens &tokens = model.tokens;
  auto token = [&](StringRef key, StringRef usual) {
    std::string text = config.has(key) ? config.string(key) : usual.str();
    std::optional<int64_t> id = target.idOf(text);
    if (!id)
      config.fail(key, "token '" + printable(text) + "' is not in '" + target.path + "'");
    return id.value_or(0);
  };
  tokens.eos = {token("eos_token", "</s>")};
  // Without one, the caller begins the answer.
  if (!configObject.get("decoder_start_token") || config.has("decoder_start_token"))
    tokens.start = {token("decoder_start_token", "<s>")};
  if (std::optional<int64_t> unknown = target.idOf(config.has("unk_token") ? config.string("unk_token") : "<unk>"))
    tokens.suppress = {*unknown};
  return config.takeError();
}

llvm::Error Importer::readTextTokens(Config &config, spec::Model &model) {
  auto id = [&](StringRef key) -> std::optional<int64_t> {
    return config.has(key) ? target.idOf(config.string(key)) : std::nullopt;
  };
  model.tokens.bos = id("bos_token");
  if (std::optional<int64_t> eos = id("eos_token"))
    model.tokens.eos = {*eos};
  return config.takeError();
}

llvm::Error Importer::readSpeechTokens(Config &config, spec::Model &model) {
  spec::SpecialTokens &tokens = model.tokens;
  auto token = [&](StringRef text) {
    std::optional<int64_t> id = target.idOf(text);
    if (!id)
      config.fail("vocabulary", "token '" + printable(text) + "' is not in '" + target.path + "'");
    return id.value_or(0);
  };
  int64_t none = token("<|notimestamps|>");
  tokens.eos = {token("<|endoftext|>")};
  tokens.start = {token("<|startoftranscript|>")};
  if (target.tokens.size() >= multilingualTokens)
    for (StringRef text : {"<|en|>", "<|transcribe|>"})
      tokens.start.push_back(token(text));
  tokens.start.push_back(none);
  tokens.timestamps = spec::Timestamps{none + 1, none, timestampStep};
  tokens.noSpeech = target.idOf("<|nospeech|>");
  if (!tokens.noSpeech)
    tokens.noSpeech = target.idOf("<|nocaptions|>"); // its name in earlier vocabularies
  tokens.previous = target.idOf("<|startofprev|>");
  for (auto [key, list] : {std::pair("suppress_ids", &tokens.suppress), {"suppress_ids_begin", &tokens.suppressFirst}})
    for (int64_t id : config.integers(key)) {
      if (id < 0 || id >= int64_t(target.tokens.size()))
        config.fail(key,
                    "token " + Twine(id) + " is not one of the " + Twine(target.tokens.size()) + " of the vocabulary");
      list->push_back(id);
    }
  return config.takeError();
}

void Importer::readAudio(spec::Model &model) {
  const spec::Input &input = model.stacks.front().input;
  spec::Audio &audio = model.audio.emplace();
  audio.bins = input.features;
  audio.frames = input.positions.length;
  for (const spec::Convolution &convolution : input.convolutions)
    audio.frames *= convolution.stride;
}

llvm::Error Importer::run(ImportedModel &imported) {
  llvm::Expected<weights::CTranslate2Index> index = weights::readCTranslate2(source.bytes(), path);
  if (!index)
    return index.takeError();
  if (llvm::Error error = checkSpecification(*index, path))
    return error;
  specification = index->specification;
  if (llvm::Error error = readConfig())
    return error;
  std::string configPath = directory + "/config.json";
  Config config(configObject, configPath);
  StoredTensors tensors;
  llvm::Expected<CTranslate2Variables> variables = CTranslate2Variables::make(*index, tensors, source);
  if (!variables)
    return variables.takeError();
  spec::Model &model = imported.model;
  model.name = specName(llvm::sys::path::filename(StringRef(directory).rtrim('/')));
  model.weights = llvm::sys::path::filename(path);
  if (llvm::Error error = readCTranslate2Structure(*variables, specification, config, source, model))
    return error;
  bool isSpeech = specification == "WhisperSpec";
  if (isSpeech)
    readAudio(model);
  if (llvm::Error error = config.takeError())
    return error;
  if (llvm::Error error = readVocabularies(model))
    return error;
  if (llvm::Error error = isSpeech                                ? readSpeechTokens(config, model)
                          : specification == "TransformerSpec" ? readTranslationTokens(config, model)
                                                                  : readTextTokens(config, model))
    return error;
  if (llvm::Error error = readTokenizer(directory, imported))
    return error;
  if (llvm::Error error = readChatTemplate(directory, imported))
    return error;
  if (llvm::Error error = checkModel(model, path))
    return error;
  auto place = [&](StringRef parameter, int64_t layer) { return ctranslate2Part(model, *variables, parameter, layer); };
  return tensors.place(imported, place, source, ("a model of " + specification).str(), options.ignoreUnused);
}

llvm::Expected<ImportedModel> tenon::import::importCTranslate2(StringRef path, const ImportOptions &options) {
  llvm::Expected<std::unique_ptr<weights::MappedFile>> file = weights::MappedFile::open(path);
  if (!file)
    return file.takeError();
  auto source = std::make_unique<weights::TableSource>(path.str(), std::move(*file));
  ImportedModel imported;
  if (llvm::Error error = Importer(path, *source, options).run(imported))
    return std::move(error);
  imported.source = std::move(source);
  return imported;
}
