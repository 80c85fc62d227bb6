//===- PieceBuilder.h - .spm files that a test makes up ---------*- C++ -*-===//

#ifndef TENON_TESTS_IMPORT_PIECEBUILDER_H
#define TENON_TESTS_IMPORT_PIECEBUILDER_H

#include <cstdint>
#include <cstring>
#include <string>

namespace tenon::test {

/// A message of protobuf.
class ProtoMessage {
public:
  ProtoMessage &number(uint64_t field, uint64_t value) {
    varint(field << 3);
    varint(value);
    return *this;
  }
  ProtoMessage &real(uint64_t field, float value) {
    varint(field << 3 | 5);
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
    return *this;
  }
  ProtoMessage &text(uint64_t field, const std::string &value) {
    varint(field << 3 | 2);
    varint(value.size());
    bytes += value;
    return *this;
  }
  std::string bytes;

private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
  }
};

/// A vocabulary of SentencePiece.
class PieceBuilder {
public:
  ProtoMessage file, trainer, normalizer;

  PieceBuilder &piece(const std::string &text, float score = -1, uint64_t kind = 1) {
    ProtoMessage piece;
    piece.text(1, text).real(2, score);
    if (kind != 1)
      piece.number(3, kind);
    file.text(1, piece.bytes);
    return *this;
  }
  std::string build() const {
    ProtoMessage whole = file;
    return whole.text(2, trainer.bytes).text(3, normalizer.bytes).bytes;
  }

  /// </s>, <unk> and three words, as Marian makes them.
  static PieceBuilder small() {
    PieceBuilder builder;
    builder.piece("</s>", 0, 3).piece("<unk>", 0, 2).piece("\u2581a").piece("b").piece("c");
    builder.trainer.number(40, 1).number(41, uint64_t(-1)).number(42, 0);
    return builder;
  }
};

} // namespace tenon::test

#endif // TENON_TESTS_IMPORT_PIECEBUILDER_H
