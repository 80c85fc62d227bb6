//===- AddedTokens.h - Tokens found in the text itself ---------*- C++ -*-===//

#ifndef TENON_TEXT_ADDEDTOKENS_H
#define TENON_TEXT_ADDEDTOKENS_H

#include "text/Json.h"
#include "text/Model.h"
#include "text/Normalizer.h"
#include "text/Trie.h"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

/// The `added_tokens` of a tokenizer.json. They are looked for before the text is split into words: those that are not
/// normalised in the text as it came, the others in what the normaliser leaves of the pieces between. Those with
/// `"matched": false`, which Tenon's own files have, are not looked for, and no text becomes them.
class AddedTokens {
public:
  /// Errors go to `description`.
  AddedTokens(const JsonValue &description, const Vocabulary &vocabulary, const Normalizer &normalizer);

  /// A piece of text, or where `id` is not negative, a token that was found.
  struct Piece {
    std::u32string_view text;
    int32_t id = -1;
  };

  /// Special tokens are found only where `findsSpecial` is set.
  std::vector<Piece> splitRaw(std::u32string_view text, bool findsSpecial) const {
    return split(text, raw, findsSpecial);
  }
  std::vector<Piece> splitNormalized(std::u32string_view text, bool findsSpecial) const {
    return split(text, normalized, findsSpecial);
  }

  /// What the token is matched with, so normalised if it says so. Null unless `id` is that of an added token.
  const std::string *textOf(int32_t id) const;
  /// The token as the file has it; null likewise.
  const std::string *contentOf(int32_t id) const;
  std::optional<int32_t> idOf(std::string_view content) const;
  bool isSpecial(int32_t id) const;
  const IdSet &specialIds() const { return special; }
  /// Those that do not come out of text.
  const IdSet &barredIds(bool findsSpecial) const { return findsSpecial ? unmatched : barred; }
  int64_t largestId() const; ///< -1 where there is none.

private:
  struct Token {
    std::string content, text;
    int32_t id;
    bool singleWord, stripLeft, stripRight, special;
  };

  void read(const JsonValue &description, const Vocabulary &vocabulary, const Normalizer &normalizer);
  /// The token's id is that which the vocabulary has for its content, where it has it.
  void placeInVocabulary(const JsonValue &description, Token &token, const Vocabulary &vocabulary) const;
  const Token *find(int32_t id) const;
  std::vector<Piece> split(std::u32string_view text, const Trie &trie, bool findsSpecial) const;

  std::vector<Token> tokens; ///< The tries' values are indices into this.
  std::unordered_map<int32_t, size_t> byId;
  Vocabulary::Entries byContent;
  IdSet special, unmatched;
  IdSet barred; ///< Both.
  Trie raw, normalized;
};

} // namespace tenon::text

#endif // TENON_TEXT_ADDEDTOKENS_H
