//===- PackedShape.h - Rows and columns of a packed tensor ------*- C++ -*-===//

#ifndef TENON_WEIGHTS_PACKEDSHAPE_H
#define TENON_WEIGHTS_PACKEDSHAPE_H

#include "weights/PackedWeights.h"

namespace tenon::weights {

/// One layer of a packed tensor as the matrix that its parts make up, one below the other.
struct PackedShape {
  int64_t rows = 0;
  int64_t columns = 0;   ///< Elements of a row.
  uint64_t elements = 0; ///< Of one layer of the packed tensor, with the padding of panels.
};

/// The shape of `tensor`, or an error where what it says of itself does not fit together.
llvm::Expected<PackedShape> packedShape(const PackedTensor &tensor);

/// The shape that part `index` has in the source.
llvm::SmallVector<int64_t, 4> partShape(const PackedTensor &tensor, size_t index);

/// Layers stored: 1 for a tensor that no layer indexes.
inline int64_t storedLayers(const PackedTensor &tensor) { return tensor.layers > 0 ? tensor.layers : 1; }

/// Fills `values`, a `generator` tensor of `columns` columns, from row `firstRow` on.
void generateRows(const PackedTensor &tensor, int64_t columns, int64_t firstRow, llvm::MutableArrayRef<float> values);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_PACKEDSHAPE_H
