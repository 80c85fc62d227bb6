//===- ModelText.cpp - The text side of a model ---------------------------===//

#include "ModelText.h"

#include "Failure.h"

namespace tenon::runtime {
namespace {

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

ModelText::~ModelText() = default;

const text::Tokenizer &ModelText::tokenizer() const {
  std::lock_guard lock(tokenizerMutex);
  if (builtTokenizer)
    return *builtTokenizer;
  if (!hasTokenizer())
    fail(TENON_ERROR_TOKENIZER, "model ", manifest().name, " has no tokenizer");
  builtTokenizer = builtFrom(tokenizerJson(), concat("tokenizer of ", manifest().name), manifest().lowerCase);
  return *builtTokenizer;
}

const text::Tokenizer &ModelText::answerTokenizer() const {
  if (answerTokenizerJson().empty())
    return tokenizer();
  std::lock_guard lock(tokenizerMutex);
  if (!builtAnswerTokenizer)
    builtAnswerTokenizer =
        builtFrom(answerTokenizerJson(), concat("target tokenizer of ", manifest().name), /*lowerCase=*/false);
  return *builtAnswerTokenizer;
}

std::vector<int32_t> ModelText::tokenize(std::string_view text, size_t maxTokens) const {
  text::Encoding encoding;
  std::string error;
  if (!tokenizer().encode(text, maxTokens, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  const SpecialTokens &tokens = manifest().tokens;
  if (tokens.addBos && (encoding.ids.empty() || encoding.ids[0] != tokens.bos)) {
    if (maxTokens != 0 && encoding.ids.size() == maxTokens)
      encoding.ids.pop_back();
    encoding.ids.insert(encoding.ids.begin(), tokens.bos);
  }
  return std::move(encoding.ids);
}

int32_t ModelText::promptTokens(std::string_view prompt, size_t maxTokens) const {
  if (prompt.empty())
    return 0;
  std::vector<int32_t> ids = tokenize(prompt, maxTokens);
  if (!ids.empty() && tokenizer().isSpecial(ids.back()))
    ids.pop_back();
  return int32_t(ids.size());
}

ChatTokens ModelText::chatTokens() const {
  if (manifest().chatTokens)
    return *manifest().chatTokens;
  const SpecialTokens &tokens = manifest().tokens;
  ChatTokens named;
  for (auto [name, id] : {std::pair("bos_token", tokens.bos), {"eos_token", tokens.eos.empty() ? -1 : tokens.eos[0]}})
    if (const std::string *text = id >= 0 ? tokenizer().tokenOf(id) : nullptr)
      named.emplace_back(name, *text);
  return named;
}

std::string ModelText::applyChat(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const {
  if (manifest().chatTemplate.empty())
    fail(TENON_ERROR_CHAT_TEMPLATE, "model ", manifest().name, " has no chat template");
  return applyChatTemplate(manifest().chatTemplate, messages, chatTokens(), addGenerationPrompt);
}

std::vector<int32_t> ModelText::tokenizeChat(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const {
  text::EncodeOptions options;
  options.addSpecial = false;
  text::Encoding encoding;
  std::string error;
  if (!tokenizer().encode(applyChat(messages, addGenerationPrompt), options, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  return std::move(encoding.ids);
}

std::vector<int32_t> ModelText::tokenizeAnswer(std::string_view text) const {
  text::EncodeOptions options;
  options.addSpecial = false;
  text::Encoding encoding;
  std::string error;
  if (!answerTokenizer().encode(text, options, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  return std::move(encoding.ids);
}

std::string ModelText::detokenize(const std::vector<int32_t> &ids) const { return answerTokenizer().decode(ids); }

} // namespace tenon::runtime
