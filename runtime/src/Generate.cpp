//===- Generate.cpp - What comes after a prompt ---------------------------===//

#include "Generate.h"

#include "AnswerText.h"
#include "Failure.h"
#include "Forward.h"
#include "Scores.h"
#include "Session.h"

#include <algorithm>
#include <chrono>

namespace tenon::runtime {
namespace {

/// New tokens of one pass over the weights: enough to fill wide matrix products, few enough that a cancelled prompt
/// ends soon and the working memory stays in the tens of megabytes.
constexpr size_t passTokens = 512;

/// Waking threads takes as long as looking at a few ten thousand scores.
constexpr size_t scoresWorthThreads = 32768;

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One sequence that is being written.
struct Row {
  size_t prompt;
  uint32_t number; ///< among those of its prompt
  Sequence sequence;
  AnswerText text;
  GeneratedSequence written;
  int64_t longest = 0; ///< most tokens to write
  bool finished = false;

  Row(size_t prompt, uint32_t number, Sequence sequence, AnswerText text)
      : prompt(prompt), number(number), sequence(std::move(sequence)), text(std::move(text)) {}
};

/// What one of the session's threads needs to choose tokens.
struct Chooser {
  Penalties penalties;
  Sampler sampler;
  std::vector<float> untouched; ///< the scores of one row, before they are sampled from
};

struct Choice {
  int32_t token; ///< -1 where the scores are not numbers
  double score;
};

class Generation {
public:
  Generation(Session &runner, std::span<const Prompt> prompts, const GenerateOptions &options)
      : runner(runner), prompts(prompts), options(options), entry(runner.model().entry("prefill")),
        vocab(size_t(logitsWidth(entry))), choosers(runner.threads(), Chooser{Penalties(options.sampling, vocab), Sampler(options.sampling), {}}),
        rules(runner.model().manifest().tokens, options) {}

  void run(std::vector<float> promptLogits);
  void collect(std::span<GenerationResults> results);

private:
  void startRows(std::vector<float> promptLogits);
  void chooseTokens();
  Choice choose(const Row &row, std::span<float> scores);
  void write(Row &row, Choice choice);
  void tell(Row &row, int32_t token, const std::string &text);
  void finish(Row &row, tenon_finish how);
  void dropFinished();
  void advance();

