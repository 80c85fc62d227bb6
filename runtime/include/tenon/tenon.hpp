//===- tenon.hpp - Running compiled models, for C++ -------------*- C++ -*-===//
//
// tenon.h with ownership in the types, and with exceptions: tenon::Error carries the status and the message.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TENON_HPP
#define TENON_TENON_HPP

#include "tenon/tenon.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

class Error : public std::runtime_error {
public:
  Error(tenon_status status, const std::string &message) : std::runtime_error(message), code(status) {}
  tenon_status status() const { return code; }

private:
  tenon_status code;
};

/// Throws what a failed call said.
inline void check(tenon_status status) {
  if (status != TENON_OK)
    throw Error(status, tenon_message());
}

struct ChatMessage {
  std::string role;
  std::string content;
};

/// How to generate; the members of tenon_generate_options, with its defaults. Model::generateOptions gives a model's.
struct GenerateOptions {
  int64_t maxTokens = 256, maxLength = 0, minTokens = 0, minLength = 0;
  double temperature = 0, topP = 1, minP = 0, repetitionPenalty = 1, sourceRepetitionPenalty = 1;
  int32_t topK = 0;
  uint32_t noRepeatNgram = 0, sourceNoRepeatNgram = 0;
  bool ignoreEos = false;
  uint64_t seed = 0;
  uint32_t sequences = 1, beams = 0;
  double lengthPenalty = 1;
  tenon_early_stopping earlyStopping = TENON_STOP_WHEN_UNLIKELY;
  bool renormalize = false, scores = false;
  std::vector<int32_t> stopTokens;
  std::vector<std::string> stopStrings;
  std::vector<std::vector<int32_t>> badWords;
  /// Called for each token; returns false to cancel. What it throws, generate() throws.
  std::function<bool(const tenon_generation_event &)> onToken;
};

