//===- ApiAudio.cpp - The C interface of speech ---------------------------===//

#include "tenon/audio.h"

#include "ApiSupport.h"
#include "AudioFile.h"
#include "Handle.h"
#include "LogMel.h"
#include "Sizes.h"
#include "Timestamps.h"
#include "Transcribe.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

using namespace tenon::runtime;

namespace {

constexpr uint32_t mostSamples = 1024;

const AudioFormat &audioOf(const Model &model) {
  if (!model.manifest().audio)
    fail(TENON_ERROR_AUDIO, "model ", model.manifest().name, " hears no sound: its spec has no audio");
  return *model.manifest().audio;
}

/// Puts samples where tenon_audio_free frees them.
void give(const std::vector<float> &from, float **samples, size_t *count) {
  auto *memory = static_cast<float *>(std::malloc(std::max<size_t>(from.size(), 1) * sizeof(float)));
  if (!memory)
    throw std::bad_alloc();
  std::copy(from.begin(), from.end(), memory);
  *samples = memory;
  *count = from.size();
}

std::span<const float> checkedSamples(const float *samples, size_t count) {
  if (count == 0)
    fail(TENON_ERROR_AUDIO, "the sound has 0 samples, expected at least 1");
  return callerSpan(samples, count, "samples");
}

void checkOptions(const tenon_transcribe_options &given) {
  requireStructSize(given.struct_size, sizeof given, "tenon_transcribe_options");
  for (auto [name, value] :
       {std::pair("timestamps", given.timestamps), {"condition_on_previous_text", given.condition_on_previous_text}})
    if (value > 1)
      fail(TENON_ERROR_OUT_OF_RANGE, name, " is ", value, ", expected 0 or 1");
  if (given.reserved != 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "reserved of tenon_transcribe_options is ", given.reserved, ", expected 0");
  if (given.max_tokens < 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "max_tokens is ", given.max_tokens, ", expected at least 0");
  if (given.best_of < 1 || given.best_of > mostSamples)
    fail(TENON_ERROR_OUT_OF_RANGE, "best_of is ", given.best_of, ", expected 1 to ", mostSamples);
  double step = given.temperature_increment_on_fallback;
  if (step != 0 && !(step >= 0.01 && step <= 1))
    fail(TENON_ERROR_OUT_OF_RANGE, "temperature_increment_on_fallback is ", std::to_string(step),
         ", expected 0, or 0.01 to 1");
}

/// Those of OpenAI's program, whose last one may be above 1 by the rounding of so many steps.
std::vector<double> temperatures(double first, double increment) {
  std::vector<double> all = {first};
  for (int step = 1; increment > 0 && first + step * increment < 1 + 1e-6; ++step)
    all.push_back(first + step * increment);
  return all;
}

WindowOptions windowOptions(const Model &model, const tenon_transcribe_options &given) {
  WindowOptions options;
  bool timestamps = given.timestamps != 0;
  options.start = startTokens(model.manifest(), callerSpan(given.start_tokens, given.start_token_count, "start_tokens"),
                              timestamps);
  tenon_generate_options generate = given.generate ? *given.generate : model.manifest().generation.options();
  generate.sequences = 1;
  // An answer that is longer repeats itself.
  int64_t usual = std::max<int64_t>(model.entry("prefill").limits.positions / 2, 1);
  generate.max_tokens = given.max_tokens != 0 ? given.max_tokens : usual;
  generate.max_length = 0; // of a window with what starts its answer
  generate.min_tokens = std::min(generate.min_tokens, generate.max_tokens);
  generate.callback = nullptr;
  options.generate = convertOptions(model, generate);
  // Without the token for no times there is one less than of the model's own; what is given beyond these is said
  // already.
  options.generate.startTokens = std::min(options.start.size(), model.manifest().tokens.start.size());
  options.generate.renormalize = true; // much of what a model of sounds writes by itself is never said
  if (timestamps)
    options.generate.filter =
        [rules = TimestampRules(*model.manifest().tokens.timestamps, model.manifest().tokens.eos)](
            std::span<float> scores, std::span<const int32_t> written) { rules.apply(scores, written); };
  options.temperatures = temperatures(generate.temperature, given.temperature_increment_on_fallback);
  options.bestOf = given.best_of;
  options.thresholds = {given.compression_ratio_threshold, given.logprob_threshold, given.no_speech_threshold};
  return options;
}

TranscribeOptions converted(const Model &model, const tenon_transcribe_options &given) {
  checkOptions(given);
  TranscribeOptions options;
  options.window = windowOptions(model, given);
  options.conditionOnPreviousText = given.condition_on_previous_text != 0;
  if (given.initial_prompt)
    options.initialPrompt = initialPromptTokens(model, given.initial_prompt);
  if (given.callback)
    options.callback = [callback = given.callback, context = given.context](const tenon_segment &segment) {
      return calledBack([&] { return callback(context, &segment); });
    };
  return options;
}

void makeViews(Transcript &transcript) {
  for (const Segment &segment : transcript.segments)
    transcript.segmentViews.push_back(viewOf(segment));
  tenon_transcript &view = transcript.view;
  view.text = transcript.text.c_str();
  view.text_bytes = transcript.text.size();
  view.segments = transcript.segmentViews.data();
  view.segment_count = transcript.segmentViews.size();
  view.tokens = transcript.tokens.data();
  view.token_count = transcript.tokens.size();
}

/// What the caller sees of it is its base.
struct OwnedTranscript : tenon_transcript {
  Transcript transcript;
};

constexpr tenon_transcribe_options defaults = TENON_TRANSCRIBE_DEFAULTS;

tenon_transcript *transcribed(SessionUse &use, Sound &sound, const TranscribeOptions &options) {
  auto owned = std::make_unique<OwnedTranscript>();
  transcribe(*use, use.cancelled(), sound, options, owned->transcript);
  makeViews(owned->transcript);
  static_cast<tenon_transcript &>(*owned) = owned->transcript.view;
  return owned.release();
}

} // namespace

