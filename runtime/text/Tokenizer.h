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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

struct Encoding {
  std::vector<int32_t> ids;
  std::vector<int32_t> types; ///< As long as `ids`: the segment of each token.
};

struct EncodeOptions {
  /// The most ids; 0 leaves the limit to the file, and a positive number replaces the file's own, as a `max_length`
  /// argument does in Hugging Face's libraries. What does not fit is cut from the text, never from the special tokens.
  size_t maxTokens = 0;
  /// Whether the file's post-processor adds its special tokens around the text.
  bool addSpecial = true;
  /// Whether special tokens are found in the text. Without this their spelling is text like any other, and none of
  /// their ids comes out of it (but the unknown token's, for what is unknown): for text from someone who is not
  /// trusted. Tokens that were added without being special are found either way.
  bool findSpecial = true;
};

/// What a model wants of its tokenizer beside what the file says.
struct ReadOptions {
  /// Whether texts are read in lower case: a step before the file's normalizer, unless that has such a step itself.
  bool lowerCase = false;
};

/// Decodes ids one at a time. Not for two threads at once; must not outlive its tokenizer.
class TextStream {
public:
  virtual ~TextStream();
  /// The text that `id` makes final: whole characters, perhaps none.
  virtual std::string push(int32_t id) = 0;
  /// What was held back for the sake of ids that have not come. The stream is at its start again afterwards. All the
  /// texts together are what Tokenizer::decode gives for all the ids.
  virtual std::string finish() = 0;
};

/// Immutable once made: any number of threads may use one tokenizer.
class Tokenizer {
public:
  /// Null, and the reason in `error`, for anything that is not a tokenizer.json or that asks for what is not
  /// implemented.
  static std::unique_ptr<Tokenizer> fromJson(std::string_view json, std::string &error, const ReadOptions &options = {});

  virtual ~Tokenizer();

  /// False, and the reason in `error`, for text that is not UTF-8 or that the tokenizer has no ids for.
  virtual bool encode(std::string_view utf8, const EncodeOptions &options, Encoding &out, std::string &error) const = 0;
  bool encode(std::string_view utf8, size_t maxTokens, Encoding &out, std::string &error) const {
    EncodeOptions options;
    options.maxTokens = maxTokens;
    return encode(utf8, options, out, error);
  }

  /// Ids without a token are left out, and so are special tokens where `skipSpecial` is set. Throws std::bad_alloc, and
  /// TextError where a regular expression of the file's decoder does not come to an end on one of its tokens.
  virtual std::string decode(const std::vector<int32_t> &ids, bool skipSpecial = true) const = 0;
  virtual std::unique_ptr<TextStream> stream(bool skipSpecial = true) const = 0;

  /// By the exact spelling in the file, such as "<|im_end|>": of the added tokens first, then of the model's.
  virtual std::optional<int32_t> idOf(std::string_view token) const = 0;
  /// As the file spells it; null for an id without a token.
  virtual const std::string *tokenOf(int32_t id) const = 0;
  virtual bool isSpecial(int32_t id) const = 0;
  virtual std::vector<int32_t> specialIds() const = 0; ///< Ascending.

  /// One more than the largest id: the rows that an embedding table needs.
  virtual size_t vocabularySize() const = 0;
};

} // namespace tenon::text

#endif // TENON_TEXT_TOKENIZER_H
