//===- Convert.h - Stored numbers to float32 --------------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_CONVERT_H
#define TENON_WEIGHTS_CONVERT_H

#include "weights/WeightSource.h"

namespace tenon::weights {

/// Whether `type` is one that becomes float32: F32, F16, BF16 or F64.
bool isFloat(StorageType type);

/// Writes the `count` numbers at `data`, which may be misaligned, to `out`. `type` is a float type. F64 is rounded.
void convertToFloat(StorageType type, const uint8_t *data, size_t count, float *out);

struct NonFinite {
  uint64_t nans = 0;
  uint64_t infinities = 0;
};

/// Counts what is not finite in `values`.
NonFinite countNonFinite(llvm::ArrayRef<float> values);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_CONVERT_H
