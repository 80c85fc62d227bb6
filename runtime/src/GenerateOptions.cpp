//===- GenerateOptions.cpp - How an answer is to be written ---------------===//

#include "GenerateOptions.h"

#include "ApiSupport.h"
#include "Forward.h"
#include "Model.h"
#include "Sizes.h"

#include <algorithm>

namespace tenon::runtime {
namespace {

/// More sequences of one prompt than anybody wants.
constexpr uint32_t mostSequences = 4096;

/// Scores divided by or multiplied with numbers between these are finite.
constexpr double leastFactor = 1e-30, mostFactor = 1e30;
constexpr const char *factors = "1e-30 to 1e30";

/// A number that is at least `least` and at most `most`; NaN is not.
void requireWithin(double value, double least, double most, const char *name, const char *expected) {
  if (!(value >= least && value <= most))
    fail(TENON_ERROR_OUT_OF_RANGE, name, " is ", std::to_string(value), ", expected ", expected);
}

void requireAtMost(uint32_t value, uint32_t most, const char *name, const char *expected) {
  if (value > most)
    fail(TENON_ERROR_OUT_OF_RANGE, name, " is ", value, ", expected ", expected);
}

void requireNotNegative(int64_t value, const char *name) {
  if (value < 0)
    fail(TENON_ERROR_OUT_OF_RANGE, name, " is ", value, ", expected at least 0");
}

void checkLengths(const tenon_generate_options &given) {
  requireNotNegative(given.max_tokens, "max_tokens");
  requireNotNegative(given.max_length, "max_length");
  requireNotNegative(given.min_length, "min_length");
  if (given.min_tokens < 0 || given.min_tokens > given.max_tokens)
    fail(TENON_ERROR_OUT_OF_RANGE, "min_tokens is ", given.min_tokens, ", expected 0 to max_tokens (", given.max_tokens,
         ")");
}

void checkChoice(const tenon_generate_options &given) {
  if (given.temperature != 0)
    requireWithin(given.temperature, leastFactor, mostFactor, "temperature", "0, or 1e-30 to 1e30");
  requireWithin(given.top_p, 0x1p-1022, 1, "top_p", "more than 0 and at most 1");
  requireWithin(given.min_p, 0, 1, "min_p", "0 to 1");
  requireWithin(given.repetition_penalty, leastFactor, mostFactor, "repetition_penalty", factors);
  requireWithin(given.source_repetition_penalty, leastFactor, mostFactor, "source_repetition_penalty", factors);
  requireNotNegative(given.top_k, "top_k");
}

void checkSearch(const tenon_generate_options &given) {
  requireWithin(given.length_penalty, -mostFactor, mostFactor, "length_penalty", "-1e30 to 1e30");
  if (given.sequences < 1 || given.sequences > mostSequences)
    fail(TENON_ERROR_OUT_OF_RANGE, "sequences is ", given.sequences, ", expected 1 to ", mostSequences);
  if (given.beams > mostSequences || (given.beams != 0 && given.beams < given.sequences))
    fail(TENON_ERROR_OUT_OF_RANGE, "beams is ", given.beams, ", expected 0, or at least the ", given.sequences,
         " sequences wanted and at most ", mostSequences);
  if (given.beams != 0 && given.temperature != 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "beams want temperature 0: beam search does not sample");
  if (given.beams != 0 && given.max_tokens == 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "max_tokens is 0, beam search writes at least 1");
  requireAtMost(given.early_stopping, TENON_STOP_WHEN_CERTAIN, "early_stopping", "0, 1 or 2");
}

void checkFlags(const tenon_generate_options &given) {
  requireAtMost(given.ignore_eos, 1, "ignore_eos", "0 or 1");
  requireAtMost(given.scores, 1, "scores", "0 or 1");
  requireAtMost(given.renormalize, 1, "renormalize", "0 or 1");
  requireAtMost(given.reserved, 0, "reserved of tenon_generate_options", "0");
}

/// Tokens that the model can write.
std::vector<int32_t> writtenTokens(const Model &model, const int32_t *tokens, size_t count, const std::string &name) {
  callerSpan(tokens, count, name);
  int64_t vocab = logitsWidth(scoringPrefill(model));
  for (size_t index = 0; index < count; ++index)
    if (tokens[index] < 0 || tokens[index] >= vocab)
      fail(TENON_ERROR_OUT_OF_RANGE, name, ", token ", index, ": id ", tokens[index], ", expected 0 to ", vocab - 1);
  return {tokens, tokens + count};
}

std::vector<std::vector<int32_t>> convertBadWords(const Model &model, const tenon_generate_options &given) {
  callerSpan(given.bad_words, given.bad_word_count, "bad_words");
  std::vector<std::vector<int32_t>> words;
  for (size_t index = 0; index < given.bad_word_count; ++index) {
    std::string name = concat("bad word ", index);
    const tenon_token_list &word = given.bad_words[index];
    if (word.count == 0)
      fail(TENON_ERROR_OUT_OF_RANGE, name, " has 0 tokens, expected at least 1");
    words.push_back(writtenTokens(model, word.tokens, word.count, name));
  }
  return words;
}

std::vector<std::string> convertStopStrings(const Model &model, const tenon_generate_options &given) {
  callerSpan(given.stop_strings, given.stop_string_count, "stop_strings");
  std::vector<std::string> strings;
  for (size_t index = 0; index < given.stop_string_count; ++index) {
    if (!given.stop_strings[index] || !*given.stop_strings[index])
      fail(TENON_ERROR_INVALID_ARGUMENT, "stop string ", index, " is null or empty");
    strings.emplace_back(given.stop_strings[index]);
  }
  if (!strings.empty() && !model.hasTokenizer())
    fail(TENON_ERROR_TOKENIZER, "model ", model.manifest().name, " has no tokenizer to find stop strings with");
  return strings;
}

} // namespace

GenerateOptions convertOptions(const Model &model, const tenon_generate_options &given) {
  requireStructSize(given.struct_size, sizeof given, "tenon_generate_options");
  checkLengths(given);
  checkChoice(given);
  checkSearch(given);
  checkFlags(given);
  GenerateOptions options;
  options.bounds = {given.max_tokens, given.max_length, given.min_tokens, given.min_length};
  options.repeats = {given.no_repeat_ngram, given.source_no_repeat_ngram};
  options.sampling = {given.temperature,        given.top_k, given.top_p, given.min_p, given.repetition_penalty,
                      given.source_repetition_penalty, given.seed};
  options.sequences = given.sequences;
  options.beams = given.beams;
  options.lengthPenalty = given.length_penalty;
  options.earlyStopping = EarlyStopping(given.early_stopping);
  options.scores = given.scores != 0;
  options.renormalize = given.renormalize != 0;
  if (!given.ignore_eos)
    options.stopTokens = model.manifest().tokens.eos;
  std::vector<int32_t> more = writtenTokens(model, given.stop_tokens, given.stop_token_count, "stop_tokens");
  options.stopTokens.insert(options.stopTokens.end(), more.begin(), more.end());
  options.stopStrings = convertStopStrings(model, given);
  options.badWords = convertBadWords(model, given);
  if (given.callback)
    options.callback = [callback = given.callback, context = given.context](const tenon_generation_event &event) {
      return calledBack([&] { return callback(context, &event); });
    };
  return options;
}

} // namespace tenon::runtime
