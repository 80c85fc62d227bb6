//===- AnswerRules.cpp - What an answer may say ---------------------------===//

#include "AnswerRules.h"

#include "GenerateOptions.h"

#include <algorithm>
#include <limits>

namespace tenon::runtime {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

using Tokens = std::span<const int32_t>;

void forbid(std::span<float> scores, int32_t id) {
  if (size_t(id) < scores.size())
    scores[size_t(id)] = never;
}

void forbid(std::span<float> scores, Tokens ids) {
  for (int32_t id : ids)
    forbid(scores, id);
}

bool force(std::span<float> scores, int32_t id) {
  std::fill(scores.begin(), scores.end(), never);
  if (size_t(id) < scores.size())
    scores[size_t(id)] = 0;
  return true;
}

/// What would make `said` end with `count` tokens that follow each other in `seen`.
void forbidRepeats(std::span<float> scores, Tokens said, Tokens seen, size_t count) {
  if (count == 0 || said.size() + 1 < count)
    return;
  Tokens end = said.last(count - 1);
  for (size_t at = 0; at + count <= seen.size(); ++at)
    if (std::equal(end.begin(), end.end(), seen.begin() + ptrdiff_t(at)))
      forbid(scores, seen[at + count - 1]);
}

bool contains(Tokens ids, int32_t id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

} // namespace

int64_t AnswerBounds::most(int64_t before) const {
  return maxLength == 0 ? maxTokens : std::min(maxTokens, std::max<int64_t>(maxLength - before, 0));
}

void AnswerRules::forbidBadWords(std::span<float> scores, Tokens said) const {
  for (const std::vector<int32_t> &word : options.badWords) {
    Tokens begin = Tokens(word).first(word.size() - 1);
    bool isEnd = begin.empty() && contains(options.stopTokens, word.front());
    if (!isEnd && begin.size() <= said.size() && std::equal(begin.begin(), begin.end(), said.end() - ptrdiff_t(begin.size())))
      forbid(scores, word.back());
  }
}

bool AnswerRules::apply(std::span<float> scores, const AnswerSoFar &answer) const {
  auto length = int64_t(answer.tokens.size()), written = int64_t(answer.written.size());
  // Those of a prefix that was given count. A start that is shorter than the model's own has said less than nothing.
  int64_t behindStart = length - int64_t(options.startTokens.value_or(tokens.start.size()));
  if (behindStart >= 0 && behindStart < int64_t(tokens.forced.size()))
    return force(scores, tokens.forced[size_t(behindStart)]);
  const AnswerBounds &bounds = options.bounds;
  if (tokens.forcedLast >= 0 && written + 1 == bounds.most(length - written))
    return force(scores, tokens.forcedLast);
  forbidRepeats(scores, answer.tokens, answer.tokens, options.repeats.ngram);
  forbidRepeats(scores, answer.tokens, answer.source, options.repeats.sourceNgram);
  forbidBadWords(scores, answer.tokens);
  if (written < bounds.minTokens || length < bounds.minLength)
    forbid(scores, options.stopTokens);
  forbid(scores, tokens.suppress);
  if (written == 0 || behindStart == int64_t(tokens.forced.size()))
    forbid(scores, tokens.suppressFirst);
  if (options.filter)
    options.filter(scores, answer.written);
  return false;
}

} // namespace tenon::runtime
