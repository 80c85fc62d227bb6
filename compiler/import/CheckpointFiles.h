//===- CheckpointFiles.h - The files of a Hugging Face directory -*- C++ -*-===//

#ifndef TENON_IMPORT_CHECKPOINTFILES_H
#define TENON_IMPORT_CHECKPOINTFILES_H

#include "import/Import.h"
#include "import/StrictJson.h"
#include "weights/SafetensorsFiles.h"

namespace tenon::import {

/// Opens model.safetensors, or the files that model.safetensors.index.json names.
llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> openCheckpointWeights(llvm::StringRef directory);

/// Reads tokenizer_config.json, and tokenizer.json, or makes one of the files of a vocabulary, where they are.
llvm::Error readTokenizer(llvm::StringRef directory, ImportedModel &imported);

/// The tokens that transformers' tokenizer of the directory has by name, such as `bos_token`, by their names: those of
/// its configuration and special_tokens_map.json, and those that its class has where they say nothing.
llvm::Expected<std::vector<spec::ChatToken>> readChatTokens(llvm::StringRef directory, const TokenizerConfig &config);

/// Reads the chat template, where there is one: chat_template.jinja or a key of `imported.tokenizerConfig`; and the
/// tokens that it knows by name.
llvm::Error readChatTemplate(llvm::StringRef directory, ImportedModel &imported);

/// A name that a spec can have, from any text.
std::string specName(llvm::StringRef text);

/// A name that a spec can have, from the last part of a path or of a repository's name.
std::string checkpointName(Config &config, llvm::StringRef directory);

/// An activation by the name that transformers gives it; `usual` where the key is missing.
spec::Activation readActivation(Config &config, llvm::StringRef key, llvm::StringRef usual = "");

/// Leaves the head out, with its parameters.
void dropHead(spec::Model &model);

/// Whatever the spec's reader would refuse is refused here, so that every model that is imported can be written and
/// read again. `path` is that of the configuration.
llvm::Error checkModel(const spec::Model &model, llvm::StringRef path);

} // namespace tenon::import

#endif // TENON_IMPORT_CHECKPOINTFILES_H
