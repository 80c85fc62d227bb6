//===- Gguf.h - The GGUF file format ----------------------------*- C++ -*-===//
//
// Magic, version, counts, typed metadata, the tensors' names, shapes, types and places, padding, the tensors' data.
// Versions 2 and 3 in little endian.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_WEIGHTS_GGUF_H
#define TENON_WEIGHTS_GGUF_H

#include "weights/MappedFile.h"
#include "weights/WeightSource.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace tenon::weights {

/// The types of metadata, with the numbers that stand for them in a file.
enum class GgufType : uint32_t {
  UInt8,
  Int8,
  UInt16,
  Int16,
  UInt32,
  Int32,
  Float32,
  Bool,
  String,
  Array,
  UInt64,
  Int64,
  Float64
};

/// "uint32".
llvm::StringRef ggufTypeName(GgufType type);

/// A value of the metadata. It refers to the file's memory.
struct GgufValue {
  GgufType type = GgufType::UInt8; ///< For an array that of its elements.
  bool isArray = false;
  uint64_t count = 1;                   ///< Of elements.
  llvm::ArrayRef<uint8_t> numbers;      ///< As they are stored, misaligned; empty for strings.
  std::vector<llvm::StringRef> strings; ///< Of type String: all elements. Valid UTF-8.

  bool isInteger() const;
  /// Element `index` where the elements are integers (or booleans) and it is at most 2^63 - 1.
  std::optional<int64_t> integer(uint64_t index = 0) const;
  /// Element `index` where the elements are numbers.
  std::optional<double> number(uint64_t index = 0) const;
  /// "uint32 7", "array of 49152 string": for messages.
  std::string text() const;
};

struct GgufTensor {
  llvm::StringRef name;
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape; ///< Rows first, the reverse of the file's order.
  uint64_t begin = 0;                  ///< First byte of the tensor, counted from the beginning of the data.
  uint64_t end = 0;
};

struct GgufIndex {
  uint32_t version = 0;
  uint64_t alignment = 32;
  std::vector<std::pair<llvm::StringRef, GgufValue>> metadata; ///< In the file's order.
  std::vector<GgufTensor> tensors;                             ///< In the file's order.
  uint64_t dataStart = 0;                                      ///< Offset of the data in the file.
};

/// Reads and checks everything but the tensors' numbers. `path` is for messages. The index refers to `file`.
llvm::Expected<GgufIndex> readGgufIndex(llvm::ArrayRef<uint8_t> file, llvm::StringRef path);

/// The types of tensors that can be read, for messages: "F32, F16, ...".
std::string ggufTensorTypeNames();

/// A mapped file with its index.
class GgufFile {
public:
  static llvm::Expected<std::unique_ptr<GgufFile>> open(llvm::StringRef path);

  const GgufIndex &getIndex() const { return index; }
  const std::string &getPath() const { return path; }
  /// The value of `key`; null where the file has none.
  const GgufValue *metadata(llvm::StringRef key) const;
  const GgufTensor *tensor(llvm::StringRef name) const;
  llvm::ArrayRef<uint8_t> data(const GgufTensor &tensor) const;
  void release(llvm::ArrayRef<uint8_t> part) const { file->release(part); }

private:
  GgufFile(std::string path, std::unique_ptr<MappedFile> file, GgufIndex index);

  std::string path;
  std::unique_ptr<MappedFile> file;
  GgufIndex index;
  llvm::StringMap<size_t> keys;    ///< Positions in the metadata.
  llvm::StringMap<size_t> tensors; ///< Positions among the tensors.
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_GGUF_H
