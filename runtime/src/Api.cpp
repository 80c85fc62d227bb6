//===- Api.cpp - The C interface ------------------------------------------===//

#include "tenon/tenon.h"

#include "ApiSupport.h"
#include "Encode.h"
#include "Handle.h"
#include "Sizes.h"
#include "Source.h"
#include "support/Printable.h"

#include <algorithm>
#include <cstring>

using namespace tenon::runtime;

namespace {

/// Long enough for any message; a fixed buffer, so that telling of a failure cannot itself fail.
thread_local char threadMessage[2048] = "";

void requireReserved(uint32_t value, const char *name) {
  if (value != 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "reserved of ", name, " is ", value, ", expected 0");
}

WeightLoading checkedLoading(const tenon_model_options &options) {
  if (options.load_weights > TENON_WEIGHTS_COPY_HUGE)
    fail(TENON_ERROR_INVALID_ARGUMENT, "load_weights is ", options.load_weights, ", expected TENON_WEIGHTS_MAP (0) or ",
         "TENON_WEIGHTS_COPY_HUGE (1)");
  if (options.check_weights > 1)
    fail(TENON_ERROR_INVALID_ARGUMENT, "check_weights is ", options.check_weights, ", expected 0 or 1");
  return {options.load_weights == TENON_WEIGHTS_COPY_HUGE, options.check_weights == 1};
}

void describe(const Model &model, tenon_model_info &info) {
  const Manifest &manifest = model.manifest();
  info.name = manifest.name.c_str();
  info.target = model.target().name;
  info.spec = manifest.spec.c_str();
  info.manifest = model.manifestText().data();
  info.manifest_size = model.manifestText().size();
  info.width = manifest.width;
  const Entry *entry = model.mainEntry();
  const Limits limits = entry ? entry->limits : Limits();
  info.vocab = limits.vocab;
  info.positions = limits.positions;
  info.types = limits.types;
  info.text_tokens = int64_t(model.textTokenLimit());
  info.weight_bytes = model.weightBytes();
  info.weights = model.weights();
  info.has_tokenizer = model.hasTokenizer();
  info.generates = model.findEntry("prefill") != nullptr;
  info.source_count = uint32_t(manifest.givenSources);
  info.has_source = info.source_count != 0;
  SourceShape source = info.has_source ? sourceShape(model, 0) : SourceShape();
  info.source_positions = source.positions;
  info.source_features = source.features;
  info.source_width = source.width;
  info.embedding_width = embeddingWidth(model);
  info.prompts = model.prompts().data();
  info.prompt_count = model.prompts().size();
  info.default_prompt = manifest.defaultPrompt.empty() ? nullptr : manifest.defaultPrompt.c_str();
}

/// What stands before every text.
std::string_view promptText(const Manifest &manifest, const tenon_embed_options *options) {
  if (options && options->prompt && options->prompt_text)
    fail(TENON_ERROR_INVALID_ARGUMENT, "prompt and prompt_text are both given, expected one of them");
  if (options && options->prompt_text)
    return options->prompt_text;
  std::string_view name = manifest.defaultPrompt;
  if (options && options->prompt)
    name = options->prompt;
  if (name.empty() && !(options && options->prompt))
    return "";
  if (const NamedPrompt *prompt = manifest.findPrompt(name))
    return prompt->text;
  std::string names;
  for (const NamedPrompt &prompt : manifest.prompts)
    names += concat(names.empty() ? "" : ", ", prompt.name);
  fail(TENON_ERROR_INVALID_ARGUMENT, "model ", manifest.name, " has no prompt \"", name, "\", it has ",
       names.empty() ? "none" : names);
}

void embed(tenon_session *session, const char *const *texts, size_t count, const tenon_embed_options *options,
           float *embeddings) {
  SessionUse use(session);
  requirePointer(texts, "texts");
  requirePointer(embeddings, "embeddings");
  if (options)
    requireStructSize(options->struct_size, sizeof *options, "tenon_embed_options");
  std::vector<std::string_view> views;
  views.reserve(callerSpan(texts, count, "texts").size());
  for (size_t text = 0; text < count; ++text) {
    if (!texts[text])
      fail(TENON_ERROR_INVALID_ARGUMENT, "text ", text, " is null");
    views.push_back(texts[text]);
  }
  embedTexts(*use, views, promptText(use->model().manifest(), options), embeddings);
}

/// Gives ids to a caller who has room for them.
void giveIds(const std::vector<int32_t> &tokens, const char *what, int32_t *ids, size_t capacity, size_t *count) {
  requirePointer(count, "count");
  if (capacity != 0)
    requirePointer(ids, "ids");
  *count = tokens.size();
  if (tokens.size() > capacity)
    fail(TENON_ERROR_CAPACITY, what, " has ", tokens.size(), " tokens, ids has room for ", capacity);
  std::copy(tokens.begin(), tokens.end(), ids);
}

std::string_view givenText(const char *text, size_t bytes) {
  callerSpan(text, bytes, "text");
  return {text ? text : "", bytes};
}

} // namespace

