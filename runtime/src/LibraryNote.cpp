//===- LibraryNote.cpp - The ELF note of a model library ------------------===//

#include "LibraryNote.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

constexpr char noteName[] = "Tenon";

std::string number(uint64_t value) { return std::to_string(value); }

uint64_t alignUp(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

/// Reads the ELF header and checks the fields that the rest depends on.
bool readHeader(const LibraryImage &image, Elf64_Ehdr &header, std::string &error) {
  if (!image.read(0, &header, sizeof header)) {
    error = "expected an ELF shared library, found a file of " + number(image.size()) + " bytes";
    return false;
  }
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    error = "expected an ELF shared library, found other bytes at its start";
    return false;
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    error = "expected a 64-bit little-endian ELF file, found class " + number(header.e_ident[EI_CLASS]) +
            " and byte order " + number(header.e_ident[EI_DATA]);
    return false;
  }
  if (header.e_type != ET_DYN) {
    error = "expected an ELF shared library (type 3), found type " + number(header.e_type);
    return false;
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    error =
        "expected ELF program headers of " + number(sizeof(Elf64_Phdr)) + " bytes, found " + number(header.e_phentsize);
    return false;
  }
  return true;
}

bool overlap(uint64_t aStart, uint64_t aSize, uint64_t bStart, uint64_t bSize) {
  return aSize != 0 && bSize != 0 && aStart < bStart + bSize && bStart < aStart + aSize;
}

bool checkSpans(uint64_t size, const FoundNote &found, std::string &error) {
  const tenon_note &note = found.note;
  if (found.offset > size || size - found.offset < sizeof note) {
    error = "the library ends within its note";
    return false;
  }
  if (note.excluded_offset > size || note.excluded_size > size - note.excluded_offset) {
    error = "embedded weights at " + number(note.excluded_offset) + " of " + number(note.excluded_size) +
            " bytes reach beyond the library's " + number(size);
    return false;
  }
  if (overlap(note.excluded_offset, note.excluded_size, found.offset, sizeof note)) {
    error = "embedded weights overlap the library's note";
    return false;
  }
  return true;
}

/// Feeds image bytes [from, to) into the hash, with the hash's own field read as zeros.
bool hashSpan(const LibraryImage &image, uint64_t from, uint64_t to, uint64_t fieldAt, XXH3_state_t &state) {
  uint8_t buffer[16 << 10];
  while (from < to) {
    size_t count = size_t(std::min<uint64_t>(sizeof buffer, to - from));
    if (!image.read(from, buffer, count))
      return false;
    uint64_t zeroFrom = std::max(fieldAt, from);
    uint64_t zeroTo = std::min(fieldAt + sizeof(tenon_note::hash), from + count);
    if (zeroFrom < zeroTo)
      std::memset(buffer + (zeroFrom - from), 0, size_t(zeroTo - zeroFrom));
    XXH3_128bits_update(&state, buffer, count);
    from += count;
  }
  return true;
}

/// Fills in what a finished library's note lacks.
bool completeNote(const LibraryImage &image, FoundNote &found, uint64_t excludedOffset, uint64_t excludedSize,
                  std::string &error) {
  std::optional<FoundNote> existing = findNote(image, error);
  if (!existing)
    return false;
  found = *existing;
  found.note.file_size = image.size();
  found.note.excluded_offset = excludedOffset;
  found.note.excluded_size = excludedSize;
  return checkSpans(image.size(), found, error);
}

bool writeAll(int file, const void *data, size_t count, uint64_t offset) {
  const char *from = static_cast<const char *>(data);
  while (count != 0) {
    ssize_t written = pwrite(file, from, count, off_t(offset));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    from += written;
    offset += uint64_t(written);
    count -= size_t(written);
  }
  return true;
}

} // namespace

