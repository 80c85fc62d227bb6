//===- Decoder.h - Tokens to text ------------------------------*- C++ -*-===//

#ifndef TENON_TEXT_DECODER_H
#define TENON_TEXT_DECODER_H

#include "text/Json.h"

#include <memory>
#include <string>
#include <vector>

namespace tenon::text {

class Decoder {
public:
  virtual ~Decoder();
  virtual std::string decode(const std::vector<std::string> &tokens) const = 0;
};

/// The `decoder` of a tokenizer.json. Never null: after an error, which is in `description`, it joins with spaces.
std::unique_ptr<Decoder> makeDecoder(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_DECODER_H
