//===- ModelText.h - The text side of a model -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_MODELTEXT_H
#define TENON_RUNTIME_MODELTEXT_H

#include "ChatTemplate.h"
#include "Manifest.h"
#include "text/Tokenizer.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime {

/// What a model reads and writes as text, by its manifest and its tokenizers, which are built when they are first asked
/// for.
class ModelText {
public:
  virtual ~ModelText();

  virtual const Manifest &manifest() const = 0;
  bool hasTokenizer() const { return !tokenizerJson().empty(); }

  /// Token ids of a text, at most `maxTokens` of them; 0 for no limit.
  std::vector<int32_t> tokenize(std::string_view text, size_t maxTokens) const;
  /// How many of the first tokens of a text that begins with `prompt` are the prompt's: those of the prompt alone, less
  /// one that is special and ends it.
  int32_t promptTokens(std::string_view prompt, size_t maxTokens) const;
  /// Token ids of what the model writes, with nothing around it.
  std::vector<int32_t> tokenizeAnswer(std::string_view text) const;
  /// The text of what the model writes.
  std::string detokenize(const std::vector<int32_t> &ids) const;
  /// Of what the model reads, and of what it writes. Fail with TENON_ERROR_TOKENIZER if it has none.
  const text::Tokenizer &tokenizer() const;
  const text::Tokenizer &answerTokenizer() const;
  /// nullptr if the model has none.
  const text::Tokenizer *answerTokenizerIfAny() const { return hasTokenizer() ? &answerTokenizer() : nullptr; }
  /// The text that the model's chat template makes of a conversation, and its token ids.
  std::string applyChat(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const;
  std::vector<int32_t> tokenizeChat(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const;
  /// What the template knows by name.
  ChatTokens chatTokens() const;

protected:
  /// Empty where there is none; for answers, where it is that of what is read.
  virtual std::string_view tokenizerJson() const = 0;
  virtual std::string_view answerTokenizerJson() const = 0;

private:
  mutable std::mutex tokenizerMutex;
  mutable std::shared_ptr<const text::Tokenizer> builtTokenizer, builtAnswerTokenizer;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_MODELTEXT_H
