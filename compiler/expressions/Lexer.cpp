//===- Lexer.cpp - Tokens of expressions ----------------------------------===//

#include "expressions/Lexer.h"

using namespace tenon::expressions;

namespace {

// Those of <cctype> depend on the locale.
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t skipDigits(std::string_view text, size_t i) {
  while (i < text.size() && isDigit(text[i]))
    ++i;
  return i;
}

/// The end of a number: digits, a fraction, an exponent; the last two are optional.
size_t numberEnd(std::string_view text, size_t i) {
  i = skipDigits(text, i);
  if (i < text.size() && text[i] == '.')
    i = skipDigits(text, i + 1);
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    size_t digits = i + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-'))
      ++digits;
    if (digits < text.size() && isDigit(text[digits]))
      i = skipDigits(text, digits);
  }
  return i;
}

size_t symbolEnd(std::string_view text, size_t i) {
  for (std::string_view pair : {"||", "&&", "==", "!=", "<=", ">=", "//", "**"})
    if (text.substr(i, 2) == pair)
      return i + 2;
  bool multibyte = static_cast<unsigned char>(text[i]) >= 0xC0;
  size_t end = i + 1;
  while (multibyte && end < text.size() && end < i + 4 && isContinuation(text[end]))
    ++end;
  return end;
}

} // namespace

Token tenon::expressions::lexToken(std::string_view text, size_t position) {
  while (position < text.size() && isSpace(text[position]))
    ++position;
  if (position == text.size())
    return {Token::End, {}, position};
  char first = text[position];
  size_t end = position + 1;
  Token::Kind kind = Token::Symbol;
  if (isDigit(first) || (first == '.' && end < text.size() && isDigit(text[end]))) {
    kind = Token::Number;
    end = numberEnd(text, position);
  } else if (isNameStart(first)) {
    kind = Token::Name;
    while (end < text.size() && (isNameStart(text[end]) || isDigit(text[end])))
      ++end;
  } else {
    end = symbolEnd(text, position);
  }
  return {kind, text.substr(position, end - position), position};
}

std::string tenon::expressions::describe(const Token &token) {
  if (token.kind == Token::End)
    return "the end";
  for (char c : token.text) {
    unsigned byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      const char *digits = "0123456789abcdef";
      return std::string("byte 0x") + digits[byte >> 4] + digits[byte & 15];
    }
  }
  constexpr size_t longest = 40;
  std::string shown(token.text.substr(0, longest));
  return "'" + shown + (token.text.size() > longest ? "...'" : "'");
}