extern "C" {

tenon_status tenon_model_audio(tenon_model *model, tenon_audio_format *format) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(format, "format");
    requireStructSize(format->struct_size, sizeof *format, "tenon_audio_format");
    const AudioFormat &audio = audioOf(*use);
    *format = {sizeof *format, audio.rate, audio.window, audio.hop, audio.bins, audio.frames};
  });
}

tenon_status tenon_audio_read(const char *path, int64_t rate, float **samples, size_t *count) {
  return guarded([&] {
    requirePointer(path, "path");
    requirePointer(samples, "samples");
    requirePointer(count, "count");
    give(readAudio(path, rate), samples, count);
  });
}

tenon_status tenon_audio_convert(const float *interleaved, size_t frames, uint32_t channels, int64_t from_rate,
                                 int64_t rate, float **samples, size_t *count) {
  return guarded([&] {
    requirePointer(samples, "samples");
    requirePointer(count, "count");
    std::optional<size_t> all = (tenon::CheckedSize(frames) * channels).as<size_t>();
    if (!all)
      fail(TENON_ERROR_OUT_OF_RANGE, frames, " frames of ", channels, " channels are more than memory can hold");
    give(convertAudio(checkedSamples(interleaved, *all), channels, from_rate, rate), samples, count);
  });
}

void tenon_audio_free(float *samples) { std::free(samples); }

tenon_status tenon_audio_features(tenon_model *model, const float *samples, size_t count, float *features) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(features, "features");
    LogMel(audioOf(*use)).compute(checkedSamples(samples, count), features);
  });
}

tenon_status tenon_transcribe(tenon_session *session, const float *samples, size_t count,
                              const tenon_transcribe_options *options, tenon_transcript **transcript) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(transcript, "transcript");
    audioOf(use->model());
    TranscribeOptions wanted = converted(use->model(), options ? *options : defaults);
    std::span<const float> given = checkedSamples(samples, count);
    checkSamples(given);
    SamplesInMemory sound(given);
    *transcript = transcribed(use, sound, wanted);
  });
}

tenon_status tenon_transcribe_file(tenon_session *session, const char *path, const tenon_transcribe_options *options,
                                   tenon_transcript **transcript) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(path, "path");
    requirePointer(transcript, "transcript");
    int64_t rate = audioOf(use->model()).rate;
    TranscribeOptions wanted = converted(use->model(), options ? *options : defaults);
    *transcript = transcribed(use, *openAudio(path, rate), wanted);
  });
}

void tenon_transcript_free(tenon_transcript *transcript) { delete static_cast<OwnedTranscript *>(transcript); }

} // extern "C"
