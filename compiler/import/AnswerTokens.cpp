//===- AnswerTokens.cpp ---------------------------------------------------===//

#include "import/AnswerTokens.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

namespace {

/// The keys of generation_config.json, and of config.json where they are not there.
class TokenReader {
public:
  TokenReader(Config &config, Config &generation, int64_t vocab, spec::SpecialTokens &tokens)
      : config(config), generation(generation), vocab(vocab), tokens(tokens) {}

  void readSpecial();
  void readAnswer();

private:
  Config &where(StringRef key) { return generation.has(key) ? generation : config; }
  std::vector<int64_t> ids(StringRef key) {
    std::vector<int64_t> list = where(key).integers(key);
    llvm::erase_if(list, [&](int64_t id) { return id >= vocab; });
    return list;
  }
  std::optional<int64_t> id(StringRef key) {
    std::vector<int64_t> list = ids(key);
    return list.empty() ? std::nullopt : std::optional(list.front());
  }
  void readStart();
  void readForcedPlaces();
  void readBadWords();
  std::optional<int64_t> english();

  Config &config, &generation;
  int64_t vocab;
  spec::SpecialTokens &tokens;
};

} // namespace

void TokenReader::readSpecial() {
  tokens.bos = id("bos_token_id");
  tokens.pad = id("pad_token_id");
  tokens.eos = ids("eos_token_id");
}

/// The token of English, for models that would tell the language by the sound.
std::optional<int64_t> TokenReader::english() {
  std::optional<Config> languages = generation.section("lang_to_id");
  if (!languages || !languages->has("<|en|>"))
    return std::nullopt;
  return languages->integerOr("<|en|>", 0);
}

/// Whisper's older configurations: pairs of a place and the token there, from place 1 on.
void TokenReader::readForcedPlaces() {
  static constexpr StringRef key = "forced_decoder_ids";
  for (const std::vector<int64_t> &pair : where(key).integerLists(key)) {
    if (pair.size() != 2 || pair[0] != int64_t(tokens.start.size())) {
      where(key).fail(key, "expected pairs of a place and a token, from place 1 on without a gap");
      return;
    }
    std::optional<int64_t> token = pair[1] < 0 ? english() : std::optional(pair[1]);
    if (!token || *token >= vocab) {
      where(key).fail(key, "expected a token below " + std::to_string(vocab) + " at place " + std::to_string(pair[0]) +
                               ", or null and '<|en|>' in 'lang_to_id'");
      return;
    }
    tokens.start.push_back(*token);
  }
}

void TokenReader::readStart() {
  std::optional<int64_t> start = id("decoder_start_token_id");
  if (!start)
    start = tokens.bos;
  if (!start)
    return;
  tokens.start = {*start};
  readForcedPlaces();
  // The language is chosen, unlike by transformers, when the model is compiled.
  if (tokens.start.size() == 1 && generation.booleanOr("is_multilingual", false)) {
    std::optional<Config> tasks = generation.section("task_to_id");
    if (std::optional<int64_t> language = english(); language && tasks && tasks->has("transcribe"))
      tokens.start.insert(tokens.start.end(), {*language, tasks->integerOr("transcribe", 0)});
  }
  std::optional<int64_t> none = id("no_timestamps_token_id");
  if (none && !llvm::is_contained(tokens.start, *none))
    tokens.start.push_back(*none);
  if (none && *none + 1 < vocab)
    tokens.timestamps = spec::Timestamps{*none + 1, *none};
}

/// Single tokens are suppressed ones; of longer sequences the spec has no word.
void TokenReader::readBadWords() {
  static constexpr StringRef key = "bad_words_ids";
  for (const std::vector<int64_t> &words : where(key).integerLists(key)) {
    if (words.size() != 1)
      where(key).fail(key, "a sequence of " + std::to_string(words.size()) +
                               " tokens is not supported; supported: single tokens");
    else if (words.front() >= 0 && words.front() < vocab && !llvm::is_contained(tokens.suppress, words.front()))
      tokens.suppress.push_back(words.front());
  }
}

void TokenReader::readAnswer() {
  readStart();
  tokens.forced = ids("forced_bos_token_id");
  tokens.forcedLast = id("forced_eos_token_id");
  tokens.suppress = ids("suppress_tokens");
  tokens.suppressFirst = ids("begin_suppress_tokens");
  readBadWords();
}

static llvm::Error readTokens(Config &config, StringRef directory, int64_t vocab, spec::SpecialTokens &tokens,
                              bool answers) {
  std::string path = (directory + "/generation_config.json").str();
  llvm::json::Object object;
  if (llvm::sys::fs::exists(path)) {
    llvm::Expected<llvm::json::Object> read = readJsonObject(path);
    if (!read)
      return read.takeError();
    object = std::move(*read);
  }
  Config generation(object, path);
  TokenReader reader(config, generation, vocab, tokens);
  reader.readSpecial();
  if (answers)
    reader.readAnswer();
  if (llvm::Error error = generation.takeError())
    return error;
  return config.takeError();
}

llvm::Error tenon::import::readSpecialTokens(Config &config, StringRef directory, int64_t vocab,
                                             spec::SpecialTokens &tokens) {
  return readTokens(config, directory, vocab, tokens, /*answers=*/false);
}

llvm::Error tenon::import::readAnswerTokens(Config &config, StringRef directory, int64_t vocab,
                                            spec::SpecialTokens &tokens) {
  return readTokens(config, directory, vocab, tokens, /*answers=*/true);
}