  Session &runner;
  std::span<const Prompt> prompts;
  const GenerateOptions &options;
  const Entry &entry;
  size_t vocab;
  std::vector<Chooser> choosers; ///< one per thread
  AnswerRules rules;
  std::vector<Row> rows;
  // Of the rows that are being written:
  std::vector<Row *> live;
  std::vector<float> logits; ///< [rows, vocab]
  std::vector<Choice> choices;
  std::vector<Step> steps;
};

void Generation::startRows(std::vector<float> promptLogits) {
  rows.reserve(prompts.size() * options.sequences);
  for (size_t prompt = 0; prompt < prompts.size(); ++prompt)
    for (uint32_t number = 0; number < options.sequences; ++number) {
      Sequence sequence =
          number + 1 < options.sequences ? Sequence(*prompts[prompt].sequence) : std::move(*prompts[prompt].sequence);
      rows.emplace_back(prompt, number, std::move(sequence),
                        AnswerText(runner.model().answerTokenizerIfAny(), options.stopStrings));
    }
  logits = std::move(promptLogits);
  if (options.sequences > 1) {
    std::vector<float> ofPrompts = std::move(logits);
    logits.resize(rows.size() * vocab);
    for (size_t row = 0; row < rows.size(); ++row)
      std::copy_n(ofPrompts.data() + rows[row].prompt * vocab, vocab, logits.data() + row * vocab);
  }
  for (Row &row : rows) {
    live.push_back(&row);
    row.longest = options.bounds.most(row.sequence.length());
    if (row.longest == 0)
      finish(row, TENON_FINISH_LENGTH);
  }
}

void Generation::tell(Row &row, int32_t token, const std::string &text) {
  if (!options.callback)
    return;
  tenon_generation_event event{row.prompt, row.number, token, text.c_str(), text.size()};
  if (options.callback(event) && !row.finished)
    finish(row, TENON_FINISH_CANCELLED);
}

void Generation::finish(Row &row, tenon_finish how) {
  row.finished = true;
  row.written.finish = how;
  if (std::string rest = row.text.finish(); !rest.empty())
    tell(row, -1, rest);
}

Choice Generation::choose(const Row &row, std::span<float> scores) {
  auto &[penalties, sampler, untouched] = choosers[ThreadPool::currentThread()];
  AnswerSoFar answer = answerSoFar(row.sequence, row.written.tokens, options.context);
  auto keep = [&, &untouched = untouched] { untouched.assign(scores.begin(), scores.end()); };
  if (options.scores && !options.renormalize)
    keep();
  penalties.apply(scores, answer.source, answer.tokens);
  rules.apply(scores, answer);
  if (options.scores && options.renormalize)
    keep();
  uint64_t stream = uint64_t(row.prompt) << 32 | row.number;
  int32_t token = sampler.pick(scores, stream, row.written.tokens.size());
  bool scored = options.scores && token >= 0;
  return {token, scored ? double(untouched[size_t(token)]) - logSumExp(untouched) : 0};
}

void Generation::chooseTokens() {
  choices.resize(live.size());
  forEachRow(runner, live.size(), vocab, [this](size_t index) {
    choices[index] = choose(*live[index], std::span(logits).subspan(index * vocab, vocab));
  });
}

void Generation::write(Row &row, Choice choice) {
  if (prompts[row.prompt].cancelled->load(std::memory_order_relaxed))
    return finish(row, TENON_FINISH_CANCELLED);
  int32_t token = choice.token;
  if (token < 0)
    return finish(row, TENON_FINISH_NOT_A_NUMBER);
  row.written.score += choice.score;
  row.written.tokens.push_back(token);
  bool stops = std::find(options.stopTokens.begin(), options.stopTokens.end(), token) != options.stopTokens.end();
  tell(row, token, stops ? "" : row.text.push(token));
  if (row.finished)
    return;
  if (stops)
    finish(row, TENON_FINISH_STOP_TOKEN);
  else if (row.text.stopped())
    finish(row, TENON_FINISH_STOP_STRING);
  else if (int64_t(row.written.tokens.size()) >= row.longest)
    finish(row, TENON_FINISH_LENGTH);
  else if (row.sequence.length() >= mostTokens(entry, row.sequence))
    finish(row, TENON_FINISH_POSITIONS);
}

void Generation::dropFinished() {
  std::erase_if(live, [](const Row *row) { return row->finished; });
}

/// Takes each live row's last token in. Where the cache is full, the last rows end, so that the others go on.
void Generation::advance() {
  while (!live.empty()) {
    steps.clear();
    for (Row *row : live)
      steps.push_back({&row->sequence, std::span(row->written.tokens).last(1)});
    try {
      ForwardOutputs outputs;
      outputs.logits = logits.data();
      return forward(runner, steps, outputs);
    } catch (const Failure &failure) {
      if (failure.status != TENON_ERROR_CACHE_FULL)
        throw;
    }
    finish(*live.back(), TENON_FINISH_CACHE_FULL);
    dropFinished();
  }
}

void Generation::run(std::vector<float> promptLogits) {
  startRows(std::move(promptLogits));
  dropFinished();
  while (!live.empty()) {
    chooseTokens();
    for (size_t index = 0; index < live.size(); ++index)
      write(*live[index], choices[index]);
    dropFinished();
    advance();
  }
}

void Generation::collect(std::span<GenerationResults> results) {
  for (Row &row : rows) {
    row.written.text = row.text.text();
    results[row.prompt].sequences.push_back(std::move(row.written));
    if (row.number == 0)
      *prompts[row.prompt].sequence = std::move(row.sequence);
  }
}

/// Puts the prompts' sequences back unless all went well.
class Undo {
public:
  explicit Undo(std::span<const Prompt> prompts) : prompts(prompts) {
    before.reserve(prompts.size());
    for (const Prompt &prompt : prompts)
      before.push_back(*prompt.sequence);
  }
  ~Undo() {
    for (size_t index = 0; index < before.size(); ++index)
      *prompts[index].sequence = std::move(before[index]);
  }
  void keepChanges() { before.clear(); }

private:
  std::span<const Prompt> prompts;
  std::vector<Sequence> before;
};

/// As transformers, which takes a prompt of the greatest length for a mistake.
void checkLength(const AnswerBounds &bounds, const Prompt &prompt, size_t row) {
  int64_t length = prompt.sequence->length() + int64_t(prompt.tokens.size());
  if (bounds.maxLength != 0 && bounds.maxTokens != 0 && length >= bounds.maxLength)
    fail(TENON_ERROR_OUT_OF_RANGE, "prompt ", row, " ends after ", length, " tokens, and max_length is ",
         bounds.maxLength, " with what is written behind it");
}

void markCancelled(const GenerateOptions &options, std::span<GenerationResults> results) {
  for (GenerationResults &result : results) {
    result.sequences.resize(options.sequences);
    for (GeneratedSequence &sequence : result.sequences)
      sequence.finish = TENON_FINISH_CANCELLED;
  }
}

/// Before anything is final, since it needs memory. Moving results as a whole leaves their elements where they are.
void makeViews(std::span<GenerationResults> results) {
  for (GenerationResults &result : results)
    for (const GeneratedSequence &sequence : result.sequences)
      result.views.push_back({sequence.tokens.data(), sequence.tokens.size(), sequence.text.c_str(),
                              sequence.text.size(), sequence.score, sequence.finish, 0});
}

} // namespace

void forEachRow(Session &runner, size_t rows, size_t vocab, const std::function<void(size_t)> &task) {
  if (rows > 1 && rows * vocab >= scoresWorthThreads)
    return runner.spread(rows, task);
  for (size_t row = 0; row < rows; ++row)
    task(row);
}

bool prefillPrompts(Session &runner, std::span<const Prompt> prompts, std::span<float> logits) {
  auto vocab = logits.size() / prompts.size();
  size_t piece = std::max<size_t>(passTokens / prompts.size(), PagePool::pageTokens);
  std::vector<float> passLogits;
  for (size_t done = 0;; done += piece) {
    std::vector<Step> steps;
    std::vector<size_t> ending; // the prompt of each row that ends here
    constexpr size_t goesOn = SIZE_MAX;
    for (size_t index = 0; index < prompts.size(); ++index) {
      if (prompts[index].cancelled->load(std::memory_order_relaxed))
        return false;
      std::span<const int32_t> tokens = prompts[index].tokens;
      if (done >= tokens.size())
        continue;
      size_t count = std::min(piece, tokens.size() - done);
      steps.push_back({prompts[index].sequence, tokens.subspan(done, count)});
      ending.push_back(done + count == tokens.size() ? index : goesOn);
    }
    if (steps.empty())
      return true;
    bool wanted = std::any_of(ending.begin(), ending.end(), [](size_t index) { return index != goesOn; });
    bool allEnd = steps.size() == prompts.size() && std::find(ending.begin(), ending.end(), goesOn) == ending.end();
    passLogits.resize(wanted && !allEnd ? steps.size() * vocab : 0);
    ForwardOutputs outputs;
    outputs.logits = allEnd ? logits.data() : wanted ? passLogits.data() : nullptr;
    forward(runner, steps, outputs);
    if (allEnd)
      return true;
    for (size_t row = 0; row < ending.size(); ++row)
      if (ending[row] != goesOn)
        std::copy_n(passLogits.data() + row * vocab, vocab, logits.data() + ending[row] * vocab);
  }
}

std::span<const int32_t> promptTokens(const Model &model, const Sequence &sequence, std::span<const int32_t> given) {
  return given.empty() && sequence.length() == 0 ? std::span<const int32_t>(model.manifest().tokens.start) : given;
}

AnswerSoFar answerSoFar(const Sequence &sequence, std::span<const int32_t> written, size_t context) {
  std::span<const int32_t> tokens = sequence.tokens().subspan(context);
  const Source *source = sequence.source();
  return {tokens, source ? source->tokens() : tokens.first(tokens.size() - written.size()), written};
}

GenerationTimes generate(Session &runner, std::span<const Prompt> prompts, const GenerateOptions &options,
                         std::span<GenerationResults> results) {
  runner.refuseAfterFork();
  const Entry &entry = runner.model().entry("prefill");
  for (size_t row = 0; row < prompts.size(); ++row) {
    if (prompts[row].tokens.empty())
      fail(TENON_ERROR_OUT_OF_RANGE, "prompt ", row, " has 0 tokens, expected at least 1");
    checkTokens(runner.model(), entry, *prompts[row].sequence, prompts[row].tokens, row);
    checkLength(options.bounds, prompts[row], row);
  }
  Undo undo(prompts);
  GenerationTimes times;
  Clock::time_point start = Clock::now();
  std::vector<float> logits(prompts.size() * size_t(logitsWidth(entry)));
  bool whole = prefillPrompts(runner, prompts, logits);
  times.prefillSeconds = secondsSince(start);
  if (!whole) {
    markCancelled(options, results);
    makeViews(results);
    return times;
  }
  start = Clock::now();
  if (options.beams != 0) {
    searchBeams(runner, prompts, std::move(logits), options, results);
  } else {
    Generation generation(runner, prompts, options);
    generation.run(std::move(logits));
    generation.collect(results);
  }
  times.decodeSeconds = secondsSince(start);
  makeViews(results);
  undo.keepChanges();
  return times;
}

} // namespace tenon::runtime
