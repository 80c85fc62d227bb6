//===- SentenceTransformers.h - modules.json and what it names --*- C++ -*-===//

#ifndef TENON_IMPORT_SENTENCETRANSFORMERS_H
#define TENON_IMPORT_SENTENCETRANSFORMERS_H

#include "spec/Spec.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tenon::import {

/// What sentence-transformers does with an encoder's output.
struct SentenceModules {
  std::string encoder;                  ///< Directory of the encoder; empty for the one that holds modules.json.
  std::optional<spec::Pooling> pooling; ///< Its stack is left empty.
  int64_t width = 0;                    ///< That pooling expects.
  int64_t textTokens = 0;               ///< That a text is cut to; 0 for the encoder's positions.
};

/// Reads modules.json of `directory`; without one there is an encoder and no pooling.
llvm::Expected<SentenceModules> readSentenceModules(llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_SENTENCETRANSFORMERS_H
