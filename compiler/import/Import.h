//===- Import.h - Models from specs and checkpoints -------------*- C++ -*-===//

#ifndef TENON_IMPORT_IMPORT_H
#define TENON_IMPORT_IMPORT_H

#include "import/TokenizerConfig.h"
#include "spec/Spec.h"
#include "weights/WeightSource.h"
#include <memory>

namespace tenon::import {

/// What may be left out of a checkpoint.
struct ImportOptions {
  bool withoutHead = false;  ///< The stack alone, of an encoder-decoder the encoder, whatever head was saved with it.
  bool ignoreUnused = false; ///< Tensors that nothing uses are no error, even where they could matter.
};

struct ImportedModel {
  spec::Model model;
  /// Null where a spec names no weights, which is enough to print its IR.
  std::unique_ptr<weights::WeightSource> source;
  TokenizerConfig tokenizerConfig; ///< Of a directory of transformers, empty for others.
  std::string tokenizerPath;       ///< Of the file that was read for it; empty where it is in the file of the weights.
  std::string tokenizer;           ///< The text of a tokenizer.json; empty where the model has none.
  std::string targetTokenizer;     ///< That of what the decoder writes; empty where it is the same.
  std::string chatTemplate;        ///< The Jinja text; empty where the model has none.
  /// Tensors of the file that change nothing of what the model computes: buffers, and parts that were not asked for.
  std::vector<std::string> idleTensors;
  std::vector<std::string> assumed; ///< Sizes that the configuration leaves out: "hidden_size (4096)".
  std::vector<std::string> notes;   ///< What the user should know, a line each.
};

/// Reads a model: a spec (.yaml, .yml), a GGUF file, a directory with a `model.yaml`, a checkpoint directory, or a
/// directory with one GGUF file. Tensors that the model does not use are an error where they could change what it
/// computes.
llvm::Expected<ImportedModel> openModel(llvm::StringRef path, const ImportOptions &options = {});

/// Gives the model of one stack a pooling of these kinds in place of its own and of its head.
llvm::Error poolInstead(spec::Model &model, llvm::ArrayRef<std::string> kinds, bool normalize);

/// Reads a Hugging Face directory: config.json, model.safetensors (one file or several with an index), and
/// generation_config.json, tokenizer.json, the chat template and the files of sentence-transformers where they are. The
/// encoders of Families.h, the decoders of DecoderFamilies.h, the encoder-decoders of Seq2SeqFamilies.h, and models of
/// one of each.
llvm::Expected<ImportedModel> importCheckpoint(llvm::StringRef directory, const ImportOptions &options = {});

/// Writes model.yaml, model.safetensors (with the names of the spec, in the types it was stored in; what was quantised
/// or is part of a tensor as float32), tokenizer.json, target_tokenizer.json and chat_template.jinja, where the model
/// has them, to `directory`, which is made if it does not exist. The spec comes last: where it is, the rest is
/// complete.
llvm::Error exportModel(const ImportedModel &imported, llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_IMPORT_H
