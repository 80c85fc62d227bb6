//===- GgufTokenizer.h - The tokenizer in a GGUF file -----------*- C++ -*-===//

#ifndef TENON_IMPORT_GGUFTOKENIZER_H
#define TENON_IMPORT_GGUFTOKENIZER_H

#include "import/GgufKeys.h"

namespace tenon::import {

/// What a file says of text.
struct GgufTokenizer {
  std::string json;               ///< As a tokenizer.json of Hugging Face; empty where the file has no tokenizer.
  uint64_t tokens = 0;            ///< In the vocabulary.
  std::optional<int64_t> begin;   ///< Token that begins a text.
  std::optional<int64_t> end;     ///< Token that ends one.
  std::optional<int64_t> padding; ///< Token that fills up a batch.
  std::vector<int64_t> stops;     ///< Tokens that end what a model writes, the one above among them; sorted.
  std::string chatTemplate;       ///< Jinja; empty where the file has none.
};

/// Reads the keys `tokenizer.*`. Errors are left in `keys`.
GgufTokenizer readGgufTokenizer(GgufKeys &keys);

/// The pairs that make the tokens of a SentencePiece vocabulary, best first: every way to cut a token into two, by the
/// token's rank (the higher the better), then by the lengths of both.
std::vector<std::pair<llvm::StringRef, llvm::StringRef>> mergesOf(llvm::ArrayRef<llvm::StringRef> tokens,
                                                                  llvm::ArrayRef<double> ranks);

} // namespace tenon::import

#endif // TENON_IMPORT_GGUFTOKENIZER_H
