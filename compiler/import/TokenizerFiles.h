//===- TokenizerFiles.h - Tokenizers without a tokenizer.json ---*- C++ -*-===//

#ifndef TENON_IMPORT_TOKENIZERFILES_H
#define TENON_IMPORT_TOKENIZERFILES_H

#include "import/Import.h"
#include "llvm/Support/JSON.h"

namespace tenon::import {

/// Makes a tokenizer.json of the files of a vocabulary (vocab.txt, vocab.json and merges.txt, or SentencePiece's), as
/// the class of transformers does that tokenizer_config.json, config.json or the model type names. Where it cannot, a
/// note says what is missing.
llvm::Error buildTokenizer(llvm::StringRef directory, ImportedModel &imported);

/// What the files of a directory say of its tokenizer; an object is empty where its file is missing.
struct TokenizerConfig {
  llvm::json::Object settings; ///< tokenizer_config.json
  llvm::json::Object model;    ///< config.json

  /// The name of the class that transformers takes, without "Fast"; empty where nothing names one.
  llvm::StringRef className() const;
};

llvm::Expected<TokenizerConfig> readTokenizerConfig(llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_TOKENIZERFILES_H
