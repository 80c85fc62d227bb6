//===- Safetensors.h - The safetensors file format --------------*- C++ -*-===//
//
// Eight bytes with the length of the header (little endian), the header (JSON), the tensors' data without gaps.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_WEIGHTS_SAFETENSORS_H
#define TENON_WEIGHTS_SAFETENSORS_H

#include "weights/MappedFile.h"
#include "weights/WeightSource.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace tenon::weights {

/// The longest header that is read, in bytes: the format's own limit.
constexpr uint64_t maximumHeaderBytes = 100'000'000;

struct SafetensorsEntry {
  std::string name;
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  uint64_t begin = 0; ///< First byte of the tensor, counted from the beginning of the data.
  uint64_t end = 0;
};

struct SafetensorsIndex {
  std::vector<SafetensorsEntry> entries; ///< Sorted by offset.
  std::vector<std::pair<std::string, std::string>> metadata;
  uint64_t dataStart = 0; ///< Offset of the data in the file.
};

/// Reads and checks the header of a whole file in memory: every tensor's type, shape and place. `path` is for messages.
llvm::Expected<SafetensorsIndex> readSafetensorsIndex(llvm::ArrayRef<uint8_t> file, llvm::StringRef path);

/// A mapped file with its index.
class SafetensorsFile {
public:
  static llvm::Expected<std::unique_ptr<SafetensorsFile>> open(llvm::StringRef path);

  llvm::ArrayRef<SafetensorsEntry> entries() const { return index.entries; }
  const SafetensorsIndex &getIndex() const { return index; }
  const std::string &getPath() const { return path; }
  std::optional<TensorView> find(llvm::StringRef name) const;
  void release(llvm::ArrayRef<uint8_t> part) const { file->release(part); }

private:
  SafetensorsFile(std::string path, std::unique_ptr<MappedFile> file, SafetensorsIndex index);

  std::string path;
  std::unique_ptr<MappedFile> file;
  SafetensorsIndex index;
  llvm::StringMap<size_t> positions; ///< Of a name in the index.
};

/// The header of a file with these tensors, with its length in front, padded with spaces so that the data starts at a
/// multiple of `alignment`. The offsets of `entries` are taken as they are.
std::string safetensorsHeader(llvm::ArrayRef<SafetensorsEntry> entries,
                              llvm::ArrayRef<std::pair<std::string, std::string>> metadata, uint64_t alignment);

/// "[30522, 384]".
std::string shapeText(llvm::ArrayRef<int64_t> shape);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_SAFETENSORS_H
