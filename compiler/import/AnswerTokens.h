//===- AnswerTokens.h - How a checkpoint's answers are made -----*- C++ -*-===//

#ifndef TENON_IMPORT_ANSWERTOKENS_H
#define TENON_IMPORT_ANSWERTOKENS_H

#include "import/Import.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// What generation_config.json or else config.json says of the tokens that start, end and fill texts, and, of a model
/// with a head, of what its answers may not have and of how they are chosen. `vocab`: of the stack that writes. An id
/// outside of it stands for no token of this model.
llvm::Error readAnswers(Config &config, llvm::StringRef directory, int64_t vocab, ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_ANSWERTOKENS_H
