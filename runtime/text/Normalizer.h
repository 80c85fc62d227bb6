//===- Normalizer.h - What happens to text before it is split --*- C++ -*-===//

#ifndef TENON_TEXT_NORMALIZER_H
#define TENON_TEXT_NORMALIZER_H

#include "text/Json.h"

#include <memory>
#include <string>

namespace tenon::text {

class Normalizer {
public:
  virtual ~Normalizer();
  /// `startLength` is how many characters of `text`, from its first on, come from the first one of what it was made
  /// from; where pieces of text lie is told by what their characters come from.
  virtual void apply(std::u32string &text, size_t &startLength) const = 0;
  void apply(std::u32string &text) const {
    size_t ignored = 0;
    apply(text, ignored);
  }
};

/// The `normalizer` of a tokenizer.json. Never null: after an error, which is in `description`, it does nothing.
std::unique_ptr<Normalizer> makeNormalizer(const JsonValue &description);

std::unique_ptr<Normalizer> makePrecompiled(const JsonValue &description);
std::unique_ptr<Normalizer> makeSentencePiece(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_NORMALIZER_H