tenon_status tenon::runtime::report(tenon_status status, std::string_view message) noexcept {
  // Names out of files are in it: whatever they hold, a message is one line of text.
  size_t count = 0;
  appendPrintable(message, [&](std::string_view piece) {
    bool fits = piece.size() < sizeof threadMessage - count;
    if (fits)
      count += piece.copy(threadMessage + count, piece.size());
    return fits;
  });
  threadMessage[count] = '\0';
  return status;
}

extern "C" {

const char *tenon_status_name(tenon_status status) {
  switch (status) {
#define NAME(status)                                                                                                   \
  case status:                                                                                                         \
    return #status;
    NAME(TENON_OK)
    NAME(TENON_ERROR_INVALID_ARGUMENT)
    NAME(TENON_ERROR_OUT_OF_RANGE)
    NAME(TENON_ERROR_HANDLE)
    NAME(TENON_ERROR_BUSY)
    NAME(TENON_ERROR_STRUCT_SIZE)
    NAME(TENON_ERROR_CAPACITY)
    NAME(TENON_ERROR_FILE)
    NAME(TENON_ERROR_LIBRARY)
    NAME(TENON_ERROR_VERSION)
    NAME(TENON_ERROR_CPU)
    NAME(TENON_ERROR_WEIGHTS)
    NAME(TENON_ERROR_TOKENIZER)
    NAME(TENON_ERROR_NO_MEMORY)
    NAME(TENON_ERROR_THREADS)
    NAME(TENON_ERROR_FORKED)
    NAME(TENON_ERROR_KERNEL)
    NAME(TENON_ERROR_INTERNAL)
    NAME(TENON_ERROR_CACHE_FULL)
    NAME(TENON_ERROR_CHAT_TEMPLATE)
    NAME(TENON_ERROR_CALLBACK)
    NAME(TENON_ERROR_CANCELLED)
    NAME(TENON_ERROR_AUDIO)
#undef NAME
  }
  return "unknown status";
}

const char *tenon_message(void) { return threadMessage; }

const char *tenon_version(void) { return TENON_RUNTIME_VERSION; }

tenon_status tenon_model_open(const char *path, const tenon_model_options *options, tenon_model **model) {
  return guarded([&] {
    requirePointer(path, "path");
    requirePointer(model, "model");
    WeightLoading loading;
    const char *target = nullptr;
    uint64_t cacheBytes = 0;
    if (options) {
      requireStructSize(options->struct_size, sizeof *options, "tenon_model_options");
      loading = checkedLoading(*options);
      target = options->target;
      cacheBytes = options->cache_bytes;
    }
    *model = newHandle(std::make_shared<const Model>(path, loading, target ? target : "", cacheBytes));
  });
}

tenon_status tenon_model_retain(tenon_model *model) {
  return guarded([&] { retain(model); });
}

tenon_status tenon_model_release(tenon_model *model) {
  return guarded([&] { release(model); });
}

tenon_status tenon_model_describe(tenon_model *model, tenon_model_info *info) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(info, "info");
    requireStructSize(info->struct_size, sizeof *info, "tenon_model_info");
    describe(*use, *info);
  });
}

tenon_status tenon_model_source(tenon_model *model, size_t index, tenon_source_info *info) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(info, "info");
    requireStructSize(info->struct_size, sizeof *info, "tenon_source_info");
    const std::vector<SourceStack> &sources = use->manifest().sources;
    if (size_t count = use->manifest().givenSources; index >= count)
      fail(TENON_ERROR_OUT_OF_RANGE, "source ", index, ", the model has ", count);
    SourceShape shape = sourceShape(*use, index);
    *info = {sizeof *info, sources[index].name.c_str(), shape.vocab, shape.positions, shape.features, shape.width};
  });
}

