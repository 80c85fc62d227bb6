//===- Unigram.cpp - The most probable tokens -----------------------------===//
//
// A word becomes the tokens whose scores, logarithms of their probabilities, have the largest sum. A character that is
// no token may be the unknown one, at less than the lowest score. Sums are made and compared in the order of Hugging
// Face's tokenizers, so that equal ones are decided alike; with "single_precision", which Tenon's own files have, they
// are rounded as SentencePiece's are. Two more things are of Tenon's own files: a token whose score is null is what no
// word is cut into, but unknown characters may come together as; and "unknown_vocab" has what words are cut into that
// has no id but the unknown token's.
//
//===----------------------------------------------------------------------===//

#include "text/Model.h"
#include "text/TextError.h"
#include "text/Trie.h"
#include "text/Unicode.h"

#include <algorithm>
#include <limits>

using namespace tenon::text;

namespace {

struct Pieces {
  Vocabulary vocabulary;
  Trie trie;                  ///< Of places in `scores`.
  std::vector<double> scores; ///< Of the tokens by id, then of those without one; infinite where no word is cut so.
  size_t tokens = 0;          ///< That have an id.
};

class Unigram : public Model {
public:
  Unigram(Pieces read, std::optional<int32_t> unknown, bool byteFallback, bool singlePrecision)
      : pieces(std::move(read)), unknown(unknown), singlePrecision(singlePrecision) {
    double lowest = std::numeric_limits<double>::infinity();
    for (double score : pieces.scores)
      lowest = std::min(lowest, score);
    constexpr double kPenalty = 10;
    unknownScore = sum(lowest, -kPenalty);
    if (byteFallback)
      bytes.emplace(pieces.vocabulary);
  }

  void tokenize(const Words &words, const IdSet &barred, std::vector<int32_t> &ids) const override {
    std::vector<Best> best;
    for (size_t i = 0; i < words.spans.size(); ++i) {
      findBest(words[i], barred, best);
      appendPath(words[i], barred, best, ids);
    }
  }

  const Vocabulary &vocabulary() const override { return pieces.vocabulary; }

private:
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

  /// The best way to reach a place in a word: its score, and its last token, by its place in the scores, with where
  /// that begins.
  struct Best {
    double score = 0;
    size_t begin = kNowhere;
    int32_t piece = 0;

    void offer(double otherScore, size_t otherBegin, int32_t otherPiece) {
      if (begin == kNowhere || otherScore > score)
        *this = {otherScore, otherBegin, otherPiece};
    }
  };

  int32_t idOf(int32_t piece) const {
    return static_cast<size_t>(piece) < pieces.tokens ? piece : unknown.value_or(0);
  }

  double sum(double a, double b) const { return singlePrecision ? static_cast<float>(a + b) : a + b; }

  static bool isBarred(const IdSet &barred, int32_t id) { return !barred.empty() && barred.count(id); }

  void findBest(std::u32string_view word, const IdSet &barred, std::vector<Best> &best) const {
    best.assign(word.size() + 1, Best());
    for (size_t at = 0; at < word.size(); ++at) {
      bool isToken = false;
      double scoreHere = best[at].score;
      pieces.trie.forEachPrefix(word.substr(at), [&](Trie::Match match) {
        if (isBarred(barred, idOf(match.value)))
          return;
        best[at + match.length].offer(sum(pieces.scores[static_cast<size_t>(match.value)], scoreHere), at, match.value);
        isToken |= match.length == 1;
      });
      if (isToken)
        continue;
      if (!unknown)
        throw TextError(inQuotes(encodeUtf8(word.substr(at, 1))) + " is not in the vocabulary, and there is no unk_id");
      best[at + 1].offer(sum(unknownScore, scoreHere), at, *unknown);
    }
  }

  void appendPath(std::u32string_view word, const IdSet &barred, const std::vector<Best> &best,
                  std::vector<int32_t> &ids) const {
    std::vector<Span> path; // Last first; unknown ones in a row are one.
    bool afterUnknown = false;
    for (size_t end = word.size(); end > 0; end = best[end].begin) {
      bool isUnknown = best[end].piece == unknown;
      if (isUnknown && afterUnknown)
        path.back().begin = best[end].begin;
      else
        path.push_back({best[end].begin, end});
      afterUnknown = isUnknown;
    }
    for (size_t i = path.size(); i > 0; --i) {
      auto [begin, end] = path[i - 1];
      const Best &last = best[end];
      if (last.piece != unknown)
        ids.push_back(idOf(last.piece));
      else
        appendUnknown(encodeUtf8(word.substr(begin, end - begin)), barred, ids);
    }
  }

  /// What has come together out of unknown characters may be a token after all.
  void appendUnknown(const std::string &text, const IdSet &barred, std::vector<int32_t> &ids) const {
    std::optional<int32_t> id = pieces.vocabulary.idOf(text);
    if (id && !isBarred(barred, *id))
      ids.push_back(*id);
    else if (!bytes || !bytes->append(text, ids))
      ids.push_back(unknown.value_or(0)); // Without one, the text was refused before.
  }

  Pieces pieces;
  std::optional<ByteTokens> bytes;
  std::optional<int32_t> unknown;
  bool singlePrecision;
  double unknownScore;
};

/// Adds the entries of a list, with ids where `areTokens` is set.
void readPieces(const JsonValue &description, bool areTokens, Pieces &pieces) {
  if (!description.expectArray())
    return;
  size_t number = 0;
  for (const nlohmann::json &entry : description.raw()) {
    auto place = static_cast<int32_t>(pieces.scores.size());
    bool isSpelled = entry.is_array() && entry.size() == 2 && entry[1].is_null() && areTokens;
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !(entry[1].is_number() || isSpelled)) {
      description.fail("entry " + std::to_string(number) + ": expected a token and its score");
      return;
    }
    ++number;
    std::string token = entry[0].get<std::string>();
    pieces.scores.push_back(isSpelled ? std::numeric_limits<double>::infinity() : entry[1].get<double>());
    std::u32string characters;
    size_t ignored; // A JSON string is UTF-8: the parser saw to that.
    decodeUtf8(token, characters, ignored);
    if (!characters.empty() && !isSpelled)
      pieces.trie.valueOf(characters) = place;
    if (areTokens)
      pieces.vocabulary.addAgain(std::move(token), place);
  }
  if (areTokens)
    pieces.tokens = pieces.scores.size();
}

} // namespace

std::unique_ptr<Model> tenon::text::makeUnigram(const JsonValue &description) {
  description.expectOnlyKeys({"type", "unk_id", "vocab", "unknown_vocab", "byte_fallback", "single_precision"});
  Pieces pieces;
  readPieces(description.member("vocab"), true, pieces);
  if (auto others = description.optionalMember("unknown_vocab"))
    readPieces(*others, false, pieces);
  std::optional<int32_t> unknown;
  if (auto id = description.optionalMember("unk_id")) {
    unknown = static_cast<int32_t>(id->asCount(std::numeric_limits<int32_t>::max()));
    if (!description.failed() && static_cast<size_t>(*unknown) >= pieces.tokens)
      id->fail("id " + std::to_string(*unknown) + " is not in the vocabulary of " + std::to_string(pieces.tokens) +
               " tokens");
  }
  auto fallback = description.optionalMember("byte_fallback");
  bool byteFallback = fallback && fallback->asBool();
  auto precision = description.optionalMember("single_precision");
  bool singlePrecision = precision && precision->asBool();
  if (description.failed())
    return nullptr;
  return std::make_unique<Unigram>(std::move(pieces), unknown, byteFallback, singlePrecision);
}
