//===- audio.hpp - Speech to text with compiled models, for C++ -*- C++ -*-===//
//
// audio.h with ownership in the types, and with exceptions as in tenon.hpp.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_AUDIO_HPP
#define TENON_AUDIO_HPP

#include "tenon/audio.h"
#include "tenon/tenon.hpp"

#include <memory>

namespace tenon {

/// What the model hears.
inline tenon_audio_format audioFormat(const Model &model) {
  tenon_audio_format format{};
  format.struct_size = sizeof format;
  check(tenon_model_audio(model.get(), &format));
  return format;
}

/// The samples of a sound file at `rate` per second, its channels averaged.
inline std::vector<float> readAudio(const std::string &path, int64_t rate) {
  float *samples = nullptr;
  size_t count = 0;
  check(tenon_audio_read(path.c_str(), rate, &samples, &count));
  std::unique_ptr<float, void (*)(float *)> owner(samples, tenon_audio_free);
  return {samples, samples + count};
}

/// The members of tenon_transcribe_options.
struct TranscribeOptions {
  bool timestamps = false;
  bool conditionOnPreviousText = true;
  std::string initialPrompt;
  double temperatureIncrementOnFallback = 0.2; ///< 0: no answer is written again
  // NaN switches one off.
  double compressionRatioThreshold = 2.4, logprobThreshold = -1, noSpeechThreshold = 0.6;
  uint32_t bestOf = 1;
  std::vector<int32_t> startTokens; ///< none: the model's own
  int64_t maxTokens = 0;            ///< for each window; 0: half of the decoder's positions
  GenerateOptions generate;         ///< its maxTokens and onToken do not count
  /// Called for each segment; returns false to cancel. What it throws, transcribe() throws.
  std::function<bool(const tenon_segment &)> onSegment;
};

struct Segment {
  double begin, end; ///< seconds
  std::string text;
  std::vector<int32_t> tokens;
  double temperature, avgLogprob, compressionRatio, noSpeechProb; ///< of the answer that it is from
};

struct Transcript {
  std::string text;
  std::vector<Segment> segments;
  std::vector<int32_t> tokens;
  size_t windows;
  double soundSeconds, featureSeconds, encodeSeconds, decodeSeconds;
  tenon_finish finish;
};

namespace detail {

/// Keeps what a callback throws while C is between it and the caller.
struct SegmentCallback {
  const std::function<bool(const tenon_segment &)> *function;
  std::exception_ptr thrown;

  static int call(void *context, const tenon_segment *segment) noexcept {
    auto *self = static_cast<SegmentCallback *>(context);
    try {
      return !(*self->function)(*segment);
    } catch (...) {
      self->thrown = std::current_exception();
      return 1;
    }
  }
};

inline Transcript copied(const tenon_transcript &found) {
  Transcript transcript{{found.text, found.text_bytes},
                        {},
                        {found.tokens, found.tokens + found.token_count},
                        found.windows,
                        found.sound_seconds,
                        found.feature_seconds,
                        found.encode_seconds,
                        found.decode_seconds,
                        found.finish};
  for (size_t index = 0; index < found.segment_count; ++index) {
    const tenon_segment &one = found.segments[index];
    transcript.segments.push_back({one.begin,
                                   one.end,
                                   {one.text, one.text_bytes},
                                   {one.tokens, one.tokens + one.token_count},
                                   one.temperature,
                                   one.avg_logprob,
                                   one.compression_ratio,
                                   one.no_speech_prob});
  }
  return transcript;
}

/// call(options, transcript) is one of the two calls of C.
template <typename Call> Transcript transcribed(const TranscribeOptions &options, const Call &call) {
  SegmentCallback callback{&options.onSegment, nullptr};
  GenerationArguments generate(options.generate);
  tenon_transcribe_options given = TENON_TRANSCRIBE_DEFAULTS;
  given.timestamps = options.timestamps;
  given.condition_on_previous_text = options.conditionOnPreviousText;
  given.initial_prompt = options.initialPrompt.c_str();
  given.temperature_increment_on_fallback = options.temperatureIncrementOnFallback;
  given.compression_ratio_threshold = options.compressionRatioThreshold;
  given.logprob_threshold = options.logprobThreshold;
  given.no_speech_threshold = options.noSpeechThreshold;
  given.best_of = options.bestOf;
  given.start_tokens = options.startTokens.data();
  given.start_token_count = options.startTokens.size();
  given.max_tokens = options.maxTokens;
  given.generate = generate.get();
  given.callback = options.onSegment ? &SegmentCallback::call : nullptr;
  given.context = &callback;
  tenon_transcript *found = nullptr;
  tenon_status status = call(&given, &found);
  std::unique_ptr<tenon_transcript, void (*)(tenon_transcript *)> owner(found, tenon_transcript_free);
  if (callback.thrown)
    std::rethrow_exception(callback.thrown);
  check(status);
  return copied(*found);
}

} // namespace detail

/// What is said in samples of the model's rate.
inline Transcript transcribe(Session &session, std::span<const float> samples, const TranscribeOptions &options = {}) {
  return detail::transcribed(options, [&](const tenon_transcribe_options *given, tenon_transcript **found) {
    return tenon_transcribe(session.get(), samples.data(), samples.size(), given, found);
  });
}

/// What is said in a sound file, of which a window at a time is in memory.
inline Transcript transcribeFile(Session &session, const std::string &path, const TranscribeOptions &options = {}) {
  return detail::transcribed(options, [&](const tenon_transcribe_options *given, tenon_transcript **found) {
    return tenon_transcribe_file(session.get(), path.c_str(), given, found);
  });
}

} // namespace tenon

#endif // TENON_AUDIO_HPP