bool LibraryImage::read(uint64_t offset, void *to, size_t count) const {
  if (offset > bytes || count > bytes - offset)
    return false;
  if (data) {
    std::memcpy(to, static_cast<const char *>(data) + offset, count);
    return true;
  }
  char *into = static_cast<char *>(to);
  while (count != 0) {
    ssize_t got = pread(file, into, count, off_t(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    into += got;
    offset += uint64_t(got);
    count -= size_t(got);
  }
  return true;
}

std::optional<FoundNote> findNoteIn(const LibraryImage &image, uint64_t start, uint64_t size,
                                    uint64_t segmentAlignment) {
  if (start > image.size() || size > image.size() - start)
    return std::nullopt;
  // As binutils and glibc read them: entries are padded to 8 bytes only in segments aligned to 8.
  uint64_t alignment = segmentAlignment == 8 ? 8 : 4;
  Elf64_Nhdr header;
  for (uint64_t at = 0; size - at >= sizeof header;) {
    if (!image.read(start + at, &header, sizeof header))
      return std::nullopt;
    uint64_t nameAt = at + sizeof header;
    uint64_t descriptorAt = alignUp(nameAt + header.n_namesz, alignment);
    uint64_t end = descriptorAt + header.n_descsz;
    if (end > size)
      return std::nullopt;
    char name[sizeof noteName];
    bool ours = header.n_type == TENON_NOTE_TYPE && header.n_namesz == sizeof noteName &&
                header.n_descsz >= sizeof(uint32_t) && image.read(start + nameAt, name, sizeof name) &&
                std::memcmp(name, noteName, sizeof noteName) == 0;
    FoundNote found{};
    // Of a note that is too short the missing fields are zero, and no file has the size zero.
    if (ours && image.read(start + descriptorAt, &found.note, std::min<uint64_t>(header.n_descsz, sizeof found.note))) {
      found.offset = start + descriptorAt;
      return found;
    }
    at = std::min(alignUp(end, alignment), size);
  }
  return std::nullopt;
}

std::optional<FoundNote> findNote(const LibraryImage &image, std::string &error) {
  Elf64_Ehdr header;
  if (!readHeader(image, header, error))
    return std::nullopt;
  for (uint64_t index = 0; index < header.e_phnum; ++index) {
    Elf64_Phdr segment;
    uint64_t at = index * sizeof segment;
    if (header.e_phoff > image.size() || !image.read(header.e_phoff + at, &segment, sizeof segment)) {
      error = "program header " + number(index) + " lies beyond the library's " + number(image.size()) + " bytes";
      return std::nullopt;
    }
    if (segment.p_type != PT_NOTE)
      continue;
    if (auto found = findNoteIn(image, segment.p_offset, segment.p_filesz, segment.p_align)) {
      found->machine = header.e_machine;
      return found;
    }
  }
  error = "the library has no Tenon note: expected a file written by `tenon compile`";
  return std::nullopt;
}

bool hashLibrary(const LibraryImage &image, const FoundNote &found, uint64_t (&hash)[2], std::string &error) {
  if (!checkSpans(image.size(), found, error))
    return false;
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  uint64_t fieldAt = found.offset + offsetof(tenon_note, hash);
  uint64_t excludedFrom = found.note.excluded_size ? found.note.excluded_offset : image.size();
  uint64_t excludedTo = excludedFrom + found.note.excluded_size;
  if (!hashSpan(image, 0, excludedFrom, fieldAt, state) || !hashSpan(image, excludedTo, image.size(), fieldAt, state)) {
    error = "the library could not be read to its end of " + number(image.size()) + " bytes";
    return false;
  }
  XXH128_hash_t digest = XXH3_128bits_digest(&state);
  hash[0] = digest.low64;
  hash[1] = digest.high64;
  return true;
}

NoteProblem checkNote(const LibraryImage &image, const FoundNote &found, uint16_t machine, std::string &error) {
  const tenon_note &note = found.note;
  if (note.version != TENON_LIBRARY_VERSION) {
    error =
        "library is version " + number(note.version) + ", this runtime reads version " + number(TENON_LIBRARY_VERSION);
    return NoteProblem::Version;
  }
  if (note.file_size != image.size()) {
    error = "library is " + number(image.size()) + " bytes, its note says " + number(note.file_size);
    return NoteProblem::Damaged;
  }
  if (note.machine != found.machine || note.machine != machine) {
    error = "library is for ELF machine " + number(note.machine) + " (in a file for " + number(found.machine) +
            "), this runtime runs on machine " + number(machine);
    return NoteProblem::Machine;
  }
  uint64_t hash[2];
  if (!hashLibrary(image, found, hash, error))
    return NoteProblem::Damaged;
  if (hash[0] != note.hash[0] || hash[1] != note.hash[1]) {
    error = "library is damaged: its contents do not have the hash that its note says";
    return NoteProblem::Damaged;
  }
  return NoteProblem::None;
}

bool stampLibrary(uint8_t *data, uint64_t bytes, uint64_t excludedOffset, uint64_t excludedSize, std::string &error) {
  LibraryImage image = LibraryImage::fromMemory(data, bytes);
  FoundNote found;
  if (!completeNote(image, found, excludedOffset, excludedSize, error))
    return false;
  std::memcpy(data + found.offset, &found.note, sizeof found.note);
  if (!hashLibrary(image, found, found.note.hash, error))
    return false;
  std::memcpy(data + found.offset, &found.note, sizeof found.note);
  return true;
}

bool stampLibrary(const char *path, uint64_t excludedOffset, uint64_t excludedSize, std::string &error) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    error = std::string("cannot open ") + path + ": " + std::strerror(errno);
    if (file >= 0)
      close(file);
    return false;
  }
  LibraryImage image = LibraryImage::fromFile(file, uint64_t(status.st_size));
  FoundNote found;
  // The fields are written before the file is hashed, since they are part of what is hashed.
  bool done = completeNote(image, found, excludedOffset, excludedSize, error);
  for (int pass = 0; done && pass < 2; ++pass) {
    done = pass == 0 || hashLibrary(image, found, found.note.hash, error);
    if (done && !writeAll(file, &found.note, sizeof found.note, found.offset)) {
      error = std::string("cannot write the note of ") + path + ": " + std::strerror(errno);
      done = false;
    }
  }
  if (close(file) != 0 && done) {
    error = std::string("cannot write ") + path + ": " + std::strerror(errno);
    done = false;
  }
  return done;
}

} // namespace tenon
