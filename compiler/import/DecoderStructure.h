//===- DecoderStructure.h - What a decoder is -------------------*- C++ -*-===//

#ifndef TENON_IMPORT_DECODERSTRUCTURE_H
#define TENON_IMPORT_DECODERSTRUCTURE_H

#include "import/DecoderTensors.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// Width, stack and, but for `withoutHead`, head of a model. Errors are left in
/// `config`, which has been completed (ConfigDefaults.h).
void readDecoderStructure(Config &config, const DecoderType &type, const DecoderTensors &tensors, bool withoutHead,
                          spec::Model &model);

/// The tensors of the parameters of such a model.
std::vector<spec::TensorName> decoderTensorNames(const spec::Model &model, const DecoderTensors &tensors);

} // namespace tenon::import

#endif // TENON_IMPORT_DECODERSTRUCTURE_H
