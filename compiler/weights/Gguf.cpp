//===- Gguf.cpp -----------------------------------------------------------===//

#include "weights/Gguf.h"
#include "runtime/support/Printable.h"
#include "weights/GgufReader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include <bit>

using namespace tenon::weights;

static constexpr llvm::StringRef typeNames[] = {"uint8",   "int8",   "uint16", "int16",  "uint32", "int32",  "float32",
                                                "boolean", "string", "array",  "uint64", "int64",  "float64"};

llvm::StringRef tenon::weights::ggufTypeName(GgufType type) { return typeNames[static_cast<size_t>(type)]; }

template <typename T> static T stored(const GgufValue &value, uint64_t index) {
  return llvm::support::endian::read<T, llvm::endianness::little>(value.numbers.data() + index * sizeof(T));
}

bool GgufValue::isInteger() const {
  return type != GgufType::Float32 && type != GgufType::Float64 && type != GgufType::String;
}

std::optional<int64_t> GgufValue::integer(uint64_t index) const {
  if (index >= count)
    return std::nullopt;
  switch (type) {
  case GgufType::UInt8:
  case GgufType::Bool:
    return stored<uint8_t>(*this, index);
  case GgufType::Int8:
    return stored<int8_t>(*this, index);
  case GgufType::UInt16:
    return stored<uint16_t>(*this, index);
  case GgufType::Int16:
    return stored<int16_t>(*this, index);
  case GgufType::UInt32:
    return stored<uint32_t>(*this, index);
  case GgufType::Int32:
    return stored<int32_t>(*this, index);
  case GgufType::Int64:
    return stored<int64_t>(*this, index);
  case GgufType::UInt64: {
    uint64_t number = stored<uint64_t>(*this, index);
    return number <= uint64_t(INT64_MAX) ? std::optional<int64_t>(number) : std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

std::optional<double> GgufValue::number(uint64_t index) const {
  if (index >= count || type == GgufType::String || type == GgufType::Bool)
    return std::nullopt;
  if (type == GgufType::Float32)
    return std::bit_cast<float>(stored<uint32_t>(*this, index));
  if (type == GgufType::Float64)
    return std::bit_cast<double>(stored<uint64_t>(*this, index));
  if (type == GgufType::UInt64)
    return static_cast<double>(stored<uint64_t>(*this, index));
  return static_cast<double>(*integer(index));
}

std::string GgufValue::text() const {
  if (isArray)
    return ("array of " + llvm::Twine(count) + " " + ggufTypeName(type)).str();
  if (type == GgufType::String)
    return "string '" + tenon::printable(strings.front(), 60) + "'";
  if (type == GgufType::Bool)
    return *integer() ? "boolean true" : "boolean false";
  if (std::optional<int64_t> whole = integer())
    return (ggufTypeName(type) + " " + llvm::Twine(*whole)).str();
  return llvm::formatv("{0} {1}", ggufTypeName(type), *number());
}

llvm::Expected<GgufIndex> tenon::weights::readGgufIndex(llvm::ArrayRef<uint8_t> file, llvm::StringRef path) {
  GgufIndex index;
  GgufReader reader(file, index);
  if (reader.read())
    return index;
  // A name in the message may be as long as the file.
  std::string text = reader.getMessage();
  if (text.size() > 600)
    text = text.substr(0, 600) + "...";
  return llvm::createStringError("'" + path + "' is not a GGUF file that can be read: " + text);
}

GgufFile::GgufFile(std::string path, std::unique_ptr<MappedFile> file, GgufIndex index)
    : path(std::move(path)), file(std::move(file)), index(std::move(index)) {
  for (auto [position, entry] : llvm::enumerate(this->index.metadata))
    keys[entry.first] = position;
  for (auto [position, entry] : llvm::enumerate(this->index.tensors))
    tensors[entry.name] = position;
}

llvm::Expected<std::unique_ptr<GgufFile>> GgufFile::open(llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<GgufIndex> index = readGgufIndex((*file)->bytes(), path);
  if (!index)
    return index.takeError();
  return std::unique_ptr<GgufFile>(new GgufFile(path.str(), std::move(*file), std::move(*index)));
}

const GgufValue *GgufFile::metadata(llvm::StringRef key) const {
  auto found = keys.find(key);
  return found == keys.end() ? nullptr : &index.metadata[found->second].second;
}

const GgufTensor *GgufFile::tensor(llvm::StringRef name) const {
  auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &index.tensors[found->second];
}

llvm::ArrayRef<uint8_t> GgufFile::data(const GgufTensor &tensor) const {
  return file->bytes().slice(index.dataStart + tensor.begin, tensor.end - tensor.begin);
}
