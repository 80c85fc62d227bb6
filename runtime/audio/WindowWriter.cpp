//===- WindowWriter.cpp - What is said in one window ----------------------===//

#include "WindowWriter.h"

#include "Failure.h"
#include "Forward.h"
#include "Scores.h"
#include "text/Unicode.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <zlib.h>

namespace tenon::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The sum of the log probabilities of all that was written.
double logProbability(const GeneratedSequence &sequence, const GenerateOptions &options) {
  return options.beams == 0 ? sequence.score
                            : sequence.score * std::pow(double(sequence.tokens.size()), options.lengthPenalty);
}

size_t spokenTokens(const GeneratedSequence &sequence) {
  return sequence.tokens.size() - (sequence.finish == TENON_FINISH_STOP_TOKEN ? 1 : 0);
}

} // namespace

double compressionRatio(const std::string &text) {
  uLongf bytes = compressBound(uLong(text.size()));
  std::vector<Bytef> compressed(bytes);
  if (compress(compressed.data(), &bytes, reinterpret_cast<const Bytef *>(text.data()), uLong(text.size())) != Z_OK)
    throw std::bad_alloc(); // The one reason that there can be.
  return double(text.size()) / double(bytes);
}

std::string_view trimmed(std::string_view text) {
  auto spaceAt = [&](size_t at) -> size_t { // how long it is
    std::string_view rest = text.substr(at);
    text::Utf8Prefix first = text::utf8Prefix(rest);
    std::u32string character;
    size_t bad;
    if (first.kind != text::Utf8Prefix::Character || !text::decodeUtf8(rest.substr(0, first.length), character, bad) ||
        !text::isWhitespace(character[0]))
      return 0;
    return first.length;
  };
  size_t begin = 0, end = 0; // behind what is no space
  for (size_t at = 0; at < text.size();) {
    size_t space = spaceAt(at);
    if (space != 0 && end == 0)
      begin = at + space;
    at += space != 0 ? space : text::utf8Prefix(text.substr(at)).length;
    if (space == 0)
      end = at;
  }
  return end == 0 ? std::string_view() : text.substr(begin, end - begin);
}

WindowWriter::WindowWriter(Session &session, const std::atomic<bool> &cancelled, const WindowOptions &options)
    : session(session), cancelled(cancelled), options(options), manifest(session.model().manifest()) {
  if (manifest.tokens.previous >= 0)
    contextRoom = size_t(std::max<int64_t>(session.model().entry("prefill").limits.positions / 2 - 1, 0));
}

/// Takes tokens in; false when it is cancelled.
bool WindowWriter::read(std::span<const int32_t> tokens, std::vector<float> &logits) {
  const Entry &entry = session.model().entry("prefill");
  logits.resize(size_t(logitsWidth(entry)));
  checkTokens(session.model(), entry, session.sequence(), tokens, 0);
  Prompt prompt{&session.sequence(), tokens, &cancelled};
  return prefillPrompts(session, {&prompt, 1}, logits);
}

/// What the model says after the token that starts all its answers.
double WindowWriter::noSpeechProbability() {
  std::span<const int32_t> start = options.start, usual = manifest.tokens.start;
  auto first = usual.empty() ? start.end() : std::find(start.begin(), start.end(), usual[0]);
  size_t count = first == start.end() ? 1 : size_t(first - start.begin()) + 1;
  std::vector<float> logits;
  auto token = size_t(manifest.tokens.noSpeech);
  if (manifest.tokens.noSpeech < 0 || !read(start.first(count), logits) || token >= logits.size())
    return std::numeric_limits<double>::quiet_NaN();
  return std::exp(double(logits[token]) - logSumExp(logits));
}

void WindowWriter::attempt(double temperature, WindowAnswer &answer) {
  GenerateOptions generate = options.generate;
  generate.sampling.temperature = temperature;
  generate.sampling.seed += attempts++;
  generate.sequences = temperature > 0 ? options.bestOf : 1;
  generate.beams = temperature > 0 ? 0 : generate.beams;
  generate.scores = true;
  generate.context = size_t(session.sequence().length());
  Prompt prompt{&session.sequence(), options.start, &cancelled};
  GenerationResults results;
  tenon::runtime::generate(session, {&prompt, 1}, generate, {&results, 1});
  auto likelihood = [&](const GeneratedSequence &sequence) {
    return logProbability(sequence, generate) / double(std::max<size_t>(spokenTokens(sequence), 1));
  };
  GeneratedSequence &best =
      *std::max_element(results.sequences.begin(), results.sequences.end(),
                        [&](const auto &left, const auto &right) { return likelihood(left) < likelihood(right); });
  answer.temperature = temperature;
  answer.finish = best.finish;
  answer.meanLogProbability = logProbability(best, generate) / double(spokenTokens(best) + 1);
  answer.tokens.assign(best.tokens.begin(), best.tokens.begin() + ptrdiff_t(spokenTokens(best)));
  answer.written = std::move(best.tokens);
  if (session.model().hasTokenizer())
    answer.compressionRatio = compressionRatio(std::string(trimmed(session.model().detokenize(answer.tokens))));
}

bool WindowWriter::isGood(const WindowAnswer &answer) const {
  const AnswerThresholds &thresholds = options.thresholds;
  bool unlikely = answer.meanLogProbability < thresholds.meanLogProbability;
  if (unlikely && answer.noSpeechProbability > thresholds.noSpeechProbability)
    return true; // It is silence, about which nothing likelier can be written.
  return !unlikely && !(answer.compressionRatio > thresholds.compressionRatio);
}

bool WindowWriter::isSilence(const WindowAnswer &answer) const {
  const AnswerThresholds &thresholds = options.thresholds;
  return answer.noSpeechProbability > thresholds.noSpeechProbability &&
         !(answer.meanLogProbability > thresholds.meanLogProbability);
}

WindowAnswer WindowWriter::write(std::span<const int32_t> context) {
  Clock::time_point begin = Clock::now();
  WindowAnswer answer;
  context = context.last(std::min(context.size(), contextRoom));
  session.sequence().rewind(0);
  if (!context.empty()) {
    std::vector<int32_t> before = {manifest.tokens.previous};
    before.insert(before.end(), context.begin(), context.end());
    std::vector<float> logits; // about the start token, which is given
    read(before, logits);
  }
  Sequence atStart = session.sequence();
  answer.noSpeechProbability = noSpeechProbability();
  for (double temperature : options.temperatures) {
    session.sequence() = atStart;
    attempt(temperature, answer);
    if (answer.finish == TENON_FINISH_CANCELLED || isGood(answer))
      break;
  }
  spent += secondsSince(begin);
  return answer;
}

} // namespace tenon::runtime
