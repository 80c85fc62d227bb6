//===- AnswerRules.cpp - What an answer may say ---------------------------===//

#include "AnswerRules.h"

#include <algorithm>
#include <limits>

namespace tenon::runtime {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

void forbid(std::span<float> scores, std::span<const int32_t> ids) {
  for (int32_t id : ids)
    if (size_t(id) < scores.size())
      scores[size_t(id)] = never;
}

bool force(std::span<float> scores, int32_t id) {
  std::fill(scores.begin(), scores.end(), never);
  if (size_t(id) < scores.size())
    scores[size_t(id)] = 0;
  return true;
}

} // namespace

bool AnswerRules::apply(std::span<float> scores, int64_t said, std::span<const int32_t> written) const {
  // A start that is shorter than the model's own has said less than nothing.
  if (said >= 0 && said < int64_t(tokens.forced.size()))
    return force(scores, tokens.forced[size_t(said)]);
  if (tokens.forcedLast >= 0 && int64_t(written.size()) + 1 == longest)
    return force(scores, tokens.forcedLast);
  forbid(scores, tokens.suppress);
  if (written.empty() || said == int64_t(tokens.forced.size()))
    forbid(scores, tokens.suppressFirst);
  if (filter)
    filter(scores, written);
  return false;
}

void AnswerRules::holdEnds(std::span<float> scores, std::span<const int32_t> written) const {
  if (int64_t(written.size()) < least)
    forbid(scores, ends);
}

} // namespace tenon::runtime
