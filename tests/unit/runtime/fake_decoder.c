/* A model that generates, written by hand. What it predicts depends on every cached token through the page table, in
 * both layers, so that a page that is missing, stale or another row's shows. After the tokens x0, x1, ... the score of
 * token v is -((v - h) mod 32) / 4 where h is the sum of (x_k + 1) (k + 1), over the last 20 of them with FAKE_WINDOW.
 * Token 32 is never predicted, and makes the kernel fail.
 *
 * With FAKE_SOURCE what it predicts is about a source, too: to h comes the sum of s_r (r + 3) over the rows of that,
 * where s_r is the source's token r, or with FAKE_FEATURES the first number of its row 2 r and the second of the row
 * after. With FAKE_PREFIX a source is tokens in front of its own, as which they count; with FAKE_START too an entry point
 * takes these in, all at once, as if each were as many more as there are. With FAKE_AUDIO the features are of windows of
 * 400 samples, and tokens 20 to 32 are times; a test may plant other scores. */

#include "fake_common.h"
#include "fake_pages.h"

#include <string.h>

/* Where the arguments of prefill and decode lie. */
#ifdef FAKE_SOURCE
enum { CACHE = 6, SOURCE = 7, LOGITS = 8 };
#else
enum { CACHE = 4, LOGITS = 5 };
#endif

struct pass {
  const tenon_call *call;
  int64_t length, slots, pages, source_slots, source_pages;
};

static void append(const struct pass *pass, int row, int64_t t) {
  const int32_t *tokens = pass->call->arguments[0], *past = pass->call->arguments[2], *table = pass->call->arguments[3];
  int64_t position = past[row] + t, page = table[row * pass->slots + position / 16];
  write_position(pass->call->arguments[CACHE], pass->pages, page, position, (float)tokens[row * pass->length + t]);
}

/* What the source adds to the sum. */
static double source_sum(const struct pass *pass, int row) {
  double sum = 0;
#ifdef FAKE_SOURCE
  const int32_t *lengths = pass->call->arguments[4], *table = pass->call->arguments[5];
  for (int64_t r = 0; r < lengths[row]; ++r)
    sum +=
        read_position(pass->call->arguments[SOURCE], pass->source_pages, table[row * pass->source_slots + r / 16], r) *
        (double)(r + 3);
#else
  (void)pass, (void)row;
#endif
  return sum;
}

/* The sum over the cached tokens up to `position`; NaN if the cache is not what it should be. */
static double sum_until(const struct pass *pass, int row, int64_t position) {
  const int32_t *table = pass->call->arguments[3];
  double sum = source_sum(pass, row);
#ifdef FAKE_WINDOW
  int64_t begin = position < 20 ? 0 : position - 19;
#else
  int64_t begin = 0;
#endif
  for (int64_t k = begin; k <= position; ++k) {
    int64_t page = table[row * pass->slots + k / 16];
    sum += (read_position(pass->call->arguments[CACHE], pass->pages, page, k) + 1) * (double)(k + 1);
  }
  return sum;
}

#ifdef FAKE_AUDIO
/* What a test puts here gives the scores after `count` tokens about the latest source, the `sources`-th. */
__attribute__((visibility("default"))) void (*fake_plant)(int64_t sources, const int32_t *tokens, int64_t count,
                                                          float *logits) = 0;
static int64_t sources = 0;

static int predict_planted(const struct pass *pass, int row, int64_t position, float *logits) {
  int32_t tokens[600];
  const int32_t *table = pass->call->arguments[3];
  if (!fake_plant)
    return 0;
  for (int64_t k = 0; k <= position; ++k)
    tokens[k] = (int32_t)read_position(pass->call->arguments[CACHE], pass->pages, table[row * pass->slots + k / 16], k);
  fake_plant(sources, tokens, position + 1, logits);
  return 1;
}
#endif

