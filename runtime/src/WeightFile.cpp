//===- WeightFile.cpp - The packed weights of a model ---------------------===//

#include "WeightFile.h"

#include "Failure.h"
#include "Json.h"
#include "LibraryNote.h"
#include "support/ContentHash.h"
#include "support/Printable.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

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
    fail(TENON_ERROR_LIBRARY, "the manifest names the weight file \"", printable(name),
         "\", expected a plain name beside the library");
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

/// Where the tensor data lies.
struct DataSpan {
  uint64_t offset, bytes;
};

/// The end of the last tensor that a header lists.
uint64_t endOfTensors(const JsonValue &root, const std::string &shownAs) {
  uint64_t end = 0;
  for (size_t index = 0; index < root.keys.size(); ++index) {
    if (root.keys[index] == "__metadata__")
      continue;
    const JsonValue *offsets = root.items[index].find("data_offsets");
    bool good = offsets && offsets->is(JsonValue::Kind::Array) && offsets->items.size() == 2 &&
                offsets->items[1].is(JsonValue::Kind::Integer) && offsets->items[1].integer >= 0;
    if (!good)
      fail(TENON_ERROR_WEIGHTS, shownAs, ": weight file's header: tensor \"", printable(root.keys[index]),
           "\" has no data_offsets of two numbers");
    end = std::max(end, uint64_t(offsets->items[1].integer));
  }
  return end;
}

std::string idOf(const JsonValue &root) {
  const JsonValue *metadata = root.find("__metadata__");
  const JsonValue *id = metadata ? metadata->find("id") : nullptr;
  return id && id->is(JsonValue::Kind::String) ? id->text : "";
}

/// Checks all that a file says of itself but its data. Behind the header are spaces alone, as parsing it tells, and the
/// tensors that it lists fill the file: a wrong length of the header cannot go unnoticed, whatever it makes of it.
DataSpan checkedSpan(const LibraryImage &image, const std::string &id, const std::string &shownAs) {
  uint64_t bytes = image.size();
  uint8_t lengthBytes[8];
  if (bytes < 8 || !image.read(0, lengthBytes, 8))
    fail(TENON_ERROR_WEIGHTS, shownAs, " cannot be read, expected ", std::max<uint64_t>(bytes, 8), " bytes");
  uint64_t offset = dataOffset(lengthBytes, bytes, shownAs);
  std::string header(size_t(offset - 8), '\0');
  if (!image.read(8, header.data(), header.size()))
    fail(TENON_ERROR_WEIGHTS, shownAs, ": the header cannot be read");
  JsonValue root;
  try {
    root = parseJson(header);
  } catch (const JsonError &failure) {
    fail(TENON_ERROR_WEIGHTS, shownAs, ": weight file's header: ", failure.message);
  }
  if (std::string found = idOf(root); found != id)
    fail(TENON_ERROR_WEIGHTS, shownAs, ": id is \"", printable(found), "\", the library was compiled with \"", id,
         "\"");
  if (uint64_t end = endOfTensors(root, shownAs); end != bytes - offset)
    fail(TENON_ERROR_WEIGHTS, shownAs, ": ", bytes - offset, " bytes behind the header, its tensors take ", end);
  return {offset, bytes - offset};
}

/// The data is compared with its checksum, which is the id.
void checkData(const uint8_t *data, uint64_t bytes, const std::string &id, const std::string &shownAs) {
  std::string found = contentHash({reinterpret_cast<const char *>(data), size_t(bytes)});
  if (found != id)
    fail(TENON_ERROR_WEIGHTS, shownAs, " is damaged: the checksum of its data is ", found, ", expected ", id);
}

/// A weight file that fits a library.
struct FoundFile {
  FileHandle file;
  std::string shownAs;
  DataSpan data;
};

FoundFile openFitting(int directory, const std::string &name, const std::string &shownAs,
                      const WeightFileName &expected) {
  FoundFile found;
  found.shownAs = shownAs;
  uint64_t bytes = 0;
  found.file = openRegularFile(directory, name, shownAs, bytes);
  if (bytes != expected.bytes)
    fail(TENON_ERROR_WEIGHTS, shownAs, " is ", bytes, " bytes, the library was compiled with ", expected.bytes);
  found.data = checkedSpan(LibraryImage::fromFile(found.file.get(), bytes), expected.id, shownAs);
  return found;
}

