//===- Convert.h - Stored numbers to float32 --------------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_CONVERT_H
#define TENON_WEIGHTS_CONVERT_H

#include "weights/WeightSource.h"

namespace tenon::weights {

/// Whether numbers of `type` are integers that a tensor's factors are to be multiplied to.
bool isScaled(StorageType type);

/// Whether `type` is one that becomes float32: F32, F16, BF16, F64, scaled integers or one of the quantised ones.
bool isFloat(StorageType type);

/// The value of an IEEE half.
float widenHalf(uint16_t half);

/// Writes the `count` numbers at `data`, which may be misaligned, to `out`. `type` is a float type; with blocks `count`
/// is whole blocks. F64 is rounded; scaled integers are not multiplied by anything.
void convertToFloat(StorageType type, const uint8_t *data, size_t count, float *out);

/// Writes the `count` numbers of a tensor from number `first` on to `out`, whether or not blocks begin and end there,
/// and returns the bytes that hold them and nothing else; none for a tensor that is selected rows of another.
llvm::ArrayRef<uint8_t> readFloats(const TensorView &tensor, uint64_t first, uint64_t count, float *out);

struct NonFinite {
  uint64_t nans = 0;
  uint64_t infinities = 0;
};

/// Counts what is not finite in `values`.
NonFinite countNonFinite(llvm::ArrayRef<float> values);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_CONVERT_H
