/* A model that generates, written by hand. What it predicts depends on every cached token through the page table, in
 * both layers, so that a page that is missing, stale or another row's shows. After the tokens x0, x1, ... the score of
 * token v is -((v - h) mod 32) / 4 where h is the sum of (x_k + 1) (k + 1), over the last 20 of them with FAKE_WINDOW.
 * Token 32 is never predicted, and makes the kernel fail. */

#include "fake_common.h"

#include <math.h>
#include <string.h>

enum { VOCAB = 33, PREDICTED = 32, WIDTH = 2, LAYERS = 2, HEAD = 2, PAGE = 2 * HEAD * 16 };

struct pass {
  const tenon_call *call;
  int64_t length, slots, pages;
};

/* Layer l's key is (token + l, position); its value the same. */
static void append(const struct pass *pass, int row, int64_t t) {
  const int32_t *tokens = pass->call->arguments[0], *past = pass->call->arguments[2], *table = pass->call->arguments[3];
  float *cache = pass->call->arguments[4];
  int64_t position = past[row] + t, page = table[row * pass->slots + position / 16], i = position % 16;
  for (int layer = 0; layer < LAYERS; ++layer) {
    float *place = cache + (layer * pass->pages + page) * PAGE;
    float key[HEAD] = {(float)(tokens[row * pass->length + t] + layer), (float)position};
    for (int d = 0; d < HEAD; ++d) {
      place[d * 16 + i] = key[d];
      place[HEAD * 16 + i * HEAD + d] = key[d];
    }
  }
}

/* The sum over the cached tokens up to `position`; NaN if the cache is not what it should be. */
static float hash(const struct pass *pass, int row, int64_t position) {
  const int32_t *table = pass->call->arguments[3];
  const float *cache = pass->call->arguments[4];
  double sum = 0;
#ifdef FAKE_WINDOW
  int64_t begin = position < 20 ? 0 : position - 19;
#else
  int64_t begin = 0;
#endif
  for (int64_t k = begin; k <= position; ++k) {
    int64_t page = table[row * pass->slots + k / 16], i = k % 16;
    const float *first = cache + page * PAGE, *second = cache + (pass->pages + page) * PAGE;
    float token = first[i];
    if (first[16 + i] != (float)k || second[16 + i] != (float)k || second[i] != token + 1 ||
        first[2 * 16 + i * HEAD] != token || second[2 * 16 + i * HEAD + 1] != (float)k)
      return NAN;
    sum += (token + 1) * (double)(k + 1);
  }
  return (float)fmod(sum, PREDICTED);
}

static void predict(const struct pass *pass, int row, int64_t position, float *logits) {
  float best = hash(pass, row, position);
  int h = isnan(best) ? 0 : (int)best;
  for (int v = 0; v < PREDICTED; ++v) {
    int noise = (v * v * 7 + h * h * 13 + v * h * 5) % 1009;
    logits[v] = isnan(best) ? best : -(float)((v - h + PREDICTED) % PREDICTED) / 4 - (float)noise / 10000;
  }
  logits[PREDICTED] = -100;
}

static int run_row(void *context, int row, uint8_t *closure) {
  const struct pass *pass = (const struct pass *)closure;
  const int32_t *lengths = pass->call->arguments[1], *past = pass->call->arguments[2];
  float *logits = pass->call->arguments[5], *all_logits = pass->call->arguments[6], *hidden = pass->call->arguments[7];
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

/* dims: batch, length, slots, pages */
static int32_t run_prefill(const tenon_call *call) {
  struct pass pass = {call, call->dims[1], call->dims[2], call->dims[3]};
  return do_par_for(call->context, run_row, 0, (int)call->dims[0], (uint8_t *)&pass);
}

/* dims: batch, slots, pages */
static int32_t run_decode(const tenon_call *call) {
  struct pass pass = {call, 1, call->dims[1], call->dims[2]};
  return do_par_for(call->context, run_row, 0, (int)call->dims[0], (uint8_t *)&pass);
}

static const tenon_entry_fn entries[] = {run_prefill, run_decode};

#ifdef FAKE_WINDOW
#define WINDOW ",\"window\":20"
#else
#define WINDOW ""
#endif
#ifndef FAKE_VOCAB
#define FAKE_VOCAB "33"
#endif

#define ENTRY(name, dims, length)                                                                                      \
  "{\"name\":\"" name "\",\"dims\":[" dims "],\"inputs\":["                                                            \
  "{\"name\":\"tokens\",\"type\":\"i32\",\"shape\":[\"batch\"," length "]},"                                           \
  "{\"name\":\"lengths\",\"type\":\"i32\",\"shape\":[\"batch\"]},"                                                     \
  "{\"name\":\"past\",\"type\":\"i32\",\"shape\":[\"batch\"]},"                                                        \
  "{\"name\":\"pages\",\"type\":\"i32\",\"shape\":[\"batch\",\"slots\"]}],"                                            \
  "\"states\":[{\"name\":\"cache.attention\",\"type\":\"f32\",\"shape\":[2,\"pages\",64]" WINDOW "}],"                 \
  "\"outputs\":[{\"name\":\"logits\",\"type\":\"f32\",\"shape\":[\"batch\",33]},"                                      \
  "{\"name\":\"all_logits\",\"type\":\"f32\",\"shape\":[\"batch\"," length ",33]},"                                    \
  "{\"name\":\"hidden\",\"type\":\"f32\",\"shape\":[\"batch\"," length ",2]}],"                                        \
  "\"limits\":{\"vocab\":" FAKE_VOCAB ",\"positions\":600}}"

static const char manifest[] =
    "{\"tenon\":1,\"compiler\":\"0.1.0\",\"name\":\"fake-decoder\",\"width\":2,\"entries\":[" ENTRY(
        "prefill", "\"batch\",\"length\",\"slots\",\"pages\"",
        "\"length\"") "," ENTRY("decode", "\"batch\",\"slots\",\"pages\"",
                                "1") "],"
                                     "\"tokens\":{\"bos\":0,\"eos\":[1],\"pad\":1,\"add_bos\":false},"
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

__attribute__((visibility("default"))) const tenon_library tenon_library_v1 = {
    .version = TENON_LIBRARY_VERSION,
    .struct_size = sizeof(tenon_library),
    .manifest = manifest,
    .manifest_size = sizeof manifest - 1,
    .tokenizer = tokenizer,
    .tokenizer_size = sizeof tokenizer - 1,
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
