//===- AnswerText.h - The text of tokens as they are written ----*- C++ -*-===//

#ifndef TENON_RUNTIME_ANSWERTEXT_H
#define TENON_RUNTIME_ANSWERTEXT_H

#include "text/Tokenizer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tenon::runtime {

/// Text that grows by whole characters, and from which nothing of a stop string is ever told.
class AnswerText {
public:
  /// Without a tokenizer, there is no text. `stops` outlives this.
  AnswerText(const text::Tokenizer *tokenizer, const std::vector<std::string> &stops)
      : stream(tokenizer ? tokenizer->stream() : nullptr), stops(&stops) {}

  /// What the text grows by with a token. Nothing more comes once a stop string is found.
  std::string push(int32_t token) { return stream ? add(stream->push(token)) : ""; }
  /// What was held back.
  std::string finish();
  bool stopped() const { return foundStop; }
  const std::string &text() const { return told; }

private:
  std::string add(const std::string &more);

  std::unique_ptr<text::TextStream> stream;
  const std::vector<std::string> *stops;
  std::string told;
  std::string held; ///< may be the beginning of a stop string
  bool foundStop = false;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_ANSWERTEXT_H
