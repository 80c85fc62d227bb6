//===- ModelArgument.cpp --------------------------------------------------===//

#include "ModelArgument.h"
#include "Command.h"

using namespace tenon;

void tools::addModelArgument(CLI::App &command, std::string &model, import::ImportOptions &options,
                             const std::string &also) {
  command
      .add_option("MODEL", model,
                  "Spec (.yaml), directory of Hugging Face, sentence-transformers or CTranslate2, GGUF file (.gguf) or "
                  "binary model of Marian (.bin)" +
                      also)
      ->required();
  command.add_flag("--without-head", options.withoutHead,
                   "The stack alone (of a Hugging Face encoder-decoder the encoder), whatever head the model was saved "
                   "with: its output is `hidden`");
  command.add_flag("--ignore-unused", options.ignoreUnused,
                   "Go without tensors of the checkpoint that the model does not use though they could change what it "
                   "computes");
}

import::ImportedModel tools::openModel(const std::string &model, const import::ImportOptions &options) {
  llvm::Expected<import::ImportedModel> imported = import::openModel(model, options);
  if (!imported)
    throw Failure(llvm::toString(imported.takeError()));
  writeNotes(imported->notes);
  return std::move(*imported);
}

void tools::writeNotes(const std::vector<std::string> &notes) {
  for (const std::string &note : notes)
    std::fprintf(stderr, "note: %s\n", printableLines(note).c_str());
}
