//===- PostProcessor.h - Special tokens around a text ----------*- C++ -*-===//

#ifndef TENON_TEXT_POSTPROCESSOR_H
#define TENON_TEXT_POSTPROCESSOR_H

#include "text/Json.h"
#include "text/Tokenizer.h"

#include <memory>
#include <vector>

namespace tenon::text {

/// What stands before, at and behind the text's own tokens. All kinds of post-processor come down to this.
class Template {
public:
  /// Tokens in front of, between and behind copies of the text.
  struct Piece {
    std::vector<int32_t> ids; ///< Special tokens; empty for the text.
    int32_t type = 0;
  };

  explicit Template(std::vector<Piece> pieces) : pieces(std::move(pieces)) {}

  size_t pieceCount() const { return pieces.size(); }
  size_t specialCount() const;
  void apply(const std::vector<int32_t> &textIds, bool addSpecial, Encoding &out) const;
  /// What comes of this first and `next` after it.
  Template followedBy(const Template &next) const;
  int64_t largestId() const; ///< -1 where there is no special token.

private:
  std::vector<Piece> pieces;
};

/// The `post_processor` of a tokenizer.json. Errors go to `description`.
Template makeTemplate(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_POSTPROCESSOR_H