static void predict(const struct pass *pass, int row, int64_t position, float *logits) {
#ifdef FAKE_AUDIO
  if (predict_planted(pass, row, position, logits))
    return;
#endif
  predict_from(sum_until(pass, row, position), logits);
}

static int run_row(void *context, int row, uint8_t *closure) {
  const struct pass *pass = (const struct pass *)closure;
  const int32_t *lengths = pass->call->arguments[1], *past = pass->call->arguments[2];
  float *logits = pass->call->arguments[LOGITS], *all_logits = pass->call->arguments[LOGITS + 1],
        *hidden = pass->call->arguments[LOGITS + 2];
  const int32_t *tokens = pass->call->arguments[0];
  for (int64_t t = 0; t < lengths[row]; ++t) {
    append(pass, row, t);
    if (tokens[row * pass->length + t] == PREDICTED) {
      kernel_error(context, "token 32");
      return -7;
    }
    if (hidden)
      for (int c = 0; c < WIDTH; ++c)
        hidden[(row * pass->length + t) * WIDTH + c] = (float)(past[row] + t) + (float)c;
    if (all_logits)
      predict(pass, row, past[row] + t, all_logits + (row * pass->length + t) * VOCAB);
  }
  if (logits && lengths[row] > 0)
    predict(pass, row, past[row] + lengths[row] - 1, logits + row * VOCAB);
  return 0;
}

/* dims: batch, length (not of decode), slots, pages, and of a source its slots and pages */
static int32_t run(const tenon_call *call, int64_t length, const int64_t *slots) {
  struct pass pass = {call, length, slots[0], slots[1], 0, 0};
#ifdef FAKE_SOURCE
  pass.source_slots = slots[2];
  pass.source_pages = slots[3];
#endif
  return do_par_for(call->context, run_row, 0, (int)call->dims[0], (uint8_t *)&pass);
}

static int32_t run_prefill(const tenon_call *call) { return run(call, call->dims[1], call->dims + 2); }
static int32_t run_decode(const tenon_call *call) { return run(call, 1, call->dims + 1); }

#ifdef FAKE_SOURCE
/* dims: batch, length, and with features the rows that they make. A row's hidden state is (value, position). */
static int32_t run_encode(const tenon_call *call) {
#ifdef FAKE_AUDIO
  ++sources;
#endif
  const int32_t *lengths = call->arguments[1];
  float *hidden = call->arguments[2];
#ifdef FAKE_FEATURES
  const float *features = call->arguments[0];
  int64_t rows = call->dims[2];
#else
  const int32_t *tokens = call->arguments[0];
  int64_t rows = call->dims[1];
#endif
  for (int64_t row = 0; row < call->dims[0]; ++row)
    for (int64_t r = 0; r < rows; ++r) {
      float *place = hidden + (row * rows + r) * WIDTH, value = -1;
#ifdef FAKE_FEATURES
      const float *from = features + (row * call->dims[1] + 2 * r) * 3;
      if (2 * r < lengths[row])
        value = from[0] + (2 * r + 1 < lengths[row] ? from[4] : 0);
#else
      if (r < lengths[row])
        value = (float)tokens[row * rows + r];
#endif
      if (value == PREDICTED) {
        kernel_error(call->context, "token 32");
        return -7;
      }
      place[0] = value;
      place[1] = (float)r;
    }
  return 0;
}

/* dims: batch, source_length, source_slots, source_pool */
static int32_t run_start(const tenon_call *call) {
  const float *source = call->arguments[0];
  const int32_t *lengths = call->arguments[1], *table = call->arguments[2];
  for (int64_t row = 0; row < call->dims[0]; ++row)
    for (int64_t r = 0; r < lengths[row]; ++r)
      write_position(call->arguments[3], call->dims[3], table[row * call->dims[2] + r / 16], r,
                     source[(row * call->dims[1] + r) * WIDTH]);
  return 0;
}

