//===- CTranslate2.h - The model.bin of CTranslate2 -------------*- C++ -*-===//
//
// Version, the specification's name and revision, the variables one behind the other (name, shape, type, data), and
// further names for some of them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_WEIGHTS_CTRANSLATE2_H
#define TENON_WEIGHTS_CTRANSLATE2_H

#include "weights/WeightSource.h"
#include "llvm/Support/Error.h"

namespace tenon::weights {

/// It refers to the file's memory.
struct CTranslate2Variable {
  llvm::StringRef name;
  StorageType type = StorageType::F32; ///< F32, I8, I16, I32, F16 or BF16.
  llvm::SmallVector<int64_t, 4> shape; ///< Empty for a single number.
  llvm::ArrayRef<uint8_t> data;
};

struct CTranslate2Index {
  llvm::StringRef specification; ///< "TransformerSpec".
  uint32_t revision = 0;
  std::vector<CTranslate2Variable> variables;                       ///< In the file's order.
  std::vector<std::pair<llvm::StringRef, llvm::StringRef>> aliases; ///< Another name, and a variable's name.
};

/// Whether a file begins as version 2 or a later one of the format does.
bool beginsAsCTranslate2(llvm::ArrayRef<uint8_t> file);

/// Reads and checks everything but the variables' numbers. `path` is for messages.
llvm::Expected<CTranslate2Index> readCTranslate2(llvm::ArrayRef<uint8_t> file, llvm::StringRef path);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_CTRANSLATE2_H
