//===- WeightFile.cpp - The packed weights of a model ---------------------===//

#include "WeightFile.h"

#include "Failure.h"
#include "Json.h"
#include "LibraryNote.h"

#include <bit>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace tenon::runtime {
namespace {

constexpr uint64_t headerLimit = 100'000'000;
constexpr uint64_t dataAlignment = 64;

std::string systemMessage(int code) { return std::generic_category().message(code); }

/// The directory part of a path, with its slash; "" for none.
std::string directoryOf(const std::string &path) { return path.substr(0, path.rfind('/') + 1); }

std::string resolvedPath(const std::string &path) {
  std::unique_ptr<char, void (*)(void *)> resolved(realpath(path.c_str(), nullptr), std::free);
  return resolved ? resolved.get() : path;
}

void checkPlainName(const std::string &name) {
  bool plain = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
               name.find('\0') == std::string::npos;
  if (!plain)
    fail(TENON_ERROR_LIBRARY, "the manifest names the weight file \"", name,
         "\", expected a plain name beside the library");
}

/// Opens `name` in the directory of `libraryPath`; nothing if there is no such file.
std::optional<FileHandle> openBeside(const std::string &libraryPath, const std::string &name, std::string &shownAs,
                                     uint64_t &bytes) {
  std::string path = directoryOf(libraryPath);
  FileHandle directory(::open(path.empty() ? "." : path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0)
    fail(TENON_ERROR_FILE, "cannot open the directory ", path, ": ", systemMessage(errno));
  shownAs = path + name;
  if (faccessat(directory.get(), name.c_str(), F_OK, 0) != 0 && errno == ENOENT)
    return std::nullopt;
  return openRegularFile(directory.get(), name, shownAs, bytes);
}

/// Checks the 8 bytes in front of the header; where the tensor data begins.
uint64_t dataOffset(const uint8_t (&lengthBytes)[8], uint64_t bytes, const std::string &shownAs) {
  uint64_t length = 0;
  for (int byte = 7; byte >= 0; --byte)
    length = length << 8 | lengthBytes[byte];
  if (length > headerLimit || length > bytes - 8)
    fail(TENON_ERROR_WEIGHTS, shownAs, ": header of ", length, " bytes, expected at most ",
         std::min(headerLimit, bytes - 8));
  if ((8 + length) % dataAlignment != 0)
    fail(TENON_ERROR_WEIGHTS, shownAs, ": tensor data at byte ", 8 + length, ", expected a multiple of ",
         dataAlignment);
  return 8 + length;
}

void checkId(const std::string &header, const std::string &id, const std::string &shownAs) {
  std::string found = weightId(header);
  if (found != id)
    fail(TENON_ERROR_WEIGHTS, shownAs, ": id is \"", found, "\", the library was compiled with \"", id, "\"");
}

Pages allocateFor(uint64_t bytes, const std::string &shownAs) {
  Pages pages = Pages::allocate(bytes);
  if (!pages)
    fail(TENON_ERROR_NO_MEMORY, shownAs, ": no memory for ", bytes, " bytes of weights");
  return pages;
}

} // namespace

FileHandle::~FileHandle() {
  if (file >= 0)
    close(file);
}

FileHandle openRegularFile(int directory, const std::string &name, const std::string &shownAs, uint64_t &bytes) {
  FileHandle file(openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0)
    fail(TENON_ERROR_FILE, "cannot open ", shownAs, ": ", systemMessage(errno));
  struct stat status;
  if (fstat(file.get(), &status) != 0)
    fail(TENON_ERROR_FILE, "cannot look at ", shownAs, ": ", systemMessage(errno));
  if (!S_ISREG(status.st_mode))
    fail(TENON_ERROR_FILE, shownAs, " is not a regular file");
  bytes = uint64_t(status.st_size);
  return file;
}

std::string weightId(std::string_view header) {
  try {
    // Only the metadata is kept; tensors are the compiler's affair.
    JsonValue root = parseJson(header, "__metadata__");
    const JsonValue *metadata = root.find("__metadata__");
    const JsonValue *id = metadata ? metadata->find("id") : nullptr;
    return id && id->is(JsonValue::Kind::String) ? id->text : "";
  } catch (const JsonError &failure) {
    fail(TENON_ERROR_WEIGHTS, "weight file's header: ", failure.message);
  }
}

Weights Weights::open(const std::string &libraryPath, const WeightFileName &expected, tenon_weights_loading loading) {
  checkPlainName(expected.file);
  std::string shownAs;
  uint64_t bytes = 0;
  std::optional<FileHandle> file = openBeside(libraryPath, expected.file, shownAs, bytes);
  if (!file) {
    std::string named = shownAs;
    file = openBeside(resolvedPath(libraryPath), expected.file, shownAs, bytes);
    if (!file)
      fail(TENON_ERROR_FILE, "weight file ", named, " does not exist, expected ", expected.bytes, " bytes");
  }
  if (bytes != expected.bytes)
    fail(TENON_ERROR_WEIGHTS, shownAs, " is ", bytes, " bytes, the library was compiled with ", expected.bytes);

  LibraryImage image = LibraryImage::fromFile(file->get(), bytes);
  uint8_t lengthBytes[8];
  if (bytes < 8 || !image.read(0, lengthBytes, 8))
    fail(TENON_ERROR_WEIGHTS, shownAs, " cannot be read, expected ", bytes, " bytes");
  uint64_t offset = dataOffset(lengthBytes, bytes, shownAs);
  std::string header(size_t(offset - 8), '\0');
  if (!image.read(8, header.data(), header.size()))
    fail(TENON_ERROR_WEIGHTS, shownAs, ": the header cannot be read");
  checkId(header, expected.id, shownAs);

  Weights weights;
  weights.bytes = bytes - offset;
  if (loading == TENON_WEIGHTS_COPY_HUGE) {
    weights.pages = allocateFor(weights.bytes, shownAs);
    if (!image.read(offset, weights.pages.data(), weights.bytes))
      fail(TENON_ERROR_WEIGHTS, shownAs, " ends before its ", bytes, " bytes");
    weights.start = weights.pages.data();
    return weights;
  }
  weights.pages = Pages::mapFile(file->get(), bytes);
  if (!weights.pages)
    fail(TENON_ERROR_FILE, "cannot map ", shownAs, ": ", systemMessage(errno));
  weights.start = weights.pages.data() + offset;
  return weights;
}

Weights Weights::embedded(const uint8_t *file, uint64_t bytes, tenon_weights_loading loading) {
  const std::string shownAs = "embedded weights";
  uint8_t lengthBytes[8];
  if (bytes < 8)
    fail(TENON_ERROR_WEIGHTS, shownAs, " are ", bytes, " bytes, expected at least 8");
  std::memcpy(lengthBytes, file, 8);
  uint64_t offset = dataOffset(lengthBytes, bytes, shownAs);
  Weights weights;
  weights.start = file + offset;
  weights.bytes = bytes - offset;
  if (loading == TENON_WEIGHTS_COPY_HUGE) {
    weights.pages = allocateFor(weights.bytes, shownAs);
    std::memcpy(weights.pages.data(), weights.start, weights.bytes);
    weights.start = weights.pages.data();
  }
  if (std::bit_cast<uintptr_t>(weights.start) % dataAlignment != 0)
    fail(TENON_ERROR_WEIGHTS, shownAs, " do not lie on a multiple of ", dataAlignment, " bytes");
  return weights;
}

} // namespace tenon::runtime
