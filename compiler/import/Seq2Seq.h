//===- Seq2Seq.h - Encoder-decoders of the transformers library -*- C++ -*-===//

#ifndef TENON_IMPORT_SEQ2SEQ_H
#define TENON_IMPORT_SEQ2SEQ_H

#include "import/Import.h"
#include "import/Seq2SeqFamilies.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// Reads the encoder-decoder in `directory`, of whose config.json, completed, `config` is.
llvm::Expected<ImportedModel> importSeq2Seq(Config &config, const Seq2SeqType &type, llvm::StringRef directory,
                                            const ImportOptions &options);

} // namespace tenon::import

#endif // TENON_IMPORT_SEQ2SEQ_H
