//===- MappedFile.h - A file as memory --------------------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_MAPPEDFILE_H
#define TENON_WEIGHTS_MAPPEDFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>

namespace tenon::weights {

/// A regular file, mapped for reading. A file that another program shortens while it is mapped ends this one with
/// SIGBUS when the lost part is read.
class MappedFile {
public:
  static llvm::Expected<std::unique_ptr<MappedFile>> open(llvm::StringRef path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  llvm::ArrayRef<uint8_t> bytes() const { return {data, size}; }
  /// Lets the system drop the pages that lie wholly within `part`; they are read again when touched.
  void release(llvm::ArrayRef<uint8_t> part) const;

private:
  static llvm::Expected<std::unique_ptr<MappedFile>> map(llvm::StringRef path, int descriptor);
  MappedFile(const uint8_t *data, size_t size) : data(data), size(size) {}

  const uint8_t *data;
  size_t size;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_MAPPEDFILE_H
