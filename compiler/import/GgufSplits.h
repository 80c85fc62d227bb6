//===- GgufSplits.h - How byte-level tokenizers cut text --------*- C++ -*-===//

#ifndef TENON_IMPORT_GGUFSPLITS_H
#define TENON_IMPORT_GGUFSPLITS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tenon::import {

/// What cuts a text into the words within which merges happen, before its bytes become letters.
enum class WordSplit {
  Words,       ///< GPT-2's expression.
  DigitsWords, ///< Every digit by itself, then GPT-2's expression.
  Patterns,    ///< One expression after the other, each on the pieces of the one before.
  Falcon,      ///< Punctuation, GPT-2's expression, then digits in threes.
};

/// What a value of `tokenizer.ggml.pre` means.
struct PreTokenizer {
  llvm::StringRef name;
  WordSplit split;
  llvm::ArrayRef<llvm::StringRef> patterns;
  bool wholeWords = false; ///< A word that is a token stays one, whatever the merges say.
  bool addBegin = false;   ///< Whether a text gets the token that begins it, where the file does not say.
};

/// Null where `name` is not known.
const PreTokenizer *findPreTokenizer(llvm::StringRef name);
/// "default, gpt-2, ...", for messages.
std::string preTokenizerNames();

} // namespace tenon::import

#endif // TENON_IMPORT_GGUFSPLITS_H
