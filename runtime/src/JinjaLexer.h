//===- JinjaLexer.h - A template cut into tags and words --------*- C++ -*-===//

#ifndef TENON_RUNTIME_JINJALEXER_H
#define TENON_RUNTIME_JINJALEXER_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime::jinja {

struct Token {
  enum class Kind { Name, Integer, Real, String, Operator, End };
  Kind kind;
  std::string text; ///< a string without its quotes and escapes
  size_t line;
};

/// A stretch of text, or what stands in {{ }} or {% %}.
struct Piece {
  enum class Kind { Text, Output, Statement };
  Kind kind;
  std::string text;          ///< of Text
  std::vector<Token> tokens; ///< of the others, with an End
  size_t line;
};

/// Cuts a template up and takes away the space that its tags take away.
std::vector<Piece> cut(std::string_view source);

} // namespace tenon::runtime::jinja

#endif // TENON_RUNTIME_JINJALEXER_H
