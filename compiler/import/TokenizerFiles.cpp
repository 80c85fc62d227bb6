//===- TokenizerFiles.cpp -------------------------------------------------===//

#include "import/TokenizerFiles.h"
#include "import/SentencePiece.h"
#include "import/TokenizerAssembly.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

static constexpr uint64_t maximumVocabularyBytes = 256 << 20;
static constexpr int64_t maximumId = std::numeric_limits<int32_t>::max();
/// Of a piece that is looked at for merges, of which there are as many as it has places to be cut.
static constexpr size_t maximumPieceBytes = 4096;

/// Model types whose class transformers takes before the one that their files name.
static constexpr StringRef fixedTypes[] = {"qwen2"};

namespace {

class FileReader {
public:
  FileReader(StringRef directory, const TokenizerClass &tokenizer, const TokenSettings &settings, Config &options)
      : directory(directory), tokenizer(tokenizer), settings(settings), options(options) {}
  llvm::Expected<VocabularyFiles> read();

private:
  std::string path(size_t index) const { return (directory + "/" + tokenizer.files[index]).str(); }
  llvm::Error readLines();
  llvm::Error readVocabulary();
  llvm::Error readMerges();
  llvm::Error readPieces();
  void layPieces(const SentencePieceModel &model);
  void addPiece(StringRef piece, float score);
  llvm::Error mergePieces();

  StringRef directory;
  const TokenizerClass &tokenizer;
  const TokenSettings &settings;
  Config &options;
  VocabularyFiles files;
};

} // namespace

/// `line` without the white space at its end, all of Unicode's.
static StringRef trimmedEnd(StringRef line) {
  static constexpr StringRef spaces[] = {" ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085",
                                         "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                         "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
                                         "\u2029", "\u202f", "\u205f", "\u3000"};
  while (llvm::any_of(spaces, [&](StringRef space) { return line.consume_back(space); })) {
  }
  return line;
}

static std::vector<StringRef> linesOf(StringRef text) {
  llvm::SmallVector<StringRef, 0> lines;
  text.split(lines, '\n');
  if (!lines.empty() && lines.back().empty())
    lines.pop_back();
  return std::vector<StringRef>(lines.begin(), lines.end());
}

/// The number of a line is the id of its token; of lines that are the same, the last one's.
llvm::Error FileReader::readLines() {
  llvm::Expected<std::string> text = readTextFile(path(0), maximumVocabularyBytes);
  if (!text)
    return text.takeError();
  if (!llvm::json::isUTF8(*text))
    return llvm::createStringError("'" + path(0) + "' is not UTF-8");
  llvm::StringMap<size_t> places;
  for (auto [id, line] : llvm::enumerate(linesOf(*text))) {
    auto [place, isNew] = places.try_emplace(trimmedEnd(line), files.tokens.size());
    if (isNew)
      files.tokens.emplace_back(trimmedEnd(line).str(), id);
    else
      files.tokens[place->second].second = static_cast<int64_t>(id);
  }
  return llvm::Error::success();
}

llvm::Error FileReader::readVocabulary() {
  llvm::Expected<llvm::json::Object> object = readJsonObject(path(0));
  if (!object)
    return object.takeError();
  for (const auto &[token, value] : *object) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || *id > maximumId)
      return llvm::createStringError("'" + path(0) + "': key '" + StringRef(token) + "': expected an id from 0 to " +
                                     Twine(maximumId) + ", found " + jsonText(value));
    files.tokens.emplace_back(StringRef(token).str(), *id);
  }
  llvm::sort(files.tokens, [](const auto &a, const auto &b) { return a.second < b.second; });
  for (size_t i = 1; i < files.tokens.size(); ++i)
    if (files.tokens[i].second == files.tokens[i - 1].second)
      return llvm::createStringError("'" + path(0) + "': key '" + files.tokens[i].first + "' has the id " +
                                     Twine(files.tokens[i].second) + " of '" + files.tokens[i - 1].first + "'");
  return llvm::Error::success();
}

