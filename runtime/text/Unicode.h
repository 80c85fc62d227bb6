//===- Unicode.h - Characters as the tokenizers see them -------*- C++ -*-===//
//
// Token ids depend on which Unicode version classified a character. Hugging Face's tokenizers take each property from a
// library of its own age: categories from Unicode 8, normalisation from Unicode 9, case and word characters from
// Unicode
// 17. These functions answer as those libraries do, whatever ICU they are built with.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_UNICODE_H
#define TENON_TEXT_UNICODE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::text {

enum class NormalizationForm { NFC, NFD, NFKC, NFKD };

/// Appends the characters of `utf8` to `out`. False at the first byte that is not part of a well-formed character,
/// whose offset is then in `badOffset`.
bool decodeUtf8(std::string_view utf8, std::u32string &out, size_t &badOffset);
std::string encodeUtf8(std::u32string_view text);

bool isWhitespace(char32_t c);       ///< White_Space.
bool isControl(char32_t c);          ///< Categories Cc, Cf and Co.
bool isPunctuation(char32_t c);      ///< Categories P*, and every ASCII symbol.
bool isNonspacingMark(char32_t c);   ///< Category Mn.
bool isCombiningMark(char32_t c);    ///< Categories M*.
bool isWordCharacter(char32_t c);    ///< What a regular expression's \w matches.
bool isChineseCharacter(char32_t c); ///< The CJK blocks that BERT puts spaces around.

/// Appends what `c` is in lower case: one character, but two for U+0130. Context plays no role (no final sigma).
void appendLowercase(char32_t c, std::u32string &out);

void normalize(NormalizationForm form, std::u32string &text);

} // namespace tenon::text

#endif // TENON_TEXT_UNICODE_H