/// A reference to an opened model; copies are further references.
class Model {
public:
  explicit Model(const std::string &path, tenon_weights_loading loading = TENON_WEIGHTS_MAP,
                 const std::string &target = "", uint64_t cacheBytes = 0, bool checkWeights = false) {
    tenon_model_options options{};
    options.struct_size = sizeof options;
    options.load_weights = loading;
    options.target = target.empty() ? nullptr : target.c_str();
    options.cache_bytes = cacheBytes;
    options.check_weights = checkWeights;
    check(tenon_model_open(path.c_str(), &options, &handle));
  }
  Model(const Model &other) : handle(other.handle) { check(tenon_model_retain(handle)); }
  Model(Model &&other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  Model &operator=(Model other) noexcept {
    std::swap(handle, other.handle);
    return *this;
  }
  ~Model() {
    if (handle)
      tenon_model_release(handle);
  }

  tenon_model *get() const { return handle; }

  tenon_model_info info() const {
    tenon_model_info result{};
    result.struct_size = sizeof result;
    check(tenon_model_describe(handle, &result));
    return result;
  }

  /// What answers are about, in the order in which Session::setSources takes it.
  std::vector<tenon_source_info> sources() const {
    std::vector<tenon_source_info> all(info().source_count);
    for (size_t index = 0; index < all.size(); ++index) {
      all[index].struct_size = sizeof all[index];
      check(tenon_model_source(handle, index, &all[index]));
    }
    return all;
  }

  /// JSON, see docs/library.md; belongs to the model.
  std::string_view manifest() const {
    tenon_model_info all = info();
    return {all.manifest, all.manifest_size};
  }

  /// What the model's authors recommend, to change as one wants.
  GenerateOptions generateOptions() const {
    tenon_generate_options given = TENON_GENERATE_DEFAULTS;
    check(tenon_model_generate_options(handle, &given));
    GenerateOptions options;
    options.maxTokens = given.max_tokens;
    options.maxLength = given.max_length;
    options.minTokens = given.min_tokens;
    options.minLength = given.min_length;
    options.temperature = given.temperature;
    options.topP = given.top_p;
    options.minP = given.min_p;
    options.repetitionPenalty = given.repetition_penalty;
    options.sourceRepetitionPenalty = given.source_repetition_penalty;
    options.topK = given.top_k;
    options.noRepeatNgram = given.no_repeat_ngram;
    options.sourceNoRepeatNgram = given.source_no_repeat_ngram;
    options.sequences = given.sequences;
    options.beams = given.beams;
    options.lengthPenalty = given.length_penalty;
    options.earlyStopping = tenon_early_stopping(given.early_stopping);
    options.renormalize = given.renormalize != 0;
    options.stopStrings.assign(given.stop_strings, given.stop_strings + given.stop_string_count);
    for (size_t index = 0; index < given.bad_word_count; ++index) {
      const tenon_token_list &word = given.bad_words[index];
      options.badWords.emplace_back(word.tokens, word.tokens + word.count);
    }
    return options;
  }

  /// Token ids of a UTF-8 text, at most `maxTokens` of them; 0 for no limit.
  std::vector<int32_t> tokenize(std::string_view text, size_t maxTokens = 0) const {
    return ids(
        [&](int32_t *ids, size_t capacity, size_t *count) {
          return tenon_model_tokenize(handle, text.data(), text.size(), maxTokens, ids, capacity, count);
        },
        text.size() + 8);
  }

  /// The same of a text that the model is to write, with nothing around it.
  std::vector<int32_t> tokenizeAnswer(std::string_view text) const {
    return ids([&](int32_t *ids, size_t capacity, size_t *count) {
      return tenon_model_tokenize_answer(handle, text.data(), text.size(), ids, capacity, count);
    });
  }

  /// What answers about a source start with.
  std::vector<int32_t> startTokens() const {
    return ids([&](int32_t *ids, size_t capacity, size_t *count) {
      return tenon_model_start_tokens(handle, ids, capacity, count);
    });
  }

  std::string detokenize(std::span<const int32_t> ids) const {
    std::string text(ids.size() * 16 + 1, '\0');
    size_t bytes = 0;
    tenon_status status = tenon_model_detokenize(handle, ids.data(), ids.size(), text.data(), text.size(), &bytes);
    if (status == TENON_ERROR_CAPACITY) {
      text.resize(bytes + 1);
      status = tenon_model_detokenize(handle, ids.data(), ids.size(), text.data(), text.size(), &bytes);
    }
    check(status);
    text.resize(bytes);
    return text;
  }

  /// What the model's chat template makes of a conversation, up to where the answer begins.
  std::string applyChat(std::span<const ChatMessage> messages, bool addGenerationPrompt = true) const {
    std::vector<tenon_chat_message> given = pointers(messages);
    std::string text(1024, '\0');
    size_t bytes = 0;
    tenon_status status =
        tenon_chat_apply(handle, given.data(), given.size(), addGenerationPrompt, text.data(), text.size(), &bytes);
    if (status == TENON_ERROR_CAPACITY) {
      text.resize(bytes + 1);
      status =
          tenon_chat_apply(handle, given.data(), given.size(), addGenerationPrompt, text.data(), text.size(), &bytes);
    }
    check(status);
    text.resize(bytes);
    return text;
  }

  /// The token ids of that text.
  std::vector<int32_t> tokenizeChat(std::span<const ChatMessage> messages, bool addGenerationPrompt = true) const {
    std::vector<tenon_chat_message> given = pointers(messages);
    return ids([&](int32_t *ids, size_t capacity, size_t *count) {
      return tenon_chat_tokenize(handle, given.data(), given.size(), addGenerationPrompt, ids, capacity, count);
    });
  }

private:
  /// Ids that a call gives, which is made again where the first guess of their number was too low.
  template <typename Call> static std::vector<int32_t> ids(Call call, size_t guess = 256) {
    std::vector<int32_t> ids(guess);
    size_t count = 0;
    tenon_status status = call(ids.data(), ids.size(), &count);
    ids.resize(count);
    if (status == TENON_ERROR_CAPACITY)
      status = call(ids.data(), ids.size(), &count);
    check(status);
    return ids;
  }

  static std::vector<tenon_chat_message> pointers(std::span<const ChatMessage> messages) {
    std::vector<tenon_chat_message> given;
    for (const ChatMessage &message : messages)
      given.push_back({message.role.c_str(), message.content.c_str()});
    return given;
  }

  tenon_model *handle = nullptr;
};

/// GenerateOptions as C wants them; the options must outlive it.
class GenerationArguments {
public:
  explicit GenerationArguments(const GenerateOptions &options, tenon_generation_callback callback = nullptr,
                               void *context = nullptr) {
    for (const std::string &stop : options.stopStrings)
      stops.push_back(stop.c_str());
    for (const std::vector<int32_t> &word : options.badWords)
      words.push_back({word.data(), word.size()});
    given.max_tokens = options.maxTokens;
    given.max_length = options.maxLength;
    given.min_tokens = options.minTokens;
    given.min_length = options.minLength;
    given.temperature = options.temperature;
    given.top_p = options.topP;
    given.min_p = options.minP;
    given.repetition_penalty = options.repetitionPenalty;
    given.source_repetition_penalty = options.sourceRepetitionPenalty;
    given.no_repeat_ngram = options.noRepeatNgram;
    given.source_no_repeat_ngram = options.sourceNoRepeatNgram;
    given.bad_words = words.data();
    given.bad_word_count = words.size();
    given.renormalize = options.renormalize;
    given.top_k = options.topK;
    given.ignore_eos = options.ignoreEos;
    given.seed = options.seed;
    given.sequences = options.sequences;
    given.beams = options.beams;
    given.length_penalty = options.lengthPenalty;
    given.early_stopping = options.earlyStopping;
    given.scores = options.scores;
    given.stop_tokens = options.stopTokens.data();
    given.stop_token_count = options.stopTokens.size();
    given.stop_strings = stops.data();
    given.stop_string_count = stops.size();
    given.callback = callback;
    given.context = context;
  }
  GenerationArguments(const GenerationArguments &) = delete;
  const tenon_generate_options *get() const { return &given; }

private:
  std::vector<const char *> stops;
  std::vector<tenon_token_list> words;
  tenon_generate_options given = TENON_GENERATE_DEFAULTS;
};

struct GeneratedText {
  std::vector<int32_t> tokens;
  std::string text;
  double score;
  tenon_finish finish;
};

struct Generation {
  std::vector<GeneratedText> sequences; ///< best first
  double prefillSeconds, decodeSeconds;
};

/// What a model that attends to a source writes about: one of tokens, features and hidden states, of which there may be
/// none; nothing where one of several sources is left out.
struct Source {
  std::optional<std::vector<int32_t>> tokens;
  std::optional<std::vector<float>> features; ///< rows of `features` of its tenon_source_info
  std::optional<std::vector<float>> hidden;   ///< rows of `width`
};

/// Working memory and threads for one caller at a time.
class Session {
public:
  /// `threads` counts the caller; 0 for all CPUs that this process may use.
  explicit Session(const Model &model, uint32_t threads = 0) {
    tenon_session_options options{};
    options.struct_size = sizeof options;
    options.threads = threads;
    check(tenon_session_create(model.get(), &options, &handle));
    embeddingWidth = size_t(model.info().embedding_width);
    about = model.sources();
  }
  Session(const Session &) = delete;
  Session(Session &&other) noexcept
      : handle(std::exchange(other.handle, nullptr)), embeddingWidth(other.embeddingWidth),
        about(std::move(other.about)) {}
  Session &operator=(Session &&other) noexcept {
    std::swap(handle, other.handle);
    std::swap(embeddingWidth, other.embeddingWidth);
    std::swap(about, other.about);
    return *this;
  }
  ~Session() {
    if (handle)
      tenon_session_destroy(handle);
  }

