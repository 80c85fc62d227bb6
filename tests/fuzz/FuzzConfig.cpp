//===- FuzzConfig.cpp - The import of config.json -------------------------===//

#include "import/Import.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include <cstdlib>
#include <fstream>

using namespace tenon;

/// A file with the names of the tensors of a BERT, a Llama and a GPT-2, all of them empty: the import looks at the
/// names alone.
static std::string weightFile() {
  std::vector<weights::SafetensorsEntry> entries;
  for (llvm::StringRef module :
       {"embeddings.word_embeddings", "embeddings.position_embeddings", "embeddings.token_type_embeddings",
        "embeddings.LayerNorm", "encoder.layer.0.attention.self.query", "encoder.layer.0.attention.output.LayerNorm",
        "encoder.layer.0.intermediate.dense", "model.embed_tokens", "model.layers.0.input_layernorm",
        "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_norm", "model.layers.0.mlp.gate_up_proj",
        "model.layers.0.post_feedforward_layernorm", "transformer.wte", "transformer.h.0.attn.c_attn",
        "transformer.h.0.mlp.c_fc", "lm_head"}) {
    weights::SafetensorsEntry &entry = entries.emplace_back();
    entry.name = (module + ".weight").str();
    entry.shape = {0};
  }
  return weights::safetensorsHeader(entries, {}, 8);
}

static void write(const std::string &path, llvm::StringRef text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

static std::string makeDirectory() {
  llvm::SmallString<128> directory;
  if (llvm::sys::fs::createUniqueDirectory("tenon-fuzz", directory))
    std::abort();
  std::string path = directory.str().str();
  write(path + "/model.safetensors", weightFile());
  return path;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::string directory = makeDirectory();
  static const int removal = std::atexit([] { llvm::sys::fs::remove_directories(directory); });
  if (removal != 0)
    std::abort();
  write(directory + "/config.json", llvm::StringRef(reinterpret_cast<const char *>(data), size));
  llvm::Expected<import::ImportedModel> imported = import::importCheckpoint(directory);
  if (!imported && llvm::toString(imported.takeError()).empty())
    std::abort();
  return 0;
}
