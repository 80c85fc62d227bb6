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
  /// `keepsStart` becomes false where what `text` begins with is not of the start of what it was made from.
  virtual void apply(std::u32string &text, bool &keepsStart) const = 0;
  void apply(std::u32string &text) const {
    bool ignored = true;
    apply(text, ignored);
  }
};

/// The `normalizer` of a tokenizer.json. Never null: after an error, which is in `description`, it does nothing.
std::unique_ptr<Normalizer> makeNormalizer(const JsonValue &description);

std::unique_ptr<Normalizer> makePrecompiled(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_NORMALIZER_H