  tenon_session *get() const { return handle; }

  uint32_t threads() const {
    uint32_t result = 0;
    check(tenon_session_threads(handle, &result));
    return result;
  }

  /// Outputs without data get the session's memory, until the next call.
  void call(const std::string &entry, std::span<const tenon_tensor> inputs, std::span<tenon_tensor> outputs) {
    check(tenon_session_call(handle, entry.c_str(), inputs.data(), inputs.size(), outputs.data(), outputs.size()));
  }

  /// One embedding of info().embedding_width floats for each row of token ids, one after the other.
  std::vector<float> embedTokens(std::span<const std::vector<int32_t>> rows) {
    std::vector<const int32_t *> ids;
    std::vector<int32_t> lengths;
    for (const std::vector<int32_t> &row : rows) {
      if (row.size() > INT32_MAX)
        throw Error(TENON_ERROR_OUT_OF_RANGE, "row of " + std::to_string(row.size()) + " tokens");
      ids.push_back(row.data());
      lengths.push_back(int32_t(row.size()));
    }
    std::vector<float> embeddings(rows.size() * embeddingWidth);
    check(tenon_session_encode(handle, ids.data(), lengths.data(), rows.size(), nullptr, embeddings.data()));
    return embeddings;
  }

  /// One embedding of info().embedding_width floats for each text, one after the other. `prompt` is the name of one of
  /// the model's; without it the default one stands before the texts, if there is one.
  std::vector<float> embedTexts(std::span<const std::string> texts, const char *prompt = nullptr) {
    tenon_embed_options options{};
    options.struct_size = sizeof options;
    options.prompt = prompt;
    return embedTexts(texts, options);
  }
  std::vector<float> embedTexts(std::span<const std::string> texts, const tenon_embed_options &options) {
    std::vector<const char *> pointers;
    for (const std::string &text : texts) {
      if (text.find('\0') != std::string::npos)
        throw Error(TENON_ERROR_INVALID_ARGUMENT, "text " + std::to_string(pointers.size()) + " contains a NUL");
      pointers.push_back(text.c_str());
    }
    std::vector<float> embeddings(texts.size() * embeddingWidth);
    check(tenon_session_embed(handle, pointers.data(), pointers.size(), &options, embeddings.data()));
    return embeddings;
  }

