//===- TextError.h - What a text can have wrong ----------------*- C++ -*-===//

#ifndef TENON_TEXT_TEXTERROR_H
#define TENON_TEXT_TEXTERROR_H

#include <stdexcept>

namespace tenon::text {

/// A text that this tokenizer cannot take. Tokenizer::encode turns it into its error.
class TextError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace tenon::text

#endif // TENON_TEXT_TEXTERROR_H
