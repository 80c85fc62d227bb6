//===- Transcribe.cpp - What is said in a sound ---------------------------===//

#include "Transcribe.h"

#include "Failure.h"
#include "LogMel.h"
#include "Timestamps.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tenon::runtime {
namespace {

/// The lowest bit of 16-bit samples, with room for its rounding.
constexpr float silence = 1.5F / 32768;
constexpr double leastSeconds = 0.1;

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool isSilent(std::span<const float> samples) {
  return std::all_of(samples.begin(), samples.end(), [](float sample) { return std::abs(sample) <= silence; });
}

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

class Transcription {
public:
  Transcription(Session &session, const std::atomic<bool> &cancelled, std::span<const float> samples,
                const TranscribeOptions &options, Transcript &transcript)
      : session(session), cancelled(cancelled), samples(samples), options(options), transcript(transcript),
        manifest(session.model().manifest()), mel(*manifest.audio),
        features(size_t(mel.format().frames * mel.format().bins)) {}

  void run();

private:
  /// Writes about the window that starts at sample `at`; returns how many samples on the next one starts.
  int64_t window(int64_t at);
  void listen(std::span<const float> window);
  std::vector<int32_t> write();
  void add(double begin, double end, std::vector<int32_t> words);
  double seconds(int64_t count) const { return double(count) / double(mel.format().rate); }

  Session &session;
  const std::atomic<bool> &cancelled;
  std::span<const float> samples;
  const TranscribeOptions &options;
  Transcript &transcript;
  const Manifest &manifest;
  LogMel mel;
  std::vector<float> features;
};

void Transcription::listen(std::span<const float> window) {
  Clock::time_point start = Clock::now();
  mel.compute(window, features.data());
  transcript.view.feature_seconds += secondsSince(start);
  start = Clock::now();
  encodeSource(session, features.data(), mel.format().frames, mel.format().bins);
  transcript.view.encode_seconds += secondsSince(start);
}

/// What the model writes about what it has heard, without the end of text.
std::vector<int32_t> Transcription::write() {
  Prompt prompt{&session.sequence(), options.start, &cancelled};
  GenerationResults results;
  GenerationTimes times = generate(session, {&prompt, 1}, options.generate, {&results, 1});
  transcript.view.decode_seconds += times.prefillSeconds + times.decodeSeconds;
  GeneratedSequence &best = results.sequences[0];
  transcript.view.finish = best.finish;
  transcript.tokens.insert(transcript.tokens.end(), best.tokens.begin(), best.tokens.end());
  if (best.finish == TENON_FINISH_STOP_TOKEN)
    best.tokens.pop_back();
  return std::move(best.tokens);
}

void Transcription::add(double begin, double end, std::vector<int32_t> words) {
  bool reads = session.model().hasTokenizer();
  std::string text = reads ? session.model().detokenize(words) : "";
  transcript.text += text;
  if (reads ? trimmed(text).empty() : words.empty())
    return;
  Segment &segment =
      transcript.segments.emplace_back(Segment{begin, end, std::string(trimmed(text)), std::move(words)});
  if (options.callback && options.callback(viewOf(segment)))
    transcript.view.finish = TENON_FINISH_CANCELLED;
}

int64_t Transcription::window(int64_t at) {
  const AudioFormat &format = mel.format();
  int64_t length = std::min(format.windowSamples(), int64_t(samples.size()) - at);
  std::span<const float> heard = samples.subspan(size_t(at), size_t(length));
  if (isSilent(heard))
    return length;
  listen(heard);
  ++transcript.view.windows;
  std::vector<int32_t> written = write();
  if (!options.timestamps) {
    add(seconds(at), seconds(at + length), std::move(written));
    return length;
  }
  const TimestampTokens &tokens = *manifest.tokens.timestamps;
  double stepSamples = tokens.step * double(format.rate);
  auto steps = int64_t(std::ceil(double(length) / stepSamples));
  WindowWords words = splitAtTimes(written, tokens, steps);
  auto samplesOf = [&](int64_t step) { return std::min(length, int64_t(std::llround(double(step) * stepSamples))); };
  for (TimedWords &piece : words.pieces)
    add(seconds(at + samplesOf(piece.begin)), seconds(at + samplesOf(piece.end)), std::move(piece.words));
  return std::max<int64_t>(samplesOf(words.steps), 1);
}

void Transcription::run() {
  auto rest = std::max<int64_t>(int64_t(leastSeconds * double(mel.format().rate)), 1);
  transcript.view.finish = TENON_FINISH_STOP_TOKEN;
  for (int64_t at = 0; at == 0 || int64_t(samples.size()) - at >= rest;) {
    if (cancelled.load(std::memory_order_relaxed))
      transcript.view.finish = TENON_FINISH_CANCELLED;
    if (transcript.view.finish == TENON_FINISH_CANCELLED)
      break;
    at += window(at);
  }
  transcript.text = trimmed(transcript.text);
}

} // namespace

tenon_segment viewOf(const Segment &segment) {
  return {segment.begin,       segment.end,           segment.text.c_str(),
          segment.text.size(), segment.tokens.data(), segment.tokens.size()};
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

void transcribe(Session &session, const std::atomic<bool> &cancelled, std::span<const float> samples,
                const TranscribeOptions &options, Transcript &transcript) {
  checkSamples(samples);
  Sequence before = session.sequence();
  try {
    Transcription(session, cancelled, samples, options, transcript).run();
  } catch (...) {
    session.sequence() = std::move(before);
    throw;
  }
}

} // namespace tenon::runtime
