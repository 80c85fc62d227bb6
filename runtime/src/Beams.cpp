//===- Beams.cpp - Beam search --------------------------------------------===//
//
// The algorithm, its constants and its float32 sums are those of _beam_search in Hugging Face's transformers, so that
// the same scores give the same sequences.
//
//===----------------------------------------------------------------------===//

#include "Failure.h"
#include "Forward.h"
#include "Generate.h"
#include "Session.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace tenon::runtime {
namespace {

constexpr float never = -1e9f;

struct Beam {
  Sequence sequence; ///< all but the last token
  std::vector<int32_t> tokens;
  float score = 0;
};

/// A beam and the token that would come next.
struct Continuation {
  size_t beam;
  int32_t token;
  float score;
  std::optional<tenon_finish> finish;
};

struct Finished {
  std::optional<Beam> beam;
  tenon_finish finish = TENON_FINISH_LENGTH;
  float score = never;
};

class BeamSearch {
public:
  BeamSearch(Session &runner, const Prompt &prompt, std::span<const float> promptLogits,
             const GenerateOptions &options);

  GenerationResults run();
  Sequence takeBest() { return std::move(best); }

private:
  bool score();
  void takeBestContinuations();
  void checkEnds();
  void continueBeams();
  void keepFinished();
  bool canImprove();
  bool advance();
  Beam extended(const Continuation &continuation) const;
  size_t stopStringAt(const std::vector<int32_t> &tokens) const;
  void endBeforeItsTime(tenon_finish finish);
  GenerationResults results();

  Session &runner;
  const Prompt &prompt;
  const GenerateOptions &options;
  size_t vocab, width;
  int64_t longest; ///< most tokens to write
  tenon_finish atLongest;
  RepetitionPenalty penalty;
  AnswerRules rules;
  std::vector<float> scores; ///< [beams, vocab]
  std::vector<Beam> beams;
  std::vector<Continuation> continuations;
  std::vector<Finished> finished;
  bool mayImprove = true;
  Sequence best;
};

BeamSearch::BeamSearch(Session &runner, const Prompt &prompt, std::span<const float> promptLogits,
                       const GenerateOptions &options)
    : runner(runner), prompt(prompt), options(options), vocab(promptLogits.size()), width(options.beams),
      longest(options.maxTokens), atLongest(TENON_FINISH_LENGTH),
      penalty(options.sampling.repetitionPenalty, promptLogits.size()),
      rules(runner.model().manifest().tokens, options.stopTokens, options.minTokens, options.maxTokens, options.filter),
      finished(options.beams), best(*prompt.sequence) {
  int64_t positions = runner.model().entry("prefill").limits.positions;
  if (int64_t room = positions - best.length() + 1; positions != 0 && room < longest) {
    longest = room;
    atLongest = TENON_FINISH_POSITIONS;
  }
  // All beams begin as one; only the first may win, so that they come to differ.
  for (size_t beam = 0; beam < width; ++beam) {
    beams.push_back({best, {}, beam == 0 ? 0 : never});
    scores.insert(scores.end(), promptLogits.begin(), promptLogits.end());
  }
}

/// Log probabilities of all continuations; false where they are not numbers.
bool BeamSearch::score() {
  for (size_t beam = 0; beam < width; ++beam) {
    std::span<float> row = std::span(scores).subspan(beam * vocab, vocab);
    if (highest(row) < 0)
      return false;
    double sum = logSumExp(row);
    for (float &value : row)
      value = float(double(value) - sum);
    std::vector<int32_t> history(beams[beam].sequence.tokens().begin(), beams[beam].sequence.tokens().end());
    penalty.apply(row, history);
    int64_t start = int64_t(runner.model().manifest().tokens.start.size()),
            pending = beams[beam].tokens.empty() ? 0 : 1;
    rules.apply(row, beams[beam].sequence.length() + pending - start, beams[beam].tokens);
    for (float &value : row)
      value += beams[beam].score;
  }
  return true;
}

void BeamSearch::takeBestContinuations() {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t(0));
  size_t kept = std::min(std::max<size_t>(2, 1 + options.stopTokens.size()) * width, order.size());
  std::partial_sort(order.begin(), order.begin() + ptrdiff_t(kept), order.end(), [this](size_t left, size_t right) {
    return scores[left] != scores[right] ? scores[left] > scores[right] : left < right;
  });
  continuations.clear();
  for (size_t index = 0; index < kept; ++index)
    continuations.push_back({order[index] / vocab, int32_t(order[index] % vocab), scores[order[index]], {}});
}

/// Where the first stop string begins in the text of the tokens.
size_t BeamSearch::stopStringAt(const std::vector<int32_t> &tokens) const {
  size_t at = std::string::npos;
  if (options.stopStrings.empty() || !runner.model().answerTokenizerIfAny())
    return at;
  std::string text = runner.model().detokenize(tokens);
  for (const std::string &stop : options.stopStrings)
    at = std::min(at, text.find(stop));
  return at;
}

void BeamSearch::checkEnds() {
  for (Continuation &continuation : continuations) {
    std::vector<int32_t> tokens = beams[continuation.beam].tokens;
    tokens.push_back(continuation.token);
    const std::vector<int32_t> &stops = options.stopTokens;
    if (std::find(stops.begin(), stops.end(), continuation.token) != stops.end())
      continuation.finish = TENON_FINISH_STOP_TOKEN;
    else if (stopStringAt(tokens) != std::string::npos)
      continuation.finish = TENON_FINISH_STOP_STRING;
    else if (int64_t(tokens.size()) >= longest)
      continuation.finish = atLongest;
  }
}

