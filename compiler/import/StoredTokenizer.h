//===- StoredTokenizer.h - What is made of a tokenizer.json -----*- C++ -*-===//

#ifndef TENON_IMPORT_STOREDTOKENIZER_H
#define TENON_IMPORT_STOREDTOKENIZER_H

#include "import/Import.h"

namespace tenon::import {

/// The classes of transformers take the vocabulary, the merges and most post-processors of a tokenizer.json, and make the
/// rest anew, as `imported.tokenizerConfig` says: `imported.tokenizer`, the text of one, becomes that. It stays as it is where
/// its class is not known, or is one that takes it as it is.
llvm::Error remakeTokenizer(llvm::StringRef directory, ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_STOREDTOKENIZER_H
