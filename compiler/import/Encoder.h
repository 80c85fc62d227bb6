//===- Encoder.h - Encoders of the transformers library ---------*- C++ -*-===//

#ifndef TENON_IMPORT_ENCODER_H
#define TENON_IMPORT_ENCODER_H

#include "import/Families.h"
#include "import/Import.h"
#include "import/StrictJson.h"
#include "weights/SafetensorsFiles.h"

namespace tenon::import {

/// Reads width, stack and names of the encoder whose tensors' names begin with `root`. `configPath` is for messages.
/// `idle` gets the tensors that change nothing, without its head (`withoutHead`) all beside the encoder.
llvm::Error readEncoder(Config &config, const ModelType &type, const weights::SafetensorsFiles &files,
                        llvm::StringRef root, llvm::StringRef configPath, bool withoutHead, spec::Model &model,
                        std::vector<std::string> &idle);

/// Reads the encoder in `directory`, of whose config.json, completed, `config` is.
llvm::Expected<ImportedModel> importEncoder(Config &config, const ModelType &type, llvm::StringRef directory,
                                            const ImportOptions &options);

} // namespace tenon::import

#endif // TENON_IMPORT_ENCODER_H