static const tenon_entry_fn entries[] = {run_prefill, run_decode, run_encode, run_start};
#elif defined(FAKE_START)
/* dims: as those of prefill */
static int32_t run_start(const tenon_call *call) {
  const int32_t *tokens = call->arguments[0], *lengths = call->arguments[1], *past = call->arguments[2],
                *table = call->arguments[3];
  for (int64_t row = 0; row < call->dims[0]; ++row)
    for (int64_t t = 0; t < lengths[row]; ++t)
      write_position(call->arguments[CACHE], call->dims[3], table[row * call->dims[2] + (past[row] + t) / 16],
                     past[row] + t, (float)(tokens[row * call->dims[1] + t] + lengths[row]));
  return 0;
}

static const tenon_entry_fn entries[] = {run_prefill, run_decode, run_start};
#else
static const tenon_entry_fn entries[] = {run_prefill, run_decode};
#endif

#ifdef FAKE_WINDOW
#define WINDOW ",\"window\":20"
#else
#define WINDOW ""
#endif
#ifndef FAKE_VOCAB
#define FAKE_VOCAB "33"
#endif

#ifdef FAKE_SOURCE
#define STACK ",\"stack\":\"decoder\""
#define SOURCE_DIMS ",\"source_slots\",\"source_pool\""
#define SOURCE_INPUTS                                                                                                  \
  ",{\"name\":\"source_lengths\",\"type\":\"i32\",\"role\":\"source_lengths\",\"stack\":\"encoder\",\"shape\":[\"batch\"]},"                                             \
  "{\"name\":\"source_pages\",\"type\":\"i32\",\"role\":\"pages\",\"stack\":\"encoder\",\"pool\":\"source_pool\",\"shape\":[\"batch\",\"source_slots\"]}"
#define SOURCE_STATES "{\"name\":\"source.attention\",\"type\":\"f32\",\"shape\":[2,\"source_pool\",64]}"
#ifdef FAKE_FEATURES
#define ENCODER                                                                                                        \
  ",{\"name\":\"encode\",\"dims\":[\"batch\",\"length\",\"ceil(length/2)\"],\"inputs\":["                              \
  "{\"name\":\"features\",\"type\":\"f32\",\"role\":\"features\",\"stack\":\"encoder\",\"shape\":[\"batch\",\"length\",3]},"                                       \
  "{\"name\":\"lengths\",\"type\":\"i32\",\"role\":\"lengths\",\"stack\":\"encoder\",\"shape\":[\"batch\"]}],"                                                    \
  "\"outputs\":[{\"name\":\"hidden\",\"type\":\"f32\",\"role\":\"hidden\",\"stack\":\"encoder\",\"shape\":[\"batch\",\"ceil(length/2)\",2]}],"                   \
  "\"limits\":{\"positions\":100,\"fewest_rows\":1}}"
#else
#define ENCODER                                                                                                        \
  ",{\"name\":\"encode\",\"dims\":[\"batch\",\"length\"],\"inputs\":["                                                 \
  "{\"name\":\"tokens\",\"type\":\"i32\",\"role\":\"tokens\",\"stack\":\"encoder\",\"shape\":[\"batch\",\"length\"]},"                                           \
  "{\"name\":\"lengths\",\"type\":\"i32\",\"role\":\"lengths\",\"stack\":\"encoder\",\"shape\":[\"batch\"]}],"                                                    \
  "\"outputs\":[{\"name\":\"hidden\",\"type\":\"f32\",\"role\":\"hidden\",\"stack\":\"encoder\",\"shape\":[\"batch\",\"length\",2]}],"                           \
  "\"limits\":{\"vocab\":33,\"positions\":100}}"