  /// Makes the session be about a source, without tokens.
  void setSource(const Source &source) { setSources({&source, 1}); }

  /// The same of a model that writes about several, in the order of Model::sources().
  void setSources(std::span<const Source> sources) {
    Session *self = this;
    setSources({&self, 1}, sources);
  }

  /// The same for several sessions of one model at once: the sources of the first, then those of the second, and so on.
  static void setSources(std::span<Session *const> sessions, std::span<const Source> sources) {
    size_t each = sessions.empty() ? 0 : sessions[0]->about.size();
    if (sources.size() != sessions.size() * (each == 0 ? 1 : each))
      throw Error(TENON_ERROR_INVALID_ARGUMENT, std::to_string(sources.size()) + " sources for " +
                                                    std::to_string(sessions.size()) + " sessions" +
                                                    (each > 1 ? ", each of which has " + std::to_string(each) : ""));
    std::vector<tenon_session *> handles;
    std::vector<tenon_source> given;
    for (Session *session : sessions)
      handles.push_back(session->handle);
    for (const Source &source : sources)
      given.push_back(sessions[0]->convert(source, given.size()));
    check(tenon_session_set_sources(handles.data(), given.data(), handles.size()));
  }

  /// Appends tokens; the scores of what may come next, if wanted.
  void prefill(std::span<const int32_t> tokens, float *logits = nullptr) {
    check(tenon_session_prefill(handle, tokens.data(), tokens.size(), logits));
  }

  int64_t length() const {
    int64_t result = 0;
    check(tenon_session_length(handle, &result));
    return result;
  }
  std::vector<int32_t> tokens() const {
    std::vector<int32_t> ids(size_t(this->length()));
    size_t count = 0;
    check(tenon_session_tokens(handle, ids.data(), ids.size(), &count));
    return ids;
  }
  void rewind(int64_t tokens) { check(tenon_session_rewind(handle, tokens)); }
  Session fork() const {
    Session forked;
    check(tenon_session_fork(handle, &forked.handle));
    forked.embeddingWidth = embeddingWidth;
    forked.about = about;
    return forked;
  }
  /// Ends what generate() does on another thread.
  void cancel() { check(tenon_cancel(handle)); }

  /// An empty prompt for a session without tokens is the model's start tokens. Without options the model's own hold.
  Generation generate(std::span<const int32_t> prompt, const GenerateOptions &options) {
    Session *self = this;
    std::vector<int32_t> tokens(prompt.begin(), prompt.end());
    return generate({&self, 1}, {&tokens, 1}, options).front();
  }
  Generation generate(std::span<const int32_t> prompt) {
    Session *self = this;
    std::vector<int32_t> tokens(prompt.begin(), prompt.end());
    return generate({&self, 1}, {&tokens, 1}).front();
  }

  /// For several sessions of one model at once, prompts[i] for sessions[i].
  static std::vector<Generation> generate(std::span<Session *const> sessions,
                                          std::span<const std::vector<int32_t>> prompts,
                                          const GenerateOptions &options) {
    Callback callback{&options, nullptr};
    GenerationArguments given(options, options.onToken ? &Callback::call : nullptr, &callback);
    return generate(sessions, prompts, given.get(), callback);
  }
  static std::vector<Generation> generate(std::span<Session *const> sessions,
                                          std::span<const std::vector<int32_t>> prompts) {
    Callback none{nullptr, nullptr};
    return generate(sessions, prompts, nullptr, none);
  }

private:
  Session() = default;

