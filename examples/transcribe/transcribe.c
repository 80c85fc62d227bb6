/* Writes down what is said in a sound file, line by line with times as it is heard: transcribe whisper.so talk.wav */

#include "tenon/audio.h"

#include <stdio.h>

/* Ends the program's work with what went wrong, if anything did. */
#define TRY(call)                                                                                                      \
  if ((call) != TENON_OK) {                                                                                            \
    fprintf(stderr, "transcribe: %s\n", tenon_message());                                                              \
    return 1;                                                                                                          \
  }

static int print_segment(void *context, const tenon_segment *segment) {
  (void)context;
  printf("%7.2f %7.2f  %s\n", segment->begin, segment->end, segment->text);
  fflush(stdout);
  return 0;
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: transcribe LIBRARY FILE\n");
    return 2;
  }
  tenon_model *model;
  tenon_session *session;
  TRY(tenon_model_open(arguments[1], NULL, &model));
  TRY(tenon_session_create(model, NULL, &session));

  tenon_transcribe_options options = TENON_TRANSCRIBE_DEFAULTS;
  options.timestamps = 1;
  options.callback = print_segment;
  tenon_transcript *transcript;
  TRY(tenon_transcribe_file(session, arguments[2], &options, &transcript));

  tenon_transcript_free(transcript);
  tenon_session_destroy(session);
  tenon_model_release(model);
  return 0;
}
