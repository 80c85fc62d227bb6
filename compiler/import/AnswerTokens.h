//===- AnswerTokens.h - Ids of tokens in a checkpoint's files ---*- C++ -*-===//

#ifndef TENON_IMPORT_ANSWERTOKENS_H
#define TENON_IMPORT_ANSWERTOKENS_H

#include "import/StrictJson.h"
#include "spec/Spec.h"

namespace tenon::import {

/// Ids of the tokens that start, end and fill a text, as generation_config.json or else config.json has them. An id
/// outside of the vocabulary stands for no token of this model.
llvm::Error readSpecialTokens(Config &config, llvm::StringRef directory, int64_t vocab, spec::SpecialTokens &tokens);

/// The same, and what an encoder-decoder's answer starts with, ends with and must not have.
llvm::Error readAnswerTokens(Config &config, llvm::StringRef directory, int64_t vocab, spec::SpecialTokens &tokens);

} // namespace tenon::import

#endif // TENON_IMPORT_ANSWERTOKENS_H
