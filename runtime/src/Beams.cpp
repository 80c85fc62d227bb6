//===- Beams.cpp - Beam search --------------------------------------------===//
//
// The algorithm, its constants and its float32 sums are those of _beam_search in Hugging Face's transformers, so that
// the same scores give the same sequences. Only `renormalize` is applied as CTranslate2 does, before the penalty of
// repetitions.
//
//===----------------------------------------------------------------------===//

#include "Failure.h"
#include "Forward.h"
#include "Generate.h"
#include "Scores.h"
#include "Session.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace tenon::runtime {
namespace {

constexpr float never = -1e9f;
constexpr float impossible = -std::numeric_limits<float>::infinity();

struct Beam {
  Sequence sequence;
  std::vector<int32_t> tokens; ///< those written
  float score = 0;
};

/// What may come next after a beam.
struct BeamChoices {
  std::vector<ScoredToken> tokens; ///< best first, scores being those of the beams that they would make
  bool numbers = true;
};

/// A beam and the token that would come next.
struct Continuation {
  size_t beam;
  int32_t token;
  float score;
  std::optional<tenon_finish> finish = {};
  size_t rank = 0; ///< among those of the step
};

struct Finished {
  std::vector<int32_t> tokens; ///< none in a place that is still free
  tenon_finish finish = TENON_FINISH_LENGTH;
  float score = never;
};

/// The search for one prompt. Between two steps, whoever runs it takes each beam's last token in.
class BeamSearch {
public:
  BeamSearch(Session &runner, const Prompt &prompt, const GenerateOptions &options);

  bool isRunning() const { return running; }
  void addSteps(std::vector<Step> &steps);

  /// Finds the best continuations of `count` beams from `first` on that have the same scores, which it changes. Several
  /// threads may do so for different beams.
  void scoreBeams(std::span<float> scores, size_t first, size_t count, Penalties &penalties);
  /// Makes the next beams, once all have been scored.
  void step();
  /// Ends the search with what there is.
  void end(tenon_finish finish);
  GenerationResults takeResults();

private:
  size_t keptContinuations() const;
  bool takeBestContinuations();
  void checkEnds();
  void keepFinished();
  void continueBeams();
  float overLength(float score, size_t length) const;
  bool canImprove();
  std::vector<int32_t> extended(const Continuation &continuation) const;
  size_t stopStringAt(const std::vector<int32_t> &tokens) const;

