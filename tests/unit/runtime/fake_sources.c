/* A model that writes about two sources, by hand. Of "left" it keeps rows beside its own, in one pool, and its positions
 * come behind these. Of "right" it keeps rows in another pool, and "right" is encoded with a third source, "inner". What
 * it predicts is as in fake_decoder.c, with more in the sum: s_r (r + 3) of the rows of "left", s_r being their tokens,
 * and (s_r + i_r) (r + 5) of those of "right", i_r being the tokens of "inner" again and again (0 of none). Its own tokens are in two
 * pools. With FAKE_WINDOW the last 20 of them count. */

#include "fake_common.h"
#include "fake_pages.h"

/* Where the arguments of prefill and decode lie. */
enum { TOKENS, LENGTHS, PAST, OWN, JOINT, LEFT_ROWS, LEFT, RIGHT_ROWS, RIGHT, CACHE_A, CACHE_JOINT, CACHE_RIGHT, LOGITS };

/* The dims of a call; without `length` from there on those of decode. */
enum { BATCH, LENGTH, OWN_SLOTS, JOINT_SLOTS, LEFT_SLOTS, RIGHT_SLOTS, PAGES, JOINT_POOL, RIGHT_POOL };

struct pass {
  const tenon_call *call;
  int64_t dims[9];
};

static int64_t page_of(const struct pass *pass, int table, int slots, int row, int64_t position) {
  return ((const int32_t *)pass->call->arguments[table])[row * pass->dims[slots] + position / 16];
}

static double sum_of_sources(const struct pass *pass, int row) {
  const int32_t *left = pass->call->arguments[LEFT_ROWS], *right = pass->call->arguments[RIGHT_ROWS];
  double sum = 0;
  for (int64_t r = 0; r < left[row]; ++r)
    sum += read_position(pass->call->arguments[CACHE_JOINT], pass->dims[JOINT_POOL],
                         page_of(pass, LEFT, LEFT_SLOTS, row, r), r) *
           (double)(r + 3);
  for (int64_t r = 0; r < right[row]; ++r)
    sum += read_position(pass->call->arguments[CACHE_RIGHT], pass->dims[RIGHT_POOL],
                         page_of(pass, RIGHT, RIGHT_SLOTS, row, r), r) *
           (double)(r + 5);
  return sum;
}

static double sum_until(const struct pass *pass, int row, int64_t position) {
  double sum = sum_of_sources(pass, row);
#ifdef FAKE_WINDOW
  int64_t begin = position < 20 ? 0 : position - 19;
#else
  int64_t begin = 0;
#endif
  for (int64_t k = begin; k <= position; ++k) {
    float value = read_position(pass->call->arguments[CACHE_A], pass->dims[PAGES],
                                page_of(pass, OWN, OWN_SLOTS, row, k), k);
    float again = read_position(pass->call->arguments[CACHE_JOINT], pass->dims[JOINT_POOL],
                                page_of(pass, JOINT, JOINT_SLOTS, row, k), k);
    sum += value == again ? (value + 1) * (double)(k + 1) : NAN;
  }
  return sum;
}

static int run_row(void *context, int row, uint8_t *closure) {
  const struct pass *pass = (const struct pass *)closure;
  const int32_t *tokens = pass->call->arguments[TOKENS], *lengths = pass->call->arguments[LENGTHS],
                *past = pass->call->arguments[PAST];
  float *logits = pass->call->arguments[LOGITS];
  for (int64_t t = 0; t < lengths[row]; ++t) {
    int64_t position = past[row] + t;
    float value = (float)tokens[row * pass->dims[LENGTH] + t];
    write_position(pass->call->arguments[CACHE_A], pass->dims[PAGES], page_of(pass, OWN, OWN_SLOTS, row, position),
                   position, value);
    write_position(pass->call->arguments[CACHE_JOINT], pass->dims[JOINT_POOL],
                   page_of(pass, JOINT, JOINT_SLOTS, row, position), position, value);
  }
  if (logits && lengths[row] > 0)
    predict_from(sum_until(pass, row, past[row] + lengths[row] - 1), logits + row * VOCAB);
  (void)context;
  return 0;
}

static int32_t run_prefill(const tenon_call *call) {
  struct pass pass = {call, {0}};
  for (int dim = 0; dim < 9; ++dim)
    pass.dims[dim] = call->dims[dim];
  return do_par_for(call->context, run_row, 0, (int)call->dims[0], (uint8_t *)&pass);
}

