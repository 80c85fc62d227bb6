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

void force(std::span<float> scores, int32_t id) {
  std::fill(scores.begin(), scores.end(), never);
  if (size_t(id) < scores.size())
    scores[size_t(id)] = 0;
}

} // namespace

void AnswerRules::apply(std::span<float> scores, int64_t said, std::span<const int32_t> written) const {
  auto count = int64_t(written.size());
  // A start that is shorter than the model's own has said less than nothing.
  if (said >= 0 && said < int64_t(tokens.forced.size()))
    return force(scores, tokens.forced[size_t(said)]);
  if (tokens.forcedLast >= 0 && count + 1 == longest)
    return force(scores, tokens.forcedLast);
  forbid(scores, tokens.suppress);
  if (written.empty() || said == int64_t(tokens.forced.size()))
    forbid(scores, tokens.suppressFirst);
  if (count < least)
    forbid(scores, ends);
  if (filter)
    filter(scores, written);
}

} // namespace tenon::runtime
