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

/// How numbers are stored: one by one, or (Q...) in blocks of several with a scale, as GGUF files have them.
enum class StorageType {
  F32,
  F16,
  BF16,
  F64,
  I8,
  I32,
  I64,
  U8,
  Bool,
  I16,
  U16,
  U32,
  U64,
  F8E4M3,
  F8E5M2,
  Q8_0,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q4_K,
  Q5_K,
  Q6_K,
  ScaledI8, ///< Integers that a view's factors make numbers of.
  ScaledI16
};

/// Bytes of one block: of one number, where the type has no blocks.
uint64_t storageBytes(StorageType type);
/// Numbers of one block: 1 where the type has no blocks.
uint64_t blockNumbers(StorageType type);
/// "F32": what a safetensors or a GGUF file calls the type.
llvm::StringRef storageName(StorageType type);
/// The type that a safetensors file calls `name`.
std::optional<StorageType> storageTypeNamed(llvm::StringRef name);
/// The names of all types that a safetensors file can have, separated by commas.
std::string storageNames();

/// Which rows of a stored matrix a view has: row r is row offset + (r / count) * period + r % count of the stored
/// matrix, or of its transpose.
struct RowSelection {
  bool transpose = false;
  int64_t offset = 0;
  int64_t count = 1;
  int64_t period = 1;
  int64_t storedColumns = 1; ///< Of the stored matrix, not of its transpose.

  int64_t storedRow(int64_t row) const { return offset + row / count * period + row % count; }
};

/// A tensor where it lies: not owned, possibly misaligned.
struct TensorView {
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  llvm::ArrayRef<uint8_t> data; ///< With a selection that of the whole stored matrix.
  std::optional<RowSelection> selection = std::nullopt;
  llvm::ArrayRef<float> factors =
      {};             ///< Of scaled integers: number i of those that are stored times factors[i / scaled].
  int64_t scaled = 1; ///< Numbers that have a factor together.

  int64_t elements() const;
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
  /// A tensor by the name that the file gives it; nothing where the source does not say.
  virtual std::optional<TensorView> tensor(llvm::StringRef name) const { return std::nullopt; }
  /// The file, for messages.
  virtual std::string path() const = 0;
  /// Says that nobody reads `data`, part of a tensor, for now, so that its pages need not stay in memory.
  virtual void release(llvm::ArrayRef<uint8_t> data) const {}
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_WEIGHTSOURCE_H
