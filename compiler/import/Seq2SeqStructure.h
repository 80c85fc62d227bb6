//===- Seq2SeqStructure.h - What an encoder-decoder is ----------*- C++ -*-===//

#ifndef TENON_IMPORT_SEQ2SEQSTRUCTURE_H
#define TENON_IMPORT_SEQ2SEQSTRUCTURE_H

#include "import/Seq2SeqTensors.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// Width, stacks, shared parameters and head of a model; without tensors of a decoder, or where `encoderAlone`, the
/// encoder alone. Errors are left in `config`, which has been completed (ConfigDefaults.h).
void readSeq2SeqStructure(Config &config, const Seq2SeqType &type, const Seq2SeqTensors &tensors, bool encoderAlone,
                          spec::Model &model);

/// The tensors of the parameters of such a model.
std::vector<spec::TensorName> seq2SeqTensorNames(const spec::Model &model, const Seq2SeqTensors &tensors);

} // namespace tenon::import

#endif // TENON_IMPORT_SEQ2SEQSTRUCTURE_H
