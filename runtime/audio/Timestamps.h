//===- Timestamps.h - When what was said was said ---------------*- C++ -*-===//
//
// Whisper writes times between its words: tokens from `begin` on count steps since the window's start. The rules are
// those of OpenAI's decoder, as its readers have them too.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_AUDIO_TIMESTAMPS_H
#define TENON_RUNTIME_AUDIO_TIMESTAMPS_H

#include "Format.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::runtime {

/// Which tokens may come next in an answer with times.
class TimestampRules {
public:
  /// Ends of an answer are `ends`; ids less than all of them are words.
  TimestampRules(const TimestampTokens &tokens, std::span<const int32_t> ends);

  /// Sets the scores of what may not come after `written` to -infinity. Times come first, then in pairs around words,
  /// and never go back; when all times together are likelier than any word, a time comes.
  void apply(std::span<float> scores, std::span<const int32_t> written) const;

private:
  TimestampTokens tokens;
  int32_t wordsEnd;
  int32_t latestFirst; ///< the latest time that an answer may begin with: 1 s
};

/// What was said between two times, in steps.
struct TimedWords {
  int64_t begin;
  int64_t end;
  std::vector<int32_t> words; ///< tokens, without times
};

struct WindowWords {
  std::vector<TimedWords> pieces;
  int64_t steps; ///< at least 1: how far after the window's start the next one begins
};

/// Takes what was written about a window of `windowSteps` apart. Words that no time ends are left to the next window.
WindowWords splitAtTimes(std::span<const int32_t> written, const TimestampTokens &tokens, int64_t windowSteps);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_TIMESTAMPS_H