/// The names of a directory that may be those of weight files; none where it cannot be listed.
std::vector<std::string> weightNames(const std::string &path) {
  constexpr std::string_view ending = ".weights";
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR *)> listing(opendir(path.empty() ? "." : path.c_str()), closedir);
  while (const dirent *entry = listing ? readdir(listing.get()) : nullptr)
    if (std::string_view(entry->d_name).ends_with(ending))
      names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

/// The file that fits beside `libraryPath`: under the name that the library was compiled with, or, where it has another
/// name by now, under any that ends as those do. Nothing if there is none; `problem` is what is wrong with the file of
/// the right name, where there is one.
std::optional<FoundFile> findBeside(const std::string &libraryPath, const WeightFileName &expected,
                                    std::optional<Failure> &problem) {
  std::string path = directoryOf(libraryPath);
  FileHandle directory(::open(path.empty() ? "." : path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0)
    fail(TENON_ERROR_FILE, "cannot open the directory ", path, ": ", systemMessage(errno));
  if (faccessat(directory.get(), expected.file.c_str(), F_OK, 0) == 0 || errno != ENOENT) {
    try {
      return openFitting(directory.get(), expected.file, path + expected.file, expected);
    } catch (const Failure &failure) {
      problem = problem ? problem : failure;
    }
  }
  for (const std::string &name : weightNames(path))
    try {
      return openFitting(directory.get(), name, path + name, expected);
    } catch (const Failure &) { // not the one
    }
  return std::nullopt;
}

FoundFile findWeights(const std::string &libraryPath, const WeightFileName &expected) {
  std::optional<Failure> problem;
  for (const std::string &path : {libraryPath, resolvedPath(libraryPath)})
    if (std::optional<FoundFile> found = findBeside(path, expected, problem))
      return std::move(*found);
  if (problem)
    throw *problem;
  fail(TENON_ERROR_FILE, "weight file ", directoryOf(libraryPath), expected.file, " does not exist, expected ",
       expected.bytes, " bytes; no other .weights file beside the library has its id ", expected.id);
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

Weights Weights::open(const std::string &libraryPath, const WeightFileName &expected, WeightLoading loading) {
  checkPlainName(expected.file);
  FoundFile found = findWeights(libraryPath, expected);
  const auto &[file, shownAs, data] = found;
  Weights weights;
  weights.bytes = data.bytes;
  if (loading.copies) {
    weights.pages = allocateFor(weights.bytes, shownAs);
    if (!LibraryImage::fromFile(file.get(), expected.bytes).read(data.offset, weights.pages.data(), weights.bytes))
      fail(TENON_ERROR_WEIGHTS, shownAs, " ends before its ", expected.bytes, " bytes");
    weights.start = weights.pages.data();
  } else {
    weights.pages = Pages::mapFile(file.get(), expected.bytes);
    if (!weights.pages)
      fail(errno == ENOMEM ? TENON_ERROR_NO_MEMORY : TENON_ERROR_FILE, "cannot map ", shownAs, ": ",
           systemMessage(errno));
    weights.start = weights.pages.data() + data.offset;
  }
  if (loading.checks)
    checkData(weights.start, weights.bytes, expected.id, shownAs);
  return weights;
}

Weights Weights::embedded(const uint8_t *file, uint64_t bytes, const std::string &id, WeightLoading loading) {
  const std::string shownAs = "embedded weights";
  DataSpan data = checkedSpan(LibraryImage::fromMemory(file, bytes), id, shownAs);
  Weights weights;
  weights.start = file + data.offset;
  weights.bytes = data.bytes;
  if (loading.copies) {
    weights.pages = allocateFor(weights.bytes, shownAs);
    std::memcpy(weights.pages.data(), weights.start, weights.bytes);
    weights.start = weights.pages.data();
  }
  if (std::bit_cast<uintptr_t>(weights.start) % dataAlignment != 0)
    fail(TENON_ERROR_WEIGHTS, shownAs, " do not lie on a multiple of ", dataAlignment, " bytes");
  if (loading.checks)
    checkData(weights.start, weights.bytes, id, shownAs);
  return weights;
}

} // namespace tenon::runtime
