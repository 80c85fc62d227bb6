//===- WeightFile.h - The packed weights of a model -------------*- C++ -*-===//

#ifndef TENON_RUNTIME_WEIGHTFILE_H
#define TENON_RUNTIME_WEIGHTFILE_H

#include "Manifest.h"
#include "Memory.h"

#include <cstdint>
#include <string>

namespace tenon::runtime {

/// Closes a file descriptor.
class FileHandle {
public:
  explicit FileHandle(int file = -1) : file(file) {}
  FileHandle(FileHandle &&other) noexcept : file(std::exchange(other.file, -1)) {}
  FileHandle &operator=(FileHandle &&other) noexcept {
    std::swap(file, other.file);
    return *this;
  }
  ~FileHandle();
  int get() const { return file; }

private:
  int file;
};

/// Opens a regular file for reading; never waits for a FIFO or a device. `directory` may be AT_FDCWD.
FileHandle openRegularFile(int directory, const std::string &name, const std::string &shownAs, uint64_t &bytes);

struct WeightLoading {
  bool copies = false; ///< into huge pages, else the file is mapped
  bool checks = false; ///< compares the data with its checksum, which reads all of it
};

/// The tensor data of a weight file, aligned to 64 bytes.
class Weights {
public:
  Weights() = default;

  /// The file that the manifest tells of, from the directory of the library at `libraryPath` as the user named it, or
  /// else of the file which that path links to; known by its id where it was renamed.
  static Weights open(const std::string &libraryPath, const WeightFileName &expected, WeightLoading loading);
  /// A weight file with that id that lies in memory for as long as the model.
  static Weights embedded(const uint8_t *file, uint64_t bytes, const std::string &id, WeightLoading loading);

  const uint8_t *data() const { return start; }
  uint64_t size() const { return bytes; }

private:
  Pages pages;
  const uint8_t *start = nullptr;
  uint64_t bytes = 0;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_WEIGHTFILE_H
