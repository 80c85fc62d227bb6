//===- SentencePiece.cpp - From a .spm file to its pieces -----------------===//
//
// The file is one protobuf message, ModelProto of sentencepiece_model.proto. Of its wire format no more is needed than
// fields of three kinds: whole numbers, 32-bit floats, and bytes.
//
//===----------------------------------------------------------------------===//

#include "import/SentencePiece.h"
#include "weights/ByteReader.h"
#include "weights/MappedFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include <bit>
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::ArrayRef;
using llvm::StringRef;

// Numbers of fields in sentencepiece_model.proto.
namespace field {
namespace {
enum Model : uint64_t { Pieces = 1, Trainer = 2, Normalizer = 3, Denormalizer = 5 };
enum Piece : uint64_t { Text = 1, Score = 2, Kind = 3 };
enum TrainerSpec : uint64_t { ModelType = 3, WhitespaceAsSuffix = 24, ByteFallback = 35, Begin = 41, End = 42 };
enum NormalizerSpec : uint64_t {
  Characters = 2,
  AddDummyPrefix = 3,
  RemoveExtraWhitespaces = 4,
  EscapeWhitespaces = 5
};
} // namespace
} // namespace field

static constexpr uint64_t unigramType = 1, bytePairType = 2;
static constexpr size_t maximumPieces = size_t(1) << 24;

namespace {

struct Field {
  uint64_t number = 0;
  uint64_t value = 0;      ///< Of a whole number or the bits of a float.
  ArrayRef<uint8_t> bytes; ///< Of a string, bytes or a message.
  StringRef text() const { return StringRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()); }
};

/// The fields of one message.
class Message {
public:
  Message(ArrayRef<uint8_t> bytes, StringRef name) : reader(bytes) { reader.at(name); }
  bool done() const { return reader.remaining() == 0; }
  bool next(Field &field);
  const std::string &getMessage() const { return reader.getMessage(); }

private:
  bool readVarint(uint64_t &value);
  weights::ByteReader reader;
};

class ModelReader {
public:
  explicit ModelReader(SentencePieceModel &model) : model(model) {}
  bool read(ArrayRef<uint8_t> file);
  const std::string &getMessage() const { return message; }

private:
  using Handler = bool (ModelReader::*)(const Field &);

  bool fail(const llvm::Twine &text) {
    message = text.str();
    return false;
  }
  bool readMessage(ArrayRef<uint8_t> bytes, StringRef name, Handler handle);
  bool readModelField(const Field &field);
  bool readPieceField(const Field &field);
  bool readTrainerField(const Field &field);
  bool readNormalizerField(const Field &field);
  bool readDenormalizerField(const Field &field);
  bool checkPieces();

  SentencePieceModel &model;
  std::string message;
};

} // namespace

bool Message::readVarint(uint64_t &value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    uint8_t byte = 0;
    if (!reader.readNumber(byte))
      return false;
    value |= uint64_t(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return true;
  }
  return reader.fail("a number of more than ten bytes");
}

bool Message::next(Field &field) {
  uint64_t key = 0;
  if (!readVarint(key))
    return false;
  field = Field();
  field.number = key >> 3;
  switch (key & 7) {
  case 0:
    return readVarint(field.value);
  case 1:
    return reader.readNumber(field.value);
  case 2:
    return readVarint(field.value) && reader.readBytes(field.value, field.bytes);
  case 5: {
    uint32_t bits = 0;
    bool read = reader.readNumber(bits);
    field.value = bits;
    return read;
  }
  default:
    return reader.fail("field " + llvm::Twine(field.number) + " is of wire type " + llvm::Twine(key & 7) +
                       "; known are 0, 1, 2 and 5");
  }
}

bool ModelReader::readMessage(ArrayRef<uint8_t> bytes, StringRef name, Handler handle) {
  Message fields(bytes, name);
  while (!fields.done()) {
    Field field;
    if (!fields.next(field))
      return fail(fields.getMessage());
    if (!(this->*handle)(field))
      return false;
  }
  return true;
}

bool ModelReader::readModelField(const Field &field) {
  switch (field.number) {
  case field::Pieces:
    if (model.pieces.size() == maximumPieces)
      return fail("more than " + llvm::Twine(maximumPieces) + " pieces");
    model.pieces.emplace_back();
    return readMessage(field.bytes, "a piece", &ModelReader::readPieceField);
  case field::Trainer:
    return readMessage(field.bytes, "trainer_spec", &ModelReader::readTrainerField);
  case field::Normalizer:
    return readMessage(field.bytes, "normalizer_spec", &ModelReader::readNormalizerField);
  case field::Denormalizer:
    return readMessage(field.bytes, "denormalizer_spec", &ModelReader::readDenormalizerField);
  default:
    return true;
  }
}

bool ModelReader::readPieceField(const Field &field) {
  SentencePiece &piece = model.pieces.back();
  if (field.number == field::Text)
    piece.text = field.text().str();
  if (field.number == field::Score)
    piece.score = std::bit_cast<float>(static_cast<uint32_t>(field.value));
  if (field.number == field::Kind)
    piece.kind = static_cast<PieceKind>(field.value);
  return true;
}

