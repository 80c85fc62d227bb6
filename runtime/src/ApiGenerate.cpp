//===- ApiGenerate.cpp - The C interface of generation --------------------===//

#include "tenon/tenon.h"

#include "ApiSupport.h"
#include "Forward.h"
#include "Generate.h"
#include "Handle.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>

using namespace tenon::runtime;

namespace {

const Entry &prefillOf(const Model &model) {
  (void)model.pagePool(); // which fails if there is none
  return model.entry("prefill");
}

/// Holds several sessions of one model for one call.
class SessionUses {
public:
  SessionUses(tenon_session *const *sessions, size_t count) {
    if (count == 0)
      fail(TENON_ERROR_OUT_OF_RANGE, "0 sessions, expected at least 1");
    requirePointer(sessions, "sessions");
    if (count > INT32_MAX)
      fail(TENON_ERROR_OUT_OF_RANGE, count, " sessions, expected at most ", INT32_MAX);
    checkDifferent(sessions, count);
    for (size_t index = 0; index < count; ++index) {
      uses.emplace_back(sessions[index]);
      if (&uses[index]->model() != &uses[0]->model())
        fail(TENON_ERROR_INVALID_ARGUMENT, "session ", index, " is of another model than session 0");
    }
  }
  SessionUse &operator[](size_t index) { return uses[index]; }

private:
  static void checkDifferent(tenon_session *const *sessions, size_t count) {
    std::vector<std::pair<tenon_session *, size_t>> order;
    for (size_t index = 0; index < count; ++index)
      order.emplace_back(sessions[index], index);
    std::sort(order.begin(), order.end());
    for (size_t index = 1; index < count; ++index)
      if (order[index].first == order[index - 1].first)
        fail(TENON_ERROR_INVALID_ARGUMENT, "sessions ", order[index - 1].second, " and ", order[index].second,
             " are the same");
  }

  std::deque<SessionUse> uses;
};

/// A number that is at least `least` and at most `most`; NaN is not.
void requireWithin(double value, double least, double most, const char *name, const char *expected) {
  if (!(value >= least && value <= most))
    fail(TENON_ERROR_OUT_OF_RANGE, name, " is ", std::to_string(value), ", expected ", expected);
}

void requireFlag(uint32_t value, const char *name) {
  if (value > 1)
    fail(TENON_ERROR_OUT_OF_RANGE, name, " is ", value, ", expected 0 or 1");
}

/// More sequences of one prompt than anybody wants.
constexpr uint32_t mostSequences = 4096;

void checkOptions(const tenon_generate_options &given) {
  requireStructSize(given.struct_size, sizeof given, "tenon_generate_options");
  if (given.max_tokens < 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "max_tokens is ", given.max_tokens, ", expected at least 0");
  if (given.min_tokens < 0 || given.min_tokens > given.max_tokens)
    fail(TENON_ERROR_OUT_OF_RANGE, "min_tokens is ", given.min_tokens, ", expected 0 to max_tokens (", given.max_tokens,
         ")");
  requireWithin(given.temperature, 0, HUGE_VAL, "temperature", "at least 0");
  requireWithin(given.top_p, 0x1p-1022, 1, "top_p", "more than 0 and at most 1");
  requireWithin(given.min_p, 0, 1, "min_p", "0 to 1");
  requireWithin(given.repetition_penalty, 0x1p-1022, 1e30, "repetition_penalty", "more than 0");
  requireWithin(given.length_penalty, -1e30, 1e30, "length_penalty", "a number");
  if (given.top_k < 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "top_k is ", given.top_k, ", expected at least 0");
  if (given.sequences < 1 || given.sequences > mostSequences)
    fail(TENON_ERROR_OUT_OF_RANGE, "sequences is ", given.sequences, ", expected 1 to ", mostSequences);
  if (given.beams > mostSequences || (given.beams != 0 && given.beams < given.sequences))
    fail(TENON_ERROR_OUT_OF_RANGE, "beams is ", given.beams, ", expected 0, or at least the ", given.sequences,
         " sequences wanted and at most ", mostSequences);
  if (given.beams != 0 && given.temperature != 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "beams want temperature 0: beam search does not sample");
  if (given.beams != 0 && given.max_tokens == 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "max_tokens is 0, beam search writes at least 1");
  requireFlag(given.ignore_eos, "ignore_eos");
  requireFlag(given.early_stopping, "early_stopping");
  requireFlag(given.scores, "scores");
}

} // namespace