tenon_status tenon_model_tokenize(tenon_model *model, const char *text, size_t text_bytes, size_t max_tokens,
                                  int32_t *ids, size_t capacity, size_t *count) {
  return guarded([&] {
    ModelUse use(model);
    giveIds(use->tokenize(givenText(text, text_bytes), max_tokens), "text", ids, capacity, count);
  });
}

tenon_status tenon_model_tokenize_answer(tenon_model *model, const char *text, size_t text_bytes, int32_t *ids,
                                         size_t capacity, size_t *count) {
  return guarded([&] {
    ModelUse use(model);
    giveIds(use->tokenizeAnswer(givenText(text, text_bytes)), "text", ids, capacity, count);
  });
}

tenon_status tenon_model_start_tokens(tenon_model *model, int32_t *ids, size_t capacity, size_t *count) {
  return guarded([&] {
    ModelUse use(model);
    giveIds(use->manifest().tokens.start, "the start of an answer", ids, capacity, count);
  });
}

tenon_status tenon_model_detokenize(tenon_model *model, const int32_t *ids, size_t count, char *text, size_t capacity,
                                    size_t *bytes) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(bytes, "bytes");
    std::span<const int32_t> tokens = callerSpan(ids, count, "ids");
    if (capacity != 0)
      requirePointer(text, "text");
    std::string decoded = use->detokenize({tokens.begin(), tokens.end()});
    *bytes = decoded.size();
    if (decoded.size() >= capacity)
      fail(TENON_ERROR_CAPACITY, "text is ", decoded.size(), " bytes and a NUL, the buffer has room for ", capacity);
    std::memcpy(text, decoded.c_str(), decoded.size() + 1);
  });
}

tenon_status tenon_session_create(tenon_model *model, const tenon_session_options *options, tenon_session **session) {
  return guarded([&] {
    ModelUse use(model);
    requirePointer(session, "session");
    uint32_t threads = 0;
    if (options) {
      requireStructSize(options->struct_size, sizeof *options, "tenon_session_options");
      requireReserved(options->reserved, "tenon_session_options");
      threads = options->threads;
    }
    *session = newHandle(std::make_unique<Session>(use.share(), threads));
  });
}

tenon_status tenon_session_destroy(tenon_session *session) {
  return guarded([&] {
    SessionUse use(session);
    use.destroy();
  });
}

tenon_status tenon_session_threads(tenon_session *session, uint32_t *threads) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(threads, "threads");
    *threads = use->threads();
  });
}

tenon_status tenon_session_call(tenon_session *session, const char *entry, const tenon_tensor *inputs,
                                size_t input_count, tenon_tensor *outputs, size_t output_count) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(entry, "entry");
    callerSpan(inputs, input_count, "inputs");
    callerSpan(outputs, output_count, "outputs");
    use->call(entry, inputs, input_count, outputs, output_count);
  });
}

tenon_status tenon_session_encode(tenon_session *session, const int32_t *const *rows, const int32_t *lengths,
                                  size_t batch, float *hidden, float *embedding) {
  return guarded([&] {
    SessionUse use(session);
    requirePointer(rows, "rows");
    requirePointer(lengths, "lengths");
    if (batch > INT32_MAX)
      fail(TENON_ERROR_OUT_OF_RANGE, "batch is ", batch, " rows, expected at most ", INT32_MAX);
    std::vector<TokenRow> tokens;
    tokens.reserve(batch);
    for (size_t row = 0; row < batch; ++row)
      tokens.push_back({rows[row], lengths[row]});
    encodeRows(*use, tokens, hidden, embedding);
  });
}

tenon_status tenon_session_embed(tenon_session *session, const char *const *texts, size_t count,
                                 const tenon_embed_options *options, float *embeddings) {
  return guarded([&] { embed(session, texts, count, options, embeddings); });
}

tenon_status tenon_session_embed_texts(tenon_session *session, const char *const *texts, size_t count,
                                       float *embeddings) {
  return guarded([&] { embed(session, texts, count, nullptr, embeddings); });
}

} // extern "C"
