/* embed MODEL.so TEXT TEXT: how close two texts are in meaning, from -1 to 1. */

#include "tenon/tenon.h"

#include <stdio.h>
#include <stdlib.h>

static int check(tenon_status status) {
  if (status != TENON_OK)
    fprintf(stderr, "%s: %s\n", tenon_status_name(status), tenon_message());
  return status == TENON_OK;
}

static int compare(tenon_model *model, tenon_session *session, const char *const *texts) {
  tenon_model_info info = {.struct_size = sizeof info};
  if (!check(tenon_model_describe(model, &info)))
    return 0;
  size_t width = (size_t)info.embedding_width;
  float *embeddings = malloc(2 * width * sizeof *embeddings);
  int ok = embeddings && check(tenon_session_embed_texts(session, texts, 2, embeddings));
  if (ok) {
    float cosine = 0;
    for (size_t i = 0; i < width; ++i)
      cosine += embeddings[i] * embeddings[width + i];
    printf("%.3f\n", cosine);
  }
  free(embeddings);
  return ok;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s MODEL.so TEXT TEXT\n", argv[0]);
    return 2;
  }
  tenon_model *model = NULL;
  tenon_session *session = NULL;
  int ok = check(tenon_model_open(argv[1], NULL, &model)) && check(tenon_session_create(model, NULL, &session)) &&
           compare(model, session, (const char *const *)(argv + 2));
  if (session)
    tenon_session_destroy(session);
  if (model)
    tenon_model_release(model);
  return ok ? 0 : 1;
}
