//===- Characters.cpp - Texts as Python's strings see them ----------------===//

#include "jinja/Characters.h"

#include "text/Unicode.h"

#include <algorithm>
#include <iterator>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace tenon::jinja {
namespace {

icu::UnicodeString fromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
}

std::string toUtf8(const icu::UnicodeString &text) {
  std::string out;
  return text.toUTF8String(out);
}

/// The character in its title form: of one, several may come.
void appendTitle(icu::UnicodeString &to, UChar32 c) {
  icu::UnicodeString one(c);
  to += one.toTitle(nullptr, icu::Locale::getRoot(), U_TITLECASE_NO_BREAK_ADJUSTMENT);
}

bool isCased(UChar32 c) { return u_hasBinaryProperty(c, UCHAR_CASED); }

} // namespace

std::u32string decode(std::string_view utf8) {
  std::u32string characters;
  size_t ignored;
  text::decodeUtf8(utf8, characters, ignored);
  return characters;
}

std::string encode(std::u32string_view characters) { return text::encodeUtf8(characters); }

void appendUtf8(std::string &to, char32_t c) {
  text::forEachUtf8Byte(c, [&](uint8_t byte) { to += char(byte); });
}

size_t characterCount(std::string_view utf8) {
  return size_t(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

size_t characterBytes(char first) {
  auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

bool isSpace(char32_t c) {
  if (c < 0x80)
    return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || u_charType(UChar32(c)) == U_SPACE_SEPARATOR || c == 0x2028 || c == 0x2029;
}

bool isPrintable(char32_t c) {
  if (c == ' ')
    return true;
  switch (u_charType(UChar32(c))) {
  case U_CONTROL_CHAR:
  case U_FORMAT_CHAR:
  case U_SURROGATE:
  case U_PRIVATE_USE_CHAR:
  case U_UNASSIGNED:
  case U_LINE_SEPARATOR:
  case U_PARAGRAPH_SEPARATOR:
  case U_SPACE_SEPARATOR:
    return false;
  default:
    return true;
  }
}

bool isAlpha(char32_t c) { return u_isalpha(UChar32(c)); }
bool isDecimal(char32_t c) { return u_charType(UChar32(c)) == U_DECIMAL_DIGIT_NUMBER; }
bool isDigit(char32_t c) {
  int32_t type = u_getIntPropertyValue(UChar32(c), UCHAR_NUMERIC_TYPE);
  return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}
bool isNumeric(char32_t c) { return u_getIntPropertyValue(UChar32(c), UCHAR_NUMERIC_TYPE) != U_NT_NONE; }
bool isUpper(char32_t c) { return u_hasBinaryProperty(UChar32(c), UCHAR_UPPERCASE); }
bool isLower(char32_t c) { return u_hasBinaryProperty(UChar32(c), UCHAR_LOWERCASE); }
bool isTitle(char32_t c) { return u_charType(UChar32(c)) == U_TITLECASE_LETTER; }
bool isWord(char32_t c) { return c == '_' || isAlpha(c) || isNumeric(c); }
bool startsName(char32_t c) { return c == '_' || u_hasBinaryProperty(UChar32(c), UCHAR_XID_START); }
bool continuesName(char32_t c) { return u_hasBinaryProperty(UChar32(c), UCHAR_XID_CONTINUE); }

std::string upper(std::string_view text) { return toUtf8(fromUtf8(text).toUpper(icu::Locale::getRoot())); }
std::string lower(std::string_view text) { return toUtf8(fromUtf8(text).toLower(icu::Locale::getRoot())); }
std::string casefold(std::string_view text) { return toUtf8(fromUtf8(text).foldCase(U_FOLD_CASE_DEFAULT)); }

std::string capitalize(std::string_view text) {
  if (text.empty())
    return {};
  size_t first = characterBytes(text[0]);
  icu::UnicodeString out;
  appendTitle(out, fromUtf8(text.substr(0, first)).char32At(0));
  // Lower case looks around (a final sigma), at the first character too.
  std::string whole = lower(text), start = lower(text.substr(0, first));
  return toUtf8(out) + whole.substr(std::min(start.size(), whole.size()));
}

std::string title(std::string_view text) {
  icu::UnicodeString in = fromUtf8(text), out;
  bool inside = false;
  for (int32_t at = 0; at < in.length(); at = in.moveIndex32(at, 1)) {
    UChar32 c = in.char32At(at);
    if (inside)
      out += icu::UnicodeString(c).toLower(icu::Locale::getRoot());
    else
      appendTitle(out, c);
    inside = isCased(c);
  }
  return toUtf8(out);
}

std::string swapcase(std::string_view text) {
  icu::UnicodeString in = fromUtf8(text), out;
  for (int32_t at = 0; at < in.length(); at = in.moveIndex32(at, 1)) {
    icu::UnicodeString one(in.char32At(at));
    if (isUpper(char32_t(in.char32At(at))))
      one.toLower(icu::Locale::getRoot());
    else if (isLower(char32_t(in.char32At(at))))
      one.toUpper(icu::Locale::getRoot());
    out += one;
  }
  return toUtf8(out);
}

/// The text without the characters at its ends that go.
template <typename Goes> static std::string_view stripIf(std::string_view text, bool left, bool right, Goes goes) {
  auto first = [](std::string_view part) { return decode(part)[0]; };
  while (left && !text.empty() && goes(first(text.substr(0, characterBytes(text[0])))))
    text.remove_prefix(characterBytes(text[0]));
  while (right && !text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xC0) == 0x80)
      --last;
    if (!goes(first(text.substr(last))))
      break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view strip(std::string_view text, bool left, bool right) { return stripIf(text, left, right, isSpace); }

std::string_view strip(std::string_view text, std::string_view characters, bool left, bool right) {
  std::u32string set = decode(characters);
  return stripIf(text, left, right, [&](char32_t c) { return set.find(c) != set.npos; });
}

std::vector<std::string> lines(std::string_view text, bool keepEnds) {
  static constexpr char32_t ends[] = {'\n', '\r', '\v', '\f', 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029};
  std::vector<std::string> all;
  std::u32string characters = decode(text);
  for (size_t start = 0; start < characters.size();) {
    size_t end = start;
    while (end < characters.size() && std::find(std::begin(ends), std::end(ends), characters[end]) == std::end(ends))
      ++end;
    size_t next = std::min(end + 1, characters.size());
    if (end + 1 < characters.size() && characters[end] == '\r' && characters[end + 1] == '\n')
      ++next;
    all.push_back(encode(std::u32string_view(characters).substr(start, (keepEnds ? next : end) - start)));
    start = next;
  }
  return all;
}

size_t malformed(std::string_view text) {
  std::u32string ignored;
  size_t offset;
  return text::decodeUtf8(text, ignored, offset) ? std::string_view::npos : offset;
}

} // namespace tenon::jinja
