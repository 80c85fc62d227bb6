//===- Marian.cpp ---------------------------------------------------------===//

#include "weights/Marian.h"
#include "runtime/support/CheckedSize.h"
#include "weights/ByteReader.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <bit>
#include <cmath>

using namespace tenon;
using namespace tenon::weights;

static constexpr uint64_t supportedVersion = 1;
static constexpr uint64_t maximumRank = 4;
static constexpr uint64_t headerBytes = 4 * sizeof(uint64_t);

// The numbers that stand for types of tensors.
static constexpr uint64_t float32Type = 0x404, intgemm8Type = 0x4101, textType = 0x101;

namespace {

struct MarianHeader {
  uint64_t nameBytes = 0, type = 0, rank = 0, bytes = 0;
};

class MarianReader {
public:
  MarianReader(llvm::ArrayRef<uint8_t> file, MarianIndex &index) : reader(file), index(index) {}
  bool read() { return readHeaders() && readNames() && readShapes() && readPadding() && readAllData(); }
  const std::string &getMessage() const { return reader.getMessage(); }

private:
  bool readHeaders();
  bool readNames();
  bool readShapes();
  bool readPadding();
  bool readAllData();
  bool readData(const MarianHeader &header, MarianTensor tensor);

  ByteReader reader;
  MarianIndex &index;
  std::vector<MarianHeader> headers;
  std::vector<MarianTensor> tensors; ///< With their names and shapes.
};

} // namespace

bool MarianReader::readHeaders() {
  uint64_t version = 0, count = 0;
  if (!reader.readNumber(version) || !reader.readNumber(count))
    return false;
  if (version != supportedVersion)
    return reader.fail("the version is " + llvm::Twine(version) + "; supported is " + llvm::Twine(supportedVersion));
  if (!reader.fits("tensors", count, headerBytes))
    return false;
  for (uint64_t i = 0; i < count; ++i) {
    MarianHeader &header = headers.emplace_back();
    reader.at("header " + llvm::Twine(i));
    if (!reader.readNumber(header.nameBytes) || !reader.readNumber(header.type) || !reader.readNumber(header.rank) ||
        !reader.readNumber(header.bytes))
      return false;
    if (header.rank > maximumRank)
      return reader.fail("the tensor has " + llvm::Twine(header.rank) + " dimensions; at most " +
                         llvm::Twine(maximumRank) + " are possible");
  }
  return true;
}

bool MarianReader::readNames() {
  llvm::StringSet<> names;
  for (auto [i, header] : llvm::enumerate(headers)) {
    MarianTensor &tensor = tensors.emplace_back();
    reader.at("name " + llvm::Twine(i));
    if (!reader.readName(header.nameBytes, tensor.name))
      return false;
    if (!names.insert(tensor.name).second)
      return reader.fail("there are two tensors of the name " + quotedName(tensor.name));
  }
  return true;
}

bool MarianReader::readShapes() {
  for (auto [header, tensor] : llvm::zip(headers, tensors)) {
    reader.at("the shape of " + quotedName(tensor.name));
    for (uint64_t i = 0; i < header.rank; ++i) {
      int32_t extent = 0;
      if (!reader.readNumber(extent))
        return false;
      if (extent < 0)
        return reader.fail("an extent of " + llvm::Twine(extent) + "; none is below 0");
      tensor.shape.push_back(extent);
    }
  }
  return true;
}

bool MarianReader::readPadding() {
  uint64_t bytes = 0;
  llvm::ArrayRef<uint8_t> padding;
  reader.at("the padding");
  return reader.readNumber(bytes) && reader.readBytes(bytes, padding);
}

/// The data may be longer than the numbers: padding, and the multiplier of int8 numbers.
bool MarianReader::readData(const MarianHeader &header, MarianTensor tensor) {
  bool isText = header.type == textType, isInt8 = header.type == intgemm8Type;
  if (!isText && !isInt8 && header.type != float32Type)
    return reader.fail("type 0x" + llvm::utohexstr(header.type, /*LowerCase=*/true) +
                       " is not supported; supported: 0x404 (float32), 0x4101 (int8 of intgemm, for any processor), "
                       "0x101 (text)");
  tensor.type = isInt8 || isText ? StorageType::I8 : StorageType::F32;
  CheckedSize numbers = storageBytes(tensor.type);
  for (int64_t extent : tensor.shape)
    numbers *= extent;
  CheckedSize needed = numbers + CheckedSize(isInt8 ? sizeof(float) : 0);
  llvm::ArrayRef<uint8_t> bytes;
  if (!(needed <= CheckedSize(header.bytes)))
    return reader.fail("its " + llvm::Twine(header.bytes) + " bytes are too few for shape " + shapeText(tensor.shape) +
                       " of type 0x" + llvm::utohexstr(header.type, /*LowerCase=*/true));
  if (!reader.readBytes(header.bytes, bytes))
    return false;
  tensor.data = bytes.take_front(numbers.get());
  if (isText) {
    llvm::StringRef text(reinterpret_cast<const char *>(tensor.data.data()), tensor.data.size());
    index.texts.push_back({tensor.name, text.take_until([](char c) { return c == '\0'; })});
    return true;
  }
  if (isInt8)
    tensor.multiplier = std::bit_cast<float>(
        llvm::support::endian::read<uint32_t, llvm::endianness::little>(bytes.data() + numbers.get()));
  if (!std::isnormal(tensor.multiplier))
    return reader.fail("its numbers are to be divided by " + std::to_string(tensor.multiplier));
  index.tensors.push_back(std::move(tensor));
  return true;
}

bool MarianReader::readAllData() {
  for (auto [header, tensor] : llvm::zip(headers, tensors)) {
    reader.at("tensor " + quotedName(tensor.name));
    if (!readData(header, std::move(tensor)))
      return false;
  }
  reader.at("the end");
  return reader.remaining() == 0 ||
         reader.fail(llvm::Twine(reader.remaining()) + " bytes follow that nothing explains");
}

const MarianTensor *MarianIndex::find(llvm::StringRef name) const {
  auto found = llvm::find_if(tensors, [&](const MarianTensor &tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

llvm::StringRef MarianIndex::text(llvm::StringRef name) const {
  for (auto [key, text] : texts)
    if (key == name)
      return text;
  return "";
}

bool tenon::weights::beginsAsMarian(llvm::ArrayRef<uint8_t> file) {
  // No other format that is read here begins with a 1 of eight bytes.
  ByteReader reader(file);
  uint64_t version = 0;
  return reader.readNumber(version) && version == supportedVersion;
}

llvm::Expected<MarianIndex> tenon::weights::readMarian(llvm::ArrayRef<uint8_t> file, llvm::StringRef path) {
  MarianIndex index;
  MarianReader reader(file, index);
  if (reader.read())
    return index;
  return llvm::createStringError("'" + path + "' is not a Marian model that can be read: " + reader.getMessage());
}
