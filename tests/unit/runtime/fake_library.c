/* A model library written by hand, as `tenon compile` would emit one, for tests of the runtime. Its driver functions
 * call a kernel through the chosen table, run tasks through the library's own setters and work in reserved memory. */

#include "fake_common.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* "double": y = 2 x, a task per row, through scratch memory and the reserved working memory. */
struct rows {
  const float *x;
  float *y;
  int64_t columns;
};

static int double_row(void *context, int row, uint8_t *closure) {
  const struct rows *rows = (const struct rows *)closure;
  float *scratch = kernel_malloc(context, (size_t)rows->columns * sizeof(float));
  if (!scratch)
    return TENON_KERNEL_NO_MEMORY;
  for (int64_t column = 0; column < rows->columns; ++column)
    scratch[column] = 2 * rows->x[row * rows->columns + column];
  memcpy(rows->y + row * rows->columns, scratch, (size_t)rows->columns * sizeof(float));
  kernel_free(context, scratch);
  return 0;
}

static int32_t run_double(const tenon_call *call) {
  int64_t count = call->dims[0] * call->dims[1];
  float *work = call->reserve(call->context, (size_t)count * sizeof(float));
  if (!work)
    return TENON_DRIVER_NO_MEMORY;
  struct rows rows = {call->arguments[0], work, call->dims[1]};
  int code = do_par_for(call->context, double_row, 0, (int)call->dims[0], (uint8_t *)&rows);
  if (code == 0 && call->arguments[1])
    memcpy(call->arguments[1], work, (size_t)count * sizeof(float));
  return code;
}

/* "encode": hidden[b, t, :] = tokens[b, t] * weight + types[b, t], everywhere; embedding[b, :] = their sum below
 * lengths[b]. */
enum { WIDTH = 4 };

static int encode_row(void *context, int row, uint8_t *closure) {
  const tenon_call *call = (const tenon_call *)closure;
  const int32_t *tokens = call->arguments[0], *lengths = call->arguments[1], *types = call->arguments[2];
  float *hidden = call->arguments[3], *embedding = call->arguments[4];
  int64_t length = call->dims[1];
  float weight, sum = 0;
  memcpy(&weight, call->weights, sizeof weight);
  for (int64_t t = 0; t < length; ++t) {
    float value = (float)tokens[row * length + t] * weight + (float)types[row * length + t];
    sum += t < lengths[row] ? value : 0;
    for (int c = 0; hidden && c < WIDTH; ++c)
      hidden[(row * length + t) * WIDTH + c] = value + (float)c;
  }
  for (int c = 0; embedding && c < WIDTH; ++c)
    embedding[row * WIDTH + c] = sum + (float)c;
  (void)context;
  return 0;
}

static int32_t run_encode(const tenon_call *call) {
  return do_par_for(call->context, encode_row, 0, (int)call->dims[0], (uint8_t *)call);
}

/* "fail": the task whose index is `which` fails with `code`; the first extent is the number of tasks. */
static int fail_task(void *context, int index, uint8_t *closure) {
  const int32_t *request = (const int32_t *)closure;
  if (index != request[0])
    return 0;
  kernel_error(context, "Buffer argument x has type float32 but expected int8.\n");
  return request[1];
}

static int32_t run_fail(const tenon_call *call) {
  return do_par_for(call->context, fail_task, 0, 64, call->arguments[0]);
}

/* "wait": sets opened[0] and returns when gate[0] is no longer 0. */
static int32_t run_wait(const tenon_call *call) {
  _Atomic int32_t *gate = call->arguments[0];
  atomic_store(gate + 1, 1);
  while (atomic_load(gate) == 0)
    ;
  return 0;
}

/* "control": the floating-point control bits that the tasks see, 0 being the processor's default, or'ed. */
static int control_task(void *context, int index, uint8_t *closure) {
  (void)context, (void)index;
#if defined(__x86_64__)
  atomic_fetch_or((_Atomic int32_t *)closure, (int32_t)((_mm_getcsr() & 0xffc0u) ^ 0x1f80u));
#else
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  atomic_fetch_or((_Atomic int32_t *)closure, (int32_t)control);
#endif
  return 0;
}

static int32_t run_control(const tenon_call *call) {
  memset(call->arguments[1], 0, sizeof(int32_t));
  return do_par_for(call->context, control_task, 0, 64, call->arguments[1]);
}

/* "hungry": wants more memory than there is. */
static int32_t run_hungry(const tenon_call *call) {
  return call->reserve(call->context, (size_t)1 << 62) ? 0 : TENON_DRIVER_NO_MEMORY;
}

/* "level": which table's kernel ran. */
static int32_t run_level(const tenon_call *call) {
  void *context = call->context;
  void *arguments[] = {&context, call->arguments[1]};
  return call->kernels[0](arguments);
}

static const tenon_entry_fn entries[] = {run_double,  run_encode, run_fail, run_wait,
                                         run_control, run_hungry, run_level};

#define ONE_INT(name, input, output)                                                                                   \
  "{\"name\":\"" name "\",\"dims\":[],\"inputs\":[{\"name\":\"" input "\",\"type\":\"i32\",\"shape\":[2]}],"           \
  "\"outputs\":[" output "]}"
