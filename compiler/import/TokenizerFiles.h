//===- TokenizerFiles.h - Tokenizers without a tokenizer.json ---*- C++ -*-===//

#ifndef TENON_IMPORT_TOKENIZERFILES_H
#define TENON_IMPORT_TOKENIZERFILES_H

#include "import/Import.h"

namespace tenon::import {

/// Makes a tokenizer.json of the files of a vocabulary (vocab.txt, vocab.json and merges.txt, or SentencePiece's), as
/// the class of transformers does that `imported.tokenizerConfig` names. Where it cannot, a
/// note says what is missing.
llvm::Error buildTokenizer(llvm::StringRef directory, ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_TOKENIZERFILES_H
