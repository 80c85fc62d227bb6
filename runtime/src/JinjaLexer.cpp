//===- JinjaLexer.cpp - A template cut into tags and words ----------------===//

#include "JinjaLexer.h"

#include "JinjaValue.h"

#include <algorithm>
#include <array>

namespace tenon::runtime::jinja {
namespace {

constexpr std::string_view space = " \t\n\r\f\v";

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
public:
  explicit Lexer(std::string_view source) : source(source) {}

  std::vector<Piece> run() {
    while (at < source.size())
      step();
    addText(source.size(), '+');
    return std::move(pieces);
  }

private:
  size_t lineOf(size_t position) const {
    return 1 + size_t(std::count(source.begin(), source.begin() + ptrdiff_t(position), '\n'));
  }

  /// Looks for the next tag and takes it.
  void step() {
    size_t open = source.find('{', at);
    while (open != source.npos &&
           (open + 1 == source.size() || std::string_view("{%#").find(source[open + 1]) == source.npos))
      open = source.find('{', open + 1);
    if (open == source.npos) {
      at = source.size();
      return;
    }
    char kind = source[open + 1];
    size_t inside = open + 2;
    char before = inside < source.size() && (source[inside] == '-' || source[inside] == '+') ? source[inside++] : 0;
    addText(open, before ? before : (kind == '{' ? '+' : 0));
    if (kind == '#')
      return takeComment(open, inside);
    takeTag(kind, open, inside);
  }

  /// The text up to `end`, which a tag that trims as `before` says follows: '-' all space, 0 the indentation of a line
  /// that begins with the tag, '+' nothing.
  void addText(size_t end, char before) {
    std::string_view text = source.substr(textStart, end - textStart);
    if (before == '-') {
      size_t last = text.find_last_not_of(space);
      text = text.substr(0, last == text.npos ? 0 : last + 1);
    } else if (before == 0) {
      size_t last = text.find_last_not_of(" \t");
      bool beginsLine = last == text.npos ? (textStart == 0 || source[textStart - 1] == '\n') : text[last] == '\n';
      if (beginsLine)
        text = text.substr(0, last == text.npos ? 0 : last + 1);
    }
    if (!text.empty())
      pieces.push_back({Piece::Kind::Text, std::string(text), {}, lineOf(textStart)});
  }

  /// Goes on behind a tag that closes at `close` and trims as `after` says.
  void endTag(size_t close, char after, bool trimsNewline) {
    at = close + 2;
    if (after == '-') {
      at = std::min(source.find_first_not_of(space, at), source.size());
    } else if (after != '+' && trimsNewline) {
      if (source.substr(at, 2) == "\r\n")
        at += 2;
      else if (source.substr(at, 1) == "\n")
        at += 1;
    }
    textStart = at;
  }

  void takeComment(size_t open, size_t inside) {
    size_t close = source.find("#}", inside);
    if (close == source.npos)
      fail("chat template, line ", lineOf(open), ": the comment is not closed");
    char after = close > inside ? source[close - 1] : 0;
    endTag(close, after == '-' || after == '+' ? after : 0, true);
  }

  void takeTag(char kind, size_t open, size_t inside) {
    at = inside;
    Piece piece{kind == '{' ? Piece::Kind::Output : Piece::Kind::Statement, "", {}, lineOf(open)};
    std::string_view closing = kind == '{' ? "}}" : "%}";
    size_t nesting = 0;
    for (;;) {
      at = source.find_first_not_of(space, at);
      if (at == source.npos)
        fail("chat template, line ", piece.line, ": expected ", closing, " before the end");
      char after = source[at] == '-' || source[at] == '+' ? source[at] : 0;
      if (nesting == 0 && source.substr(at + (after != 0), 2) == closing) {
        piece.tokens.push_back({Token::Kind::End, "", lineOf(at)});
        pieces.push_back(std::move(piece));
        return endTag(at + (after != 0), after, kind == '%');
      }
      piece.tokens.push_back(takeToken());
      const Token &token = piece.tokens.back();
      if (token.kind == Token::Kind::Operator && (token.text == "{" || token.text == "(" || token.text == "["))
        ++nesting;
      else if (token.kind == Token::Kind::Operator && (token.text == "}" || token.text == ")" || token.text == "]"))
        nesting -= nesting != 0;
    }
  }

  Token takeToken() {
    size_t start = at, line = lineOf(at);
    char c = source[at];
    if (isLetter(c)) {
      while (at < source.size() && (isLetter(source[at]) || isDigit(source[at])))
        ++at;
      return {Token::Kind::Name, std::string(source.substr(start, at - start)), line};
    }
    if (isDigit(c))
      return takeNumber(line);
    if (c == '"' || c == '\'')
      return takeString(line);
    static constexpr std::array<std::string_view, 7> doubles = {"==", "!=", "<=", ">=", "//", "**", ""};
    for (std::string_view text : doubles)
      if (!text.empty() && source.substr(at, 2) == text) {
        at += 2;
        return {Token::Kind::Operator, std::string(text), line};
      }
    if (std::string_view("+-*/%~<>=()[]{}.,:|").find(c) == std::string_view::npos)
      fail("chat template, line ", line, ": unexpected character '", std::string(1, c), "'");
    ++at;
    return {Token::Kind::Operator, std::string(1, c), line};
  }

  Token takeNumber(size_t line) {
    size_t start = at;
    while (at < source.size() && isDigit(source[at]))
      ++at;
    bool real = at + 1 < source.size() && source[at] == '.' && isDigit(source[at + 1]);
    if (real)
      for (++at; at < source.size() && isDigit(source[at]);)
        ++at;
    return {real ? Token::Kind::Real : Token::Kind::Integer, std::string(source.substr(start, at - start)), line};
  }

  Token takeString(size_t line) {
    char quote = source[at++];
    std::string text;
    while (at < source.size() && source[at] != quote) {
      if (source[at] != '\\' || at + 1 == source.size()) {
        text += source[at++];
        continue;
      }
      static constexpr std::string_view written = "ntr\\'\"", meant = "\n\t\r\\'\"";
      size_t known = written.find(source[at + 1]);
      if (known == written.npos)
        fail("chat template, line ", line, ": the escape \\", std::string(1, source[at + 1]),
             " is not known here; known are \\n \\t \\r \\\\ \\' \\\"");
      text += meant[known];
      at += 2;
    }
    if (at++ >= source.size())
      fail("chat template, line ", line, ": the string is not closed");
    return {Token::Kind::String, std::move(text), line};
  }

  std::string_view source;
  size_t at = 0, textStart = 0;
  std::vector<Piece> pieces;
};

} // namespace

std::vector<Piece> cut(std::string_view source) {
  // Jinja drops one line break at the very end.
  if (source.ends_with("\r\n"))
    source.remove_suffix(2);
  else if (source.ends_with("\n"))
    source.remove_suffix(1);
  return Lexer(source).run();
}

} // namespace tenon::runtime::jinja
