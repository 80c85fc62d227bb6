//===- GgufReader.cpp -----------------------------------------------------===//

#include "weights/GgufReader.h"
#include "runtime/support/Printable.h"
#include "runtime/support/CheckedSize.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/MathExtras.h"

using namespace tenon;
using namespace tenon::weights;

static constexpr llvm::StringRef magic = "GGUF";
static constexpr uint32_t lastType = static_cast<uint32_t>(GgufType::Float64);
static constexpr uint32_t maximumRank = 4;
static constexpr uint64_t shortestEntry = 8 + 4 + 1;      ///< A key's length, a type, a value.
static constexpr uint64_t shortestTensor = 8 + 4 + 4 + 8; ///< A name's length, a rank, a type, an offset.
static constexpr uint64_t largestAlignment = uint64_t(1) << 30;

namespace {
/// A number that stands for a type of tensors, and what it is here. Types without a storage type cannot be read.
struct TensorType {
  uint32_t number;
  llvm::StringRef name;
  std::optional<StorageType> storage;
};
} // namespace

static constexpr TensorType tensorTypes[] = {
    {0, "F32", StorageType::F32},    {1, "F16", StorageType::F16},    {30, "BF16", StorageType::BF16},
    {28, "F64", StorageType::F64},   {8, "Q8_0", StorageType::Q8_0},  {2, "Q4_0", StorageType::Q4_0},
    {3, "Q4_1", StorageType::Q4_1},  {6, "Q5_0", StorageType::Q5_0},  {7, "Q5_1", StorageType::Q5_1},
    {12, "Q4_K", StorageType::Q4_K}, {13, "Q5_K", StorageType::Q5_K}, {14, "Q6_K", StorageType::Q6_K},
    {24, "I8", StorageType::I8},     {25, "I16", StorageType::I16},   {26, "I32", StorageType::I32},
    {27, "I64", StorageType::I64},   {9, "Q8_1", std::nullopt},       {10, "Q2_K", std::nullopt},
    {11, "Q3_K", std::nullopt},      {15, "Q8_K", std::nullopt},      {16, "IQ2_XXS", std::nullopt},
    {17, "IQ2_XS", std::nullopt},    {18, "IQ3_XXS", std::nullopt},   {19, "IQ1_S", std::nullopt},
    {20, "IQ4_NL", std::nullopt},    {21, "IQ3_S", std::nullopt},     {22, "IQ2_S", std::nullopt},
    {23, "IQ4_XS", std::nullopt},    {29, "IQ1_M", std::nullopt},     {34, "TQ1_0", std::nullopt},
    {35, "TQ2_0", std::nullopt},     {39, "MXFP4", std::nullopt},
};

std::string tenon::weights::ggufTensorTypeNames() {
  std::string names;
  for (const TensorType &type : tensorTypes)
    if (type.storage)
      names += (names.empty() ? "" : ", ") + type.name.str();
  return names;
}

static bool isUtf8(llvm::StringRef text) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  return llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(text.end()));
}

/// A name as a message shows it, whatever bytes it has.
static std::string quoted(llvm::StringRef name) { return "'" + printable(name, 100) + "'"; }

bool GgufReader::fits(llvm::StringRef what, uint64_t count, uint64_t least) {
  if (CheckedSize(count) * least <= CheckedSize(remaining()))
    return true;
  return fail(place + ": " + llvm::Twine(count) + " " + what + " take more than the " + llvm::Twine(remaining()) +
              " bytes that follow");
}

bool GgufReader::readString(llvm::StringRef &text) {
  uint64_t length = 0;
  if (!readNumber(length))
    return false;
  if (length > remaining())
    return fail(place + ": a string's length (" + llvm::Twine(length) + ") is above the " + llvm::Twine(remaining()) +
                " bytes that follow");
  text = llvm::StringRef(reinterpret_cast<const char *>(file.data()) + position, length);
  position += length;
  return isUtf8(text) || fail(place + ": the string " + quoted(text) + " is not UTF-8");
}