GenerateOptions tenon::runtime::convertOptions(const Model &model, const tenon_generate_options &given) {
  checkOptions(given);
  GenerateOptions options;
  options.maxTokens = given.max_tokens;
  options.sampling = {given.temperature, given.top_k, given.top_p, given.min_p, given.repetition_penalty, given.seed};
  options.sequences = given.sequences;
  options.beams = given.beams;
  options.lengthPenalty = given.length_penalty;
  options.earlyStopping = given.early_stopping != 0;
  options.scores = given.scores != 0;
  options.minTokens = given.min_tokens;
  if (!given.ignore_eos)
    options.stopTokens = model.manifest().tokens.eos;
  if (given.stop_token_count != 0)
    requirePointer(given.stop_tokens, "stop_tokens");
  options.stopTokens.insert(options.stopTokens.end(), given.stop_tokens, given.stop_tokens + given.stop_token_count);
  if (given.stop_string_count != 0)
    requirePointer(given.stop_strings, "stop_strings");
  for (size_t index = 0; index < given.stop_string_count; ++index) {
    if (!given.stop_strings[index] || !*given.stop_strings[index])
      fail(TENON_ERROR_INVALID_ARGUMENT, "stop string ", index, " is null or empty");
    options.stopStrings.emplace_back(given.stop_strings[index]);
  }
  if (!options.stopStrings.empty() && !model.hasTokenizer())
    fail(TENON_ERROR_TOKENIZER, "model ", model.manifest().name, " has no tokenizer to find stop strings with");
  if (given.callback)
    options.callback = [callback = given.callback, context = given.context](const tenon_generation_event &event) {
      try {
        return callback(context, &event) != 0;
      } catch (const std::exception &thrown) {
        fail(TENON_ERROR_CALLBACK, "the callback threw an exception: ", thrown.what());
      }
    };
  return options;
}

namespace {

void give(const GenerationResults &results, tenon_generation &to, const GenerationTimes &times) {
  to.sequences = results.views.data();
  to.sequence_count = results.views.size();
  to.prefill_seconds = times.prefillSeconds;
  to.decode_seconds = times.decodeSeconds;
}

void generateBatch(tenon_session *const *sessions, const int32_t *const *prompts, const size_t *lengths, size_t count,
                   const tenon_generate_options *options, tenon_generation *results) {
  SessionUses uses(sessions, count);
  requirePointer(prompts, "prompts");
  requirePointer(lengths, "prompt_lengths");
  const Model &model = uses[0]->model();
  const Entry &entry = prefillOf(model);
  static const tenon_generate_options defaults = TENON_GENERATE_DEFAULTS;
  GenerateOptions converted = convertOptions(model, options ? *options : defaults);
  // Kernels count what they write in 32 bits.
  size_t most = size_t(INT32_MAX / logitsWidth(entry)) / std::max(converted.sequences, std::max(converted.beams, 1u));
  if (count > most)
    fail(TENON_ERROR_OUT_OF_RANGE, count, " prompts of so many sequences, expected at most ", most);
  std::vector<Prompt> rows;
  for (size_t row = 0; row < count; ++row) {
    if (results)
      requireStructSize(results[row].struct_size, sizeof *results, "tenon_generation");
    if (lengths[row] != 0 && !prompts[row])
      fail(TENON_ERROR_INVALID_ARGUMENT, "prompt ", row, " of ", lengths[row], " tokens is null");
    Sequence &sequence = uses[row]->sequence();
    rows.push_back({&sequence, promptTokens(model, sequence, {prompts[row], lengths[row]}), &uses[row].cancelled()});
  }
  std::vector<GenerationResults> written(count);
  GenerationTimes times = generate(*uses[0], rows, converted, written);
  for (size_t row = 0; row < count; ++row) {
    uses[row]->results = std::move(written[row]);
    if (results)
      give(uses[row]->results, results[row], times);
  }
}

std::vector<ChatMessage> conversation(const tenon_chat_message *messages, size_t count) {
  if (count == 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "0 messages, expected at least 1");
  requirePointer(messages, "messages");
  std::vector<ChatMessage> all;
  for (size_t index = 0; index < count; ++index) {
    if (!messages[index].role || !messages[index].content)
      fail(TENON_ERROR_INVALID_ARGUMENT, "role or content of message ", index, " is null");
    all.push_back({messages[index].role, messages[index].content});
  }
  return all;
}

/// Tokens and what the model says after each, in pieces.
void score(Session &session, std::span<const int32_t> tokens, float *logits, float *hidden) {
  const Entry &entry = prefillOf(session.model());
  auto vocab = size_t(logitsWidth(entry)), width = size_t(hiddenWidth(entry));
  if (logits && !givesAllLogits(entry))
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", session.model().manifest().name,
         " gives no scores but the last token's");
  if (hidden && width == 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", session.model().manifest().name, " does not give hidden states");
  constexpr size_t piece = 256;
  Sequence before = session.sequence();
  try {
    for (size_t done = 0; done < tokens.size(); done += piece) {
      Step step{&session.sequence(), tokens.subspan(done, std::min(piece, tokens.size() - done))};
      ForwardOutputs outputs;
      outputs.allLogits = logits ? logits + done * vocab : nullptr;
      outputs.hidden = hidden ? hidden + done * width : nullptr;
      forward(session, {&step, 1}, outputs);
    }
  } catch (...) {
    session.sequence() = std::move(before);
    throw;
  }
}

} // namespace

