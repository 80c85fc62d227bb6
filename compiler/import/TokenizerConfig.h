//===- TokenizerConfig.h - What a directory says of its tokenizer -*- C++ -*-===//

#ifndef TENON_IMPORT_TOKENIZERCONFIG_H
#define TENON_IMPORT_TOKENIZERCONFIG_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace tenon::import {

/// What the files of a directory say of its tokenizer; an object is empty where its file is missing.
struct TokenizerConfig {
  llvm::json::Object settings; ///< tokenizer_config.json
  llvm::json::Object model;    ///< config.json

  /// The name of the class that transformers takes, without "Fast"; empty where nothing names one.
  llvm::StringRef className() const;
};

llvm::Expected<TokenizerConfig> readTokenizerConfig(llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_TOKENIZERCONFIG_H
