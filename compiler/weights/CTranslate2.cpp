//===- CTranslate2.cpp ----------------------------------------------------===//

#include "weights/CTranslate2.h"
#include "runtime/support/CheckedSize.h"
#include "weights/ByteReader.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/StringSet.h"

using namespace tenon;
using namespace tenon::weights;

static constexpr uint32_t supportedVersion = 6;
static constexpr uint32_t maximumRank = 4;
static constexpr uint64_t shortestVariable = 2 + 2 + 1 + 1 + 4; ///< A name of one letter, a rank, a type, a length.
static constexpr uint64_t shortestAlias = 2 * (2 + 2);

/// By the numbers that stand for them in a file.
static constexpr StorageType types[] = {StorageType::F32, StorageType::I8,  StorageType::I16,
                                        StorageType::I32, StorageType::F16, StorageType::BF16};

namespace {

class CTranslate2Reader {
public:
  CTranslate2Reader(llvm::ArrayRef<uint8_t> file, CTranslate2Index &index) : reader(file), index(index) {}
  bool read() { return readHeader() && readVariables() && readAliases() && readEnd(); }
  const std::string &getMessage() const { return reader.getMessage(); }

private:
  bool readHeader();
  bool readVariables();
  bool readVariable();
  bool readShape(CTranslate2Variable &variable);
  bool readData(CTranslate2Variable &variable);
  bool readAliases();
  bool readEnd();
  bool readString(llvm::StringRef &text) {
    uint16_t length = 0;
    return reader.readNumber(length) && reader.readName(length, text);
  }

  ByteReader reader;
  CTranslate2Index &index;
  llvm::StringSet<> names;
};

} // namespace

bool CTranslate2Reader::readHeader() {
  uint32_t version = 0;
  if (!reader.readNumber(version))
    return false;
  if (version != supportedVersion)
    return reader.fail("the binary version is " + llvm::Twine(version) + "; supported is " +
                       llvm::Twine(supportedVersion) + ", which CTranslate2 writes since 3.0");
  return readString(index.specification) && reader.readNumber(index.revision);
}

bool CTranslate2Reader::readShape(CTranslate2Variable &variable) {
  uint8_t rank = 0;
  if (!reader.readNumber(rank))
    return false;
  if (rank > maximumRank)
    return reader.fail("it has " + llvm::Twine(unsigned(rank)) + " dimensions; at most " + llvm::Twine(maximumRank) +
                       " are possible");
  for (unsigned i = 0; i < rank; ++i) {
    uint32_t extent = 0;
    if (!reader.readNumber(extent))
      return false;
    variable.shape.push_back(extent);
  }
  return true;
}

bool CTranslate2Reader::readData(CTranslate2Variable &variable) {
  uint8_t type = 0;
  uint32_t length = 0;
  if (!reader.readNumber(type) || !reader.readNumber(length))
    return false;
  if (type >= std::size(types))
    return reader.fail("type " + llvm::Twine(unsigned(type)) +
                       " is not known; known are 0 (float32), 1 (int8), 2 (int16), 3 (int32), 4 (float16), 5 "
                       "(bfloat16)");
  variable.type = types[type];
  CheckedSize bytes = storageBytes(variable.type);
  for (int64_t extent : variable.shape)
    bytes *= extent;
  if (!(bytes == CheckedSize(length)))
    return reader.fail("its " + llvm::Twine(length) + " bytes are not those of a tensor of type " +
                       storageName(variable.type) + " with shape " + shapeText(variable.shape));
  return reader.readBytes(length, variable.data);
}

bool CTranslate2Reader::readVariable() {
  CTranslate2Variable variable;
  reader.at("variable " + llvm::Twine(index.variables.size()));
  if (!readString(variable.name))
    return false;
  reader.at("variable " + quotedName(variable.name));
  if (!names.insert(variable.name).second)
    return reader.fail("there are two of this name");
  if (!readShape(variable) || !readData(variable))
    return false;
  index.variables.push_back(std::move(variable));
  return true;
}

bool CTranslate2Reader::readVariables() {
  uint32_t count = 0;
  reader.at("the variables");
  if (!reader.readNumber(count) || !reader.fits("variables", count, shortestVariable))
    return false;
  for (uint32_t i = 0; i < count; ++i)
    if (!readVariable())
      return false;
  return true;
}

bool CTranslate2Reader::readAliases() {
  uint32_t count = 0;
  reader.at("the aliases");
  if (!reader.readNumber(count) || !reader.fits("aliases", count, shortestAlias))
    return false;
  llvm::StringSet<> variables = names;
  for (uint32_t i = 0; i < count; ++i) {
    llvm::StringRef alias, name;
    reader.at("alias " + llvm::Twine(i));
    if (!readString(alias) || !readString(name))
      return false;
    if (!variables.contains(name))
      return reader.fail(quotedName(alias) + " stands for " + quotedName(name) + ", which is no variable");
    if (!names.insert(alias).second)
      return reader.fail("there are two variables of the name " + quotedName(alias));
    index.aliases.push_back({alias, name});
  }
  return true;
}

bool CTranslate2Reader::readEnd() {
  reader.at("the end");
  return reader.remaining() == 0 ||
         reader.fail(llvm::Twine(reader.remaining()) + " bytes follow that nothing explains");
}

bool tenon::weights::beginsAsCTranslate2(llvm::ArrayRef<uint8_t> file) {
  ByteReader reader(file);
  uint32_t version = 0;
  uint16_t length = 0;
  llvm::StringRef name;
  return reader.readNumber(version) && reader.readNumber(length) && version >= 2 && version < 1000 &&
         reader.readName(length, name);
}

llvm::Expected<CTranslate2Index> tenon::weights::readCTranslate2(llvm::ArrayRef<uint8_t> file, llvm::StringRef path) {
  CTranslate2Index index;
  CTranslate2Reader reader(file, index);
  if (reader.read())
    return index;
  return llvm::createStringError("'" + path + "' is not a CTranslate2 model that can be read: " + reader.getMessage());
}