  /// Keeps what a callback throws while C is between it and the caller.
  struct Callback {
    const GenerateOptions *options;
    std::exception_ptr thrown;

    static int call(void *context, const tenon_generation_event *event) noexcept {
      auto *self = static_cast<Callback *>(context);
      try {
        return !self->options->onToken(*event);
      } catch (...) {
        self->thrown = std::current_exception();
        return 1;
      }
    }
  };

  static std::vector<Generation> generate(std::span<Session *const> sessions,
                                          std::span<const std::vector<int32_t>> prompts,
                                          const tenon_generate_options *options, const Callback &callback) {
    if (sessions.size() != prompts.size())
      throw Error(TENON_ERROR_INVALID_ARGUMENT,
                  std::to_string(prompts.size()) + " prompts for " + std::to_string(sessions.size()) + " sessions");
    std::vector<tenon_session *> handles;
    std::vector<const int32_t *> ids;
    std::vector<size_t> lengths;
    for (size_t row = 0; row < sessions.size(); ++row) {
      handles.push_back(sessions[row]->handle);
      ids.push_back(prompts[row].data());
      lengths.push_back(prompts[row].size());
    }
    std::vector<tenon_generation> results(sessions.size(), {sizeof(tenon_generation), nullptr, 0, 0, 0});
    tenon_status status =
        tenon_generate_batch(handles.data(), ids.data(), lengths.data(), handles.size(), options, results.data());
    if (callback.thrown)
      std::rethrow_exception(callback.thrown);
    check(status);
    std::vector<Generation> all;
    for (const tenon_generation &result : results)
      all.push_back(convert(result));
    return all;
  }

  /// Null for what is not given; not null for what is, though there be nothing.
  template <typename Number> static const Number *dataOf(const std::optional<std::vector<Number>> &given) {
    static const Number none{};
    return !given ? nullptr : given->empty() ? &none : given->data();
  }

  tenon_source convert(const Source &source, size_t index) const {
    tenon_source_info kind = about.empty() ? tenon_source_info{} : about[index % about.size()];
    tenon_source given{};
    given.struct_size = sizeof given;
    given.tokens = dataOf(source.tokens);
    given.token_count = source.tokens ? source.tokens->size() : 0;
    given.features = dataOf(source.features);
    given.hidden = dataOf(source.hidden);
    auto columns = size_t(given.hidden ? kind.width : kind.features);
    const std::optional<std::vector<float>> &rows = given.hidden ? source.hidden : source.features;
    size_t numbers = rows ? rows->size() : 0;
    if (numbers != 0 && (columns == 0 || numbers % columns != 0))
      throw Error(TENON_ERROR_INVALID_ARGUMENT, "source " + std::to_string(index) + " has " + std::to_string(numbers) +
                                                    " numbers, expected rows of " + std::to_string(columns));
    given.rows = numbers == 0 ? 0 : int64_t(numbers / columns);
    return given;
  }

  static Generation convert(const tenon_generation &result) {
    Generation made{{}, result.prefill_seconds, result.decode_seconds};
    for (size_t index = 0; index < result.sequence_count; ++index) {
      const tenon_sequence &one = result.sequences[index];
      made.sequences.push_back(
          {{one.tokens, one.tokens + one.token_count}, {one.text, one.text_bytes}, one.score, one.finish});
    }
    return made;
  }

  tenon_session *handle = nullptr;
  size_t embeddingWidth = 0;
  std::vector<tenon_source_info> about; ///< the sources that the model has
};

/// Appends tokens[i] to sessions[i] of one model, in one pass; the scores of what may come next, one row after the
/// other.
inline void decode(std::span<Session *const> sessions, std::span<const int32_t> tokens, float *logits) {
  std::vector<tenon_session *> handles;
  for (Session *session : sessions)
    handles.push_back(session->get());
  if (tokens.size() != handles.size())
    throw Error(TENON_ERROR_INVALID_ARGUMENT,
                std::to_string(tokens.size()) + " tokens for " + std::to_string(handles.size()) + " sessions");
  check(tenon_decode(handles.data(), tokens.data(), handles.size(), logits));
}

} // namespace tenon

#endif // TENON_TENON_HPP
