//===- Decoder.h - Decoders of the transformers library ---------*- C++ -*-===//

#ifndef TENON_IMPORT_DECODER_H
#define TENON_IMPORT_DECODER_H

#include "import/DecoderFamilies.h"
#include "import/Import.h"
#include "import/StrictJson.h"
#include "weights/SafetensorsFiles.h"

namespace tenon::import {

/// Reads width, stack, head and names of the decoder whose tensors' names begin with `root`. `configPath` is for
/// messages.
llvm::Error readDecoder(Config &config, const DecoderType &type, const weights::SafetensorsFiles &files,
                        llvm::StringRef root, llvm::StringRef configPath, spec::Model &model);

/// Reads the decoder in `directory`, of whose config.json `config` is.
llvm::Expected<ImportedModel> importDecoder(Config &config, const DecoderType &type, llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_DECODER_H
