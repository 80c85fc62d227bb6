//===- Lexer.h - A template cut into text and words -------------*- C++ -*-===//

#ifndef TENON_JINJA_LEXER_H
#define TENON_JINJA_LEXER_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::jinja {

struct Token {
  /// Text is what stands outside of tags; a tag is its beginning, its words, and its end.
  enum class Kind { Text, OutputBegin, OutputEnd, TagBegin, TagEnd, Name, Integer, Real, String, Operator, End };
  Kind kind;
  std::string text; ///< a string without its quotes and escapes
  size_t line;
};

/// Cuts a template up and takes away the space that its tags take away, with trim_blocks and lstrip_blocks.
std::vector<Token> cut(std::string_view source);

} // namespace tenon::jinja

#endif // TENON_JINJA_LEXER_H