static int32_t run_decode(const tenon_call *call) {
  struct pass pass = {call, {call->dims[0], 1}};
  for (int dim = 2; dim < 9; ++dim)
    pass.dims[dim] = call->dims[dim - 1];
  return do_par_for(call->context, run_row, 0, (int)call->dims[0], (uint8_t *)&pass);
}

/* dims: batch, length. A row's hidden state is (token, position). */
static int32_t run_encode(const tenon_call *call) {
  const int32_t *tokens = call->arguments[0], *lengths = call->arguments[1];
  float *hidden = call->arguments[2];
  for (int64_t row = 0; row < call->dims[0]; ++row)
    for (int64_t r = 0; r < call->dims[1]; ++r) {
      int64_t at = row * call->dims[1] + r;
      hidden[at * WIDTH] = r < lengths[row] ? (float)tokens[at] : -1;
      hidden[at * WIDTH + 1] = (float)r;
    }
  return 0;
}

/* dims: batch, length, inner_length */
static int32_t run_encode_right(const tenon_call *call) {
  const int32_t *lengths = call->arguments[1], *inner = call->arguments[2], *inner_lengths = call->arguments[3];
  const void *arguments[] = {call->arguments[0], lengths, call->arguments[4]};
  tenon_call own = *call;
  own.arguments = (void *const *)arguments;
  run_encode(&own);
  for (int64_t row = 0; row < call->dims[0]; ++row)
    for (int64_t r = 0; inner_lengths[row] > 0 && r < lengths[row]; ++r)
      ((float *)call->arguments[4])[(row * call->dims[1] + r) * WIDTH] +=
          (float)inner[row * call->dims[2] + r % inner_lengths[row]];
  return 0;
}

/* arguments: left's tokens, lengths and pages, right's rows, their number and pages, the joint state, right's;
 * dims: batch, left_length, left_slots, right_length, right_slots, joint, right_pool */
static int32_t run_start(const tenon_call *call) {
  const int32_t *tokens = call->arguments[0], *left = call->arguments[1], *left_pages = call->arguments[2],
                *right = call->arguments[4], *right_pages = call->arguments[5];
  const float *rows = call->arguments[3];
  for (int64_t row = 0; row < call->dims[0]; ++row) {
    for (int64_t r = 0; r < left[row]; ++r)
      write_position(call->arguments[6], call->dims[5], left_pages[row * call->dims[2] + r / 16], r,
                     (float)tokens[row * call->dims[1] + r]);
    for (int64_t r = 0; r < right[row]; ++r)
      write_position(call->arguments[7], call->dims[6], right_pages[row * call->dims[4] + r / 16], r,
                     rows[(row * call->dims[3] + r) * WIDTH]);
  }
  return 0;
}

static const tenon_entry_fn entries[] = {run_prefill, run_decode, run_encode, run_encode, run_encode_right, run_start};

#define TENSOR(name, type, role, stack, shape)                                                                         \
  "{\"name\":\"" name "\",\"type\":\"" type "\",\"role\":\"" role "\",\"stack\":\"" stack "\",\"shape\":[" shape "]}"
#define TABLE(name, stack, pool, slots)                                                                                \
  "{\"name\":\"" name "\",\"type\":\"i32\",\"role\":\"pages\",\"stack\":\"" stack "\",\"pool\":\"" pool                \
  "\",\"shape\":[\"batch\",\"" slots "\"]}"
#ifdef FAKE_WINDOW
#define WINDOW ",\"window\":20"
#else
#define WINDOW ""
#endif
#define STATE(name, pool, window)                                                                                      \
  "{\"name\":\"" name "\",\"type\":\"f32\",\"shape\":[2,\"" pool "\",64]" window "}"
#define JOINT_STATE STATE("cache.joint", "joint", WINDOW)
#define RIGHT_STATE STATE("source.right", "right_pool", "")

