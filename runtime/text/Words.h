//===- Words.h - A text cut into words -------------------------*- C++ -*-===//

#ifndef TENON_TEXT_WORDS_H
#define TENON_TEXT_WORDS_H

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
  bool startsInput = true; ///< Whether `text` begins where the input that it was made from begins.

  std::u32string_view operator[](size_t i) const {
    return std::u32string_view(text).substr(spans[i].begin, spans[i].end - spans[i].begin);
  }
  bool isFirstOfInput(size_t i) const { return startsInput && spans[i].begin == 0; }
};

} // namespace tenon::text

#endif // TENON_TEXT_WORDS_H
