//===- llama_logits.cpp - What llama.cpp computes -------------------------===//
//
//   llama-logits MODEL.gguf TOKEN...
//
// Writes the logits after the last of the token ids to standard output, as raw float32. Keys and values are cached in
// float32.
//
//===----------------------------------------------------------------------===//

#include "llama.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

static void logErrors(ggml_log_level level, const char *text, void *) {
  if (level == GGML_LOG_LEVEL_ERROR)
    std::fputs(text, stderr);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: llama-logits MODEL.gguf TOKEN...\n");
    return 2;
  }
  llama_log_set(logErrors, nullptr);
  llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model)
    return 1;
  std::vector<llama_token> tokens;
  for (int i = 2; i < argc; ++i)
    tokens.push_back(static_cast<llama_token>(std::strtol(argv[i], nullptr, 10)));
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = static_cast<uint32_t>(tokens.size());
  params.type_k = params.type_v = GGML_TYPE_F32;
  llama_context *context = llama_init_from_model(model, params);
  if (!context || llama_decode(context, llama_batch_get_one(tokens.data(), static_cast<int32_t>(tokens.size()))) != 0)
    return 1;
  size_t vocab = static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  bool written = std::fwrite(llama_get_logits_ith(context, -1), sizeof(float), vocab, stdout) == vocab;
  llama_free(context);
  llama_model_free(model);
  return written ? 0 : 1;
}
