//===- MarianVocabulary.h - Marian's tokenizers in transformers -*- C++ -*-===//

#ifndef TENON_IMPORT_MARIANVOCABULARY_H
#define TENON_IMPORT_MARIANVOCABULARY_H

#include "import/Import.h"

namespace tenon::import {

/// Reads source.spm and target.spm, whose pieces have the ids that vocab.json (target_vocab.json for a target that has
/// its own) gives them. Does nothing where the first is not there.
llvm::Error readMarianVocabularies(llvm::StringRef directory, ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_MARIANVOCABULARY_H