  Session &runner;
  const Prompt &prompt;
  const GenerateOptions &options;
  size_t width;
  int64_t longest; ///< most tokens to write
  tenon_finish atLongest;
  AnswerRules rules;
  std::vector<Beam> beams;
  std::vector<BeamChoices> choices; ///< after each beam
  std::vector<Continuation> continuations;
  std::vector<Finished> finished;
  std::optional<Sequence> best; ///< of the first of those
  bool mayImprove = true, running = true;
};

BeamSearch::BeamSearch(Session &runner, const Prompt &prompt, const GenerateOptions &options)
    : runner(runner), prompt(prompt), options(options), width(options.beams),
      longest(options.bounds.most(prompt.sequence->length())), atLongest(TENON_FINISH_LENGTH),
      rules(runner.model().manifest().tokens, options), choices(width), finished(width) {
  int64_t most = mostTokens(runner.model().entry("prefill"), *prompt.sequence);
  if (int64_t room = most - prompt.sequence->length() + 1; room < longest) {
    longest = room;
    atLongest = TENON_FINISH_POSITIONS;
  }
  // All beams begin as one; only the first may win, so that they come to differ.
  beams.reserve(width);
  for (size_t beam = 0; beam < width; ++beam)
    beams.push_back({*prompt.sequence, {}, beam == 0 ? 0 : never});
}

void BeamSearch::addSteps(std::vector<Step> &steps) {
  for (Beam &beam : beams)
    steps.push_back({&beam.sequence, std::span(beam.tokens).last(1)});
}

size_t BeamSearch::keptContinuations() const { return std::max<size_t>(2, 1 + options.stopTokens.size()) * width; }

void BeamSearch::scoreBeams(std::span<float> scores, size_t first, size_t count, Penalties &penalties) {
  const Beam &beam = beams[first];
  choices[first].numbers = highest(scores) >= 0;
  if (!choices[first].numbers)
    return;
  AnswerSoFar answer = answerSoFar(beam.sequence, beam.tokens, options.context);
  double sum = penalties.any() || !options.renormalize ? logSumExp(scores) : 0;
  // Penalties are about logarithms of probabilities here.
  if (penalties.any()) {
    for (float &score : scores)
      score = float(double(score) - sum);
    sum = 0;
    penalties.apply(scores, answer.source, answer.tokens);
  }
  bool forced = rules.apply(scores, answer);
  if (options.renormalize)
    sum = logSumExp(scores);
  if (forced || sum == impossible)
    sum = 0;
  for (size_t index = first; index < first + count; ++index)
    bestTokens(scores, sum, beams[index].score, keptContinuations(), choices[index].tokens);
}

/// False where the scores are not numbers, or nothing may come next.
bool BeamSearch::takeBestContinuations() {
  continuations.clear();
  for (size_t beam = 0; beam < width; ++beam) {
    if (!choices[beam].numbers)
      return false;
    for (const ScoredToken &next : choices[beam].tokens)
      continuations.push_back({beam, next.token, next.score});
  }
  std::sort(continuations.begin(), continuations.end(), [](const Continuation &left, const Continuation &right) {
    if (left.score != right.score)
      return left.score > right.score;
    return left.beam != right.beam ? left.beam < right.beam : left.token < right.token;
  });
  if (continuations.size() > keptContinuations())
    continuations.erase(continuations.begin() + ptrdiff_t(keptContinuations()), continuations.end());
  for (size_t rank = 0; rank < continuations.size(); ++rank)
    continuations[rank].rank = rank;
  return continuations[0].score != impossible;
}

/// Where the first stop string begins in the text of the tokens.
size_t BeamSearch::stopStringAt(const std::vector<int32_t> &tokens) const {
  size_t at = std::string::npos;
  if (!runner.model().answerTokenizerIfAny())
    return at;
  std::string text = runner.model().detokenize(tokens);
  for (const std::string &stop : options.stopStrings)
    at = std::min(at, text.find(stop));
  return at;
}

std::vector<int32_t> BeamSearch::extended(const Continuation &continuation) const {
  std::vector<int32_t> tokens = beams[continuation.beam].tokens;
  tokens.push_back(continuation.token);
  return tokens;
}

void BeamSearch::checkEnds() {
  const std::vector<int32_t> &stops = options.stopTokens;
  for (Continuation &continuation : continuations) {
    if (std::find(stops.begin(), stops.end(), continuation.token) != stops.end())
      continuation.finish = TENON_FINISH_STOP_TOKEN;
    else if (!options.stopStrings.empty() && stopStringAt(extended(continuation)) != std::string::npos)
      continuation.finish = TENON_FINISH_STOP_STRING;
    else if (int64_t(beams[0].tokens.size()) + 1 >= longest)
      continuation.finish = atLongest;
  }
}

/// The best `beams` that have ended so far. Only the best continuations may be among them: the others are there so that
/// enough go on.
void BeamSearch::keepFinished() {
  bool full = options.earlyStopping == EarlyStopping::WhenEnough &&
              std::all_of(finished.begin(), finished.end(), [](const Finished &one) { return !one.tokens.empty(); });
  size_t length = beams[0].tokens.size() + 1;
  for (size_t index = 0; index < std::min(width, continuations.size()); ++index) {
    const Continuation &continuation = continuations[index];
    if (!continuation.finish || full || !mayImprove)
      continue;
    float score = overLength(continuation.score, length);
    auto place = std::find_if(finished.begin(), finished.end(), [&](const Finished &one) { return score > one.score; });
    if (place == finished.end())
      continue;
    // Once it is not the best, it will never be again.
    if (place == finished.begin())
      best = beams[continuation.beam].sequence;
    std::move_backward(place, finished.end() - 1, finished.end());
    *place = {extended(continuation), *continuation.finish, score};
  }
}

void BeamSearch::continueBeams() {
  for (Continuation &continuation : continuations)
    continuation.score += continuation.finish ? never : 0;
  std::sort(continuations.begin(), continuations.end(), [](const Continuation &left, const Continuation &right) {
    return left.score != right.score ? left.score > right.score : left.rank < right.rank;
  });
  auto continuationOf = [this](size_t beam) -> const Continuation & {
    return continuations[std::min(beam, continuations.size() - 1)];
  };
  std::vector<size_t> left(width, 0); // beams that are still to go on from each
  for (size_t beam = 0; beam < width; ++beam)
    ++left[continuationOf(beam).beam];
  std::vector<Beam> next;
  next.reserve(width);
  for (size_t beam = 0; beam < width; ++beam) {
    const Continuation &continuation = continuationOf(beam);
    Beam &from = beams[continuation.beam];
    next.push_back(--left[continuation.beam] == 0 ? std::move(from) : from);
    next.back().tokens.push_back(continuation.token);
    next.back().score = continuation.score;
  }
  beams = std::move(next);
}

/// A score divided by its share of the length.
float BeamSearch::overLength(float score, size_t length) const {
  return score / float(std::pow(double(length), options.lengthPenalty));
}

/// Whether what is running may still beat what has ended: by its score at the present length, or at the length where
/// that could be best.
bool BeamSearch::canImprove() {
  bool canGrow = options.earlyStopping == EarlyStopping::WhenCertain && options.lengthPenalty > 0;
  float possible = overLength(beams[0].score, canGrow ? size_t(longest) : beams[0].tokens.size());
  float worst = finished.back().score;
  bool beats = std::any_of(finished.begin(), finished.end(),
                           [&](const Finished &one) { return possible > (one.tokens.empty() ? never : worst); });
  mayImprove = mayImprove && beats;
  bool open = options.earlyStopping != EarlyStopping::WhenEnough ||
              std::any_of(finished.begin(), finished.end(), [](const Finished &one) { return one.tokens.empty(); });
  bool goesOn = std::any_of(continuations.begin(), continuations.end(),
                            [](const Continuation &continuation) { return !continuation.finish; });
  return mayImprove && open && goesOn;
}

void BeamSearch::step() {
  if (prompt.cancelled->load(std::memory_order_relaxed))
    return end(TENON_FINISH_CANCELLED);
  if (!takeBestContinuations())
    return end(TENON_FINISH_NOT_A_NUMBER);
  checkEnds();
  keepFinished();
  continueBeams();
  if (!canImprove())
    end(atLongest);
}

/// What is running stands in for beams that have not ended.
void BeamSearch::end(tenon_finish finish) {
  size_t next = 0;
  for (size_t place = 0; place < width; ++place) {
    if (!finished[place].tokens.empty())
      continue;
    Beam &beam = beams[next++];
    float score = overLength(beam.score, std::max<size_t>(beam.tokens.size(), 1));
    if (place == 0)
      best = std::move(beam.sequence);
    finished[place] = {std::move(beam.tokens), finish, score};
  }
  beams.clear(); // and with them their pages
  running = false;
}

GenerationResults BeamSearch::takeResults() {
  GenerationResults all;
  for (size_t index = 0; index < options.sequences; ++index) {
    Finished &one = finished[index];
    GeneratedSequence &sequence = all.sequences.emplace_back();
    sequence.score = one.score;
    sequence.finish = one.finish;
    if (runner.model().answerTokenizerIfAny()) {
      std::vector<int32_t> spoken = one.tokens;
      if (one.finish == TENON_FINISH_STOP_TOKEN)
        spoken.pop_back();
      sequence.text = runner.model().detokenize(spoken);
      if (one.finish == TENON_FINISH_STOP_STRING)
        sequence.text.resize(stopStringAt(spoken));
    }
    sequence.tokens = std::move(one.tokens);
  }
  *prompt.sequence = std::move(*best);
  return all;
}

/// The searches for all prompts, in step.
class BeamSearches {
public:
  BeamSearches(Session &runner, std::span<const Prompt> prompts, std::vector<float> promptLogits,
               const GenerateOptions &options, std::span<GenerationResults> results);
  void run();

private:
  void step();
  void advance();
  void dropEnded();
  void tell(size_t row);

