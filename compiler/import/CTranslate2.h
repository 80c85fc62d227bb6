//===- CTranslate2.h - Models of CTranslate2 --------------------*- C++ -*-===//

#ifndef TENON_IMPORT_CTRANSLATE2_H
#define TENON_IMPORT_CTRANSLATE2_H

#include "import/Import.h"

namespace tenon::import {

/// Whether `path` is a model.bin that begins as CTranslate2's do.
bool isCTranslate2Path(llvm::StringRef path);

/// Reads a model.bin with the config.json and the vocabularies beside it: encoder-decoders of translation and T5
/// (TransformerSpec), decoders of text (TransformerDecoderSpec) and Whisper (WhisperSpec). Its tokenizer and chat template
/// are files of Hugging Face beside it.
llvm::Expected<ImportedModel> importCTranslate2(llvm::StringRef path, const ImportOptions &options = {});

} // namespace tenon::import

#endif // TENON_IMPORT_CTRANSLATE2_H
