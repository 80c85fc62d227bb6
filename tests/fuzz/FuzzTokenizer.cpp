//===- FuzzTokenizer.cpp - Files and texts that nobody would write ---------===//
//
// The input is a tokenizer.json, a NUL, and a text for it. Without a NUL it is a text for a built-in tokenizer.
//
//===----------------------------------------------------------------------===//

#include "text/Tokenizer.h"

#include <cstdlib>

using namespace tenon::text;

namespace {

constexpr std::string_view kBuiltIn = R"({
  "version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [
    {"id": 0, "content": "[UNK]", "single_word": false, "lstrip": true, "rstrip": true, "normalized": false, "special": true},
    {"id": 7, "content": "Ab", "single_word": true, "lstrip": false, "rstrip": false, "normalized": true, "special": false}],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
    {"type": "NFKC"}]},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 6], "cls": ["[CLS]", 5]},
  "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {"[UNK]": 0, "a": 1, "##a": 2, "##b": 3, "ab": 4, "[CLS]": 5, "[SEP]": 6, "é": 8, "中": 9}}})";

void check(bool holds) {
  if (!holds)
    std::abort();
}

void encodeAndDecode(const Tokenizer &tokenizer, std::string_view text) {
  Encoding whole, cut;
  std::string error;
  if (!tokenizer.encode(text, 0, whole, error)) {
    check(!error.empty());
    return;
  }
  check(whole.ids.size() == whole.types.size());
  for (int32_t id : whole.ids)
    check(id >= 0 && static_cast<size_t>(id) < tokenizer.vocabularySize());
  tokenizer.decode(whole.ids);
  if (tokenizer.encode(text, 5, cut, error))
    check(cut.ids.size() <= 5);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string error;
  static const std::unique_ptr<Tokenizer> builtIn = Tokenizer::fromJson(kBuiltIn, error);
  check(builtIn != nullptr);
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t end = input.find('\0');
  if (end == input.npos) {
    encodeAndDecode(*builtIn, input);
    return 0;
  }
  std::unique_ptr<Tokenizer> tokenizer = Tokenizer::fromJson(input.substr(0, end), error);
  check((tokenizer != nullptr) == error.empty());
  if (tokenizer)
    encodeAndDecode(*tokenizer, input.substr(end + 1));
  return 0;
}
