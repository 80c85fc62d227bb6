//===- PackedParameters.h - Parameters out of a packed file -----*- C++ -*-===//

#ifndef TENON_DRIVER_PACKEDPARAMETERS_H
#define TENON_DRIVER_PACKEDPARAMETERS_H

#include "passes/Weights.h"
#include "reference/Tensor.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace tenon {

/// The parameters of a model, as its spec orders them, read from the layouts that a library's kernels read.
class PackedParameters {
public:
  /// `data` is the file's tensor data, which must outlive the object.
  PackedParameters(const WeightTable &table, const weights::PackedLayout &layout, llvm::ArrayRef<uint8_t> data);

  /// The parameter of a name with the layer's number in it, or nothing where no tensor has it.
  std::optional<reference::FloatTensor> find(llvm::StringRef parameter) const;

private:
  struct Place {
    size_t tensor;
    int64_t firstRow, rows;
    int64_t layer;
  };

  const WeightTable &table;
  const weights::PackedLayout &layout;
  llvm::ArrayRef<uint8_t> data;
  llvm::StringMap<Place> places;
};

} // namespace tenon

#endif // TENON_DRIVER_PACKEDPARAMETERS_H
