//===- Timestamps.cpp - When what was said was said -----------------------===//

#include "Timestamps.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::runtime {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();
constexpr double latestFirstSeconds = 1;

void forbid(std::span<float> scores, int64_t from, int64_t to) {
  from = std::clamp<int64_t>(from, 0, int64_t(scores.size()));
  to = std::clamp<int64_t>(to, from, int64_t(scores.size()));
  std::fill(scores.begin() + from, scores.begin() + to, never);
}

/// Whether the times together have a higher probability than the likeliest of what comes before them.
bool timesAreLikelier(std::span<const float> scores, int32_t begin) {
  auto place = std::min(size_t(begin), scores.size());
  std::span<const float> words = scores.first(place), times = scores.subspan(place);
  float word = words.empty() ? never : *std::max_element(words.begin(), words.end());
  if (word == never)
    return true;
  double sum = 0;
  for (float time : times)
    sum += std::exp(double(time) - double(word));
  return sum > 1;
}

} // namespace

TimestampRules::TimestampRules(const TimestampTokens &tokens, std::span<const int32_t> ends)
    : tokens(tokens), wordsEnd(ends.empty() ? tokens.begin : *std::min_element(ends.begin(), ends.end())),
      latestFirst(tokens.begin + int32_t(std::lround(latestFirstSeconds / tokens.step))) {}

void TimestampRules::apply(std::span<float> scores, std::span<const int32_t> written) const {
  auto vocab = int64_t(scores.size());
  forbid(scores, tokens.none, int64_t(tokens.none) + 1);
  if (written.empty()) {
    forbid(scores, 0, tokens.begin);
    forbid(scores, int64_t(latestFirst) + 1, vocab);
    return;
  }
  auto isTime = [this](int32_t token) { return token >= tokens.begin; };
  bool afterTime = isTime(written.back());
  bool pairComplete = afterTime && (written.size() < 2 || isTime(written[written.size() - 2]));
  if (pairComplete)
    forbid(scores, tokens.begin, vocab);
  else if (afterTime)
    forbid(scores, 0, wordsEnd);
  auto last = std::find_if(written.rbegin(), written.rend(), isTime);
  // A time that ends words may be the next one's beginning; otherwise they go on.
  if (last != written.rend())
    forbid(scores, tokens.begin, int64_t(*last) + (afterTime && !pairComplete ? 0 : 1));
  if (timesAreLikelier(scores, tokens.begin))
    forbid(scores, 0, tokens.begin);
}

WindowPieces splitAtTimes(std::span<const int32_t> written, int32_t firstTime) {
  auto isTime = [&](size_t index) { return written[index] >= firstTime; };
  auto time = [&](size_t index) { return int64_t(written[index]) - firstTime; };
  WindowPieces result;
  size_t count = written.size(), from = 0;
  auto add = [&](size_t to) {
    // Only an answer that is to have no times may not begin with one.
    result.pieces.push_back({isTime(from) ? time(from) : 0, time(to - 1),
                             {written.begin() + ptrdiff_t(from), written.begin() + ptrdiff_t(to)}});
    from = to;
  };
  for (size_t index = 1; index < count; ++index)
    if (isTime(index - 1) && isTime(index))
      add(index);
  bool endsWithOneTime = count >= 2 && isTime(count - 1) && !isTime(count - 2);
  if (from == 0) {
    // One piece from the window's start, to its last time if it has one.
    auto last = std::find_if(written.rbegin(), written.rend(), [&](int32_t token) { return token >= firstTime; });
    bool hasEnd = last != written.rend() && *last != firstTime;
    result.pieces.push_back(
        {0, hasEnd ? std::optional(int64_t(*last) - firstTime) : std::nullopt, {written.begin(), written.end()}});
  } else if (endsWithOneTime) {
    add(count);
  } else {
    result.next = time(from - 1);
  }
  return result;
}

} // namespace tenon::runtime
