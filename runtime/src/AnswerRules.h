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

/// What a model's manifest and the caller say that an answer must begin and end with, and may not say: the logits
/// processors of Hugging Face's transformers of the same names.
class AnswerRules {
public:
  /// `longest`: most tokens of an answer. All outlive this.
  AnswerRules(const SpecialTokens &tokens, std::span<const int32_t> ends, int64_t least, int64_t longest,
              const ScoreFilter &filter)
      : tokens(tokens), ends(ends), least(least), longest(longest), filter(filter) {}

  /// `said`: how many tokens follow the start, those of a prefix that was given among them; `written` those of the
  /// answer itself. What may not come gets -infinity; what must come 0, the logarithm of 1. Returns whether one must.
  bool apply(std::span<float> scores, int64_t said, std::span<const int32_t> written) const;
  /// What ends an answer gets -infinity while too little is written.
  void holdEnds(std::span<float> scores, std::span<const int32_t> written) const;

private:
  const SpecialTokens &tokens;
  std::span<const int32_t> ends;
  int64_t least, longest;
  const ScoreFilter &filter;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_ANSWERRULES_H
