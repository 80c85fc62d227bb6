//===- SavedHead.h - What architectures says --------------------*- C++ -*-===//

#ifndef TENON_IMPORT_SAVEDHEAD_H
#define TENON_IMPORT_SAVEDHEAD_H

#include "import/Import.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// What the class that was saved has behind its stacks.
enum class SavedHead {
  Unknown, ///< `architectures` names none.
  None,
  Words, ///< Scores of every word as the next one.
  Other  ///< Anything else: labels, spans of text, masked words.
};

/// By the class that `architectures` names.
SavedHead savedHead(Config &config);

/// Whether a model is read without its head: as the caller chose, or because the class that was saved has none. Fails
/// where it has one that is not among `supported`, with how to have `part`, "the encoder", alone.
bool isWithoutHead(Config &config, const ImportOptions &options, llvm::ArrayRef<SavedHead> supported,
                   llvm::StringRef part);

} // namespace tenon::import

#endif // TENON_IMPORT_SAVEDHEAD_H