bool GgufReader::readHeader() {
  place = "the header";
  llvm::StringRef start(reinterpret_cast<const char *>(file.data()), std::min<size_t>(file.size(), magic.size()));
  if (start != magic) {
    std::string found = llvm::toHex(start, /*LowerCase=*/true);
    return fail("it begins with " + (found.empty() ? "nothing: it is empty" : "the bytes " + found) +
                "; expected the letters " + magic);
  }
  position = magic.size();
  if (!readNumber(index.version))
    return false;
  if (index.version != 0 && (index.version & 0xffff) == 0)
    return fail("it is in big endian (version " + llvm::Twine(llvm::byteswap(index.version)) +
                " in that order); expected little endian");
  if (index.version != 2 && index.version != 3)
    return fail("its version is " + llvm::Twine(index.version) + "; expected 2 or 3");
  return readNumber(tensorCount) && readNumber(metadataCount) &&
         fits("entries of metadata", metadataCount, shortestEntry) && fits("tensors", tensorCount, shortestTensor);
}

bool GgufReader::readType(GgufType &type) {
  uint32_t number = 0;
  if (!readNumber(number))
    return false;
  if (number > lastType)
    return fail(place + ": type " + llvm::Twine(number) + " is not known; known are 0 (uint8) to 12 (float64)");
  type = static_cast<GgufType>(number);
  return true;
}

static uint64_t numberBytes(GgufType type) {
  switch (type) {
  case GgufType::UInt8:
  case GgufType::Int8:
  case GgufType::Bool:
    return 1;
  case GgufType::UInt16:
  case GgufType::Int16:
    return 2;
  case GgufType::UInt32:
  case GgufType::Int32:
  case GgufType::Float32:
    return 4;
  default:
    return 8; // A string takes at least its length.
  }
}

bool GgufReader::readNumbers(GgufValue &value) {
  uint64_t bytes = numberBytes(value.type);
  if (!fits("elements of " + ggufTypeName(value.type).str(), value.count, bytes))
    return false;
  value.numbers = file.slice(position, value.count * bytes);
  position += value.numbers.size();
  if (value.type == GgufType::Bool)
    for (uint8_t byte : value.numbers)
      if (byte > 1)
        return fail(place + ": a boolean is " + llvm::Twine(unsigned(byte)) + "; expected 0 or 1");
  return true;
}

bool GgufReader::readArray(GgufValue &value) {
  value.isArray = true;
  if (!readType(value.type) || !readNumber(value.count))
    return false;
  if (value.type == GgufType::Array)
    return fail(place + ": arrays of arrays are not supported; supported are arrays of numbers, booleans and strings");
  if (value.type != GgufType::String)
    return readNumbers(value);
  if (!fits("strings", value.count, numberBytes(value.type)))
    return false;
  value.strings.resize(value.count);
  return llvm::all_of(value.strings, [&](llvm::StringRef &text) { return readString(text); });
}

bool GgufReader::readValue(GgufValue &value) {
  if (!readType(value.type))
    return false;
  if (value.type == GgufType::Array)
    return readArray(value);
  if (value.type == GgufType::String)
    return readString(value.strings.emplace_back());
  return readNumbers(value);
}

bool GgufReader::readMetadata() {
  llvm::StringSet<> keys;
  for (uint64_t i = 0; i < metadataCount; ++i) {
    place = ("entry " + llvm::Twine(i) + " of " + llvm::Twine(metadataCount) + " of the metadata").str();
    auto &[key, value] = index.metadata.emplace_back();
    if (!readString(key))
      return false;
    if (key.empty())
      return fail(place + " has an empty key");
    if (!keys.insert(key).second)
      return fail("the metadata has the key " + quoted(key) + " twice");
    place = "the value of " + quoted(key);
    if (!readValue(value))
      return false;
    if (key == "general.alignment" && !readAlignment())
      return false;
  }
  return true;
}

bool GgufReader::readAlignment() {
  const GgufValue &value = index.metadata.back().second;
  std::optional<int64_t> alignment = value.isArray ? std::nullopt : value.integer();
  if (!alignment || *alignment < 1 || *alignment > int64_t(largestAlignment) || !llvm::isPowerOf2_64(*alignment))
    return fail("'general.alignment' is " + value.text() + "; expected a power of two, at most " +
                llvm::Twine(largestAlignment));
  index.alignment = *alignment;
  return true;
}

bool GgufReader::readShape(GgufTensor &tensor) {
  uint32_t rank = 0;
  if (!readNumber(rank))
    return false;
  if (rank > maximumRank)
    return fail(place + " has " + llvm::Twine(rank) + " dimensions; expected at most " + llvm::Twine(maximumRank));
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t extent = 0;
    if (!readNumber(extent))
      return false;
    std::optional<int64_t> size = CheckedSize(extent).as<int64_t>();
    if (!size)
      return fail(place + ": dimension " + llvm::Twine(extent) + " is above " + llvm::Twine(CheckedSize::maximum));
    tensor.shape.push_back(*size);
  }
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  return true;
}

