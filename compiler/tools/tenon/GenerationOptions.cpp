//===- GenerationOptions.cpp - Options of models that generate ------------===//

#include "GenerationOptions.h"
#include "Command.h"
#include "RunInput.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::tools;

template <typename T>
CLI::Option *GenerationOptions::add(CLI::App &command, const std::string &name, T GenerateOptions::*member,
                                    const char *description) {
  CLI::Option *option = command.add_option_function<T>(
      name,
      [this, name, member](const T &value) {
        given.insert(name);
        changes.push_back([member, value](GenerateOptions &options) { options.*member = value; });
      },
      description);
  added.push_back(option);
  return option;
}

void GenerationOptions::addLengths(CLI::App &command) {
  CLI::Range lengths(int64_t(0), int64_t(INT32_MAX));
  add(command, "--max-tokens", &GenerateOptions::maxTokens,
      "Most tokens to write (default: the model's, else 256); 0 only reads the prompt")
      ->check(lengths);
  add(command, "--max-length", &GenerateOptions::maxLength, "Most tokens of prompt and answer together")
      ->check(lengths);
  add(command, "--min-tokens", &GenerateOptions::minTokens, "Least tokens before an end of text")->check(lengths);
  add(command, "--min-length", &GenerateOptions::minLength, "Least tokens of prompt and answer before an end of text")
      ->check(lengths);
}

void GenerationOptions::addChoice(CLI::App &command) {
  add(command, "--temperature", &GenerateOptions::temperature,
      "Spread of the choice; 0 always takes the likeliest token (default: the model's, else 0, or 1 with one of the "
      "next three)");
  add(command, "--top-k", &GenerateOptions::topK, "Choose among so many of the likeliest tokens");
  add(command, "--top-p", &GenerateOptions::topP, "Choose among the likeliest tokens that make up this probability");
  add(command, "--min-p", &GenerateOptions::minP,
      "Choose among tokens with this share of the likeliest one's probability");
  add(command, "--seed", &GenerateOptions::seed, "Of the random choice (default: 0)");
}

void GenerationOptions::addSearch(CLI::App &command) {
  add(command, "--beam", &GenerateOptions::beams, "Width of a beam search")->check(CLI::Range(1, 4096));
  add(command, "--n-best", &GenerateOptions::sequences, "Write so many answers to each input, the best first")
      ->check(CLI::Range(1, 4096));
  add(command, "--length-penalty", &GenerateOptions::lengthPenalty,
      "Exponent of the length that a beam's score is divided by");
  CLI::Option *early = command.add_flag_function(
      "--early-stopping{1},--early-stopping-never{2},--no-early-stopping{0}",
      [this](int64_t value) {
        changes.push_back([value](GenerateOptions &options) { options.earlyStopping = tenon_early_stopping(value); });
      },
      "End a beam search as soon as it has as many finished answers as beams; or not before none can be better; or "
      "when that is unlikely");
  CLI::Option *renormalize = command.add_flag_function(
      "--renormalize",
      [this](int64_t) { changes.push_back([](GenerateOptions &options) { options.renormalize = true; }); },
      "With beams, probabilities are among what may come");
  added.insert(added.end(), {early, renormalize});
}

