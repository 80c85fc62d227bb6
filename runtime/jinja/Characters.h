//===- Characters.h - Texts as Python's strings see them --------*- C++ -*-===//

#ifndef TENON_JINJA_CHARACTERS_H
#define TENON_JINJA_CHARACTERS_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::jinja {

/// The characters of a well-formed text.
std::u32string decode(std::string_view utf8);
std::string encode(std::u32string_view characters);
void appendUtf8(std::string &to, char32_t c);
size_t characterCount(std::string_view utf8);
/// How many bytes the character takes that begins with this byte.
size_t characterBytes(char first);

// str.isspace and so on, of one character.
bool isSpace(char32_t c);
bool isPrintable(char32_t c);
bool isAlpha(char32_t c);
bool isDecimal(char32_t c);
bool isDigit(char32_t c);
bool isNumeric(char32_t c);
bool isUpper(char32_t c);
bool isLower(char32_t c);
bool isTitle(char32_t c);
bool isWord(char32_t c); ///< \w of a regular expression
bool startsName(char32_t c);
bool continuesName(char32_t c);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string casefold(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text); ///< str.title
std::string swapcase(std::string_view text);

std::string_view strip(std::string_view text, bool left, bool right);
std::string_view strip(std::string_view text, std::string_view characters, bool left, bool right);
/// str.splitlines
std::vector<std::string> lines(std::string_view text, bool keepEnds);
/// The first offset at which the text is not well-formed UTF-8; npos for none.
size_t malformed(std::string_view text);

} // namespace tenon::jinja

#endif // TENON_JINJA_CHARACTERS_H
