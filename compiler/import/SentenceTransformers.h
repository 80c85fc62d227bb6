//===- SentenceTransformers.h - What stands around an encoder ---*- C++ -*-===//

#ifndef TENON_IMPORT_SENTENCETRANSFORMERS_H
#define TENON_IMPORT_SENTENCETRANSFORMERS_H

#include "import/Import.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::import {

/// A layer of the pooling, and the directory with its weights, if it has any.
struct SentenceLayer {
  spec::PoolingLayer layer;
  std::string directory;
  int64_t inputs = 0; ///< Components that it reads; 0 where it says nothing of them.
};

/// What sentence-transformers does with the output of its Transformer module.
struct SentenceModules {
  std::string encoder; ///< Directory of the encoder; empty for the one that holds modules.json.
  bool pools = false;
  std::vector<spec::PoolingKind> kinds;
  int64_t width = 0; ///< That pooling expects of the encoder.
  bool prompt = true;
  std::vector<SentenceLayer> tokenLayers, layers; ///< Before the pooling and behind it.
};

/// Reads modules.json of `directory`; nothing where there is none.
llvm::Expected<std::optional<SentenceModules>> readSentenceModules(llvm::StringRef directory);

/// Gives `imported`, the encoder, the pooling that the modules say, with its weights.
llvm::Error addSentencePooling(const SentenceModules &modules, llvm::StringRef directory, ImportedModel &imported);

/// Reads what stands before texts, and how many components are given: config_sentence_transformers.json.
llvm::Error readSentencePrompts(llvm::StringRef directory, spec::Model &model);

/// Reads where texts are cut and whether they are read in lower case, as the library's Transformer module does from the
/// files in the `encoder`'s directory.
llvm::Error readSentenceTexts(llvm::StringRef encoder, ImportedModel &imported);

/// The same where transformers reads the texts.
llvm::Error readTextLimit(llvm::StringRef encoder, ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_SENTENCETRANSFORMERS_H
