//===- Quantized.h - Numbers stored in blocks with a scale ------*- C++ -*-===//

#ifndef TENON_WEIGHTS_QUANTIZED_H
#define TENON_WEIGHTS_QUANTIZED_H

#include "weights/WeightSource.h"

namespace tenon::weights {

/// Whether numbers of `type` are stored in ggml's quantised blocks.
bool isQuantized(StorageType type);

/// Writes the numbers of the `blocks` blocks of a quantised type at `data`, which may be misaligned, to `out`: bit for
/// bit what ggml's own reference makes of them, with every product and sum rounded to float32.
void widenBlocks(StorageType type, const uint8_t *data, size_t blocks, float *out);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_QUANTIZED_H
