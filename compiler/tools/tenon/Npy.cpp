//===- Npy.cpp - NumPy's array files --------------------------------------===//

#include "Npy.h"
#include "Command.h"

#include "support/AtomicFile.h"
#include "llvm/Support/Error.h"

#include <cstring>
#include <fstream>
#include <regex>

using namespace tenon;
using namespace tenon::tools;

namespace {

constexpr char kMagic[] = "\x93NUMPY";

/// What the header's dictionary says.
struct Header {
  char kind;
  int bytes;
  std::vector<int64_t> shape;
  int64_t elements = 1;
};

Header parseHeader(const std::string &path, const std::string &text) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex("'descr': *'([^']*)'")))
    throw Failure(path + ": the header has no 'descr'");
  std::string type = match[1];
  if (type != "<f4" && type != "<f8" && type != "<i4" && type != "<i8")
    throw Failure(path + ": elements are of type '" + type + "', expected one of <f4, <f8, <i4, <i8");
  if (!std::regex_search(text, std::regex("'fortran_order': *False")))
    throw Failure(path + ": the array is in Fortran order, expected C order");
  if (!std::regex_search(text, match, std::regex("'shape': *\\(([0-9, ]*)\\)")))
    throw Failure(path + ": the header has no 'shape'");
  Header header{type[1], type[2] - '0', {}};
  std::string sizes = match[1];
  static const std::regex number("[0-9]+");
  for (auto it = std::sregex_iterator(sizes.begin(), sizes.end(), number); it != std::sregex_iterator(); ++it) {
    if (it->str().size() > 18)
      throw Failure(path + ": dimension " + it->str() + " is too large");
    header.shape.push_back(std::stoll(it->str()));
    if (__builtin_mul_overflow(header.elements, header.shape.back(), &header.elements) ||
        header.elements > INT64_MAX / 8)
      throw Failure(path + ": the array is too large");
  }
  return header;
}

template <typename Stored, typename Value>
std::vector<Value> convert(const std::string &path, const std::string &data) {
  std::vector<Value> values(data.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<Value>(stored);
    if (std::is_integral_v<Stored> && static_cast<Stored>(values[i]) != stored)
      throw Failure(path + ": element " + std::to_string(i) + " (" + std::to_string(stored) + ") is no int32");
  }
  return values;
}

} // namespace

NpyArray tools::readNpy(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Failure(path + ": " + std::strerror(errno));
  unsigned char start[12] = {};
  file.read(reinterpret_cast<char *>(start), 10);
  if (!file || std::memcmp(start, kMagic, 6) != 0)
    throw Failure(path + ": the file does not begin as an .npy file does");
  size_t length = start[8] | start[9] << 8;
  if (start[6] >= 2) {
    file.read(reinterpret_cast<char *>(start + 10), 2);
    length |= static_cast<size_t>(start[10]) << 16 | static_cast<size_t>(start[11]) << 24;
  }
  if (length > 1 << 20)
    throw Failure(path + ": the header is " + std::to_string(length) + " bytes long, expected at most a megabyte");
  std::string text(length, '\0');
  file.read(text.data(), static_cast<std::streamsize>(length));
  if (!file)
    throw Failure(path + ": the file ends within its header");
  Header header = parseHeader(path, text);
  std::streampos begin = file.tellg();
  file.seekg(0, std::ios::end);
  if (file.tellg() - begin != header.elements * header.bytes)
    throw Failure(path + ": the file holds " + std::to_string(file.tellg() - begin) + " bytes of data, expected " +
                  std::to_string(header.elements * header.bytes));
  file.seekg(begin);
  std::string data(header.elements * header.bytes, '\0');
  file.read(data.data(), static_cast<std::streamsize>(data.size()));
  NpyArray array;
  array.shape = header.shape;
  array.isFloat = header.kind == 'f';
  if (array.isFloat)
    array.floats = header.bytes == 4 ? convert<float, float>(path, data) : convert<double, float>(path, data);
  else
    array.ints = header.bytes == 4 ? convert<int32_t, int32_t>(path, data) : convert<int64_t, int32_t>(path, data);
  return array;
}

void tools::writeNpy(const std::string &path, const NpyArray &array) {
  std::string shape;
  for (int64_t size : array.shape)
    shape += std::to_string(size) + ", ";
  if (array.shape.size() > 1)
    shape.resize(shape.size() - 2);
  std::string header = std::string("{'descr': '") + (array.isFloat ? "<f4" : "<i4") +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Data starts at a multiple of 64; the header ends with a newline.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string start(kMagic, 6);
  start += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  const void *data = array.isFloat ? static_cast<const void *>(array.floats.data()) : array.ints.data();
  size_t bytes = 4 * (array.isFloat ? array.floats.size() : array.ints.size());
  auto check = [](llvm::Error error) {
    if (error)
      throw Failure(llvm::toString(std::move(error)));
  };
  auto file = AtomicFile::create(path);
  if (!file)
    throw Failure(llvm::toString(file.takeError()));
  check((*file)->append(start + header));
  check((*file)->append(llvm::StringRef(static_cast<const char *>(data), bytes)));
  check((*file)->commit());
}

std::string tools::describe(const NpyArray &array) {
  std::string text;
  for (int64_t size : array.shape)
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  return (array.isFloat ? "float32 [" : "int32 [") + text + "]";
}