llvm::Error FileReader::readMerges() {
  llvm::Expected<std::string> text = readTextFile(path(1), maximumVocabularyBytes);
  if (!text)
    return text.takeError();
  if (!llvm::json::isUTF8(*text))
    return llvm::createStringError("'" + path(1) + "' is not UTF-8");
  for (auto [number, line] : llvm::enumerate(linesOf(*text))) {
    line.consume_back("\r");
    if (line.starts_with("#version"))
      continue;
    auto [left, right] = line.split(' ');
    if (left.empty() || right.empty() || right.contains(' '))
      return llvm::createStringError("'" + path(1) + "', line " + Twine(number + 1) +
                                     ": expected two tokens with a blank between them");
    files.merges.emplace_back(left.str(), right.str());
  }
  return llvm::Error::success();
}

void FileReader::addPiece(StringRef piece, float score) {
  files.tokens.emplace_back(piece.str(), static_cast<int64_t>(files.tokens.size()));
  files.scores.push_back(score);
}

void FileReader::layPieces(const SentencePieceModel &model) {
  size_t skipped = 0;
  bool isFairseq = tokenizer.layout == PieceLayout::Fairseq || tokenizer.layout == PieceLayout::MBart;
  if (isFairseq) {
    for (StringRef name : {"bos_token", "pad_token", "eos_token", "unk_token"})
      addPiece(settings.text(name), 0);
    skipped = 3;
  }
  if (tokenizer.layout == PieceLayout::Camembert) {
    addPiece("<s>NOTUSED", 0);
    addPiece(settings.text("pad_token"), 0);
    addPiece("</s>NOTUSED", 0);
    addPiece(settings.text("unk_token"), 0);
    addPiece("<unk>NOTUSED", -100);
    skipped = 1;
  }
  for (const SentencePiece &piece : llvm::ArrayRef(model.pieces).drop_front(std::min(skipped, model.pieces.size())))
    addPiece(piece.text, piece.score);
  if (tokenizer.layout == PieceLayout::MBart)
    for (StringRef language : mbartLanguages())
      addPiece(language, 0);
  if (tokenizer.layout == PieceLayout::WithExtraIds)
    for (int64_t i = options.integerOr("extra_ids", 100); i > 0; --i)
      addPiece("<extra_id_" + std::to_string(i - 1) + ">", 0);
  if (isFairseq || tokenizer.layout == PieceLayout::Camembert)
    addPiece(settings.text("mask_token"), 0);
}

/// Every way to cut a piece in two others is a merge: those of the first pieces first, short left parts before long.
llvm::Error FileReader::mergePieces() {
  llvm::StringSet<> pieces;
  for (const auto &[piece, id] : files.tokens)
    pieces.insert(piece);
  for (const auto &[text, id] : files.tokens) {
    StringRef piece = text;
    if (piece.size() > maximumPieceBytes)
      return llvm::createStringError("'" + path(0) + "': piece " + Twine(id) + " has " + Twine(piece.size()) +
                                     " bytes, expected at most " + Twine(maximumPieceBytes));
    for (size_t cut = 1; cut < piece.size(); ++cut)
      if ((piece[cut] & 0xc0) != 0x80 && pieces.contains(piece.take_front(cut)) &&
          pieces.contains(piece.drop_front(cut)))
        files.merges.emplace_back(piece.take_front(cut).str(), piece.drop_front(cut).str());
  }
  return llvm::Error::success();
}

llvm::Error FileReader::readPieces() {
  bool wantsUnigram = tokenizer.kind == VocabularyKind::Pieces;
  llvm::Expected<SentencePieceModel> model = wantsUnigram ? readUnigram(path(0)) : readSentencePiece(path(0));
  if (!model)
    return model.takeError();
  for (const SentencePiece &piece : model->pieces)
    if (piece.kind == PieceKind::Control || piece.kind == PieceKind::UserDefined) {
      files.controls.push_back({piece.text});
      files.controls.back().special = piece.kind == PieceKind::Control;
    }
  files.characters = model->characters;
  layPieces(*model);
  return wantsUnigram ? llvm::Error::success() : mergePieces();
}

