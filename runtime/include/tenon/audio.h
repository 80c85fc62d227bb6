/*===- audio.h - Speech to text with compiled models ---------------*- C -*-===//
//
// For models whose spec has `audio`: they hear windows of sound (30 s for Whisper) as log-mel spectrograms and write
what
// was said. Statuses and messages are those of tenon.h.
//
//===----------------------------------------------------------------------===*/

#ifndef TENON_AUDIO_H
#define TENON_AUDIO_H

#include "tenon/tenon.h"

#ifdef __cplusplus
extern "C" {
#endif

/*===-- Sounds --------------------------------------------------------------===*/

/* What a model hears. */
typedef struct tenon_audio_format {
  size_t struct_size; /* sizeof(tenon_audio_format), set by the caller */
  int64_t rate;       /* samples per second */
  int64_t window;     /* samples of one spectrum */
  int64_t hop;        /* samples from one spectrum to the next */
  int64_t bins;       /* mel bands of a spectrum */
  int64_t frames;     /* spectra of one window of sound, which is frames * hop samples */
} tenon_audio_format;

/* Fails with TENON_ERROR_AUDIO if the model hears nothing. */
TENON_API tenon_status tenon_model_audio(tenon_model *model, tenon_audio_format *format);

/* Reads a sound file of any sample rate (1000 to 1000000 per second), channel count and sample type that libsndfile
 * knows: WAV, FLAC, Ogg, AIFF and others, at most 24 hours. The channels' mean is converted to `rate` samples a second.
 * A file that is shorter than its header says is read as far as it goes. Fails on files without samples, and where one
 * is not a number. */
TENON_API tenon_status tenon_audio_read(const char *path, int64_t rate, float **samples, size_t *count);

/* The same from memory: `frames` times one sample of each of `channels`, from -1 to 1, `from_rate` times a second. */
TENON_API tenon_status tenon_audio_convert(const float *interleaved, size_t frames, uint32_t channels,
                                           int64_t from_rate, int64_t rate, float **samples, size_t *count);

/* Frees what the two calls above gave; NULL is fine. */
TENON_API void tenon_audio_free(float *samples);

/* The log-mel spectrogram, frames x bins, of the window of sound that the samples begin with; what they do not fill is
 * silence. */
TENON_API tenon_status tenon_audio_features(tenon_model *model, const float *samples, size_t count, float *features);

/*===-- Transcription -------------------------------------------------------===*/

/* Words that were said without a long pause. */
typedef struct tenon_segment {
  double begin; /* seconds */
  double end;
  const char *text; /* "" for models without a tokenizer; text_bytes bytes and a NUL */
  size_t text_bytes;
  const int32_t *tokens; /* without times and ends of text */
  size_t token_count;
  /* Of the answer that it is from, the same for all segments of a window: */
  double temperature;       /* at which it was written */
  double avg_logprob;       /* the mean log probability of its tokens, the end of text among them */
  double compression_ratio; /* its text's bytes for each byte that zlib makes of them; NaN without a tokenizer */
  double no_speech_prob;    /* of nobody speaking in the window; NaN where the model has no token for that */
} tenon_segment;

/* Called for each segment when it is known. Returns 0 to go on, else to cancel. May not use the session. */
typedef int (*tenon_segment_callback)(void *context, const tenon_segment *segment);

/* Start from TENON_TRANSCRIBE_DEFAULTS. The thresholds, and the names and defaults of what decides about a window, are
 * those of OpenAI's program; NaN switches a threshold off. */
typedef struct tenon_transcribe_options {
  size_t struct_size;  /* sizeof(tenon_transcribe_options) */
  uint32_t timestamps; /* 1: let the model write times */
  uint32_t
      condition_on_previous_text; /* 1: an answer goes on from those before, where the model has a token for that */
  const int32_t *start_tokens;    /* what the answer about each window starts with, in place of the model's own: such as
                                     start, language and task */
  size_t start_token_count;
  int64_t max_tokens;                     /* for each window; 0: half of the decoder's positions */
  const tenon_generate_options *generate; /* or NULL. Its max_tokens, sequences and scores are not looked at, its
                                             callback not called; its temperature is the first to try */
  tenon_segment_callback callback;        /* or NULL */
  void *context;
  const char *initial_prompt;               /* text that the first answer goes on from; or NULL */
  double temperature_increment_on_fallback; /* an answer that fails a threshold is written again at a temperature that
                                               is higher by this much, up to 1; 0: it is not */
  double compression_ratio_threshold;       /* an answer whose text has a higher ratio repeats itself, and fails */
  double logprob_threshold;                 /* an answer with a lower mean log probability fails */
  double no_speech_threshold;               /* a window with a higher probability of this, whose answer has no more than
                                               logprob_threshold, is silence, and has no segment */
  uint32_t best_of;                         /* how many answers to sample above temperature 0; the likeliest counts */
  uint32_t reserved;                        /* 0 */
} tenon_transcribe_options;

#define TENON_TRANSCRIBE_DEFAULTS                                                                                      \
  { sizeof(tenon_transcribe_options), 0, 1, NULL, 0, 0, NULL, NULL, NULL, NULL, 0.2, 2.4, -1, 0.6, 1, 0 }

typedef struct tenon_transcript {
  const char *text; /* all that was said; text_bytes bytes and a NUL */
  size_t text_bytes;
  const tenon_segment *segments;
  size_t segment_count;
  const int32_t *tokens; /* all that was written about windows with speech, times and ends of text included */
  size_t token_count;
  size_t windows;         /* that were listened to */
  double sound_seconds;   /* how long the sound is */
  double feature_seconds; /* spent on spectrograms */
  double encode_seconds;  /* on encoding them */
  double decode_seconds;  /* on writing */
  tenon_finish finish;    /* of the last window */
  uint32_t reserved;
} tenon_transcript;

/* Writes down what is said in samples of the model's rate, window by window. Without times, windows follow each other
 * and each is a segment. With times, a window begins where the last one's complete segments end, so that no word is
 * cut. `options` may be NULL. Afterwards the session holds what it wrote about the last window. A callback or
 * tenon_cancel ends it early: then `finish` says so and the transcript has what came before. */
TENON_API tenon_status tenon_transcribe(tenon_session *session, const float *samples, size_t count,
                                        const tenon_transcribe_options *options, tenon_transcript **transcript);

/* The same of what tenon_audio_read would read, twice, a window at a time: memory does not grow with the sound. */
TENON_API tenon_status tenon_transcribe_file(tenon_session *session, const char *path,
                                             const tenon_transcribe_options *options, tenon_transcript **transcript);

/* NULL is fine. */
TENON_API void tenon_transcript_free(tenon_transcript *transcript);

#ifdef __cplusplus
}
#endif

#endif /* TENON_AUDIO_H */
