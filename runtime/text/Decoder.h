//===- Decoder.h - Tokens to text ------------------------------*- C++ -*-===//
//
// A decoder is a chain of stages, each of which rewrites the tokens that pass through it. A stage hands on what cannot
// change any more, so a text can be shown while it is written; all of a text is decoded by the same stages.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_DECODER_H
#define TENON_TEXT_DECODER_H

#include "text/Json.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

/// What passes from stage to stage: a token, or a part of one. Always whole characters.
struct Fragment {
  std::string_view text;
  bool begins = true, ends = true; ///< Whether it is the first and the last part of its token.
};

class DecoderStage {
public:
  virtual ~DecoderStage();
  virtual void push(const Fragment &fragment) = 0;
  /// After the last token.
  virtual void finish() { passFinish(); }

  DecoderStage *next = nullptr; ///< Null for the last.

protected:
  void pass(const Fragment &fragment) {
    if (next)
      next->push(fragment);
  }
  void pass(std::string_view text) { pass(Fragment{text}); }
  void passFinish() {
    if (next)
      next->finish();
  }
};

/// The `decoder` of a tokenizer.json: what stages to make for a text.
using DecoderRecipe = std::vector<std::function<std::unique_ptr<DecoderStage>()>>;

/// Errors go to `description`.
DecoderRecipe readDecoder(const JsonValue &description);

/// The decoding of one text.
class Decoding {
public:
  explicit Decoding(const DecoderRecipe &recipe);
  void push(std::string_view token) { stages.front()->push({token}); }
  void finish() { stages.front()->finish(); }
  /// What has been decoded since the last time.
  std::string take();

private:
  std::vector<std::unique_ptr<DecoderStage>> stages;
  std::string *text;
};

std::unique_ptr<DecoderStage> makeByteLevelStage();
std::unique_ptr<DecoderStage> makeByteFallbackStage();

} // namespace tenon::text

#endif // TENON_TEXT_DECODER_H
