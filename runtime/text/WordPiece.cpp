//===- WordPiece.cpp - Greedy longest-match subwords ----------------------===//
//
// A word is the longest token that it begins with, then the longest continuation (a token that begins with the prefix)
// that the rest begins with, and so on. A word that runs out of matches, or is too long, is one unknown token.
//
//===----------------------------------------------------------------------===//

#include "text/Model.h"
#include "text/Trie.h"
#include "text/Unicode.h"

#include <limits>

using namespace tenon::text;

namespace {

class WordPiece : public Model {
public:
  WordPiece(Vocabulary entries, int32_t unknown, std::u32string_view prefix, size_t maxCharacters)
      : entries(std::move(entries)), unknown(unknown), maxCharacters(maxCharacters) {
    for (const auto &[token, id] : this->entries.entries()) {
      std::u32string characters;
      size_t ignored; // A JSON string is UTF-8: the parser saw to that.
      decodeUtf8(token, characters, ignored);
      std::u32string_view text = characters;
      if (!text.empty())
        starts.insert(text, id);
      if (text.size() > prefix.size() && text.starts_with(prefix))
        continuations.insert(text.substr(prefix.size()), id);
    }
  }

  void tokenize(const Words &words, const IdSet &barred, std::vector<int32_t> &ids) const override {
    for (size_t i = 0; i < words.spans.size(); ++i)
      tokenizeWord(words[i], barred, ids);
  }

  const Vocabulary &vocabulary() const override { return entries; }

private:
  void tokenizeWord(std::u32string_view word, const IdSet &barred, std::vector<int32_t> &ids) const {
    size_t before = ids.size();
    bool known = word.size() <= maxCharacters;
    for (size_t at = 0; known && at < word.size();) {
      Trie::Match match = (at == 0 ? starts : continuations).longestPrefix(word.substr(at), [&](int32_t id) {
        return barred.empty() || !barred.count(id);
      });
      known = match.length != 0;
      ids.push_back(match.value);
      at += match.length;
    }
    if (known)
      return;
    ids.resize(before);
    ids.push_back(unknown);
  }

  Vocabulary entries;
  Trie starts, continuations;
  int32_t unknown;
  size_t maxCharacters;
};

} // namespace

std::unique_ptr<Model> tenon::text::makeWordPiece(const JsonValue &description) {
  description.expectOnlyKeys({"type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"});
  std::string unknown = description.member("unk_token").asString();
  std::u32string prefix;
  size_t ignored;
  decodeUtf8(description.member("continuing_subword_prefix").asString(), prefix, ignored);
  int64_t maxCharacters = description.member("max_input_chars_per_word").asCount(std::numeric_limits<int32_t>::max());
  Vocabulary vocabulary(description.member("vocab"));
  std::optional<int32_t> unknownId = vocabulary.idOf(unknown);
  if (!unknownId) {
    description.fail("unk_token " + inQuotes(unknown) + " is not in the vocabulary of " +
                     std::to_string(vocabulary.count()) + " tokens");
    return nullptr;
  }
  if (description.failed())
    return nullptr;
  return std::make_unique<WordPiece>(std::move(vocabulary), *unknownId, prefix, static_cast<size_t>(maxCharacters));
}
