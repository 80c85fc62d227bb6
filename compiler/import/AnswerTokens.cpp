//===- AnswerTokens.cpp ---------------------------------------------------===//

#include "import/AnswerTokens.h"
#include "import/AnswerConfig.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

namespace {

/// Ids of tokens.
class TokenReader {
public:
  TokenReader(AnswerConfig &config, int64_t vocab, ImportedModel &imported)
      : config(config), vocab(vocab), tokens(imported.model.tokens), generation(imported.model.generation),
        notes(imported.notes) {}

  void readSpecial();
  /// What an answer starts with that is about a source.
  void readStart();
  void readLimits();
  void noteForcedStart();

private:
  std::vector<int64_t> ids(Config &place, StringRef key) {
    std::vector<int64_t> list = place.integers(key);
    llvm::erase_if(list, [&](int64_t id) { return id >= vocab; });
    return list;
  }
  std::vector<int64_t> ids(StringRef key) { return ids(config.at(key), key); }
  std::optional<int64_t> id(Config &place, StringRef key) {
    std::vector<int64_t> list = ids(place, key);
    return list.empty() ? std::nullopt : std::optional(list.front());
  }
  std::optional<int64_t> id(StringRef key) { return id(config.at(key), key); }
  void readForcedPlaces();
  void readBadWords();
  std::optional<int64_t> english();

  AnswerConfig &config;
  int64_t vocab;
  spec::SpecialTokens &tokens;
  spec::Generation &generation;
  std::vector<std::string> &notes;
};

} // namespace

void TokenReader::readSpecial() {
  tokens.bos = id(config.anywhere("bos_token_id"), "bos_token_id");
  tokens.pad = id(config.anywhere("pad_token_id"), "pad_token_id");
  tokens.eos = ids(config.anywhere("eos_token_id"), "eos_token_id");
}

/// The token of English, for models that would tell the language by the sound.
std::optional<int64_t> TokenReader::english() {
  std::optional<Config> languages = config.at("lang_to_id").section("lang_to_id");
  if (!languages || !languages->has("<|en|>"))
    return std::nullopt;
  return languages->integerOr("<|en|>", 0);
}

/// Whisper's older configurations: pairs of a place and the token there, from place 1 on.
void TokenReader::readForcedPlaces() {
  static constexpr StringRef key = "forced_decoder_ids";
  Config &place = config.at(key);
  for (const std::vector<int64_t> &pair : place.integerLists(key)) {
    if (pair.size() != 2 || pair[0] != int64_t(tokens.start.size())) {
      place.fail(key, "expected pairs of a place and a token, from place 1 on without a gap");
      return;
    }
    std::optional<int64_t> token = pair[1] < 0 ? english() : std::optional(pair[1]);
    if (!token || *token >= vocab) {
      place.fail(key, "expected a token below " + std::to_string(vocab) + " at place " + std::to_string(pair[0]) +
                          ", or null and '<|en|>' in 'lang_to_id'");
      return;
    }
    tokens.start.push_back(*token);
  }
}

void TokenReader::readStart() {
  static constexpr StringRef startKey = "decoder_start_token_id", beginKey = "bos_token_id";
  std::optional<int64_t> start = id(startKey);
  if (!start)
    start = id(beginKey);
  if (!start)
    start = id(config.anywhere(startKey), startKey);
  if (!start)
    start = tokens.bos;
  if (!start)
    return;
  tokens.start = {*start};
  readForcedPlaces();
  // The language is chosen, unlike by transformers, when the model is compiled.
  if (tokens.start.size() == 1 && config.at("is_multilingual").booleanOr("is_multilingual", false)) {
    std::optional<Config> tasks = config.at("task_to_id").section("task_to_id");
    if (std::optional<int64_t> language = english(); language && tasks && tasks->has("transcribe"))
      tokens.start.insert(tokens.start.end(), {*language, tasks->integerOr("transcribe", 0)});
  }
  static constexpr StringRef noneKey = "no_timestamps_token_id";
  std::optional<int64_t> none = id(config.anywhere(noneKey), noneKey);
  if (none && !llvm::is_contained(tokens.start, *none))
    tokens.start.push_back(*none);
  if (none && *none + 1 < vocab)
    tokens.timestamps = spec::Timestamps{*none + 1, *none};
  // The vocabulary of every Whisper has the three next to each other.
  if (none && *none >= 2) {
    tokens.noSpeech = *none - 1;
    tokens.previous = id("prev_sot_token_id").value_or(*none - 2);
  }
  static constexpr StringRef forcedKey = "forced_bos_token_id", olderKey = "force_bos_token_to_be_generated";
  tokens.forced = ids(forcedKey);
  // A key of config.json before there was the other.
  if (tokens.forced.empty() && tokens.bos && config.at(olderKey).booleanOr(olderKey, false))
    tokens.forced = {*tokens.bos};
}

/// Where there is no source, transformers forces it behind prompts of one token only.
void TokenReader::noteForcedStart() {
  static constexpr StringRef key = "forced_bos_token_id";
  if (config.has(key))
    notes.push_back(config.at(key).place(key) + " (" + config.at(key).text(key) +
                    ") is not supported in models that write about no source: answers are written without it");
}

/// Single tokens are suppressed ones, unless they end texts.
void TokenReader::readBadWords() {
  static constexpr StringRef key = "bad_words_ids";
  for (const std::vector<int64_t> &word : config.at(key).integerLists(key)) {
    if (word.empty() || llvm::is_contained(word, -1))
      config.at(key).fail(key, "expected sequences of at least 1 token, found " + config.at(key).text(key));
    else if (llvm::any_of(word, [&](int64_t id) { return id >= vocab; }))
      continue; // It cannot be written.
    else if (word.size() > 1)
      generation.badWords.push_back(word);
    else if (!llvm::is_contained(tokens.eos, word.front()) && !llvm::is_contained(tokens.suppress, word.front()))
      tokens.suppress.push_back(word.front());
  }
}

void TokenReader::readLimits() {
  // Of several, which are equally likely, the first id wins.
  if (std::vector<int64_t> last = ids("forced_eos_token_id"); !last.empty())
    tokens.forcedLast = *llvm::min_element(last);
  tokens.suppress = ids("suppress_tokens");
  tokens.suppressFirst = ids("begin_suppress_tokens");
  readBadWords();
}

llvm::Error tenon::import::readAnswers(Config &config, StringRef directory, int64_t vocab, ImportedModel &imported) {
  std::string path = (directory + "/generation_config.json").str();
  llvm::json::Object object;
  bool hasGeneration = llvm::sys::fs::exists(path);
  if (hasGeneration) {
    llvm::Expected<llvm::json::Object> read = readJsonObject(path);
    if (!read)
      return read.takeError();
    object = std::move(*read);
  }
  AnswerConfig answers(config, hasGeneration ? std::optional(Config(object, path)) : std::nullopt);
  TokenReader reader(answers, vocab, imported);
  reader.readSpecial();
  bool hasSource = imported.model.stacks.size() > 1;
  if (hasSource)
    reader.readStart();
  if (imported.model.head) {
    if (!hasSource)
      reader.noteForcedStart();
    reader.readLimits();
    readGeneration(answers, imported);
  }
  return answers.takeError();
}
