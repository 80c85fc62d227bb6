//===- Words.h - A text cut into words -------------------------*- C++ -*-===//

#ifndef TENON_TEXT_WORDS_H
#define TENON_TEXT_WORDS_H

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

struct Span {
  size_t begin, end;
};

/// Parts of one buffer, in order. What lies between them has been dropped.
struct Words {
  std::u32string text;
  std::vector<Span> spans; ///< None of them empty.
  size_t startLength = 0;  ///< How many characters come from the first one of the text to encode.

  std::u32string_view operator[](size_t i) const {
    return std::u32string_view(text).substr(spans[i].begin, spans[i].end - spans[i].begin);
  }
  /// How many characters at the start of word `i` do.
  size_t startLengthOf(size_t i) const {
    return startLength <= spans[i].begin ? 0 : std::min(startLength, spans[i].end) - spans[i].begin;
  }
};

} // namespace tenon::text

#endif // TENON_TEXT_WORDS_H
