//===- Lexer.cpp - A template cut into text and words ---------------------===//

#include "jinja/Lexer.h"

#include "jinja/Characters.h"
#include "jinja/Error.h"

#include <algorithm>

namespace tenon::jinja {
namespace {

using Kind = Token::Kind;

bool isAsciiDigit(char c) { return c >= '0' && c <= '9'; }

/// Jinja sees \n for every line break.
std::string withPlainNewlines(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (size_t at = 0; at < source.size(); ++at) {
    if (source[at] == '\r' && at + 1 < source.size() && source[at + 1] == '\n')
      continue;
    text += source[at] == '\r' ? '\n' : source[at];
  }
  return text;
}

class Lexer {
public:
  explicit Lexer(std::string_view source) : source(source) {}

  std::vector<Token> run() {
    while (at < source.size())
      step();
    addText(source.size(), '+');
    add(Kind::End, "");
    return std::move(tokens);
  }

private:
  /// Lines are counted on the way: `counted` never goes back.
  size_t lineAt(size_t position) {
    line += size_t(std::count(source.begin() + ptrdiff_t(counted), source.begin() + ptrdiff_t(position), '\n'));
    counted = position;
    return line;
  }

  void add(Kind kind, std::string text) { tokens.push_back({kind, std::move(text), line}); }

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
    lineAt(open);
    at = inside;
    if (kind == '#')
      takeComment();
    else if (kind == '%' && acceptWord("raw"))
      takeRaw();
    else
      takeTag(kind);
  }

  /// The text up to `end`, which a tag that trims as `before` says follows: '-' all space, 0 the indentation of a line
  /// that begins with the tag, '+' nothing.
  void addText(size_t end, char before) {
    std::string_view text = source.substr(textStart, end - textStart);
    if (before == '-') {
      text = strip(text, false, true);
    } else if (before == 0) {
      size_t lineStart = text.rfind('\n') + 1;
      bool beginsLine = lineStart != 0 || textStart == 0 || source[textStart - 1] == '\n';
      if (beginsLine && strip(text.substr(lineStart), false, true).empty())
        text = text.substr(0, lineStart);
    }
    lineAt(textStart);
    if (!text.empty())
      add(Kind::Text, std::string(text));
  }

  /// Goes on behind a tag that closes at `close` and trims as `after` says.
  void endTag(size_t close, char after, bool trimsNewline) {
    at = close + 2;
    if (after == '-')
      at += source.size() - at - strip(source.substr(at), true, false).size();
    else if (after != '+' && trimsNewline && at < source.size() && source[at] == '\n')
      ++at;
    textStart = at;
  }

  /// Whether a tag of just that word goes on at `at`; then `at` is behind the word.
  bool acceptWord(std::string_view word) {
    size_t start = skipSpace(at);
    if (source.substr(start, word.size()) != word)
      return false;
    size_t end = skipSpace(start + word.size());
    char after = end < source.size() && (source[end] == '-' || source[end] == '+') ? source[end] : 0;
    if (source.substr(end + (after != 0), 2) != "%}")
      return false;
    at = end;
    return true;
  }

  void takeComment() {
    size_t close = source.find("#}", at);
    if (close == source.npos)
      failAt(line, "the comment is not closed");
    char after = close > at ? source[close - 1] : 0;
    endTag(close, after == '-' || after == '+' ? after : 0, true);
  }

  /// Behind `{% raw`: text up to `{% endraw %}`.
  void takeRaw() {
    if (source[at] == '+')
      failAt(line, "a raw tag ends with %} or -%}");
    endTag(at + (source[at] == '-'), source[at] == '-' ? '-' : '+', false);
    for (size_t open = source.find("{%", at); open != source.npos; open = source.find("{%", open + 1)) {
      at = open + 2;
      char before = at < source.size() && (source[at] == '-' || source[at] == '+') ? source[at++] : 0;
      if (!acceptWord("endraw"))
        continue;
      size_t close = at;
      addText(open, before);
      char after = source[close] == '%' ? 0 : source[close];
      return endTag(close + (after != 0), after, true);
    }
    failAt(line, "the raw text is not closed");
  }

  size_t skipSpace(size_t from) const {
    return source.size() - strip(source.substr(std::min(from, source.size())), true, false).size();
  }

  void takeTag(char kind) {
    size_t opened = line;
    add(kind == '{' ? Kind::OutputBegin : Kind::TagBegin, "");
    std::string_view closing = kind == '{' ? "}}" : "%}";
    std::string brackets; // those that are open, as what closes them
    for (;;) {
      at = skipSpace(at);
      if (at == source.size())
        failAt(opened, "expected ", closing, " before the end");
      lineAt(at);
      char after = source[at] == '-' || (source[at] == '+' && kind == '%') ? source[at] : 0;
      if (brackets.empty() && source.substr(at + (after != 0), 2) == closing) {
        add(kind == '{' ? Kind::OutputEnd : Kind::TagEnd, "");
        return endTag(at + (after != 0), after, kind == '%');
      }
      takeToken();
      if (tokens.back().kind == Kind::Operator)
        balance(tokens.back().text[0], brackets);
    }
  }

  void balance(char c, std::string &brackets) const {
    static constexpr std::string_view opening = "([{", closing = ")]}";
    if (size_t place = opening.find(c); place != opening.npos) {
      brackets += closing[place];
    } else if (closing.find(c) != closing.npos) {
      if (brackets.empty() || brackets.back() != c)
        failAt(line, "unexpected '", c, "'");
      brackets.pop_back();
    }
  }

