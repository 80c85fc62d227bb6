//===- SafetensorsFiles.h - A checkpoint in one or more files ---*- C++ -*-===//

#ifndef TENON_WEIGHTS_SAFETENSORSFILES_H
#define TENON_WEIGHTS_SAFETENSORSFILES_H

#include "weights/Safetensors.h"

namespace tenon::weights {

/// The tensors of several mapped files, no name twice.
class SafetensorsFiles {
public:
  explicit SafetensorsFiles(std::unique_ptr<SafetensorsFile> file);

  /// Opens `path`: a file of tensors, or (where it ends in .json) an index that says which file of its directory holds
  /// which tensor. All tensors of the index are in their files and none else, or the error lists where that is not so.
  static llvm::Expected<std::unique_ptr<SafetensorsFiles>> open(llvm::StringRef path);

  /// The names of all tensors, sorted.
  llvm::ArrayRef<std::string> names() const { return sortedNames; }
  /// The file or the index, for messages.
  const std::string &getPath() const { return path; }
  std::optional<TensorView> find(llvm::StringRef name) const;
  void release(llvm::ArrayRef<uint8_t> part) const;

private:
  SafetensorsFiles(std::string path, std::vector<std::unique_ptr<SafetensorsFile>> files);
  void listTensors();

  std::string path;
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  llvm::StringMap<const SafetensorsFile *> places;
  std::vector<std::string> sortedNames;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_SAFETENSORSFILES_H
