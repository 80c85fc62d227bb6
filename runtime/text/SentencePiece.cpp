//===- SentencePiece.cpp - SentencePiece's own normalisation --------------===//
//
// Unlike "Precompiled", which Hugging Face's library makes of the same table, this replaces what SentencePiece
// replaces: always the longest entry, wherever graphemes begin.
//
//===----------------------------------------------------------------------===//

#include "text/CharacterMap.h"
#include "text/Normalizer.h"
#include "text/Unicode.h"

#include <algorithm>

using namespace tenon::text;

namespace {

constexpr char32_t kSpaceLetter = U'\u2581';

class SentencePiece : public Normalizer {
public:
  explicit SentencePiece(const JsonValue &description)
      : map(description.member("precompiled_charsmap")), addPrefix(description.member("add_dummy_prefix").asBool()),
        removeSpaces(description.member("remove_extra_whitespaces").asBool()),
        space(description.member("escape_whitespaces").asBool() ? kSpaceLetter : U' ') {
    description.expectOnlyKeys(
        {"type", "precompiled_charsmap", "add_dummy_prefix", "remove_extra_whitespaces", "escape_whitespaces"});
  }

  void apply(std::u32string &text, size_t &startLength) const override {
    text = normalized(text);
    startLength = std::min(startLength, text.size()); // No word is split where it would matter.
  }

private:
  std::u32string normalized(const std::u32string &text) const {
    std::u32string out, character;
    std::string bytes = encodeUtf8(text);
    std::string_view rest = bytes;
    bool afterSpace = removeSpaces;
    if (addPrefix && !text.empty())
      out += space;
    while (!rest.empty()) {
      auto [length, part] = next(rest, character);
      rest.remove_prefix(length);
      while (afterSpace && part.starts_with(U' '))
        part.remove_prefix(1);
      for (char32_t c : part)
        out += c == U' ' ? space : c;
      if (!part.empty())
        afterSpace = removeSpaces && part.ends_with(U' ');
    }
    // What is left of a text of spaces goes too.
    while (removeSpaces && out.ends_with(space))
      out.pop_back();
    return out;
  }

  /// How many bytes come next, and what becomes of them; `character` is memory for it.
  CharacterMap::Match next(std::string_view rest, std::u32string &character) const {
    if (std::optional<CharacterMap::Match> match = map.longest(rest))
      return *match;
    size_t length = 1;
    while (length < rest.size() && (static_cast<uint8_t>(rest[length]) & 0xC0) == 0x80)
      ++length;
    character.clear();
    size_t ignored; // It came out of characters.
    decodeUtf8(rest.substr(0, length), character, ignored);
    return {length, character};
  }

  CharacterMap map;
  bool addPrefix, removeSpaces;
  char32_t space;
};

} // namespace

std::unique_ptr<Normalizer> tenon::text::makeSentencePiece(const JsonValue &description) {
  return std::make_unique<SentencePiece>(description);
}
