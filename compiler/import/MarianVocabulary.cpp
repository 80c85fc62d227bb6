//===- MarianVocabulary.cpp -----------------------------------------------===//

#include "import/MarianVocabulary.h"
#include "import/SentencePiece.h"
#include "import/StrictJson.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef endPiece = "</s>", unknownPiece = "<unk>", padPiece = "<pad>";

/// Pieces by their ids in the vocabulary, which are 0, 1, 2, ... below `rows`.
static llvm::Expected<std::vector<std::string>> readVocabulary(const std::string &path, int64_t rows) {
  llvm::Expected<llvm::json::Object> object = readJsonObject(path);
  if (!object)
    return object.takeError();
  if (int64_t(object->size()) > rows)
    return llvm::createStringError("'" + path + "' has " + llvm::Twine(object->size()) +
                                   " pieces; the model's embedding has " + llvm::Twine(rows) + " rows");
  std::vector<std::string> pieces(object->size());
  std::vector<bool> given(object->size());
  for (const auto &[piece, value] : *object) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || *id >= int64_t(pieces.size()) || given[*id])
      return llvm::createStringError("'" + path + "': key '" + StringRef(piece) + "': expected an id below " +
                                     llvm::Twine(pieces.size()) + " that no other piece has, found " + jsonText(value));
    pieces[*id] = StringRef(piece).str();
    given[*id] = true;
  }
  for (StringRef needed : {endPiece, unknownPiece})
    if (!object->get(needed))
      return llvm::createStringError("'" + path + "' has no piece '" + needed + "'");
  return pieces;
}

static PieceKind kindOf(StringRef piece) {
  if (piece == unknownPiece)
    return PieceKind::Unknown;
  if (piece == endPiece || piece == padPiece)
    return PieceKind::Control;
  // Such as ">>por<<", the language to translate to.
  return piece.starts_with(">>") && piece.ends_with("<<") ? PieceKind::UserDefined : PieceKind::Unused;
}

/// The tokenizer.json of the pieces of `path` with the ids of `vocabulary`. What only the vocabulary has comes out of
/// no text, but becomes one.
static llvm::Expected<std::string> tokenizerOf(const std::string &path, const std::vector<std::string> &vocabulary) {
  llvm::Expected<SentencePieceModel> model = readSentencePiece(path);
  if (!model)
    return model.takeError();
  llvm::StringMap<float> scores;
  for (const SentencePiece &piece : model->pieces)
    if (piece.kind == PieceKind::Normal)
      scores[piece.text] = piece.score;
  model->pieces.clear();
  model->begin.reset();
  for (const std::string &text : vocabulary) {
    auto score = scores.find(text);
    bool normal = score != scores.end();
    model->pieces.push_back({text, normal ? score->second : 0, normal ? PieceKind::Normal : kindOf(text)});
  }
  model->unknown = *model->idOf(unknownPiece);
  model->end = model->idOf(endPiece);
  return tokenizerJson(*model, {*model->end});
}

llvm::Error tenon::import::readMarianVocabularies(StringRef directory, ImportedModel &imported) {
  std::string prefix = (directory + "/").str();
  if (!llvm::sys::fs::exists(prefix + "source.spm") || imported.model.stacks.size() < 2)
    return llvm::Error::success();
  bool apart = llvm::sys::fs::exists(prefix + "target_vocab.json");
  auto read = [&](const char *vocabularyName, const char *piecesName, size_t stack) -> llvm::Expected<std::string> {
    llvm::Expected<std::vector<std::string>> vocabulary =
        readVocabulary(prefix + vocabularyName, imported.model.stacks[stack].input.vocab);
    return vocabulary ? tokenizerOf(prefix + piecesName, *vocabulary) : vocabulary.takeError();
  };
  llvm::Expected<std::string> source = read("vocab.json", "source.spm", 0);
  if (!source)
    return source.takeError();
  llvm::Expected<std::string> target = read(apart ? "target_vocab.json" : "vocab.json", "target.spm", 1);
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
