//===- WeightSource.h - Where a model's parameters come from ----*- C++ -*-===//

#ifndef TENON_WEIGHTS_WEIGHTSOURCE_H
#define TENON_WEIGHTS_WEIGHTSOURCE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::weights {

enum class StorageType { F32, F16, BF16, F64, I8, I32, I64, U8, Bool };

/// A tensor where it lies: not owned, possibly misaligned.
struct TensorView {
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  llvm::ArrayRef<uint8_t> data;
};

/// Parameters by the name that the spec gives them, with the layer's number in place of `*`.
class WeightSource {
public:
  virtual ~WeightSource() = default;
  /// The tensor of a parameter, or nothing where the source has none.
  virtual std::optional<TensorView> find(llvm::StringRef parameter) const = 0;
  /// The name that the file gives to the tensor of `parameter`, for messages.
  virtual std::string tensorName(llvm::StringRef parameter) const = 0;
  /// Every tensor of the file, by the name that the file gives it, sorted.
  virtual std::vector<std::string> tensorNames() const = 0;
  /// The file, for messages.
  virtual std::string path() const = 0;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_WEIGHTSOURCE_H