  void takeToken() {
    char c = source[at];
    char32_t character = decode(source.substr(at, characterBytes(c)))[0];
    if (startsName(character))
      return takeName();
    if (isAsciiDigit(c))
      return takeNumber();
    if (c == '"' || c == '\'')
      return takeString();
    for (std::string_view text : {"==", "!=", "<=", ">=", "//", "**"})
      if (source.substr(at, 2) == text) {
        at += 2;
        return add(Kind::Operator, std::string(text));
      }
    if (std::string_view("+-*/%~<>=()[]{}.,:|;").find(c) == std::string_view::npos)
      failAt(line, "unexpected character '", source.substr(at, characterBytes(c)), "'");
    ++at;
    add(Kind::Operator, std::string(1, c));
  }

  void takeName() {
    size_t start = at;
    while (at < source.size() && continuesName(decode(source.substr(at, characterBytes(source[at])))[0]))
      at += characterBytes(source[at]);
    add(Kind::Name, std::string(source.substr(start, at - start)));
  }

  /// Digits, which may have single underscores between them.
  std::string digits(std::string_view allowed) {
    std::string text;
    auto isOne = [&](size_t place) {
      return place < source.size() && allowed.find(source[place]) != allowed.npos;
    };
    while (isOne(at) || (at < source.size() && source[at] == '_' && isOne(at + 1) && !text.empty())) {
      if (source[at] != '_')
        text += source[at];
      ++at;
    }
    return text;
  }

  void takeNumber() {
    static constexpr std::string_view decimal = "0123456789";
    // Behind a point stands an index: x.0.1 is no fraction.
    bool index = tokens.back().kind == Kind::Operator && tokens.back().text == ".";
    char base = source[at] == '0' && at + 1 < source.size() ? char(source[at + 1] | 0x20) : 0;
    if (base == 'x' || base == 'b' || base == 'o') {
      at += 2;
      at += at < source.size() && source[at] == '_';
      std::string text = digits(base == 'x' ? "0123456789abcdefABCDEF" : base == 'b' ? "01" : "01234567");
      if (text.empty())
        failAt(line, "expected digits behind 0", base);
      return add(Kind::Integer, concat("0", base, text));
    }
    std::string text = digits(decimal);
    bool real = false;
    if (!index && at + 1 < source.size() && source[at] == '.' && isAsciiDigit(source[at + 1])) {
      ++at;
      text += "." + digits(decimal);
      real = true;
    }
    if (!index && at < source.size() && (source[at] | 0x20) == 'e') {
      size_t sign = at + 1 < source.size() && (source[at + 1] == '+' || source[at + 1] == '-');
      if (at + 1 + sign < source.size() && isAsciiDigit(source[at + 1 + sign])) {
        text += source.substr(at, 1 + sign);
        at += 1 + sign;
        text += digits(decimal);
        real = true;
      }
    }
    if (!real && text.size() > 1 && text[0] == '0' && text.find_first_not_of('0') != text.npos)
      failAt(line, "a decimal integer begins with 0");
    add(real ? Kind::Real : Kind::Integer, std::move(text));
  }

  void takeString() {
    size_t opened = line;
    char quote = source[at++];
    std::string text;
    while (at < source.size() && source[at] != quote) {
      if (source[at] == '\\' && at + 1 < source.size())
        takeEscape(text);
      else
        text += source[at++];
    }
    if (at++ >= source.size())
      failAt(opened, "the string is not closed");
    add(Kind::String, std::move(text));
  }

  /// As Python's strings have them; an unknown one stands for itself.
  void takeEscape(std::string &text) {
    static constexpr std::string_view written = "ntr\\'\"abfv", meant = "\n\t\r\\'\"\a\b\f\v";
    char c = source[at + 1];
    at += 2;
    if (size_t known = written.find(c); known != written.npos) {
      text += meant[known];
    } else if (c == 'x' || c == 'u' || c == 'U') {
      takeCode(text, c == 'x' ? 2 : c == 'u' ? 4 : 8, "0123456789abcdefABCDEF", 16);
    } else if (c >= '0' && c <= '7') {
      --at;
      size_t count = 1;
      while (count < 3 && at + count < source.size() && source[at + count] >= '0' && source[at + count] <= '7')
        ++count;
      takeCode(text, count, "01234567", 8);
    } else if (c == 'N') {
      failAt(line, "a character by its name, \\N{...}, is not supported; \\u and four digits are");
    } else if (c != '\n') {
      text += '\\';
      --at;
      text += source[at++];
    }
  }

  void takeCode(std::string &text, size_t count, std::string_view digits, int base) {
    std::string_view code = source.substr(at, count);
    if (code.size() != count || code.find_first_not_of(digits) != code.npos)
      failAt(line, "an escape ends too early: expected ", count, " digits");
    unsigned long value = std::stoul(std::string(code), nullptr, base);
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
      failAt(line, "the escape ", code, " is no character");
    appendUtf8(text, char32_t(value));
    at += count;
  }

  std::string_view source;
  size_t at = 0, textStart = 0, counted = 0, line = 1;
  std::vector<Token> tokens;
};

} // namespace

std::vector<Token> cut(std::string_view source) {
  if (size_t offset = malformed(source); offset != source.npos)
    fail("it is not UTF-8 at byte ", offset);
  std::string text = withPlainNewlines(source);
  // Jinja drops one line break at the very end.
  if (text.ends_with('\n'))
    text.pop_back();
  return Lexer(text).run();
}

} // namespace tenon::jinja
