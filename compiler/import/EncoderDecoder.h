//===- EncoderDecoder.h - An encoder and a decoder in one checkpoint -*- C++ -*-===//

#ifndef TENON_IMPORT_ENCODERDECODER_H
#define TENON_IMPORT_ENCODERDECODER_H

#include "import/Import.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// Reads a model of type "encoder-decoder" in `directory`: any encoder of Families.h, and a decoder of
/// DecoderFamilies.h whose layers attend to it. `config` is its config.json, completed.
llvm::Expected<ImportedModel> importEncoderDecoder(Config &config, llvm::StringRef directory,
                                                   const ImportOptions &options);

} // namespace tenon::import

#endif // TENON_IMPORT_ENCODERDECODER_H
