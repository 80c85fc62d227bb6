//===- ApiGenerate.cpp - The C interface of generation --------------------===//

#include "tenon/tenon.h"

#include "ApiSupport.h"
#include "Forward.h"
#include "Generate.h"
#include "Handle.h"
#include "Sizes.h"

#include <algorithm>
#include <cstring>
#include <deque>

using namespace tenon::runtime;

namespace {

const Entry &prefillOf(const Model &model) {
  (void)model.pools(); // which fails if there are none
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

SourceInput sourceInput(const Model &model, const tenon_source &given, size_t source, size_t session) {
  requireStructSize(given.struct_size, sizeof given, "tenon_source");
  std::string place = sourcePlace(model, source, session);
  if (given.rows < 0)
    fail(TENON_ERROR_OUT_OF_RANGE, place, " has ", given.rows, " rows, expected at least 0");
  SourceInput input;
  input.tokens = callerSpan(given.tokens, given.token_count, concat(place, " of ", given.token_count, " tokens"));
  input.features = given.features;
  input.hidden = given.hidden;
  input.rows = given.rows;
  return input;
}

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
  const Entry &entry = scoringPrefill(model);
  GenerateOptions converted = convertOptions(model, options ? *options : model.manifest().generation.options());
  // Kernels count what they write in 32 bits.
  size_t most = size_t(INT32_MAX / logitsWidth(entry)) / std::max(converted.sequences, std::max(converted.beams, 1u));
  if (count > most)
    fail(TENON_ERROR_OUT_OF_RANGE, count, " prompts of so many sequences, expected at most ", most);
  std::vector<Prompt> rows;
  for (size_t row = 0; row < count; ++row) {
    if (results)
      requireStructSize(results[row].struct_size, sizeof *results, "tenon_generation");
    std::span<const int32_t> tokens =
        callerSpan(prompts[row], lengths[row], concat("prompt ", row, " of ", lengths[row], " tokens"));
    Sequence &sequence = uses[row]->sequence();
    rows.push_back({&sequence, promptTokens(model, sequence, tokens), &uses[row].cancelled()});
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
  callerSpan(messages, count, "messages");
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
  if (logits)
    (void)scoringPrefill(session.model());
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

tenon_status tenon_model_generate_options(tenon_model *model, tenon_generate_options *options) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(options, "options");
    requireStructSize(options->struct_size, sizeof *options, "tenon_generate_options");
    *options = use->manifest().generation.options();
  });
}

tenon_status tenon_session_set_sources(tenon_session *const *sessions, const tenon_source *sources, size_t count) {
  return guarded([&] {
    SessionUses uses(sessions, count);
    requirePointer(sources, "sources");
    const Model &model = uses[0]->model();
    requireSource(model);
    std::vector<Sequence *> sequences;
    std::vector<SourceInput> inputs;
    for (size_t row = 0; row < count; ++row) {
      sequences.push_back(&uses[row]->sequence());
      for (size_t source = 0; source < model.manifest().givenSources; ++source)
        inputs.push_back(sourceInput(model, sources[inputs.size()], source, row));
    }
    setSources(*uses[0], sequences, inputs);
  });
}

tenon_status tenon_session_prefill(tenon_session *session, const int32_t *tokens, size_t count, float *logits) {
  return guarded([&] {
    SessionUse use(session);
    const Entry &entry = logits ? scoringPrefill(use->model()) : prefillOf(use->model());
    if (count == 0)
      fail(TENON_ERROR_OUT_OF_RANGE, "0 tokens, expected at least 1");
    std::span<const int32_t> added = callerSpan(tokens, count, "tokens");
    Sequence &sequence = use->sequence();
    checkTokens(use->model(), entry, sequence, added, 0);
    Sequence before = sequence;
    std::vector<float> last(size_t(logitsWidth(entry)));
    Prompt prompt{&sequence, added, &use.cancelled()};
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
    std::span<const int32_t> added = callerSpan(tokens, count, "tokens");
    checkTokens(use->model(), entry, use->sequence(), added, 0);
    score(*use, added, logits, hidden);
  });
}

tenon_status tenon_decode(tenon_session *const *sessions, const int32_t *tokens, size_t count, float *logits) {
  return guarded([&] {
    SessionUses uses(sessions, count);
    requirePointer(tokens, "tokens");
    requirePointer(logits, "logits");
    const Entry &entry = scoringPrefill(uses[0]->model());
    elementCount({count, logitsWidth(entry)}, count, " rows of ", logitsWidth(entry), " scores");
    std::vector<Step> steps;
    for (size_t row = 0; row < count; ++row) {
      Sequence &sequence = uses[row]->sequence();
      checkTokens(uses[0]->model(), entry, sequence, {tokens + row, 1}, row);
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