bool GgufReader::readTensorType(GgufTensor &tensor) {
  uint32_t number = 0;
  if (!readNumber(number))
    return false;
  for (const TensorType &type : tensorTypes)
    if (type.number == number && type.storage) {
      tensor.type = *type.storage;
      return true;
    }
  const auto *known = llvm::find_if(tensorTypes, [&](const TensorType &type) { return type.number == number; });
  return fail(place + " has type " + llvm::Twine(number) +
              (known == std::end(tensorTypes) ? "" : " (" + known->name.str() + ")") +
              ", which is not supported; supported: " + ggufTensorTypeNames());
}

/// Where the tensor ends, from its shape and type.
bool GgufReader::placeTensor(GgufTensor &tensor) {
  if (!readNumber(tensor.begin))
    return false;
  if (tensor.begin % index.alignment != 0)
    return fail(place + " begins at byte " + llvm::Twine(tensor.begin) +
                " of the data, which is not a multiple of the alignment (" + llvm::Twine(index.alignment) + ")");
  uint64_t numbers = blockNumbers(tensor.type);
  int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (row % int64_t(numbers) != 0)
    return fail(place + " has rows of " + llvm::Twine(row) + " numbers; blocks of " + storageName(tensor.type) +
                " have " + llvm::Twine(numbers));
  CheckedSize bytes = CheckedSize(row / int64_t(numbers)) * CheckedSize(storageBytes(tensor.type));
  for (int64_t extent : llvm::ArrayRef(tensor.shape).drop_back(tensor.shape.empty() ? 0 : 1))
    bytes *= extent;
  CheckedSize end = bytes + tensor.begin;
  if (!end.isValid())
    return fail(place + " with shape " + shapeText(tensor.shape) + " of " + storageName(tensor.type) + " at byte " +
                llvm::Twine(tensor.begin) + " of the data ends above 2^63");
  tensor.end = end.get();
  return true;
}

bool GgufReader::readTensor() {
  GgufTensor &tensor = index.tensors.emplace_back();
  if (!readString(tensor.name))
    return false;
  if (tensor.name.empty())
    return fail(place + " has an empty name");
  place = "tensor " + quoted(tensor.name);
  return readShape(tensor) && readTensorType(tensor) && placeTensor(tensor);
}

bool GgufReader::readTensors() {
  llvm::StringSet<> names;
  for (uint64_t i = 0; i < tensorCount; ++i) {
    place = ("tensor " + llvm::Twine(i) + " of " + llvm::Twine(tensorCount)).str();
    if (!readTensor())
      return false;
    if (!names.insert(index.tensors.back().name).second)
      return fail("it has " + place + " twice");
  }
  return true;
}

/// The data follows, aligned; every tensor lies within it.
bool GgufReader::placeData() {
  index.dataStart = llvm::alignTo(position, index.alignment);
  uint64_t bytes = file.size() - std::min<uint64_t>(index.dataStart, file.size());
  for (const GgufTensor &tensor : index.tensors)
    if (tensor.end > bytes)
      return fail("tensor " + quoted(tensor.name) + " with shape " + shapeText(tensor.shape) + " of " +
                  storageName(tensor.type) + " ends at byte " + llvm::Twine(tensor.end) + " of the data, which has " +
                  llvm::Twine(bytes));
  // Without tensors the padding may be missing.
  index.dataStart = std::min<uint64_t>(index.dataStart, file.size());
  return true;
}

bool GgufReader::checkOverlaps() {
  std::vector<const GgufTensor *> sorted;
  for (const GgufTensor &tensor : index.tensors)
    if (tensor.begin != tensor.end)
      sorted.push_back(&tensor);
  llvm::sort(sorted, [](const GgufTensor *a, const GgufTensor *b) {
    return std::tie(a->begin, a->end, a->name) < std::tie(b->begin, b->end, b->name);
  });
  for (size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i]->begin < sorted[i - 1]->end)
      return fail("tensor " + quoted(sorted[i]->name) + " begins at byte " + llvm::Twine(sorted[i]->begin) +
                  " of the data, within tensor " + quoted(sorted[i - 1]->name) + ", which ends at " +
                  llvm::Twine(sorted[i - 1]->end));
  return true;
}

bool GgufReader::read() { return readHeader() && readMetadata() && readTensors() && placeData() && checkOverlaps(); }
