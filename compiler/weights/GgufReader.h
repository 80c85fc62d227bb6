//===- GgufReader.h - From bytes to the index of a GGUF file ----*- C++ -*-===//

#ifndef TENON_WEIGHTS_GGUFREADER_H
#define TENON_WEIGHTS_GGUFREADER_H

#include "weights/Gguf.h"
#include "llvm/Support/Endian.h"

namespace tenon::weights {

/// Reads the file from front to back. Every function says whether it succeeded; the message is that of the first that
/// did not.
class GgufReader {
public:
  GgufReader(llvm::ArrayRef<uint8_t> file, GgufIndex &index) : file(file), index(index) {}
  bool read();
  const std::string &getMessage() const { return message; }

private:
  bool readHeader();
  bool readMetadata();
  bool readEntry();
  bool readValue(GgufValue &value);
  bool readType(GgufType &type);
  bool readArray(GgufValue &value);
  bool readNumbers(GgufValue &value);
  bool readAlignment();
  bool readTensors();
  bool readTensor();
  bool readShape(GgufTensor &tensor);
  bool readTensorType(GgufTensor &tensor);
  bool placeTensor(GgufTensor &tensor);
  bool placeData();
  bool checkOverlaps();

  bool fail(const llvm::Twine &text) {
    message = text.str();
    return false;
  }
  uint64_t remaining() const { return file.size() - position; }
  bool readString(llvm::StringRef &text);
  /// Whether `count` things of at least `least` bytes each can follow.
  bool fits(llvm::StringRef what, uint64_t count, uint64_t least);
  template <typename T> bool readNumber(T &number) {
    if (remaining() < sizeof(T))
      return fail("it ends within " + place + ", at its byte " + llvm::Twine(file.size()));
    number = llvm::support::endian::read<T, llvm::endianness::little>(file.data() + position);
    position += sizeof(T);
    return true;
  }

  llvm::ArrayRef<uint8_t> file;
  GgufIndex &index;
  uint64_t position = 0;
  uint64_t tensorCount = 0;
  uint64_t metadataCount = 0;
  std::string place; ///< What is being read: "the value of 'general.name'".
  std::string message;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_GGUFREADER_H
