/*===- tenon.h - Running compiled models ---------------------------*- C -*-===//
//
// A model is a library that `tenon compile` wrote, opened once and shared: it never changes, and counts its references.
// A session is one caller's working memory and threads for it. Sessions of one model run on different threads at once;
// one session runs one call at a time, and says TENON_ERROR_BUSY to a second.
//
// Every call returns a status. After one that is not TENON_OK, tenon_message() on the same thread says what was
// expected and what was found; objects and outputs are then as before the call, except that outputs of a call whose
// kernel failed hold anything. No exception and no abort leaves this interface.
//
// A weight file is mapped, not read, unless TENON_WEIGHTS_COPY_HUGE asks for a copy. If something shortens a mapped
// file while the model is open, the process ends with SIGBUS: replace weight files by renaming a new one over the old,
// or load a copy.
//
//===----------------------------------------------------------------------===*/

#ifndef TENON_TENON_H
#define TENON_TENON_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TENON_API __attribute__((visibility("default")))
#else
#define TENON_API
#endif

/* Enumerations have the size of C's; in C++ any value may be read from one. */
#ifdef __cplusplus
#define TENON_ENUM_TYPE : uint32_t
extern "C" {
#else
#define TENON_ENUM_TYPE
#endif

typedef enum tenon_status TENON_ENUM_TYPE {
  TENON_OK = 0,
  TENON_ERROR_INVALID_ARGUMENT = 1, /* a null pointer, an unknown name, a wrong type, rank or shape */
  TENON_ERROR_OUT_OF_RANGE = 2,     /* a count, length or token id that the model does not take */
  TENON_ERROR_HANDLE = 3,           /* a null or freed handle, or one of another kind */
  TENON_ERROR_BUSY = 4,             /* the session is in a call on another thread */
  TENON_ERROR_STRUCT_SIZE = 5,      /* struct_size is not one that this runtime knows */
  TENON_ERROR_CAPACITY = 6,         /* the buffer is too small; the size needed has been written */
  TENON_ERROR_FILE = 7,             /* a file is missing, unreadable or not a regular file */
  TENON_ERROR_LIBRARY = 8,          /* the library is damaged or is not a Tenon library */
  TENON_ERROR_VERSION = 9,          /* the library is for another version of the runtime */
  TENON_ERROR_CPU = 10,       /* the library is for another machine, or for a CPU that can do more than this one */
  TENON_ERROR_WEIGHTS = 11,   /* the weight file is damaged or belongs to another library */
  TENON_ERROR_TOKENIZER = 12, /* the model has no tokenizer, or it cannot read this text */
  TENON_ERROR_NO_MEMORY = 13,
  TENON_ERROR_THREADS = 14, /* a thread could not be started */
  TENON_ERROR_FORKED = 15,  /* the session was used before the process forked; make a new one */
  TENON_ERROR_KERNEL = 16,  /* a kernel reported an error */
  TENON_ERROR_INTERNAL = 17,
  TENON_ERROR_CACHE_FULL = 18,    /* the sessions of the model have filled its cache */
  TENON_ERROR_CHAT_TEMPLATE = 19, /* the model has no chat template, or it does not take these messages */
  TENON_ERROR_CALLBACK = 20,      /* a callback threw an exception */
  TENON_ERROR_CANCELLED = 21,     /* by tenon_cancel */
  TENON_ERROR_AUDIO = 22          /* a file is no sound, or one that the model cannot hear */
} tenon_status;

/* "TENON_ERROR_BUSY" and so on; never NULL. */
TENON_API const char *tenon_status_name(tenon_status status);

/* Why the last call on this thread that failed did so; "" if none did. Valid until the thread's next failure. */
TENON_API const char *tenon_message(void);

/* "0.1.0". */
TENON_API const char *tenon_version(void);

/*===-- Models --------------------------------------------------------------===*/

typedef struct tenon_model tenon_model;

typedef enum tenon_weights_loading TENON_ENUM_TYPE {
  TENON_WEIGHTS_MAP = 0,      /* map the file; pages are shared between processes */
  TENON_WEIGHTS_COPY_HUGE = 1 /* copy into huge pages: slower to open, faster to read, safe from truncation */
} tenon_weights_loading;

typedef struct tenon_model_options {
  size_t struct_size; /* sizeof(tenon_model_options) */
  uint32_t load_weights;
  uint32_t check_weights; /* 1: compare the weights with their checksum, which reads all of them */
  const char *target;   /* kernels to use, such as "x86-64-v3"; NULL: $TENON_TARGET, else the best that this CPU runs */
  uint64_t cache_bytes; /* most memory for what all sessions of a model that generates cache, and as much again for what
                           is kept of sources alone; 0: half of the machine's */
} tenon_model_options;

/* Opens a library. `options` may be NULL. The model starts with one reference, the caller's. */
TENON_API tenon_status tenon_model_open(const char *path, const tenon_model_options *options, tenon_model **model);
TENON_API tenon_status tenon_model_retain(tenon_model *model);
/* Gives a reference back. Sessions hold references of their own. */
TENON_API tenon_status tenon_model_release(tenon_model *model);

/* A text that a model wants before those that it embeds: "query: ", say. */
typedef struct tenon_prompt {
  const char *name;
  const char *text; /* text_bytes bytes and a NUL; may be empty */
  size_t text_bytes;
} tenon_prompt;

/* What a model is. Strings belong to the model and live as long as it does. */
typedef struct tenon_model_info {
  size_t struct_size; /* sizeof(tenon_model_info), set by the caller */
  const char *name;
  const char *target;   /* the kernels in use */
  const char *spec;     /* YAML; "" where the library was compiled from IR */
  const char *manifest; /* JSON, see docs/library.md; manifest_size bytes, then not always a NUL */
  size_t manifest_size;
  int64_t width;       /* 0 where the manifest names none, as for the three limits below */
  int64_t vocab;       /* token ids are less than this */
  int64_t positions;   /* most tokens in a row */
  int64_t types;       /* token types are less than this */
  int64_t text_tokens; /* tokens that a text is cut to */
  uint64_t weight_bytes;
  const uint8_t *weights; /* as the kernels read them; NULL for none */
  int32_t has_tokenizer;
  int32_t generates;  /* whether it has prefill, for the calls under "Generation" */
  int32_t has_source; /* whether what it writes is about a source, see tenon_source */
  uint32_t source_count;    /* about how many; the three below are of the first, see tenon_model_source */
  int64_t source_positions; /* most tokens or rows of a source; 0 where there is no limit */
  int64_t source_features;  /* numbers in a row of an encoder's features; 0 where it reads tokens */
  int64_t source_width;     /* components of a source's hidden state; 0 where it cannot be given as such */
  int64_t embedding_width;  /* numbers in an embedding; 0 where the model gives none */
  const tenon_prompt *prompts;
  size_t prompt_count;
  const char *default_prompt; /* the name of the one that stands before every text; NULL where none does */
} tenon_model_info;

TENON_API tenon_status tenon_model_describe(tenon_model *model, tenon_model_info *info);

/* One of the sources that a model writes about, or that such a one is made of. */
typedef struct tenon_source_info {
  size_t struct_size; /* sizeof(tenon_source_info), set by the caller */
  const char *name;   /* of its stack in the spec; the model's */
  int64_t vocab;      /* token ids are less than this; 0 where there is no limit, as below */
  int64_t positions;  /* most tokens or rows */
  int64_t features;   /* numbers in a row of features; 0 where it is of tokens */
  int64_t width;      /* components of a hidden state; 0 where it cannot be given as such, since more of it is read */
} tenon_source_info;

/* The source of that index, less than info.source_count. */
TENON_API tenon_status tenon_model_source(tenon_model *model, size_t index, tenon_source_info *info);

/* Token ids of a UTF-8 text of text_bytes bytes, with the tokens that the model wants around it. At most max_tokens of
 * them (0: no limit), cut as the tokenizer's own library cuts. Writes the number of ids to *count; when that exceeds
 * `capacity`, writes no id and returns TENON_ERROR_CAPACITY. */
TENON_API tenon_status tenon_model_tokenize(tenon_model *model, const char *text, size_t text_bytes, size_t max_tokens,
                                            int32_t *ids, size_t capacity, size_t *count);

/* The text of token ids, NUL-terminated. *bytes, without the NUL, must be less than `capacity`. */
TENON_API tenon_status tenon_model_detokenize(tenon_model *model, const int32_t *ids, size_t count, char *text,
                                              size_t capacity, size_t *bytes);

/*===-- Sessions ------------------------------------------------------------===*/

typedef struct tenon_session tenon_session;

typedef struct tenon_session_options {
  size_t struct_size; /* sizeof(tenon_session_options) */
  uint32_t threads;   /* the caller's included; 0: as many as CPUs this process may use (affinity and cgroup quota) */
  uint32_t reserved;  /* 0 */
} tenon_session_options;

/* `options` may be NULL. A session's threads start with its first call, so a process may fork before that. */
TENON_API tenon_status tenon_session_create(tenon_model *model, const tenon_session_options *options,
                                            tenon_session **session);
TENON_API tenon_status tenon_session_destroy(tenon_session *session);
TENON_API tenon_status tenon_session_threads(tenon_session *session, uint32_t *threads);

#define TENON_MAX_RANK 8
#define TENON_MAX_THREADS 1024

typedef enum tenon_type TENON_ENUM_TYPE {
  TENON_F32 = 0,
  TENON_I32 = 1,
  TENON_F64 = 2,
  TENON_I64 = 3,
  TENON_F16 = 4,
  TENON_BF16 = 5,
  TENON_I8 = 6,
  TENON_U8 = 7
} tenon_type;

/* A dense row-major tensor, aligned to its element. */
typedef struct tenon_tensor {
  const char *name;
  tenon_type type;
  uint32_t rank;
  int64_t shape[TENON_MAX_RANK];
  void *data;
  size_t bytes; /* size of data, at least what the shape needs */
} tenon_tensor;

/* Runs an entry point. Inputs are found by name and checked against the manifest. Optional inputs that are left out are
 * zeros. For each output that is wanted, give a name and either `data` with `bytes` of room, or data NULL to
 * have it in the session's memory until its next call. Type, rank and shape of outputs are written by the call. */
TENON_API tenon_status tenon_session_call(tenon_session *session, const char *entry, const tenon_tensor *inputs,
                                          size_t input_count, tenon_tensor *outputs, size_t output_count);

/* The entry point "encode" on rows of token ids, which need no padding: rows[b] has lengths[b] >= 0 of them.
 * hidden is batch x (longest row) x width, zero behind the end of a row; embedding is batch x info.embedding_width.
 * Either may be NULL. */
TENON_API tenon_status tenon_session_encode(tenon_session *session, const int32_t *const *rows, const int32_t *lengths,
                                            size_t batch, float *hidden, float *embedding);

typedef struct tenon_embed_options {
  size_t struct_size;      /* sizeof(tenon_embed_options) */
  const char *prompt;      /* the name of one of info.prompts; NULL: info.default_prompt */
  const char *prompt_text; /* what stands before every text, in place of a prompt that has a name; "" for nothing */
} tenon_embed_options;

/* Embeddings (count x info.embedding_width) of NUL-terminated UTF-8 texts, each with its prompt before it, then cut to
 * what the model takes. `options` may be NULL. */
TENON_API tenon_status tenon_session_embed(tenon_session *session, const char *const *texts, size_t count,
                                           const tenon_embed_options *options, float *embeddings);

/* The same with the default prompt, if the model has one. */
TENON_API tenon_status tenon_session_embed_texts(tenon_session *session, const char *const *texts, size_t count,
                                                 float *embeddings);

/*===-- Generation ----------------------------------------------------------===*/

/* Models that generate (tenon_model_info.generates) predict the token after a sequence. A session holds one sequence of
 * tokens, at first none, whose keys and values are cached. Sessions of a model share the memory for that, so that
 * forking one costs next to nothing. */

/* Models that attend to sources (tenon_model_info.has_source) write about one of each: what an encoder makes of tokens
 * or of rows of numbers, or hidden states that the caller has. Give exactly one of tokens, features and hidden; the
 * others are NULL. A source may be empty: no tokens or rows, at a pointer that is not NULL. Where a model has several
 * sources, one that only others are made of is left out (all of these NULL) where these are given as hidden states. */
typedef struct tenon_source {
  size_t struct_size;    /* sizeof(tenon_source) */
  const int32_t *tokens; /* token_count of them, as tenon_model_tokenize gives them */
  size_t token_count;
  const float *features; /* rows x features of tenon_source_info */
  const float *hidden;   /* rows x its width: what stands in place of an encoder's last hidden state */
  int64_t rows;
} tenon_source;

/* Encodes sources for count >= 1 different sessions of one model, in one pass over the weights. With n being
 * info.source_count, sources[i n] to sources[i n + n - 1] are those of sessions[i], in the order of tenon_model_source;
 * each is of one kind in all sessions. A session then has no tokens and is about its sources, as its forks are; they
 * share what was made of them. Runs on the threads of the first. Fails with the sessions as they were. */
TENON_API tenon_status tenon_session_set_sources(tenon_session *const *sessions, const tenon_source *sources,
                                                 size_t count);

/* Token ids of a UTF-8 text of what the model writes, with nothing around it: what an answer is to begin with. As
 * tenon_model_tokenize. */
TENON_API tenon_status tenon_model_tokenize_answer(tenon_model *model, const char *text, size_t text_bytes,
                                                   int32_t *ids, size_t capacity, size_t *count);

/* The tokens that answers about a source start with, which tenon_generate puts in place of an empty prompt. As
 * tenon_model_tokenize. */
TENON_API tenon_status tenon_model_start_tokens(tenon_model *model, int32_t *ids, size_t capacity, size_t *count);

/* Appends count >= 1 tokens to the session's. `logits`, if not NULL, gets a score for each of info.vocab tokens to come
 * next. A long prompt may come in several calls. */
TENON_API tenon_status tenon_session_prefill(tenon_session *session, const int32_t *tokens, size_t count,
                                             float *logits);

/* The same with what the model says after each of the tokens: logits count x vocab, hidden count x width; either may be
 * NULL. */
TENON_API tenon_status tenon_session_score(tenon_session *session, const int32_t *tokens, size_t count, float *logits,
                                           float *hidden);

/* Appends tokens[i] to sessions[i], count >= 1 different sessions of one model, in one pass over the weights; logits is
 * count x vocab. Runs on the threads of the first. */
TENON_API tenon_status tenon_decode(tenon_session *const *sessions, const int32_t *tokens, size_t count, float *logits);

/* How many tokens the session holds, and which. When *count exceeds `capacity`, writes no id and returns
 * TENON_ERROR_CAPACITY. */
TENON_API tenon_status tenon_session_length(tenon_session *session, int64_t *length);
TENON_API tenon_status tenon_session_tokens(tenon_session *session, int32_t *ids, size_t capacity, size_t *count);

/* Keeps the first `length` tokens. */
TENON_API tenon_status tenon_session_rewind(tenon_session *session, int64_t length);

/* A session with the same tokens, which lives on its own. */
TENON_API tenon_status tenon_session_fork(tenon_session *session, tenon_session **forked);

/* Ends the generation that the session is in on another thread, if any, after its next token. May be called from a
 * signal handler. */
TENON_API tenon_status tenon_cancel(tenon_session *session);

typedef enum tenon_finish TENON_ENUM_TYPE {
  TENON_FINISH_LENGTH = 0,      /* max_tokens were written */
  TENON_FINISH_STOP_TOKEN = 1,  /* the last token is one that ends a text */
  TENON_FINISH_STOP_STRING = 2, /* a stop string came up; the text ends before it */
  TENON_FINISH_POSITIONS = 3,   /* the model takes no more tokens */
  TENON_FINISH_CACHE_FULL = 4,  /* the cache of the model's sessions has no more room */
  TENON_FINISH_CANCELLED = 5,   /* by tenon_cancel or the callback */
  TENON_FINISH_NOT_A_NUMBER = 6 /* the model's scores are not numbers */
} tenon_finish;

/* "length", "stop_token" and so on; never NULL. */
TENON_API const char *tenon_finish_name(tenon_finish finish);

/* A token that was just written. */
typedef struct tenon_generation_event {
  size_t row;        /* which of the prompts, 0 but for tenon_generate_batch */
  uint32_t sequence; /* which of its sequences */
  int32_t token;     /* -1 where only text is left to tell of */
  const char *text;  /* what the text has grown by: whole characters, maybe none; text_bytes bytes and a NUL */
  size_t text_bytes;
} tenon_generation_event;

/* Called on the generating thread. Returns 0 to go on, else to cancel. May not use the sessions. */
typedef int (*tenon_generation_callback)(void *context, const tenon_generation_event *event);

typedef enum tenon_early_stopping TENON_ENUM_TYPE {
  TENON_STOP_WHEN_UNLIKELY = 0, /* end where no running beam's score at its present length beats the finished ones */
  TENON_STOP_WHEN_ENOUGH = 1,   /* end as soon as there are `beams` finished sequences */
  TENON_STOP_WHEN_CERTAIN = 2   /* end where no running beam can ever beat the finished ones */
} tenon_early_stopping;

/* Tokens that follow each other. */
typedef struct tenon_token_list {
  const int32_t *tokens;
  size_t count;
} tenon_token_list;

/* Start from TENON_GENERATE_DEFAULTS or from the model's own, tenon_model_generate_options. Scores pass
 * source_repetition_penalty, repetition_penalty, the rules about repeats and forbidden tokens, temperature, top_k, top_p
 * and min_p in this order, as in Hugging Face's libraries. */
typedef struct tenon_generate_options {
  size_t struct_size;        /* sizeof(tenon_generate_options) */
  int64_t max_tokens;        /* >= 0 */
  double temperature;        /* 0: always the likeliest token, of equal ones the one with the lowest id */
  double top_p;              /* in (0, 1]; 1: all tokens */
  double min_p;              /* in [0, 1]; 0: all tokens */
  double repetition_penalty; /* > 0; 1: none. About the session's tokens and those written */
  int32_t top_k;             /* 0: all tokens */
  uint32_t ignore_eos;       /* 1: the model's own ends of text are tokens like others */
  uint64_t seed;      /* row i of a batch and its sequence j draw numbers of their own, whatever the other rows are */
  uint32_t sequences; /* how many to write for each prompt: samples, or with beams the best; >= 1 */
  uint32_t beams;     /* width of the beam search, >= sequences; 0: none. Wants temperature 0 */
  double length_penalty;      /* a beam's score is its log probability / (its length ^ length_penalty) */
  uint32_t early_stopping;    /* a tenon_early_stopping */
  uint32_t scores;            /* 1: without beams too, compute the sequences' log probabilities */
  const int32_t *stop_tokens; /* besides the model's own; less than info.vocab */
  size_t stop_token_count;
  const char *const *stop_strings; /* NUL-terminated UTF-8 */
  size_t stop_string_count;
  tenon_generation_callback callback; /* or NULL; with beams called for the best sequence when it is known */
  void *context;
  int64_t min_tokens;               /* what ends a text may not come before so many tokens */
  int64_t max_length, min_length;   /* the same bounds with the session's tokens and the prompt counted; 0: none */
  double source_repetition_penalty; /* as repetition_penalty, and in its favour: above 1 what the source (or else the
                                     * prompt) says is likelier */
  uint32_t no_repeat_ngram;         /* no run of so many tokens comes twice in prompt and answer; 0: any */
  uint32_t source_no_repeat_ngram;  /* none comes that is in the source's tokens, or else in the prompt; 0: any */
  const tenon_token_list *bad_words; /* what is never written: each of at least 1 token, which is less than info.vocab.
                                      * One of a single token that ends texts is passed over */
  size_t bad_word_count;
  uint32_t renormalize; /* 1: with beams, what may not come has no part in probabilities */
  uint32_t reserved;    /* 0 */
} tenon_generate_options;

#define TENON_GENERATE_DEFAULTS                                                                                        \
  {sizeof(tenon_generate_options), 256,  0, 1, 0, 1, 0, 0, 0, 1, 0,    1, 0, 0, NULL, 0, NULL, 0, NULL,               \
   NULL,                           0,    0, 0, 1, 0, 0, NULL, 0, 0, 0}

/* The options that the model's authors recommend (`generation` of its spec, from generation_config.json), in place of
 * those of TENON_GENERATE_DEFAULTS. options->struct_size is set by the caller; what it then points to belongs to the
 * model. */
TENON_API tenon_status tenon_model_generate_options(tenon_model *model, tenon_generate_options *options);

/* What was written, in the session's memory until its next call. */
typedef struct tenon_sequence {
  const int32_t *tokens;
  size_t token_count;
  const char *text; /* "" for models without a tokenizer; text_bytes bytes and a NUL */
  size_t text_bytes;
  double score; /* see beams and scores */
  tenon_finish finish;
  uint32_t reserved;
} tenon_sequence;

typedef struct tenon_generation {
  size_t struct_size;              /* sizeof(tenon_generation), set by the caller */
  const tenon_sequence *sequences; /* best first */
  size_t sequence_count;
  double prefill_seconds; /* until the first scores were there */
  double decode_seconds;  /* from then on, of the whole batch */
} tenon_generation;

/* Appends `count` tokens to the session's and writes what comes next: at least 1, or 0 where the session is empty and
 * the model has tokens that answers start with. Afterwards the session holds these and the first sequence but for its
 * last token. `options` may be NULL, which stands for the model's own; so may `result`. */
TENON_API tenon_status tenon_generate(tenon_session *session, const int32_t *tokens, size_t count,
                                      const tenon_generate_options *options, tenon_generation *result);

/* The same for count >= 1 prompts at once, prompts[i] of prompt_lengths[i] tokens for sessions[i], all different and of
 * one model. `results` has `count` elements or is NULL. */
TENON_API tenon_status tenon_generate_batch(tenon_session *const *sessions, const int32_t *const *prompts,
                                            const size_t *prompt_lengths, size_t count,
                                            const tenon_generate_options *options, tenon_generation *results);

/*===-- Chat ----------------------------------------------------------------===*/

typedef struct tenon_chat_message {
  const char *role; /* "system", "user", "assistant" */
  const char *content;
} tenon_chat_message;

/* The text that the model's chat template makes of a conversation, NUL-terminated; with add_generation_prompt not 0 it
 * ends where the answer begins. *bytes, without the NUL, must be less than `capacity`. */
TENON_API tenon_status tenon_chat_apply(tenon_model *model, const tenon_chat_message *messages, size_t count,
                                        int add_generation_prompt, char *text, size_t capacity, size_t *bytes);

/* The token ids of that text, as tenon_model_tokenize writes them, with nothing around them. */
TENON_API tenon_status tenon_chat_tokenize(tenon_model *model, const tenon_chat_message *messages, size_t count,
                                           int add_generation_prompt, int32_t *ids, size_t capacity, size_t *id_count);

#ifdef __cplusplus
}
#endif

#endif /* TENON_TENON_H */
