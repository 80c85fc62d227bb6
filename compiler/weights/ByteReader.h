//===- ByteReader.h - Numbers and names out of a file's bytes ---*- C++ -*-===//

#ifndef TENON_WEIGHTS_BYTEREADER_H
#define TENON_WEIGHTS_BYTEREADER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include <string>

namespace tenon::weights {

/// Reads bytes from front to back, numbers in little endian. Every function says whether it succeeded; the first
/// message is kept.
class ByteReader {
public:
  explicit ByteReader(llvm::ArrayRef<uint8_t> bytes) : bytes(bytes) {}

  uint64_t remaining() const { return bytes.size() - position; }
  const std::string &getMessage() const { return message; }
  /// What is being read, for messages: "the shape of 'Wemb'".
  void at(const llvm::Twine &text) { place = text.str(); }

  bool fail(const llvm::Twine &text);
  bool readBytes(uint64_t count, llvm::ArrayRef<uint8_t> &part);
  /// `count` bytes that are legal UTF-8 and then a NUL, which `count` includes.
  bool readName(uint64_t count, llvm::StringRef &name);
  /// Whether `count` things of at least `least` bytes each can follow.
  bool fits(llvm::StringRef things, uint64_t count, uint64_t least);

  template <typename T> bool readNumber(T &number) {
    llvm::ArrayRef<uint8_t> part;
    if (!readBytes(sizeof(T), part))
      return false;
    number = llvm::support::endian::read<T, llvm::endianness::little>(part.data());
    return true;
  }

private:
  llvm::ArrayRef<uint8_t> bytes;
  uint64_t position = 0;
  std::string place = "the header";
  std::string message;
};

/// A name as a message shows it, whatever bytes it has.
std::string quotedName(llvm::StringRef name);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_BYTEREADER_H
