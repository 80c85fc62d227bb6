//===- ModelText.cpp - The text side of a model ---------------------------===//

#include "Failure.h"
#include "Json.h"
#include "Model.h"
#include "text/Tokenizer.h"

#include <algorithm>

namespace tenon::runtime {
namespace {

/// The "max_length" of the "truncation" of a tokenizer.json; 0 for none.
int64_t tokenizerTruncation(std::string_view json) {
  // The vocabulary, most of the file, is passed over.
  JsonValue root = parseJson(json, "truncation");
  const JsonValue *truncation = root.find("truncation");
  const JsonValue *length = truncation ? truncation->find("max_length") : nullptr;
  bool limits = length && length->is(JsonValue::Kind::Integer) && length->integer > 0;
  return limits ? std::min<int64_t>(length->integer, INT32_MAX) : 0;
}

std::shared_ptr<const text::Tokenizer> builtFrom(std::string_view json, const std::string &what, bool lowerCase) {
  std::string error;
  text::ReadOptions options;
  options.lowerCase = lowerCase;
  std::shared_ptr<const text::Tokenizer> built = text::Tokenizer::fromJson(json, error, options);
  if (!built)
    fail(TENON_ERROR_TOKENIZER, what, ": ", error);
  return built;
}

} // namespace

const text::Tokenizer &Model::tokenizer() const {
  std::lock_guard lock(tokenizerMutex);
  if (builtTokenizer)
    return *builtTokenizer;
  if (!hasTokenizer())
    fail(TENON_ERROR_TOKENIZER, "model ", description.name, " has no tokenizer");
  builtTokenizer = builtFrom({library.table().tokenizer, size_t(library.table().tokenizer_size)},
                             concat("tokenizer of ", description.name), description.lowerCase);
  return *builtTokenizer;
}

const text::Tokenizer &Model::answerTokenizer() const {
  if (!library.table().target_tokenizer)
    return tokenizer();
  std::lock_guard lock(tokenizerMutex);
  if (!builtAnswerTokenizer)
    builtAnswerTokenizer = builtFrom({library.table().target_tokenizer, size_t(library.table().target_tokenizer_size)},
                                     concat("target tokenizer of ", description.name), /*lowerCase=*/false);
  return *builtAnswerTokenizer;
}

/// A model that writes tokens must know all that its tokenizer reads.
void Model::checkVocabulary() const {
  int64_t vocab = mainEntry()->limits.vocab;
  int64_t ids = int64_t(answerTokenizer().vocabularySize());
  if (vocab != 0 && ids > vocab)
    fail(TENON_ERROR_TOKENIZER, "the tokenizer of ", description.name, " has ids up to ", ids - 1,
         ", the model's vocabulary has ", vocab, " tokens");
}

std::vector<int32_t> Model::tokenize(std::string_view text, size_t maxTokens) const {
  text::Encoding encoding;
  std::string error;
  if (!tokenizer().encode(text, maxTokens, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  const SpecialTokens &tokens = description.tokens;
  if (tokens.addBos && (encoding.ids.empty() || encoding.ids[0] != tokens.bos)) {
    if (maxTokens != 0 && encoding.ids.size() == maxTokens)
      encoding.ids.pop_back();
    encoding.ids.insert(encoding.ids.begin(), tokens.bos);
  }
  return std::move(encoding.ids);
}

int32_t Model::promptTokens(std::string_view prompt, size_t maxTokens) const {
  if (prompt.empty())
    return 0;
  std::vector<int32_t> ids = tokenize(prompt, maxTokens);
  if (!ids.empty() && tokenizer().isSpecial(ids.back()))
    ids.pop_back();
  return int32_t(ids.size());
}

std::string Model::applyChat(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const {
  if (description.chatTemplate.empty())
    fail(TENON_ERROR_CHAT_TEMPLATE, "model ", description.name, " has no chat template");
  auto textOf = [this](int32_t id) {
    const std::string *token = id >= 0 ? tokenizer().tokenOf(id) : nullptr;
    return token ? *token : std::string();
  };
  const SpecialTokens &tokens = description.tokens;
  ChatTokens special{textOf(tokens.bos), textOf(tokens.eos.empty() ? -1 : tokens.eos[0])};
  return applyChatTemplate(description.chatTemplate, messages, special, addGenerationPrompt);
}

std::vector<int32_t> Model::tokenizeChat(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const {
  text::EncodeOptions options;
  options.addSpecial = false;
  text::Encoding encoding;
  std::string error;
  if (!tokenizer().encode(applyChat(messages, addGenerationPrompt), options, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  return std::move(encoding.ids);
}

std::vector<int32_t> Model::tokenizeAnswer(std::string_view text) const {
  text::EncodeOptions options;
  options.addSpecial = false;
  text::Encoding encoding;
  std::string error;
  if (!answerTokenizer().encode(text, options, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  return std::move(encoding.ids);
}

std::string Model::detokenize(const std::vector<int32_t> &ids) const { return answerTokenizer().decode(ids); }

size_t Model::textTokenLimit() const {
  // Of a model that writes about a source, texts are sources.
  const Entry *entry = findEntry("start") && findEntry("encode") ? findEntry("encode") : mainEntry();
  const Limits limits = entry ? entry->limits : Limits();
  if (limits.textTokens != 0)
    return size_t(limits.textTokens);
  std::lock_guard lock(tokenizerMutex);
  try {
    if (truncation < 0)
      truncation =
          hasTokenizer() ? tokenizerTruncation({library.table().tokenizer, size_t(library.table().tokenizer_size)}) : 0;
  } catch (const JsonError &failure) {
    fail(TENON_ERROR_TOKENIZER, "tokenizer of ", description.name, ": ", failure.message);
  }
  if (truncation == 0 || limits.positions == 0)
    return size_t(std::max(truncation, limits.positions));
  return size_t(std::min(truncation, limits.positions));
}

} // namespace tenon::runtime
