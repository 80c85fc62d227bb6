//===- Import.h - Models from specs and checkpoints -------------*- C++ -*-===//

#ifndef TENON_IMPORT_IMPORT_H
#define TENON_IMPORT_IMPORT_H

#include "spec/Spec.h"
#include "weights/WeightSource.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace tenon::import {

struct ImportedModel {
  spec::Model model;
  /// Null where a spec names no weights, which is enough to print its IR.
  std::unique_ptr<weights::WeightSource> source;
  std::string tokenizerPath;   ///< Of the file that was read for it; empty where it is in the file of the weights.
  std::string tokenizer;       ///< The text of a tokenizer.json; empty where the model has none.
  std::string targetTokenizer; ///< That of what the decoder writes; empty where it is the same.
  std::string chatTemplate;    ///< The Jinja text; empty where the model has none.
  std::vector<std::string> notes; ///< What the user should know of what was not taken over, a line each.
};

/// Reads a model: a spec (.yaml, .yml), a GGUF file, a directory with a `model.yaml`, a checkpoint directory, or a
/// directory with one GGUF file.
llvm::Expected<ImportedModel> openModel(llvm::StringRef path);

/// Reads a Hugging Face directory: config.json, model.safetensors (one file or several with an index), and
/// generation_config.json, tokenizer.json, the chat template and the files of sentence-transformers where they are. The
/// encoders of Families.h, the decoders of DecoderFamilies.h, the encoder-decoders of Seq2SeqFamilies.h, and models of
/// one of each.
llvm::Expected<ImportedModel> importCheckpoint(llvm::StringRef directory);

/// Writes model.yaml, model.safetensors (with the names of the spec, in the types it was stored in; what was quantised
/// or is part of a tensor as float32), tokenizer.json, target_tokenizer.json and chat_template.jinja, where the model
/// has them, to `directory`, which is made if it does not exist. The spec comes last: where it is, the rest is
/// complete.
llvm::Error exportModel(const ImportedModel &imported, llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_IMPORT_H
