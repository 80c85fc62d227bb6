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
  virtual void apply(std::u32string &text) const = 0;
};

/// The `normalizer` of a tokenizer.json. Never null: after an error, which is in `description`, it does nothing.
std::unique_ptr<Normalizer> makeNormalizer(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_NORMALIZER_H