bool ModelReader::readTrainerField(const Field &field) {
  // A negative id stands for none.
  auto id = [&] { return static_cast<int64_t>(field.value) < 0 ? std::nullopt : std::optional<int64_t>(field.value); };
  switch (field.number) {
  case field::ModelType:
    model.isUnigram = field.value == unigramType;
    return model.isUnigram || field.value == bytePairType ||
           fail("trainer_spec: model type " + llvm::Twine(field.value) +
                " is not supported; supported: 1 (unigram), 2 (byte pairs)");
  case field::WhitespaceAsSuffix:
    return field.value == 0 || fail("trainer_spec: treat_whitespace_as_suffix is not supported; supported: false");
  case field::ByteFallback:
    model.byteFallback = field.value != 0;
    return true;
  case field::Begin:
    model.begin = id();
    return true;
  case field::End:
    model.end = id();
    return true;
  default:
    return true;
  }
}

bool ModelReader::readNormalizerField(const Field &field) {
  if (field.number == field::Characters)
    model.characters = field.text().str();
  if (field.number == field::AddDummyPrefix)
    model.addDummyPrefix = field.value != 0;
  if (field.number == field::RemoveExtraWhitespaces)
    model.removeExtraWhitespaces = field.value != 0;
  if (field.number == field::EscapeWhitespaces)
    model.escapeWhitespaces = field.value != 0;
  return true;
}

bool ModelReader::readDenormalizerField(const Field &field) {
  return field.number != field::Characters || field.bytes.empty() ||
         fail("denormalizer_spec: a table of replacements for text that was decoded is not supported; supported: none");
}

static bool isUtf8(StringRef text) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  return llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(text.end()));
}

bool ModelReader::checkPieces() {
  llvm::StringSet<> seen;
  std::optional<int64_t> unknown;
  for (auto [id, piece] : llvm::enumerate(model.pieces)) {
    std::string subject = "piece " + std::to_string(id) + " (" + weights::quotedName(piece.text) + ")";
    if (piece.text.empty() || !isUtf8(piece.text))
      return fail(subject + ": expected text in UTF-8");
    if (!seen.insert(piece.text).second)
      return fail(subject + ": there are two of this text");
    if (!std::isfinite(piece.score))
      return fail(subject + ": its score is not a finite number");
    if (piece.kind < PieceKind::Normal || piece.kind > PieceKind::Byte)
      return fail(subject + ": kind " + llvm::Twine(uint64_t(piece.kind)) + " is not known; known are 1 to 6");
    if (piece.kind == PieceKind::Unknown && unknown)
      return fail(subject + ": piece " + llvm::Twine(*unknown) + " is the unknown one already");
    if (piece.kind == PieceKind::Unknown)
      unknown = id;
  }
  if (!unknown)
    return fail("none of its " + llvm::Twine(model.pieces.size()) + " pieces is the unknown one");
  model.unknown = *unknown;
  auto isControl = [&](std::optional<int64_t> id) {
    return !id || (uint64_t(*id) < model.pieces.size() && model.pieces[*id].kind == PieceKind::Control);
  };
  // The ids of the trainer's specification are of no use where the pieces have been changed.
  if (!isControl(model.begin))
    model.begin.reset();
  if (!isControl(model.end))
    model.end.reset();
  return true;
}

bool ModelReader::read(ArrayRef<uint8_t> file) {
  // What proto2 says of a field that is not there.
  model.begin = 1;
  model.end = 2;
  return readMessage(file, "the file", &ModelReader::readModelField) && checkPieces();
}

std::optional<int64_t> SentencePieceModel::idOf(StringRef piece) const {
  for (auto [id, candidate] : llvm::enumerate(pieces))
    if (candidate.text == piece)
      return id;
  return std::nullopt;
}

llvm::Expected<SentencePieceModel> tenon::import::parseSentencePiece(ArrayRef<uint8_t> file, StringRef path) {
  SentencePieceModel model;
  ModelReader reader(model);
  if (reader.read(file))
    return model;
  return llvm::createStringError("'" + path +
                                 "' is not a SentencePiece model that can be read: " + reader.getMessage());
}

llvm::Expected<SentencePieceModel> tenon::import::readUnigram(StringRef path) {
  llvm::Expected<SentencePieceModel> model = readSentencePiece(path);
  if (model && !model->isUnigram)
    return llvm::createStringError("'" + path +
                                   "' is a SentencePiece model of byte pairs, which is not supported here; supported: "
                                   "unigram");
  return model;
}

llvm::Expected<SentencePieceModel> tenon::import::readSentencePiece(StringRef path) {
  llvm::Expected<std::unique_ptr<weights::MappedFile>> file = weights::MappedFile::open(path);
  if (!file)
    return file.takeError();
  return parseSentencePiece((*file)->bytes(), path);
}