#endif
#define SOURCE_ENTRIES                                                                                                 \
  ENCODER ",{\"name\":\"start\",\"dims\":[\"batch\",\"source_length\",\"source_slots\",\"source_pool\"],\"inputs\":["  \
          "{\"name\":\"source\",\"type\":\"f32\",\"role\":\"rows\",\"stack\":\"encoder\",\"shape\":[\"batch\",\"source_length\",2]},"                          \
          "{\"name\":\"source_lengths\",\"type\":\"i32\",\"role\":\"source_lengths\",\"stack\":\"encoder\",\"shape\":[\"batch\"]},"                                      \
          "{\"name\":\"source_pages\",\"type\":\"i32\",\"role\":\"pages\",\"stack\":\"encoder\",\"pool\":\"source_pool\",\"shape\":[\"batch\",\"source_slots\"]}],"                      \
          "\"states\":[" SOURCE_STATES "],\"outputs\":[]}"
#define COMMA_STATES "," SOURCE_STATES
#else
#define STACK ""
#define SOURCE_DIMS ""
#define SOURCE_INPUTS ""
#ifdef FAKE_START
#define SOURCE_ENTRIES "," ENTRY("start", "\"batch\",\"length\",\"slots\",\"pages\"", "\"length\"")
#else
#define SOURCE_ENTRIES ""
#endif
#define COMMA_STATES ""
#endif
#ifdef FAKE_PREFIX
#define PREFIX "\"prefix\":\"encoder\","
#else
#define PREFIX ""
#endif
#ifdef FAKE_RULES
#define RULES                                                                                                          \
  ",\"start\":[0],\"forced\":[5],\"suppress\":[7,9,12,13,14,20],\"suppress_first\":[2,3,4,6,8,10,11],\"forced_last\":" \
  "1"
#elif defined(FAKE_AUDIO)
#define RULES                                                                                                          \
  ",\"start\":[0,19],\"suppress\":[18,32],\"suppress_first\":[1],\"timestamps\":{\"begin\":20,\"none\":19,\"step\":0.04},"                    \
  "\"no_speech\":18,\"previous\":17"
#elif defined(FAKE_SOURCE)
#define RULES ",\"start\":[0,2],\"suppress\":[32]"
#else
#define RULES ""
#endif

#ifdef FAKE_AUDIO
#define AUDIO "\"audio\":{\"rate\":1000,\"window\":20,\"hop\":10,\"bins\":3,\"frames\":40},"
#else
#define AUDIO ""
#endif

#define ENTRY(name, dims, length)                                                                                      \
  "{\"name\":\"" name "\",\"dims\":[" dims SOURCE_DIMS "],\"inputs\":["                                                \
  "{\"name\":\"tokens\",\"type\":\"i32\",\"role\":\"tokens\"" STACK ",\"shape\":[\"batch\"," length "]},"                                           \
  "{\"name\":\"lengths\",\"type\":\"i32\",\"role\":\"lengths\"" STACK ",\"shape\":[\"batch\"]},"                                                     \
  "{\"name\":\"past\",\"type\":\"i32\",\"role\":\"past\"" STACK ",\"shape\":[\"batch\"]},"                                                        \
  "{\"name\":\"pages\",\"type\":\"i32\",\"role\":\"pages\"" STACK ",\"pool\":\"pages\",\"shape\":[\"batch\",\"slots\"]}" SOURCE_INPUTS "],"                           \
  "\"states\":[{\"name\":\"cache.attention\",\"type\":\"f32\",\"shape\":[2,\"pages\",64]" WINDOW "}" COMMA_STATES "]," \
  "\"outputs\":[{\"name\":\"logits\",\"type\":\"f32\",\"role\":\"logits\"" STACK ",\"shape\":[\"batch\",33]},"                                      \
  "{\"name\":\"all_logits\",\"type\":\"f32\",\"role\":\"all_logits\"" STACK ",\"shape\":[\"batch\"," length ",33]},"                                    \
  "{\"name\":\"hidden\",\"type\":\"f32\",\"role\":\"hidden\"" STACK ",\"shape\":[\"batch\"," length ",2]}],"                                        \
  PREFIX "\"limits\":{\"vocab\":" FAKE_VOCAB ",\"positions\":600}}"

