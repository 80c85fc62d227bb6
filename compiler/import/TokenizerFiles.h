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

/// The name of the class that transformers takes, without "Fast"; empty where nothing names one. `settings` is what
/// tokenizer_config.json holds, `config` what config.json does.
llvm::StringRef tokenizerClassName(const llvm::json::Object &settings, const llvm::json::Object &config);

} // namespace tenon::import

#endif // TENON_IMPORT_TOKENIZERFILES_H
