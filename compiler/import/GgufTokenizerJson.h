//===- GgufTokenizerJson.h - Writing a tokenizer.json -----------*- C++ -*-===//

#ifndef TENON_IMPORT_GGUFTOKENIZERJSON_H
#define TENON_IMPORT_GGUFTOKENIZERJSON_H

#include "import/GgufSplits.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace tenon::import {

/// What SentencePiece writes for a space.
constexpr llvm::StringRef spaceLetter = "\xe2\x96\x81";

/// Kinds of tokens, with the numbers that stand for them in a GGUF file.
enum class TokenKind : int64_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4 };

using Merge = std::pair<llvm::StringRef, llvm::StringRef>;

/// A tokenizer that merges pairs: of bytes (GPT-2's kind), or of characters with bytes for what is not in the
/// vocabulary (SentencePiece's).
struct BytePairTokenizer {
  std::vector<llvm::StringRef> tokens; ///< By id.
  std::vector<TokenKind> kinds;        ///< Of the tokens.
  std::vector<Merge> merges;           ///< Best first.
  const PreTokenizer *pre = nullptr;   ///< Null for SentencePiece's kind.
  bool addSpace = false;               ///< SentencePiece's kind: whether a text gets a space before it.
  bool stripsRight = false;            ///< Whether control tokens take the white space behind them along.
  std::optional<int64_t> begin, end;   ///< Tokens that a text gets.
  std::optional<int64_t> unknown;
};

/// The text of the tokenizer.json of Hugging Face that does the same.
std::string tokenizerJson(const BytePairTokenizer &tokenizer);

} // namespace tenon::import

#endif // TENON_IMPORT_GGUFTOKENIZERJSON_H