static const char manifest[] =
    "{\"tenon\":2,\"compiler\":\"0.1.0\",\"name\":\"fake-decoder\",\"width\":2,\"entries\":[" ENTRY(
        "prefill", "\"batch\",\"length\",\"slots\",\"pages\"",
        "\"length\"") "," ENTRY("decode", "\"batch\",\"slots\",\"pages\"", "1") SOURCE_ENTRIES
    "],"
    "\"tokens\":{\"bos\":0,\"eos\":[1],\"pad\":1,\"add_bos\":false" RULES "}," AUDIO
    "\"chat_template\":\"{% for message in messages %}{{'<|im_start|>' + "
    "message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ "
    "'<|im_start|>assistant\\n' }}{% endif %}\","
    "\"kernels\":[{\"name\":\"level\",\"description\":\"\",\"schedules\":{}}],"
    "\"spec\":\"tenon: 1\\n\",\"ir\":\"\"}";

/* Letters, a space, a line break and the two bytes of an e with an acute accent. */
#define ADDED(id, content)                                                                                             \
  "{\"id\":" id ",\"content\":\"" content "\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"                \
  "\"normalized\":false,\"special\":true}"
static const char tokenizer[] = "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[" ADDED(
    "0", "<|im_start|>") "," ADDED("1", "<|im_end|>") "],\"normalizer\":null,"
                                                      "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":"
                                                      "false,\"trim_offsets\":true,\"use_regex\":true},"
                                                      "\"post_processor\":null,"
                                                      "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
                                                      "\"trim_offsets\":true,\"use_regex\":true},"
                                                      "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
                                                      "\"continuing_subword_prefix\":null,"
                                                      "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_"
                                                      "fallback\":false,\"vocab\":{\"<|im_start|>\":0,"
                                                      "\"<|im_end|>\":1,\"a\":2,\"b\":3,\"c\":4,\"d\":5,\"e\":6,\"f\":"
                                                      "7,\"g\":8,\"h\":9,\"i\":10,\"j\":11,\"k\":12,"
                                                      "\"l\":13,\"m\":14,\"n\":15,\"o\":16,\"p\":17,\"q\":18,\"r\":19,"
                                                      "\"s\":20,\"t\":21,\"u\":22,\"v\":23,\"w\":24,"
                                                      "\"x\":25,\"y\":26,\"z\":27,\"\u0120\":28,\"\u00c3\":29,"
                                                      "\"\u00a9\":30,\"\u010a\":31},\"merges\":[]}}";

#ifdef FAKE_SOURCE
/* That of the answers has capitals for letters. */
static char target_tokenizer[sizeof tokenizer];
__attribute__((constructor)) static void make_target_tokenizer(void) {
  memcpy(target_tokenizer, tokenizer, sizeof tokenizer);
  for (char *at = target_tokenizer; at + 4 < target_tokenizer + sizeof tokenizer; ++at)
    if (at[0] == '"' && at[1] >= 'a' && at[1] <= 'z' && at[2] == '"' && at[3] == ':')
      at[1] = (char)(at[1] - 'a' + 'A');
}
#endif

__attribute__((visibility("default"))) const tenon_library tenon_library_v1 = {
    .version = TENON_LIBRARY_VERSION,
    .struct_size = sizeof(tenon_library),
    .manifest = manifest,
    .manifest_size = sizeof manifest - 1,
    .tokenizer = tokenizer,
    .tokenizer_size = sizeof tokenizer - 1,
#ifdef FAKE_SOURCE
    .target_tokenizer = target_tokenizer,
    .target_tokenizer_size = sizeof tokenizer - 1,
#endif
    .entries = entries,
    .entry_count = sizeof entries / sizeof *entries,
    .kernel_count = 1,
    .targets = targets,
    .target_count = sizeof targets / sizeof *targets,
    .set_do_par_for = set_do_par_for,
    .set_malloc = set_malloc,
    .set_free = set_free,
    .set_error_handler = set_error_handler,
};
