//===- Tokenizer.h - Text to token ids and back ----------------*- C++ -*-===//
//
// Reads a Hugging Face tokenizer.json and gives the ids that Hugging Face's `tokenizers` gives.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_TOKENIZER_H
#define TENON_TEXT_TOKENIZER_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

struct Encoding {
  std::vector<int32_t> ids;
  std::vector<int32_t> types; ///< As long as `ids`: the segment of each token.
};

/// Immutable once made: any number of threads may use one tokenizer.
class Tokenizer {
public:
  /// Null, and the reason in `error`, for anything that is not a tokenizer.json or that asks for what is not
  /// implemented.
  static std::unique_ptr<Tokenizer> fromJson(std::string_view json, std::string &error);

  virtual ~Tokenizer();

  /// Special tokens included. At most `maxTokens` ids; 0 leaves the limit to the file, and a positive number replaces
  /// the file's own, as a `max_length` argument does in Hugging Face's libraries. What does not fit is cut from the
  /// text, never from the special tokens. False, and the reason in `error`, for text that is not UTF-8.
  virtual bool encode(std::string_view utf8, size_t maxTokens, Encoding &out, std::string &error) const = 0;

  /// Special tokens and ids without a token are left out.
  virtual std::string decode(const std::vector<int32_t> &ids) const = 0;

  /// One more than the largest id: the rows that an embedding table needs.
  virtual size_t vocabularySize() const = 0;
};

} // namespace tenon::text

#endif // TENON_TEXT_TOKENIZER_H