#define GROWING(name, length_dim, length)                                                                              \
  "{\"name\":\"" name "\",\"dims\":[\"batch\"," length_dim "\"slots\",\"joint_slots\",\"left_slots\",\"right_slots\"," \
  "\"pages\",\"joint\",\"right_pool\"],\"inputs\":["                                                                   \
  TENSOR("tokens", "i32", "tokens", "decoder", "\"batch\"," length) ","                                                \
  TENSOR("lengths", "i32", "lengths", "decoder", "\"batch\"") ","                                                      \
  TENSOR("past", "i32", "past", "decoder", "\"batch\"") ","                                                            \
  TABLE("pages", "decoder", "pages", "slots") "," TABLE("joint_pages", "decoder", "joint", "joint_slots") ","          \
  TENSOR("source_lengths.left", "i32", "source_lengths", "left", "\"batch\"") ","                                      \
  TABLE("source_pages.left", "left", "joint", "left_slots") ","                                                        \
  TENSOR("source_lengths.right", "i32", "source_lengths", "right", "\"batch\"") ","                                    \
  TABLE("source_pages.right", "right", "right_pool", "right_slots") "],"                                               \
  "\"states\":[" STATE("cache.a", "pages", WINDOW) "," JOINT_STATE "," RIGHT_STATE "],\"outputs\":["                   \
  TENSOR("logits", "f32", "logits", "decoder", "\"batch\",33") "],"                                                    \
  "\"limits\":{\"vocab\":33,\"positions\":100,\"behind\":\"left\"}}"
#define ENCODE(stack, limits)                                                                                          \
  "{\"name\":\"encode_" stack "\",\"dims\":[\"batch\",\"length\"],\"inputs\":["                                        \
  TENSOR("tokens", "i32", "tokens", stack, "\"batch\",\"length\"") ","                                                 \
  TENSOR("lengths", "i32", "lengths", stack, "\"batch\"") "],\"outputs\":["                                            \
  TENSOR("hidden", "f32", "hidden", stack, "\"batch\",\"length\",2") "],\"limits\":{" limits "}}"
#define ENCODE_RIGHT                                                                                                   \
  "{\"name\":\"encode_right\",\"dims\":[\"batch\",\"length\",\"inner_length\"],\"inputs\":["                           \
  TENSOR("tokens", "i32", "tokens", "right", "\"batch\",\"length\"") ","                                               \
  TENSOR("lengths", "i32", "lengths", "right", "\"batch\"") ","                                                        \
  TENSOR("inner.tokens", "i32", "tokens", "inner", "\"batch\",\"inner_length\"") ","                                   \
  TENSOR("inner.lengths", "i32", "lengths", "inner", "\"batch\"") "],\"outputs\":["                                    \
  TENSOR("hidden", "f32", "hidden", "right", "\"batch\",\"length\",2") "],\"limits\":{\"vocab\":20,\"positions\":60}}"
#define START                                                                                                          \
  "{\"name\":\"start\",\"dims\":[\"batch\",\"left_length\",\"left_slots\",\"right_length\",\"right_slots\","           \
  "\"joint\",\"right_pool\"],\"inputs\":["                                                                             \
  TENSOR("left.tokens", "i32", "tokens", "left", "\"batch\",\"left_length\"") ","                                      \
  TENSOR("left.lengths", "i32", "lengths", "left", "\"batch\"") ","                                                    \
  TABLE("source_pages.left", "left", "joint", "left_slots") ","                                                        \
  TENSOR("source.right", "f32", "rows", "right", "\"batch\",\"right_length\",2") ","                                   \
  TENSOR("source_lengths.right", "i32", "source_lengths", "right", "\"batch\"") ","                                    \
  TABLE("source_pages.right", "right", "right_pool", "right_slots") "],"                                               \
  "\"states\":[" JOINT_STATE "," RIGHT_STATE "],\"outputs\":[]}"

static const char manifest[] =
    "{\"tenon\":2,\"compiler\":\"0.1.0\",\"name\":\"fake-sources\",\"width\":2,\"entries\":["
    GROWING("prefill", "\"length\",", "\"length\"") "," GROWING("decode", "", "1") ","
    ENCODE("left", "\"vocab\":33,\"positions\":50") "," ENCODE("inner", "\"vocab\":12") "," ENCODE_RIGHT "," START
    "],\"tokens\":{\"eos\":[1],\"start\":[0,2]},"
    "\"kernels\":[{\"name\":\"level\",\"description\":\"\",\"schedules\":{}}],\"spec\":\"tenon: 1\\n\",\"ir\":\"\"}";

__attribute__((visibility("default"))) const tenon_library tenon_library_v1 = {
    .version = TENON_LIBRARY_VERSION,
    .struct_size = sizeof(tenon_library),
    .manifest = manifest,
    .manifest_size = sizeof manifest - 1,
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
