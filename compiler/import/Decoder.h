//===- Decoder.h - Decoders of the transformers library ---------*- C++ -*-===//

#ifndef TENON_IMPORT_DECODER_H
#define TENON_IMPORT_DECODER_H

#include "import/DecoderFamilies.h"
#include "import/Import.h"
#include "import/StrictJson.h"
#include "weights/SafetensorsFiles.h"

namespace tenon::import {

/// Reads width, stack, head and names of the decoder whose tensors' names begin with `root`. `configPath` is for
/// messages. `withoutHead` leaves the head out; `idle` gets the tensors that change nothing.
llvm::Error readDecoder(Config &config, const DecoderType &type, const weights::SafetensorsFiles &files,
                        llvm::StringRef root, llvm::StringRef configPath, bool withoutHead, spec::Model &model,
                        std::vector<std::string> &idle);

/// Reads the decoder in `directory`, of whose config.json, completed, `config` is.
llvm::Expected<ImportedModel> importDecoder(Config &config, const DecoderType &type, llvm::StringRef directory,
                                            const ImportOptions &options);

} // namespace tenon::import

#endif // TENON_IMPORT_DECODER_H