Beam BeamSearch::extended(const Continuation &continuation) const {
  Beam beam = beams[continuation.beam];
  beam.tokens.push_back(continuation.token);
  beam.score = continuation.score;
  return beam;
}

/// The best `beams` that have ended so far. Only the best continuations may be among them: the others are there so that
/// enough go on.
void BeamSearch::keepFinished() {
  bool full = options.earlyStopping &&
              std::all_of(finished.begin(), finished.end(), [](const Finished &one) { return bool(one.beam); });
  auto length = float(beams[0].tokens.size() + 1);
  for (size_t index = 0; index < std::min(width, continuations.size()); ++index) {
    const Continuation &continuation = continuations[index];
    if (!continuation.finish || full || !mayImprove)
      continue;
    float score = continuation.score / std::pow(length, float(options.lengthPenalty));
    auto place = std::find_if(finished.begin(), finished.end(), [&](const Finished &one) { return score > one.score; });
    if (place == finished.end())
      continue;
    std::move_backward(place, finished.end() - 1, finished.end());
    *place = {extended(continuation), *continuation.finish, score};
  }
}

void BeamSearch::continueBeams() {
  std::vector<size_t> order(continuations.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::vector<Continuation> running = continuations;
  for (Continuation &continuation : running)
    continuation.score += continuation.finish ? never : 0;
  std::sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    float first = running[left].score, second = running[right].score;
    return first != second ? first > second : left < right;
  });
  std::vector<Beam> next;
  for (size_t beam = 0; beam < width; ++beam)
    next.push_back(extended(running[order[std::min(beam, order.size() - 1)]]));
  beams = std::move(next);
}

/// Whether what is running may still beat what has ended, by its score at the present length.
bool BeamSearch::canImprove() {
  float possible = beams[0].score / std::pow(float(beams[0].tokens.size()), float(options.lengthPenalty));
  float worst = finished.back().score;
  bool beats = std::any_of(finished.begin(), finished.end(),
                           [&](const Finished &one) { return possible > (one.beam ? worst : never); });
  mayImprove = mayImprove && beats;
  bool open = !options.earlyStopping ||
              std::any_of(finished.begin(), finished.end(), [](const Finished &one) { return !one.beam; });
  bool goesOn = std::any_of(continuations.begin(), continuations.end(),
                            [](const Continuation &continuation) { return !continuation.finish; });
  return mayImprove && open && goesOn;
}

/// Takes the beams' last tokens in; false where the cache has no room for them.
bool BeamSearch::advance() {
  std::vector<Step> steps;
  for (Beam &beam : beams)
    steps.push_back({&beam.sequence, std::span(beam.tokens).last(1)});
  ForwardOutputs outputs;
  outputs.logits = scores.data();
  try {
    forward(runner, steps, outputs);
  } catch (const Failure &failure) {
    if (failure.status != TENON_ERROR_CACHE_FULL)
      throw;
    return false;
  }
  return true;
}

/// What is running stands in for beams that have not ended.
void BeamSearch::endBeforeItsTime(tenon_finish finish) {
  size_t running = 0;
  for (Finished &one : finished)
    if (!one.beam && running < width) {
      auto length = float(std::max<size_t>(beams[running].tokens.size(), 1));
      float score = beams[running].score / std::pow(length, float(options.lengthPenalty));
      one = {std::move(beams[running++]), finish, score};
    }
}

GenerationResults BeamSearch::results() {
  GenerationResults all;
  for (size_t index = 0; index < options.sequences; ++index) {
    Finished &one = finished[index];
    GeneratedSequence &sequence = all.sequences.emplace_back();
    sequence.tokens = one.beam->tokens;
    sequence.score = one.score;
    sequence.finish = one.finish;
    if (!runner.model().answerTokenizerIfAny())
      continue;
    std::vector<int32_t> spoken = one.beam->tokens;
    if (one.finish == TENON_FINISH_STOP_TOKEN)
      spoken.pop_back();
    sequence.text = runner.model().detokenize(spoken);
    if (one.finish == TENON_FINISH_STOP_STRING)
      sequence.text.resize(stopStringAt(spoken));
  }
  best = std::move(finished[0].beam->sequence);
  return all;
}

GenerationResults BeamSearch::run() {
  while (longest > 0) {
    if (prompt.cancelled->load(std::memory_order_relaxed)) {
      endBeforeItsTime(TENON_FINISH_CANCELLED);
      return results();
    }
    if (!score()) {
      endBeforeItsTime(TENON_FINISH_NOT_A_NUMBER);
      return results();
    }
    takeBestContinuations();
    checkEnds();
    keepFinished();
    continueBeams();
    if (!canImprove())
      break;
    if (!advance()) {
      endBeforeItsTime(TENON_FINISH_CACHE_FULL);
      return results();
    }
  }
  endBeforeItsTime(atLongest);
  return results();
}

} // namespace

GenerationResults searchBeams(Session &runner, const Prompt &prompt, std::span<const float> logits, size_t row,
                              const GenerateOptions &options) {
  BeamSearch search(runner, prompt, logits, options);
  GenerationResults results = search.run();
  *prompt.sequence = search.takeBest();
  if (options.callback) {
    const GeneratedSequence &best = results.sequences[0];
    for (size_t index = 0; index < best.tokens.size(); ++index) {
      bool last = index + 1 == best.tokens.size();
      tenon_generation_event event{row, 0, best.tokens[index], last ? best.text.c_str() : "",
                                   last ? best.text.size() : 0};
      if (options.callback(event))
        break;
    }
  }
  return results;
}

} // namespace tenon::runtime
