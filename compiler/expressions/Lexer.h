//===- Lexer.h - Tokens of expressions ------------------------------------===//

#ifndef TENON_EXPRESSIONS_LEXER_H
#define TENON_EXPRESSIONS_LEXER_H

#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::expressions {

struct Token {
  enum Kind { End, Number, Name, Symbol } kind = End;
  std::string_view text;
  size_t begin = 0;

  size_t end() const { return begin + text.size(); }
  bool is(std::string_view symbol) const { return kind == Symbol && text == symbol; }
};

/// The token that begins at or after `position`. A byte that begins none is a Symbol of its own, or with the other
/// bytes of its UTF-8 sequence, which no rule of the grammar accepts.
Token lexToken(std::string_view text, size_t position);

/// How a message shows a token: quoted, or in words where it does not print.
std::string describe(const Token &token);

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_LEXER_H
