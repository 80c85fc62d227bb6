//===- GgufSplits.cpp -----------------------------------------------------===//
//
// The expressions are those of the models' own tokenizers.
//
//===----------------------------------------------------------------------===//

#include "import/GgufSplits.h"

using namespace tenon::import;

static constexpr llvm::StringRef llama3Patterns[] = {
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

static constexpr llvm::StringRef qwen2Patterns[] = {
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

static constexpr llvm::StringRef tekkenPatterns[] = {
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

static constexpr llvm::StringRef gpt4oPatterns[] = {
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

static constexpr llvm::StringRef bloomPatterns[] = {R"( ?[^(\s|[.,!?…。，、।۔،])]+)"};

// What llama.cpp does where a file does not say.
static constexpr llvm::StringRef defaultPatterns[] = {
    R"([\p{P}\$\+<=>\^~\|]+)", R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
    R"(\p{N}+)", R"([0-9][0-9][0-9])"};

static constexpr PreTokenizer preTokenizers[] = {
    {"default", WordSplit::Patterns, defaultPatterns},
    {"gpt-2", WordSplit::Words, {}},
    {"phi-2", WordSplit::Words, {}},
    {"mpt", WordSplit::Words, {}},
    {"olmo", WordSplit::Words, {}},
    {"jais", WordSplit::Words, {}},
    {"trillion", WordSplit::Words, {}},
    {"exaone4", WordSplit::Words, {}},
    {"smollm", WordSplit::DigitsWords, {}},
    {"starcoder", WordSplit::DigitsWords, {}},
    {"refact", WordSplit::DigitsWords, {}},
    {"command-r", WordSplit::DigitsWords, {}},
    {"codeshell", WordSplit::DigitsWords, {}},
    {"exaone", WordSplit::DigitsWords, {}},
    {"minerva-7b", WordSplit::DigitsWords, {}},
    {"llama-bpe", WordSplit::Patterns, llama3Patterns, true, true},
    {"llama3", WordSplit::Patterns, llama3Patterns, true, true},
    {"llama-v3", WordSplit::Patterns, llama3Patterns, true, true},
    {"falcon3", WordSplit::Patterns, llama3Patterns, true, true},
    {"lfm2", WordSplit::Patterns, llama3Patterns, true, true},
    {"dbrx", WordSplit::Patterns, llama3Patterns},
    {"smaug-bpe", WordSplit::Patterns, llama3Patterns},
    {"chatglm-bpe", WordSplit::Patterns, llama3Patterns},
    {"glm4", WordSplit::Patterns, llama3Patterns},
    {"qwen2", WordSplit::Patterns, qwen2Patterns},
    {"deepseek-r1-qwen", WordSplit::Patterns, qwen2Patterns},
    {"megrez", WordSplit::Patterns, qwen2Patterns},
    {"stablelm2", WordSplit::Patterns, qwen2Patterns},
    {"hunyuan", WordSplit::Patterns, qwen2Patterns},
    {"tekken", WordSplit::Patterns, tekkenPatterns, true, true},
    {"gpt-4o", WordSplit::Patterns, gpt4oPatterns},
    {"llama4", WordSplit::Patterns, gpt4oPatterns},
    {"bloom", WordSplit::Patterns, bloomPatterns},
    {"poro-chat", WordSplit::Patterns, bloomPatterns},
    {"gpt3-finnish", WordSplit::Patterns, bloomPatterns},
    {"falcon", WordSplit::Falcon, {}},
};

const PreTokenizer *tenon::import::findPreTokenizer(llvm::StringRef name) {
  for (const PreTokenizer &entry : preTokenizers)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

std::string tenon::import::preTokenizerNames() {
  std::string names;
  for (const PreTokenizer &entry : preTokenizers)
    names += (names.empty() ? "" : ", ") + entry.name.str();
  return names;
}
