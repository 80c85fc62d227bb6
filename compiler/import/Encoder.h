//===- Encoder.h - Encoders of the transformers library ---------*- C++ -*-===//

#ifndef TENON_IMPORT_ENCODER_H
#define TENON_IMPORT_ENCODER_H

#include "import/Families.h"
#include "import/Import.h"
#include "import/StrictJson.h"
#include "weights/SafetensorsFiles.h"

namespace tenon::import {

/// Reads width, stack and names of the encoder whose tensors' names begin with `root`. `configPath` is for messages.
llvm::Error readEncoder(Config &config, const ModelType &type, const weights::SafetensorsFiles &files,
                        llvm::StringRef root, llvm::StringRef configPath, spec::Model &model);

/// Reads the encoder in `directory`, of whose config.json `config` is.
llvm::Expected<ImportedModel> importEncoder(Config &config, const ModelType &type, llvm::StringRef directory);

} // namespace tenon::import

#endif // TENON_IMPORT_ENCODER_H
