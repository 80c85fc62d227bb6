//===- GgufArchitectures.cpp ----------------------------------------------===//

#include "import/GgufArchitectures.h"

using namespace tenon;
using namespace tenon::import;
using spec::Activation;
using spec::NormKind;

static constexpr GgufArchitecture architectures[] = {
    {"llama", NormKind::RMSNorm, GgufPositions::Interleaved, Activation::Silu},
    {"qwen2", NormKind::RMSNorm, GgufPositions::Halves, Activation::Silu},
    {"qwen3", NormKind::RMSNorm, GgufPositions::Halves, Activation::Silu},
    {.name = "gemma",
     .norm = NormKind::RMSNorm,
     .positions = GgufPositions::Halves,
     .activation = Activation::GeluTanh,
     .scaledEmbedding = true},
    {.name = "gemma2",
     .norm = NormKind::RMSNorm,
     .positions = GgufPositions::Halves,
     .activation = Activation::GeluTanh,
     .scaledEmbedding = true,
     .scoreSoftcap = 50,
     .logitSoftcap = 30,
     .window = 4096,
     .windowPeriod = 2,
     .largeLayers = 46},
    {.name = "gemma3",
     .norm = NormKind::RMSNorm,
     .positions = GgufPositions::Halves,
     .activation = Activation::GeluTanh,
     .scaledEmbedding = true,
     .windowPeriod = 6,
     .windowBase = 10000,
     .largeLayers = 62},
    {"phi2", NormKind::LayerNorm, GgufPositions::Halves, Activation::GeluTanh, GgufResidual::Parallel},
    {"phi3", NormKind::RMSNorm, GgufPositions::Halves, Activation::Silu},
    {"starcoder", NormKind::LayerNorm, GgufPositions::Table, Activation::GeluTanh},
    {"starcoder2", NormKind::LayerNorm, GgufPositions::Halves, Activation::GeluTanh},
    {"gpt2", NormKind::LayerNorm, GgufPositions::Table, Activation::GeluTanh},
    {"gptneox", NormKind::LayerNorm, GgufPositions::Halves, Activation::Gelu, GgufResidual::ByKey},
    {"falcon", NormKind::LayerNorm, GgufPositions::Halves, Activation::Gelu, GgufResidual::Parallel},
    {"stablelm", NormKind::LayerNorm, GgufPositions::Halves, Activation::Silu, GgufResidual::ByKey},
    {"bloom", NormKind::LayerNorm, GgufPositions::Alibi, Activation::GeluTanh},
    {"mpt", NormKind::LayerNorm, GgufPositions::Alibi, Activation::Gelu},
};

const GgufArchitecture *tenon::import::findGgufArchitecture(llvm::StringRef name) {
  for (const GgufArchitecture &entry : architectures)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

std::string tenon::import::ggufArchitectureNames() {
  std::string names;
  for (const GgufArchitecture &entry : architectures)
    names += (names.empty() ? "" : ", ") + entry.name.str();
  return names;
}
