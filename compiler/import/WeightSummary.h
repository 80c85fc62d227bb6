//===- WeightSummary.h - How a model's parameters are stored ----*- C++ -*-===//

#ifndef TENON_IMPORT_WEIGHTSUMMARY_H
#define TENON_IMPORT_WEIGHTSUMMARY_H

#include "import/Import.h"

namespace tenon::import {

/// Parameters stored in one way.
struct StoredParameters {
  weights::StorageType type = weights::StorageType::F32;
  uint64_t parameters = 0; ///< Those of every layer by themselves.
  uint64_t numbers = 0;
  uint64_t bytes = 0; ///< That these numbers take in the file.
};

/// By type, most bytes first. Parameters without a tensor are left out.
std::vector<StoredParameters> storedParameters(const ImportedModel &imported);

/// "134.5 million numbers in 98.3 MB: 210 tensors Q4_1, 61 F32, 1 Q8_0"; empty without weights.
std::string weightSummary(const ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_WEIGHTSUMMARY_H
