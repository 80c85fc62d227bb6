//===- PreTokenizer.h - Text to words --------------------------*- C++ -*-===//

#ifndef TENON_TEXT_PRETOKENIZER_H
#define TENON_TEXT_PRETOKENIZER_H

#include "text/Json.h"
#include "text/Words.h"

#include <memory>

namespace tenon::text {

class PreTokenizer {
public:
  virtual ~PreTokenizer();
  /// Splits each of `words` further; may rewrite the text too.
  virtual void split(Words &words) const = 0;
};

/// The `pre_tokenizer` of a tokenizer.json. Never null: after an error, which is in `description`, it splits nothing.
std::unique_ptr<PreTokenizer> makePreTokenizer(const JsonValue &description);

/// When Metaspace puts a mark before a word that has none.
enum class PrependScheme { Always, First, Never };
PrependScheme readPrependScheme(const JsonValue &description);

std::unique_ptr<PreTokenizer> makeByteLevelPreTokenizer(const JsonValue &description);
std::unique_ptr<PreTokenizer> makeMetaspacePreTokenizer(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_PRETOKENIZER_H
