//===- MarianVocabulary.cpp -----------------------------------------------===//

#include "import/MarianVocabulary.h"
#include "runtime/support/Printable.h"
#include "import/SentencePiece.h"
#include "import/StrictJson.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef endPiece = "</s>", unknownPiece = "<unk>", padPiece = "<pad>";

/// Pieces by their ids in the vocabulary, which are 0, 1, 2, ...
static llvm::Expected<std::vector<std::string>> readVocabulary(const std::string &path) {
  llvm::Expected<llvm::json::Object> object = readJsonObject(path);
  if (!object)
    return object.takeError();
  std::vector<std::string> pieces(object->size());
  std::vector<bool> given(object->size());
  for (const auto &[piece, value] : *object) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || *id >= int64_t(pieces.size()) || given[*id])
      return llvm::createStringError("'" + path + "': key '" + printable(StringRef(piece)) + "': expected an id below " +
                                     llvm::Twine(pieces.size()) + " that no other piece has, found " + jsonText(value));
    pieces[*id] = StringRef(piece).str();
    given[*id] = true;
  }
  for (StringRef needed : {endPiece, unknownPiece})
    if (!object->get(needed))
      return llvm::createStringError("'" + path + "' has no piece '" + needed + "'");
  return pieces;
}

/// Of a piece of the vocabulary that the file of pieces has as `kind`.
static PieceKind kindOf(StringRef piece, PieceKind kind) {
  if (piece == unknownPiece)
    return PieceKind::Unknown;
  if (piece == endPiece || piece == padPiece)
    return PieceKind::Control;
  return kind == PieceKind::Normal || kind == PieceKind::UserDefined ? kind : PieceKind::Absent;
}

/// The tokenizer.json of the pieces of `path` with the ids of `vocabulary`, as MarianTokenizer cuts a text: a code of a
/// language at its beginning is one piece; the file's pieces that the vocabulary does not have are unknown; what the
/// file does not know has the id of its spelling, where the vocabulary has one.
static llvm::Expected<std::string> tokenizerOf(const std::string &path, const std::vector<std::string> &vocabulary) {
  llvm::Expected<SentencePieceModel> model = readUnigram(path);
  if (!model)
    return model.takeError();
  llvm::StringMap<SentencePiece> stored;
  for (SentencePiece &piece : model->pieces)
    stored[piece.text] = piece;
  std::vector<SentencePiece> pieces;
  for (const std::string &text : vocabulary) {
    SentencePiece piece = stored.lookup(text);
    pieces.push_back({text, piece.score, kindOf(text, stored.contains(text) ? piece.kind : PieceKind::Absent)});
    stored.erase(text);
  }
  for (SentencePiece &piece : model->pieces)
    if (stored.contains(piece.text) && piece.kind == PieceKind::Normal)
      model->others.push_back(std::move(piece));
  model->pieces = std::move(pieces);
  model->begin.reset();
  model->unknown = *model->idOf(unknownPiece);
  model->end = model->idOf(endPiece);
  model->findsControls = true;
  model->leadingCode = {">>", "<<"};
  return tokenizerJson(*model, {*model->end});
}

llvm::Error tenon::import::readMarianVocabularies(StringRef directory, ImportedModel &imported) {
  std::string prefix = (directory + "/").str();
  if (!llvm::sys::fs::exists(prefix + "source.spm") || imported.model.stacks.size() < 2)
    return llvm::Error::success();
  bool apart = llvm::sys::fs::exists(prefix + "target_vocab.json");
  auto read = [&](const char *vocabularyName, const char *piecesName) -> llvm::Expected<std::string> {
    llvm::Expected<std::vector<std::string>> vocabulary = readVocabulary(prefix + vocabularyName);
    return vocabulary ? tokenizerOf(prefix + piecesName, *vocabulary) : vocabulary.takeError();
  };
  llvm::Expected<std::string> source = read("vocab.json", "source.spm");
  if (!source)
    return source.takeError();
  llvm::Expected<std::string> target = read(apart ? "target_vocab.json" : "vocab.json", "target.spm");
  if (!target)
    return target.takeError();
  imported.tokenizerPath = prefix + "source.spm";
  imported.model.tokenizer = "source.spm";
  if (*target != *source) {
    imported.targetTokenizer = std::move(*target);
    imported.model.targetTokenizer = "target.spm";
  }
  imported.tokenizer = std::move(*source);
  return llvm::Error::success();
}
