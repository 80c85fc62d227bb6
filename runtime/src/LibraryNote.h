//===- LibraryNote.h - The ELF note of a model library ----------*- C++ -*-===//
//
// Finds, checks and writes `.note.tenon` (see tenon/library.h) without loading the library. The compiler stamps with
// this what the runtime checks with it. Throws nothing and allocates nothing but messages; needs xxhash alone.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_LIBRARYNOTE_H
#define TENON_RUNTIME_LIBRARYNOTE_H

#include "tenon/library.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tenon {

/// The bytes of a library: an open file, or memory. Owns neither.
class LibraryImage {
public:
  /// `file` is a descriptor of a regular file of `bytes` bytes.
  static LibraryImage fromFile(int file, uint64_t bytes) { return LibraryImage(file, nullptr, bytes); }
  static LibraryImage fromMemory(const void *data, uint64_t bytes) { return LibraryImage(-1, data, bytes); }

  uint64_t size() const { return bytes; }
  /// Copies `count` bytes from `offset`; false if they are not all there.
  bool read(uint64_t offset, void *to, size_t count) const;

private:
  LibraryImage(int file, const void *data, uint64_t bytes) : file(file), data(data), bytes(bytes) {}

  int file;
  const void *data;
  uint64_t bytes;
};

/// A note and where it stands.
struct FoundNote {
  tenon_note note;
  uint64_t offset;  ///< file offset of the tenon_note structure
  uint16_t machine; ///< e_machine of the ELF header
};

enum class NoteProblem { None, Damaged, Version, Machine };

/// Finds the note through the program headers (PT_NOTE) of a little-endian ELF64 shared object. Of a note of another
/// version nothing but the version is read.
std::optional<FoundNote> findNote(const LibraryImage &image, std::string &error);

/// Finds the note in one segment of notes, `size` bytes from `start`, with the alignment that its program header says.
std::optional<FoundNote> findNoteIn(const LibraryImage &image, uint64_t start, uint64_t size, uint64_t alignment);

/// XXH3-128 of the image as tenon_note.hash describes it.
bool hashLibrary(const LibraryImage &image, const FoundNote &found, uint64_t (&hash)[2], std::string &error);

/// Whether the image is a whole library of this version for `machine` (an ELF e_machine). The CPU's level is the
/// caller's to check.
NoteProblem checkNote(const LibraryImage &image, const FoundNote &found, uint16_t machine, std::string &error);

/// Writes file size and hash into the note of a finished library. `excludedOffset` and `excludedSize` name embedded
/// weights; zeros for none. The other fields are the linker input's.
bool stampLibrary(const char *path, uint64_t excludedOffset, uint64_t excludedSize, std::string &error);

/// The same for an image in memory, which is changed in place.
bool stampLibrary(uint8_t *image, uint64_t bytes, uint64_t excludedOffset, uint64_t excludedSize, std::string &error);

} // namespace tenon

#endif // TENON_RUNTIME_LIBRARYNOTE_H
