//===- PreTokenizer.h - Text to words --------------------------*- C++ -*-===//

#ifndef TENON_TEXT_PRETOKENIZER_H
#define TENON_TEXT_PRETOKENIZER_H

#include "text/Json.h"

#include <memory>
#include <string_view>
#include <vector>

namespace tenon::text {

class PreTokenizer {
public:
  virtual ~PreTokenizer();
  /// Appends the words of `text`, none of them empty, in order.
  virtual void split(std::u32string_view text, std::vector<std::u32string_view> &words) const = 0;
};

/// The `pre_tokenizer` of a tokenizer.json. Never null: after an error, which is in `description`, it splits nothing.
std::unique_ptr<PreTokenizer> makePreTokenizer(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_PRETOKENIZER_H
