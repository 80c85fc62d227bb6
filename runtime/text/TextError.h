//===- TextError.h - What a text can have wrong ----------------*- C++ -*-===//

#ifndef TENON_TEXT_TEXTERROR_H
#define TENON_TEXT_TEXTERROR_H

#include <cstddef>
#include <stdexcept>
#include <string>

namespace tenon::text {

/// A text that this tokenizer cannot take. Tokenizer::encode turns it into its error.
class TextError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The most characters, or tokens, that any stage may make of a text: as many as the longest text has bytes.
inline constexpr size_t kLargestStage = size_t(1) << 26;

/// Throws a TextError that names the stage, such as "normalizer Replace", where it makes more than that of a text.
inline void checkStage(const std::string &stage, size_t size, const char *unit = "characters") {
  if (size > kLargestStage)
    throw TextError(stage + " makes " + std::to_string(size) + " " + unit + " of a text, the most is " +
                    std::to_string(kLargestStage));
}

} // namespace tenon::text

#endif // TENON_TEXT_TEXTERROR_H
