//===- Unicode.h - Characters as the tokenizers see them -------*- C++ -*-===//
//
// Token ids depend on which Unicode version classified a character. Hugging Face's tokenizers take each property from a
// library of its own age: categories from Unicode 8, normalisation from Unicode 9, regular expressions from Unicode 16,
// case, numbers and word characters from Unicode 17. These functions answer as those libraries do, whatever ICU they
// are built with.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_UNICODE_H
#define TENON_TEXT_UNICODE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

enum class NormalizationForm { NFC, NFD, NFKC, NFKD };

/// Appends the characters of `utf8` to `out`. False at the first byte that is not part of a well-formed character,
/// whose offset is then in `badOffset`.
bool decodeUtf8(std::string_view utf8, std::u32string &out, size_t &badOffset);
/// What bytes begin with.
struct Utf8Prefix {
  enum Kind {
    Character, ///< A well-formed one.
    Cut,       ///< The start of one, but not what would have to follow.
    Stray      ///< A byte that none begins with.
  } kind;
  size_t length; ///< In bytes, at least 1.
};
Utf8Prefix utf8Prefix(std::string_view bytes); ///< Of at least one byte.

/// Calls put(byte) for each byte of the character's UTF-8 form.
template <typename Put> void forEachUtf8Byte(char32_t c, Put put) {
  auto trailing = [&](unsigned shift) { put(static_cast<uint8_t>(0x80 | (c >> shift & 0x3F))); };
  if (c < 0x80)
    return put(static_cast<uint8_t>(c));
  if (c < 0x800) {
    put(static_cast<uint8_t>(0xC0 | c >> 6));
  } else {
    if (c < 0x10000) {
      put(static_cast<uint8_t>(0xE0 | c >> 12));
    } else {
      put(static_cast<uint8_t>(0xF0 | c >> 18));
      trailing(12);
    }
    trailing(6);
  }
  trailing(0);
}

std::string encodeUtf8(std::u32string_view text);

bool isWhitespace(char32_t c);       ///< White_Space.
bool isControl(char32_t c);          ///< Categories Cc, Cf and Co.
bool isPunctuation(char32_t c);      ///< Categories P*, and every ASCII symbol.
bool isNonspacingMark(char32_t c);   ///< Category Mn.
bool isCombiningMark(char32_t c);    ///< Categories M*.
bool isWordCharacter(char32_t c);    ///< What a regular expression's \w matches.
bool isLetter(char32_t c);           ///< Categories L*, as a regular expression's \p{L}.
bool isNumber(char32_t c);           ///< Categories N*, as a regular expression's \p{N}.
bool isNumeric(char32_t c);          ///< The same with later characters, as the `Digits` pre-tokenizer sees them.
bool isChineseCharacter(char32_t c); ///< The CJK blocks that BERT puts spaces around.

/// `c`, or where an ICU may be too old to know it, another character of its category.
char32_t asKnownToIcu(char32_t c);

/// Where each user-perceived character of `text` ends.
std::vector<size_t> graphemeEnds(std::u32string_view text);

/// Appends what `c` is in lower case: one character, but two for U+0130. Context plays no role (no final sigma).
void appendLowercase(char32_t c, std::u32string &out);

void normalize(NormalizationForm form, std::u32string &text);

} // namespace tenon::text

#endif // TENON_TEXT_UNICODE_H
