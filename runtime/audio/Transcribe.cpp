//===- Transcribe.cpp - What is said in a sound ---------------------------===//
//
// The control flow of OpenAI's transcribe().
//
//===----------------------------------------------------------------------===//

#include "Transcribe.h"

#include "Failure.h"
#include "Spectrogram.h"
#include "Timestamps.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tenon::runtime {
namespace {

/// What was sampled more wildly than at this temperature, later windows do not go on from.
constexpr double hottestContext = 0.5;

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Transcription {
public:
  Transcription(Session &session, const std::atomic<bool> &cancelled, Sound &sound, const TranscribeOptions &options,
                Transcript &transcript)
      : session(session), cancelled(cancelled), options(options), transcript(transcript),
        manifest(session.model().manifest()), mel(*manifest.audio), spectrogram(mel, sound),
        writer(session, cancelled, options.window), features(size_t(mel.format().frames * mel.format().bins)),
        context(options.initialPrompt) {}

  void run();

private:
  /// Writes about the window that starts at frame `at`; returns how many frames on the next one starts.
  int64_t window(int64_t at);
  void listen(int64_t at);
  void add(double begin, double end, const std::vector<int32_t> &written, const WindowAnswer &answer);
  double seconds(int64_t frames) const { return double(frames * mel.format().hop) / double(mel.format().rate); }
  void cancel() { transcript.view.finish = TENON_FINISH_CANCELLED; }
  bool isCancelled() const { return transcript.view.finish == TENON_FINISH_CANCELLED; }

  Session &session;
  const std::atomic<bool> &cancelled;
  const TranscribeOptions &options;
  Transcript &transcript;
  const Manifest &manifest;
  LogMel mel;
  Spectrogram spectrogram;
  WindowWriter writer;
  std::vector<float> features;
  std::vector<int32_t> context; ///< what the next answer goes on from
};

void Transcription::listen(int64_t at) {
  Clock::time_point start = Clock::now();
  spectrogram.window(at, features.data());
  transcript.view.feature_seconds += secondsSince(start);
  start = Clock::now();
  encodeSource(session, features.data(), mel.format().frames, mel.format().bins);
  transcript.view.encode_seconds += secondsSince(start);
  ++transcript.view.windows;
}

void Transcription::add(double begin, double end, const std::vector<int32_t> &written, const WindowAnswer &answer) {
  std::vector<int32_t> words = written;
  if (const auto &times = manifest.tokens.timestamps)
    std::erase_if(words, [&](int32_t token) { return token >= times->begin; });
  bool reads = session.model().hasTokenizer();
  std::string text = reads ? session.model().detokenize(words) : "";
  if (begin == end || (reads ? trimmed(text).empty() : words.empty()))
    return;
  context.insert(context.end(), written.begin(), written.end());
  transcript.text += text;
  Segment &segment = transcript.segments.emplace_back(Segment{begin, end, std::string(trimmed(text)), std::move(words),
                                                              answer.temperature, answer.meanLogProbability,
                                                              answer.compressionRatio, answer.noSpeechProbability});
  if (options.callback && options.callback(viewOf(segment)))
    cancel();
}

int64_t Transcription::window(int64_t at) {
  const AudioFormat &format = mel.format();
  int64_t length = std::min(format.frames, spectrogram.frames() - at);
  listen(at);
  WindowAnswer answer = writer.write(context);
  transcript.view.finish = answer.finish;
  if (isCancelled() || writer.isSilence(answer))
    return length;
  transcript.tokens.insert(transcript.tokens.end(), answer.written.begin(), answer.written.end());
  TimestampTokens times = manifest.tokens.timestamps.value_or(TimestampTokens{INT32_MAX});
  WindowPieces pieces = splitAtTimes(answer.tokens, times.begin);
  for (const TimedPiece &piece : pieces.pieces) {
    double end = piece.end ? double(*piece.end) * times.step : seconds(length);
    add(seconds(at) + double(piece.begin) * times.step, seconds(at) + end, piece.tokens, answer);
    if (isCancelled())
      break;
  }
  if (!options.conditionOnPreviousText || answer.temperature > hottestContext)
    context.clear();
  // The last answers are all that the next one can see.
  if (context.size() > writer.mostContext())
    context.erase(context.begin(), context.end() - ptrdiff_t(writer.mostContext()));
  if (!pieces.next)
    return length;
  return std::max<int64_t>(std::llround(double(*pieces.next) * times.step * double(format.rate) / double(format.hop)),
                           1);
}

void Transcription::run() {
  transcript.view.finish = TENON_FINISH_STOP_TOKEN;
  Clock::time_point start = Clock::now();
  if (!spectrogram.survey([this] { return cancelled.load(std::memory_order_relaxed); }))
    cancel();
  transcript.view.feature_seconds = secondsSince(start);
  transcript.view.sound_seconds = double(spectrogram.samples()) / double(mel.format().rate);
  for (int64_t at = 0; at < spectrogram.frames() && !isCancelled();) {
    at += window(at);
    if (cancelled.load(std::memory_order_relaxed))
      cancel();
  }
  transcript.view.decode_seconds = writer.seconds();
  transcript.text = trimmed(transcript.text);
}

} // namespace

tenon_segment viewOf(const Segment &segment) {
  return {segment.begin,
          segment.end,
          segment.text.c_str(),
          segment.text.size(),
          segment.tokens.data(),
          segment.tokens.size(),
          segment.temperature,
          segment.meanLogProbability,
          segment.compressionRatio,
          segment.noSpeechProbability};
}

std::vector<int32_t> startTokens(const Manifest &manifest, std::span<const int32_t> given, bool timestamps) {
  std::vector<int32_t> start(given.begin(), given.end());
  if (given.empty())
    start = manifest.tokens.start;
  if (const std::optional<TimestampTokens> &tokens = manifest.tokens.timestamps) {
    bool hasNone = std::find(start.begin(), start.end(), tokens->none) != start.end();
    if (timestamps)
      std::erase(start, tokens->none);
    else if (given.empty() && !hasNone)
      start.push_back(tokens->none);
  } else if (timestamps) {
    fail(TENON_ERROR_AUDIO, "model ", manifest.name, " writes no times: its tokens have no timestamps");
  }
  if (start.empty())
    fail(TENON_ERROR_OUT_OF_RANGE, "0 start tokens, expected at least 1: model ", manifest.name, " has none itself");
  return start;
}

std::vector<int32_t> initialPromptTokens(const Model &model, std::string_view text) {
  text = trimmed(text);
  if (text.empty())
    return {};
  const std::string &name = model.manifest().name;
  if (model.manifest().tokens.previous < 0)
    fail(TENON_ERROR_AUDIO, "model ", name, " takes no initial prompt: its tokens have no 'previous'");
  if (!model.hasTokenizer())
    fail(TENON_ERROR_TOKENIZER, "model ", name, " has no tokenizer to read the initial prompt with");
  std::vector<int32_t> tokens = model.tokenizeAnswer(" " + std::string(text));
  for (int32_t token : tokens)
    if (model.detokenize({token}).empty())
      fail(TENON_ERROR_INVALID_ARGUMENT, "the initial prompt has token ", token,
           ", which is none of a text; expected text without special tokens");
  return tokens;
}

void transcribe(Session &session, const std::atomic<bool> &cancelled, Sound &sound, const TranscribeOptions &options,
                Transcript &transcript) {
  Sequence before = session.sequence();
  try {
    Transcription(session, cancelled, sound, options, transcript).run();
  } catch (...) {
    session.sequence() = std::move(before);
    throw;
  }
}

} // namespace tenon::runtime