extern "C" {

const char *tenon_finish_name(tenon_finish finish) {
  static constexpr const char *names[] = {"length",     "stop_token", "stop_string", "positions",
                                          "cache_full", "cancelled",  "not_a_number"};
  return size_t(finish) < std::size(names) ? names[finish] : "unknown finish";
}

tenon_status tenon_session_set_sources(tenon_session *const *sessions, const tenon_source *sources, size_t count) {
  return guarded([&] {
    SessionUses uses(sessions, count);
    requirePointer(sources, "sources");
    std::vector<SourceInput> inputs;
    for (size_t row = 0; row < count; ++row) {
      const tenon_source &source = sources[row];
      requireStructSize(source.struct_size, sizeof source, "tenon_source");
      if (source.rows < 0)
        fail(TENON_ERROR_OUT_OF_RANGE, "source ", row, " has ", source.rows, " rows, expected at least 0");
      if (source.token_count != 0 && !source.tokens)
        fail(TENON_ERROR_INVALID_ARGUMENT, "source ", row, " of ", source.token_count, " tokens is null");
      SourceInput &input = inputs.emplace_back(SourceInput{&uses[row]->sequence()});
      input.tokens = {source.tokens, source.token_count};
      input.features = source.features;
      input.hidden = source.hidden;
      input.rows = source.rows;
    }
    setSources(*uses[0], inputs);
  });
}

tenon_status tenon_session_prefill(tenon_session *session, const int32_t *tokens, size_t count, float *logits) {
  return guarded([&] {
    SessionUse use(session);
    const Entry &entry = prefillOf(use->model());
    if (count == 0)
      fail(TENON_ERROR_OUT_OF_RANGE, "0 tokens, expected at least 1");
    requirePointer(tokens, "tokens");
    Sequence &sequence = use->sequence();
    checkTokens(entry, sequence.length(), {tokens, count}, 0);
    Sequence before = sequence;
    std::vector<float> last(size_t(logitsWidth(entry)));
    Prompt prompt{&sequence, {tokens, count}, &use.cancelled()};
    try {
      if (!prefillPrompts(*use, {&prompt, 1}, last))
        fail(TENON_ERROR_CANCELLED, "cancelled after ", sequence.length() - before.length(), " of ", count, " tokens");
    } catch (...) {
      sequence = std::move(before);
      throw;
    }
    if (logits)
      std::copy(last.begin(), last.end(), logits);
  });
}

tenon_status tenon_session_score(tenon_session *session, const int32_t *tokens, size_t count, float *logits,
                                 float *hidden) {
  return guarded([&] {
    SessionUse use(session);
    const Entry &entry = prefillOf(use->model());
    if (count == 0)
      fail(TENON_ERROR_OUT_OF_RANGE, "0 tokens, expected at least 1");
    requirePointer(tokens, "tokens");
    checkTokens(entry, use->sequence().length(), {tokens, count}, 0);
    score(*use, {tokens, count}, logits, hidden);
  });
}

tenon_status tenon_decode(tenon_session *const *sessions, const int32_t *tokens, size_t count, float *logits) {
  return guarded([&] {
    SessionUses uses(sessions, count);
    requirePointer(tokens, "tokens");
    requirePointer(logits, "logits");
    const Entry &entry = prefillOf(uses[0]->model());
    if (int64_t most = INT32_MAX / logitsWidth(entry); int64_t(count) > most)
      fail(TENON_ERROR_OUT_OF_RANGE, count, " sessions, expected at most ", most);
    std::vector<Step> steps;
    for (size_t row = 0; row < count; ++row) {
      Sequence &sequence = uses[row]->sequence();
      checkTokens(entry, sequence.length(), {tokens + row, 1}, row);
      steps.push_back({&sequence, {tokens + row, 1}});
    }
    ForwardOutputs outputs;
    outputs.logits = logits;
    forward(*uses[0], steps, outputs);
  });
}

tenon_status tenon_session_length(tenon_session *session, int64_t *length) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(length, "length");
    *length = use->sequence().length();
  });
}

