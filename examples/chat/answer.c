/* answer MODEL.so QUESTION: streams a model's answer to one question. */

#include "tenon/tenon.h"

#include <stdio.h>

static int check(tenon_status status) {
  if (status != TENON_OK)
    fprintf(stderr, "%s: %s\n", tenon_status_name(status), tenon_message());
  return status == TENON_OK;
}

static int print(void *context, const tenon_generation_event *event) {
  (void)context;
  fwrite(event->text, 1, event->text_bytes, stdout);
  return fflush(stdout);
}

static int answer(tenon_model *model, tenon_session *session, const char *question) {
  tenon_chat_message message = {"user", question};
  int32_t tokens[4096];
  size_t count;
  if (!check(tenon_chat_tokenize(model, &message, 1, 1, tokens, 4096, &count)))
    return 0;
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.callback = print;
  tenon_generation result = {.struct_size = sizeof result};
  if (!check(tenon_generate(session, tokens, count, &options, &result)))
    return 0;
  fprintf(stderr, "\n%zu tokens read in %.2f s, %zu written in %.2f s\n", count, result.prefill_seconds,
          result.sequences[0].token_count, result.decode_seconds);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODEL.so QUESTION\n", argv[0]);
    return 2;
  }
  tenon_model *model = NULL;
  tenon_session *session = NULL;
  int ok = check(tenon_model_open(argv[1], NULL, &model)) && check(tenon_session_create(model, NULL, &session)) &&
           answer(model, session, argv[2]);
  if (session)
    tenon_session_destroy(session);
  if (model)
    tenon_model_release(model);
  return ok ? 0 : 1;
}
