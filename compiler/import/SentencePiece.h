//===- SentencePiece.h - The tokenizer in a .spm file -----------*- C++ -*-===//

#ifndef TENON_IMPORT_SENTENCEPIECE_H
#define TENON_IMPORT_SENTENCEPIECE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::import {

/// Kinds of pieces, with the numbers that stand for them in a file.
/// `Absent` is of no file: a piece that no text is cut into, but that unknown characters may come together as.
enum class PieceKind : uint64_t { Normal = 1, Unknown, Control, UserDefined, Unused, Byte, Absent };

/// What a text may begin with that is one piece, whatever stands between its ends.
struct LeadingCode {
  std::string open, close;
};

struct SentencePiece {
  std::string text;
  float score = 0;
  PieceKind kind = PieceKind::Normal;
};

/// A model of SentencePiece.
struct SentencePieceModel {
  bool isUnigram = true;             ///< Else it is one of byte pairs.
  std::vector<SentencePiece> pieces; ///< By id.
  int64_t unknown = 0;
  std::optional<int64_t> begin, end; ///< Control pieces that stand for the edges of a text.
  std::vector<SentencePiece> others; ///< What a text is cut into that has no id but the unknown piece's.
  bool findsControls = false;        ///< Whether control pieces are found in a text by their spelling.
  std::optional<LeadingCode> leadingCode;
  bool byteFallback = false;
  std::string characters; ///< The table of replacements, as it is stored.
  bool addDummyPrefix = true;
  bool removeExtraWhitespaces = true;
  bool escapeWhitespaces = true;

  std::optional<int64_t> idOf(llvm::StringRef piece) const;
};

/// Reads the bytes of a file; `path` is for messages.
llvm::Expected<SentencePieceModel> parseSentencePiece(llvm::ArrayRef<uint8_t> file, llvm::StringRef path);
llvm::Expected<SentencePieceModel> readSentencePiece(llvm::StringRef path);
/// Refuses what is not a Unigram model.
llvm::Expected<SentencePieceModel> readUnigram(llvm::StringRef path);

/// The text of a tokenizer.json that gives the ids that SentencePiece gives, and `suffix`, the ids of control pieces,
/// behind every text; for a Unigram model. The normaliser "SentencePiece" in it is one that Tenon alone has.
std::string tokenizerJson(const SentencePieceModel &model, llvm::ArrayRef<int64_t> suffix);

} // namespace tenon::import

#endif // TENON_IMPORT_SENTENCEPIECE_H
