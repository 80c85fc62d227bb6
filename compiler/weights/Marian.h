//===- Marian.h - The binary files of Marian --------------------*- C++ -*-===//
//
// Version and count, a header for each tensor, the names, the shapes, padding, the tensors' data.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_WEIGHTS_MARIAN_H
#define TENON_WEIGHTS_MARIAN_H

#include "weights/WeightSource.h"
#include "llvm/Support/Error.h"

namespace tenon::weights {

/// It refers to the file's memory.
struct MarianTensor {
  llvm::StringRef name;
  StorageType type = StorageType::F32; ///< F32, or I8 for numbers that are divided by `multiplier`.
  llvm::SmallVector<int64_t, 4> shape; ///< As the file states it: inputs, outputs for a matrix.
  llvm::ArrayRef<uint8_t> data;        ///< The numbers alone.
  float multiplier = 1;
};

struct MarianIndex {
  std::vector<MarianTensor> tensors; ///< In the file's order.
  std::vector<std::pair<llvm::StringRef, llvm::StringRef>> texts;

  /// Null where there is none.
  const MarianTensor *find(llvm::StringRef name) const;
  llvm::StringRef text(llvm::StringRef name) const;
};

/// Whether a file begins as a model of Marian does.
bool beginsAsMarian(llvm::ArrayRef<uint8_t> file);

/// Reads and checks everything but the tensors' numbers. `path` is for messages.
llvm::Expected<MarianIndex> readMarian(llvm::ArrayRef<uint8_t> file, llvm::StringRef path);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_MARIAN_H
