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
#include <optional>
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

/// What was written between two times, in steps from the window's start.
struct TimedPiece {
  int64_t begin;
  std::optional<int64_t> end;  ///< none: the end of the window
  std::vector<int32_t> tokens; ///< the times among them
};

struct WindowPieces {
  std::vector<TimedPiece> pieces;
  std::optional<int64_t> next; ///< where the next window begins; none: behind this one
};

/// Takes what was written about a window apart where two times follow each other. What no time ends behind the last
/// such place is left to the next window. Tokens from `firstTime` on are times.
WindowPieces splitAtTimes(std::span<const int32_t> written, int32_t firstTime);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_TIMESTAMPS_H
