//===- Transcribe.h - What is said in a sound -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_TRANSCRIBE_H
#define TENON_RUNTIME_AUDIO_TRANSCRIBE_H

#include "Generate.h"
#include "Session.h"
#include "tenon/audio.h"

#include <atomic>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tenon::runtime {

/// As in tenon_transcribe_options, checked.
struct TranscribeOptions {
  bool timestamps = false;
  std::vector<int32_t> start; ///< what the answer about each window starts with
  GenerateOptions generate;
  /// Returns whether to cancel.
  std::function<bool(const tenon_segment &)> callback;
};

struct Segment {
  double begin, end; ///< seconds
  std::string text;
  std::vector<int32_t> tokens;
};

/// What the C interface hands out points into it.
struct Transcript {
  std::string text;
  std::deque<Segment> segments;
  std::vector<int32_t> tokens;
  tenon_transcript view{};
  std::vector<tenon_segment> segmentViews;
};

tenon_segment viewOf(const Segment &segment);

/// The tokens that an answer starts with: the given ones, else the model's own, with or without the one that says that
/// there are no times.
std::vector<int32_t> startTokens(const Manifest &manifest, std::span<const int32_t> given, bool timestamps);

/// See tenon_transcribe; all but the views are filled in.
void transcribe(Session &session, const std::atomic<bool> &cancelled, std::span<const float> samples,
                const TranscribeOptions &options, Transcript &transcript);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_TRANSCRIBE_H
