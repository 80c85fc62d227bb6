/* That tenon.h is C11, and that the shared library exports what it declares. */

#include "tenon/tenon.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void expect(int condition, const char *text) {
  if (condition)
    return;
  fprintf(stderr, "expected %s, the last message is \"%s\"\n", text, tenon_message());
  ++failures;
}
#define EXPECT(condition) expect(condition, #condition)

int main(void) {
  tenon_model *model = NULL;
  tenon_session *session = NULL;
  tenon_model_info info = {.struct_size = sizeof info};
  uint32_t threads;
  size_t count;
  EXPECT(strlen(tenon_version()) >= strlen("0.0.0"));
  EXPECT(tenon_model_open("/nonexistent/model.so", NULL, &model) == TENON_ERROR_FILE);
  EXPECT(strcmp(tenon_status_name(TENON_ERROR_FILE), "TENON_ERROR_FILE") == 0);
  EXPECT(strstr(tenon_message(), "/nonexistent/model.so") != NULL);
  EXPECT(tenon_model_retain(model) == TENON_ERROR_HANDLE);
  EXPECT(tenon_model_release(model) == TENON_ERROR_HANDLE);
  EXPECT(tenon_model_describe(model, &info) == TENON_ERROR_HANDLE);
  EXPECT(tenon_model_tokenize(model, "", 0, 0, NULL, 0, &count) == TENON_ERROR_HANDLE);
  EXPECT(tenon_model_detokenize(model, NULL, 0, NULL, 0, &count) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_create(model, NULL, &session) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_threads(session, &threads) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_call(session, "encode", NULL, 0, NULL, 0) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_encode(session, NULL, NULL, 0, NULL, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_embed_texts(session, NULL, 0, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_destroy(session) == TENON_ERROR_HANDLE);

  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  tenon_chat_message message = {"user", "x"};
  int64_t length;
  EXPECT(options.struct_size == sizeof options && options.sequences == 1 && options.max_tokens == 256);
  EXPECT(options.top_p == 1 && options.repetition_penalty == 1 && options.length_penalty == 1 && !options.callback);
  EXPECT(tenon_session_prefill(session, NULL, 0, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_score(session, NULL, 0, NULL, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_decode(&session, NULL, 1, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_length(session, &length) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_tokens(session, NULL, 0, &count) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_rewind(session, 0) == TENON_ERROR_HANDLE);
  EXPECT(tenon_session_fork(session, &session) == TENON_ERROR_HANDLE);
  EXPECT(tenon_cancel(session) == TENON_ERROR_HANDLE);
  EXPECT(tenon_generate(session, NULL, 0, &options, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_generate_batch(&session, NULL, NULL, 1, &options, NULL) == TENON_ERROR_HANDLE);
  EXPECT(tenon_chat_apply(model, &message, 1, 1, NULL, 0, &count) == TENON_ERROR_HANDLE);
  EXPECT(tenon_chat_tokenize(model, &message, 1, 1, NULL, 0, &count) == TENON_ERROR_HANDLE);
  EXPECT(strcmp(tenon_finish_name(TENON_FINISH_STOP_STRING), "stop_string") == 0);
  EXPECT(strcmp(tenon_finish_name((tenon_finish)99), "unknown finish") == 0);
  return failures != 0;
}
