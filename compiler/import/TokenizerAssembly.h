//===- TokenizerAssembly.h - The text of a tokenizer.json -------*- C++ -*-===//

#ifndef TENON_IMPORT_TOKENIZERASSEMBLY_H
#define TENON_IMPORT_TOKENIZERASSEMBLY_H

#include "import/AddedTokenList.h"
#include "import/StrictJson.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::import {

/// What the files of a vocabulary hold, or a tokenizer.json.
struct VocabularyFiles {
  std::vector<std::pair<std::string, int64_t>> tokens; ///< With their ids; a token may be listed again.
  std::vector<double> scores;                          ///< Of `tokens`, for Unigram models.
  std::vector<std::pair<std::string, std::string>> merges;
  std::vector<AddedToken> controls; ///< Pieces that SentencePiece gives a meaning, or its user.
  std::string characters;           ///< SentencePiece's table of replacements.
  /// Members of a tokenizer.json that stay.
  llvm::json::Value truncation = nullptr;
  std::optional<llvm::json::Value> processor;
};

/// The text of a tokenizer.json; errors about options are left in `options`, the keys of tokenizer_config.json.
std::string assembleTokenizer(const TokenizerClass &tokenizer, const VocabularyFiles &files,
                              const TokenSettings &settings, Config &options);

} // namespace tenon::import

#endif // TENON_IMPORT_TOKENIZERASSEMBLY_H