llvm::Expected<VocabularyFiles> FileReader::read() {
  auto readAll = [&]() -> llvm::Error {
    switch (tokenizer.kind) {
    case VocabularyKind::WordPiece:
      return readLines();
    case VocabularyKind::BytePairs:
      if (llvm::Error error = readVocabulary())
        return error;
      return readMerges();
    case VocabularyKind::Pieces:
    case VocabularyKind::PieceMerges:
      return readPieces();
    }
  };
  if (llvm::Error error = readAll())
    return std::move(error);
  return std::move(files);
}

StringRef TokenizerConfig::className() const {
  StringRef modelType = model.getString("model_type").value_or("");
  StringRef name;
  if (!llvm::is_contained(fixedTypes, modelType))
    name = settings.getString("tokenizer_class").value_or(model.getString("tokenizer_class").value_or(""));
  if (name.empty())
    name = tokenizerClassOf(modelType);
  name.consume_back("Fast");
  return name;
}

llvm::Expected<TokenizerConfig> tenon::import::readTokenizerConfig(StringRef directory) {
  TokenizerConfig config;
  if (llvm::Error error = readJsonObjectIfAny(directory, "tokenizer_config.json").moveInto(config.settings))
    return std::move(error);
  if (llvm::Error error = readJsonObjectIfAny(directory, "config.json").moveInto(config.model))
    return std::move(error);
  return std::move(config);
}

static std::string inQuotes(llvm::ArrayRef<StringRef> names) {
  std::vector<std::string> quoted;
  for (StringRef name : names)
    quoted.push_back(("'" + name + "'").str());
  return llvm::join(quoted, ", ");
}

/// What is there of the files that a vocabulary may be in.
static std::vector<StringRef> vocabularyFilesIn(StringRef directory) {
  std::vector<StringRef> found;
  for (StringRef name : {"vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
                         "tokenizer.model", "spm.model", "tekken.json", "source.spm"})
    if (llvm::sys::fs::exists(directory + "/" + name))
      found.push_back(name);
  return found;
}

/// Why there is no tokenizer; empty where it can be made of its class's files.
static std::string whyNone(StringRef directory, StringRef name, const TokenizerClass *tokenizer) {
  std::vector<StringRef> found = vocabularyFilesIn(directory), missing = {"tokenizer.json"};
  for (StringRef file : tokenizer ? llvm::ArrayRef(tokenizer->files) : llvm::ArrayRef<StringRef>())
    if (!file.empty() && !llvm::is_contained(found, file))
      missing.push_back(file);
  if (tokenizer && missing.size() == 1)
    return "";
  std::string reason = "the model has no tokenizer and takes token ids alone: '" + directory.str() +
                       "' does not have " + inQuotes(missing);
  if (!found.empty())
    reason += (tokenizer ? ", of which " + tokenizer->name.str() + " is made" : "") + "; it has " + inQuotes(found);
  if (!found.empty() && !tokenizer)
    reason +=
        ", of which tokenizers are made by " + tokenizerClassNames() + (name.empty() ? "" : ", not by " + name.str());
  return reason;
}

llvm::Error tenon::import::buildTokenizer(StringRef directory, ImportedModel &imported) {
  const TokenizerConfig &config = imported.tokenizerConfig;
  StringRef name = config.className();
  const TokenizerClass *tokenizer = findTokenizerClass(name);
  if (std::string reason = whyNone(directory, name, tokenizer); !reason.empty()) {
    imported.notes.push_back(reason);
    return llvm::Error::success();
  }
  std::string settingsPath = (directory + "/tokenizer_config.json").str();
  Config options(config.settings, settingsPath);
  llvm::Expected<TokenSettings> tokens = readTokenSettings(directory, config.settings, *tokenizer, /*stored=*/nullptr);
  if (!tokens)
    return tokens.takeError();
  llvm::Expected<VocabularyFiles> files = FileReader(directory, *tokenizer, *tokens, options).read();
  if (!files)
    return files.takeError();
  imported.tokenizer = assembleTokenizer(*tokenizer, *files, *tokens, options);
  imported.tokenizerPath = (directory + "/" + tokenizer->files[0]).str();
  imported.model.tokenizer = "tokenizer.json";
  return options.takeError();
}
