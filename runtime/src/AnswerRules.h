//===- AnswerRules.h - What an answer may say -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_ANSWERRULES_H
#define TENON_RUNTIME_ANSWERRULES_H

#include "Manifest.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tenon::runtime {

/// Changes the scores of the next token before one is chosen; called from several threads at once.
using ScoreFilter = std::function<void(std::span<float> scores, std::span<const int32_t> written)>;

/// How long answers are. Lengths count what stands before the answer too; 0 for no bound by length.
struct AnswerBounds {
  int64_t maxTokens = 256, maxLength = 0;
  int64_t minTokens = 0, minLength = 0;

  /// Most tokens of an answer behind so many others.
  int64_t most(int64_t before) const;
};

/// What may not come again: runs of so many tokens, 0 for any.
struct Repeats {
  uint32_t ngram = 0;       ///< that prompt and answer have
  uint32_t sourceNgram = 0; ///< that the source has
};

/// An answer whose next token is to be chosen.
struct AnswerSoFar {
  std::span<const int32_t> tokens;  ///< all that the model goes on from: the start or prompt, and what is written
  std::span<const int32_t> source;  ///< those of what it is about; of a model without sources, the prompt
  std::span<const int32_t> written; ///< the last of `tokens`
};

struct GenerateOptions;

/// What a model's manifest and the caller say that an answer must begin and end with, and may not say: the logits
/// processors of Hugging Face's transformers of the same names.
class AnswerRules {
public:
  /// Both outlive this.
  AnswerRules(const SpecialTokens &tokens, const GenerateOptions &options) : tokens(tokens), options(options) {}

  /// What may not come gets -infinity; what must come 0, the logarithm of 1. Returns whether one must.
  bool apply(std::span<float> scores, const AnswerSoFar &answer) const;

private:
  void forbidBadWords(std::span<float> scores, std::span<const int32_t> said) const;

  const SpecialTokens &tokens;
  const GenerateOptions &options;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_ANSWERRULES_H