tenon_status tenon_session_tokens(tenon_session *session, int32_t *ids, size_t capacity, size_t *count) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(count, "count");
    if (capacity != 0)
      requirePointer(ids, "ids");
    std::span<const int32_t> tokens = use->sequence().tokens();
    *count = tokens.size();
    if (tokens.size() > capacity)
      fail(TENON_ERROR_CAPACITY, "the session holds ", tokens.size(), " tokens, ids has room for ", capacity);
    std::copy(tokens.begin(), tokens.end(), ids);
  });
}

tenon_status tenon_session_rewind(tenon_session *session, int64_t length) {
  return guarded([&] {
    SessionUse use(session);
    use->sequence().rewind(length);
  });
}

tenon_status tenon_session_fork(tenon_session *session, tenon_session **forked) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(forked, "forked");
    *forked = newHandle(use->fork());
  });
}

tenon_status tenon_cancel(tenon_session *session) {
  return guarded([&] { cancel(session); });
}

tenon_status tenon_generate(tenon_session *session, const int32_t *tokens, size_t count,
                            const tenon_generate_options *options, tenon_generation *result) {
  return guarded([&] { generateBatch(&session, &tokens, &count, 1, options, result); });
}

tenon_status tenon_generate_batch(tenon_session *const *sessions, const int32_t *const *prompts,
                                  const size_t *prompt_lengths, size_t count, const tenon_generate_options *options,
                                  tenon_generation *results) {
  return guarded([&] { generateBatch(sessions, prompts, prompt_lengths, count, options, results); });
}

tenon_status tenon_chat_apply(tenon_model *model, const tenon_chat_message *messages, size_t count,
                              int add_generation_prompt, char *text, size_t capacity, size_t *bytes) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(bytes, "bytes");
    if (capacity != 0)
      requirePointer(text, "text");
    std::string applied = use->applyChat(conversation(messages, count), add_generation_prompt != 0);
    *bytes = applied.size();
    if (applied.size() >= capacity)
      fail(TENON_ERROR_CAPACITY, "text is ", applied.size(), " bytes and a NUL, the buffer has room for ", capacity);
    std::memcpy(text, applied.c_str(), applied.size() + 1);
  });
}

tenon_status tenon_chat_tokenize(tenon_model *model, const tenon_chat_message *messages, size_t count,
                                 int add_generation_prompt, int32_t *ids, size_t capacity, size_t *id_count) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(id_count, "id_count");
    if (capacity != 0)
      requirePointer(ids, "ids");
    std::vector<int32_t> tokens = use->tokenizeChat(conversation(messages, count), add_generation_prompt != 0);
    *id_count = tokens.size();
    if (tokens.size() > capacity)
      fail(TENON_ERROR_CAPACITY, "the conversation has ", tokens.size(), " tokens, ids has room for ", capacity);
    std::copy(tokens.begin(), tokens.end(), ids);
  });
}

} // extern "C"