#define ONE_OUT "{\"name\":\"out\",\"type\":\"i32\",\"shape\":[1]}"

static const char manifest[] =
    "{\"tenon\":2,\"compiler\":\"0.1.0\",\"name\":\"fake\",\"width\":4,\"entries\":["
    "{\"name\":\"double\",\"dims\":[\"rows\",\"columns\"],"
    "\"inputs\":[{\"name\":\"x\",\"type\":\"f32\",\"shape\":[\"rows\",\"columns\"]}],"
    "\"outputs\":[{\"name\":\"y\",\"type\":\"f32\",\"shape\":[\"rows\",\"columns\"]}]},"
    "{\"name\":\"encode\",\"dims\":[\"batch\",\"length\"],"
    "\"inputs\":[{\"name\":\"tokens\",\"type\":\"i32\",\"role\":\"tokens\",\"shape\":[\"batch\",\"length\"]},"
    "{\"name\":\"lengths\",\"type\":\"i32\",\"role\":\"lengths\",\"shape\":[\"batch\"]},"
    "{\"name\":\"types\",\"type\":\"i32\",\"role\":\"types\",\"shape\":[\"batch\",\"length\"],\"optional\":true}],"
    "\"outputs\":[{\"name\":\"hidden\",\"type\":\"f32\",\"role\":\"hidden\",\"shape\":[\"batch\",\"length\",4]},"
    "{\"name\":\"embedding\",\"type\":\"f32\",\"role\":\"embedding\",\"shape\":[\"batch\",4]}]}," ONE_INT("fail", "request", "") "," ONE_INT(
        "wait", "gate",
        "") "," ONE_INT("control", "in",
                        ONE_OUT) "," ONE_INT("hungry", "in",
                                             "") "," ONE_INT("level", "in",
                                                             ONE_OUT) "],"
                                                                      "\"limits\":{\"vocab\":10,\"positions\":6,"
                                                                      "\"types\":2},"
                                                                      "\"kernels\":[{\"name\":\"level\","
                                                                      "\"description\":\"\",\"schedules\":{}}],"
                                                                      "\"weights\":{\"file\":\"fake.weights\","
                                                                      "\"bytes\":4160,\"id\":"
                                                                      "\"4e21b44762716c83eb85bb9ad3721f44\"},"
                                                                      "\"spec\":\"tenon: 1\\n\",\"ir\":\"\"}";

/* Whole words of lower-case letters; [CLS] and [SEP] around them; truncation to 5 tokens. */
static const char tokenizer[] =
    "{\"version\":\"1.0\",\"truncation\":{\"direction\":\"Right\",\"max_length\":5,\"strategy\":\"LongestFirst\","
    "\"stride\":0},\"padding\":null,\"added_tokens\":["
    "{\"id\":0,\"content\":\"[PAD]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
    "\"special\":true},"
    "{\"id\":1,\"content\":\"[UNK]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
    "\"special\":true},"
    "{\"id\":2,\"content\":\"[CLS]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
    "\"special\":true},"
    "{\"id\":3,\"content\":\"[SEP]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
    "\"special\":true}],"
    "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
    "\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}"
    "},"
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}],"
    "\"pair\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"
    "{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"B\",\"type_id\":1}},"
    "{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":1}}],"
    "\"special_tokens\":{\"[CLS]\":{\"id\":\"[CLS]\",\"ids\":[2],\"tokens\":[\"[CLS]\"]},"
    "\"[SEP]\":{\"id\":\"[SEP]\",\"ids\":[3],\"tokens\":[\"[SEP]\"]}}},"
    "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
    "\"max_input_chars_per_word\":100,\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"one\":4,\"two\":5,"
    "\"three\":6,\"four\":7,\"##s\":8,\"five\":9}}}";

#ifdef FAKE_EMBED
/* A weight file of 128 bytes of header and 64 of data, whose first float is 1. */
static const struct {
  uint64_t header_bytes;
  char header[120];
  float data[16];
} __attribute__((aligned(64))) embedded = {
    120,
    "{\"__metadata__\":{\"id\":\"4e21b44762716c83eb85bb9ad3721f44\"},\"w\":{\"data_offsets\":[0,64]}}"
    "                                 ",
    {1}};
#endif

__attribute__((visibility("default"))) const tenon_library tenon_library_v1 = {
    .version = FAKE_TABLE_VERSION,
    .struct_size = sizeof(tenon_library),
    .manifest = manifest,
    .manifest_size = sizeof manifest - 1,
    .tokenizer = tokenizer,
    .tokenizer_size = sizeof tokenizer - 1,
#ifdef FAKE_EMBED
    .weights = (const uint8_t *)&embedded,
    .weights_size = sizeof embedded,
#endif
    .entries = entries,
    .entry_count = sizeof entries / sizeof *entries,
    .kernel_count = FAKE_KERNEL_COUNT,
    .targets = targets,
    .target_count = sizeof targets / sizeof *targets,
    .set_do_par_for = set_do_par_for,
    .set_malloc = set_malloc,
    .set_free = set_free,
    .set_error_handler = set_error_handler,
};