void GenerationOptions::addLimits(CLI::App &command) {
  add(command, "--repetition-penalty", &GenerateOptions::repetitionPenalty, "Divides scores of tokens that have "
                                                                            "occurred");
  add(command, "--source-repetition-penalty", &GenerateOptions::sourceRepetitionPenalty,
      "Above 1 favours tokens of the source, or else of the prompt");
  add(command, "--no-repeat-ngram", &GenerateOptions::noRepeatNgram,
      "No run of so many tokens comes twice in prompt and answer");
  add(command, "--source-no-repeat-ngram", &GenerateOptions::sourceNoRepeatNgram,
      "No run of so many tokens of the source, or else of the prompt, comes");
  auto several = [&](const char *name, std::vector<std::string> &values, const char *description) {
    added.push_back(command.add_option(name, values, description)->expected(1)->take_all());
  };
  several("--bad-words", badWords, "Text that is never written, as it is tokenized; may be given several times");
  several("--bad-tokens", badTokens, "The same as token ids, such as 5,17");
  added.push_back(command
                      .add_option_function<std::vector<std::string>>(
                          "--stop",
                          [this](const std::vector<std::string> &stops) {
                            changes.push_back([stops](GenerateOptions &options) { options.stopStrings = stops; });
                          },
                          "Text that ends an answer; may be given several times")
                      ->expected(1)
                      ->take_all());
  added.push_back(command.add_flag_function(
      "--ignore-eos",
      [this](int64_t) { changes.push_back([](GenerateOptions &options) { options.ignoreEos = true; }); },
      "Go on after the model's own end of text"));
}

void GenerationOptions::addTo(CLI::App &command, const char *group) {
  addLengths(command);
  addChoice(command);
  addSearch(command);
  addLimits(command);
  added.push_back(command.add_flag("--no-model-defaults", noModelDefaults,
                                   "Leave out the options that the model's own generation_config.json recommends"));
  for (CLI::Option *option : added)
    option->group(group);
}

/// A bound that is given stands in place of the model's bounds of that end; of two that are, both hold.
void GenerationOptions::settleLengths(GenerateOptions &options) const {
  if (has("--max-tokens") && !has("--max-length"))
    options.maxLength = 0;
  if (has("--max-length") && !has("--max-tokens"))
    options.maxTokens = INT32_MAX;
  if (has("--min-tokens") && !has("--min-length"))
    options.minLength = 0;
  if (has("--min-length") && !has("--min-tokens"))
    options.minTokens = 0;
  if (!has("--min-tokens"))
    options.minTokens = std::min(options.minTokens, options.maxTokens);
}

/// Beams and sampling exclude each other: what is given counts before what the model would have.
void GenerationOptions::settleChoice(GenerateOptions &options) const {
  bool chooses = has("--top-k") || has("--top-p") || has("--min-p");
  if (has("--beam") && !has("--temperature") && !chooses)
    options.temperature = 0;
  else if (chooses && !has("--temperature") && options.temperature == 0)
    options.temperature = 1;
  if (!has("--beam") && options.temperature != 0)
    options.beams = 0;
  bool hasSeveral = options.beams != 0 || options.temperature != 0;
  if (!has("--n-best"))
    options.sequences = !hasSeveral ? 1 : options.beams != 0 ? std::min(options.sequences, options.beams) : options.sequences;
  // The model's own width is no reason against more answers.
  if (has("--n-best") && !has("--beam") && options.beams != 0)
    options.beams = std::max(options.beams, options.sequences);
  if (options.maxTokens == 0)
    options.beams = has("--beam") ? options.beams : 0;
}

void GenerationOptions::readBadWords(const Model &model, GenerateOptions &options) const {
  if (badWords.empty() && badTokens.empty())
    return;
  options.badWords.clear();
  if (!badWords.empty() && !model.info().has_tokenizer)
    throw Failure("--bad-words: the model has no tokenizer: give --bad-tokens instead");
  for (const std::string &word : badWords)
    if (options.badWords.push_back(model.tokenizeAnswer(word)); options.badWords.back().empty())
      throw Failure("--bad-words '" + word + "' has no tokens");
  for (const std::string &word : badTokens)
    options.badWords.push_back(parseTokens(word, "--bad-tokens"));
}

GenerateOptions GenerationOptions::resolve(const Model &model) const {
  GenerateOptions options = noModelDefaults ? GenerateOptions() : model.generateOptions();
  for (const Change &change : changes)
    change(options);
  settleLengths(options);
  settleChoice(options);
  readBadWords(model, options);
  return options;
}
