//===- Transcribe.h - What is said in a sound -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_TRANSCRIBE_H
#define TENON_RUNTIME_AUDIO_TRANSCRIBE_H

#include "Sound.h"
#include "WindowWriter.h"
#include "tenon/audio.h"

#include <deque>
#include <functional>

namespace tenon::runtime {

/// As in tenon_transcribe_options, checked.
struct TranscribeOptions {
  WindowOptions window;
  bool conditionOnPreviousText = true;
  std::vector<int32_t> initialPrompt; ///< what stands before the first window's answer
  /// Returns whether to cancel.
  std::function<bool(const tenon_segment &)> callback;
};

struct Segment {
  double begin, end; ///< seconds
  std::string text;
  std::vector<int32_t> tokens;
  double temperature, meanLogProbability, compressionRatio, noSpeechProbability; ///< those of the window's answer
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

/// The tokens of a text that the first answer is to go on from.
std::vector<int32_t> initialPromptTokens(const Model &model, std::string_view text);

/// See tenon_transcribe; all but the views are filled in.
void transcribe(Session &session, const std::atomic<bool> &cancelled, Sound &sound, const TranscribeOptions &options,
                Transcript &transcript);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_TRANSCRIBE_H
