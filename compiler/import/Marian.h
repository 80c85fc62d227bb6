//===- Marian.h - Models of Marian ------------------------------*- C++ -*-===//

#ifndef TENON_IMPORT_MARIAN_H
#define TENON_IMPORT_MARIAN_H

#include "import/Import.h"

namespace tenon::import {

/// Whether the file at `path` has the name and the first bytes of a binary model of Marian.
bool isMarianPath(llvm::StringRef path);

/// The binary models of Marian in a directory, sorted.
std::vector<std::string> marianFiles(llvm::StringRef directory);

/// Reads a binary model, and as its tokenizers the SentencePiece vocabularies that lie beside it: those that the one
/// .yml file beside it names under `vocabs`, else the one .spm file there is.
llvm::Expected<ImportedModel> importMarian(llvm::StringRef path, const ImportOptions &options = {});

} // namespace tenon::import

#endif // TENON_IMPORT_MARIAN_H