  Session &runner;
  const GenerateOptions &options;
  std::span<GenerationResults> results;
  size_t vocab;
  std::vector<Penalties> penalties;         ///< one per thread
  std::vector<BeamSearch> searches;
  std::vector<BeamSearch *> live;
  std::vector<float> logits; ///< [live, beams, vocab]; at first, when beams do not differ, [live, vocab]
  size_t sharing;            ///< beams that have one row of them in common
  std::vector<Step> steps;
};

BeamSearches::BeamSearches(Session &runner, std::span<const Prompt> prompts, std::vector<float> promptLogits,
                           const GenerateOptions &options, std::span<GenerationResults> results)
    : runner(runner), options(options), results(results), vocab(promptLogits.size() / prompts.size()),
      penalties(runner.threads(), Penalties(options.sampling, vocab)),
      logits(std::move(promptLogits)), sharing(options.beams) {
  searches.reserve(prompts.size());
  for (const Prompt &prompt : prompts)
    live.push_back(&searches.emplace_back(runner, prompt, options));
}

void BeamSearches::step() {
  size_t rowsEach = options.beams / sharing;
  forEachRow(runner, live.size() * rowsEach, vocab, [&](size_t row) {
    live[row / rowsEach]->scoreBeams(std::span(logits).subspan(row * vocab, vocab), row % rowsEach, sharing,
                                     penalties[ThreadPool::currentThread()]);
  });
  for (BeamSearch *search : live)
    search->step();
}

/// Takes all beams' last tokens in. Where the cache is full, the last search ends, so that the others go on.
void BeamSearches::advance() {
  while (!live.empty()) {
    steps.clear();
    for (BeamSearch *search : live)
      search->addSteps(steps);
    logits.resize(std::max(logits.size(), steps.size() * vocab));
    ForwardOutputs outputs;
    outputs.logits = logits.data();
    try {
      sharing = 1;
      return forward(runner, steps, outputs);
    } catch (const Failure &failure) {
      if (failure.status != TENON_ERROR_CACHE_FULL)
        throw;
    }
    live.back()->end(TENON_FINISH_CACHE_FULL);
    dropEnded();
  }
}

void BeamSearches::dropEnded() {
  for (BeamSearch *search : live)
    if (!search->isRunning())
      tell(size_t(search - searches.data()));
  std::erase_if(live, [](const BeamSearch *search) { return !search->isRunning(); });
}

void BeamSearches::tell(size_t row) {
  results[row] = searches[row].takeResults();
  if (!options.callback)
    return;
  const GeneratedSequence &best = results[row].sequences[0];
  for (size_t index = 0; index < best.tokens.size(); ++index) {
    bool last = index + 1 == best.tokens.size();
    tenon_generation_event event{row, 0, best.tokens[index], last ? best.text.c_str() : "",
                                 last ? best.text.size() : 0};
    if (options.callback(event))
      break;
  }
}

void BeamSearches::run() {
  while (!live.empty()) {
    step();
    dropEnded();
    advance();
  }
}

} // namespace

void searchBeams(Session &runner, std::span<const Prompt> prompts, std::vector<float> logits,
                 const GenerateOptions &options, std::span<GenerationResults> results) {
  BeamSearches(runner, prompts, std::move(logits), options, results).run();
}

} // namespace tenon::runtime
