//===- FuzzTokenizer.cpp - Files and texts that nobody would write ---------===//
//
// The input is a tokenizer.json, a NUL, and a text for it. Without a NUL it is a text for built-in tokenizers.
//
//===----------------------------------------------------------------------===//

#include "text/TextError.h"
#include "text/Tokenizer.h"
#include "text/Unicode.h"

#include <cstdlib>

using namespace tenon::text;

namespace {

constexpr std::string_view kWordPiece = R"({
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

constexpr std::string_view kByteLevel = R"({
  "added_tokens": [
    {"id": 9, "content": "<e>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
  "normalizer": {"type": "NFC"},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Digits", "individual_digits": true},
    {"type": "Split", "pattern": {"Regex": "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+"},
     "behavior": "Isolated", "invert": false},
    {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}]},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
  "model": {"type": "BPE", "unk_token": "Ā", "ignore_merges": true,
            "vocab": {"Ā": 0, "a": 1, "b": 2, "ab": 3, "Ġ": 4, "Ġa": 5, "Ã": 6, "©": 7, "Ã©": 8, "<e>": 9, "ð": 10},
            "merges": ["a b", "Ġ a", "Ã ©"]}})";

constexpr std::string_view kSentencePiece = R"({
  "added_tokens": [
    {"id": 1, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": true, "normalized": false, "special": true}],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Nmt"}, {"type": "Strip", "strip_left": false, "strip_right": true},
    {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
  "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true},
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 1}]},
  "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": true,
            "vocab": [["<unk>", 0], ["</s>", 0], ["▁", -2], ["▁a", -1.5], ["a", -2], ["b", -2], ["ab", -4], ["<", -3], ["/", -3],
                      ["s", -3], [">", -3], ["<0xC3>", 0], ["<0xA9>", 0], ["<0xF0>", 0]]}})";

void check(bool holds) {
  if (!holds)
    std::abort();
}

/// A stream gives the same text, in whole characters.
void decodeBothWays(const Tokenizer &tokenizer, const std::vector<int32_t> &ids) {
  std::string whole = tokenizer.decode(ids, false), streamed;
  std::u32string ignored;
  size_t bad;
  auto stream = tokenizer.stream(false);
  auto take = [&](const std::string &part) {
    check(decodeUtf8(part, ignored, bad));
    streamed += part;
  };
  for (int32_t id : ids)
    take(stream->push(id));
  take(stream->finish());
  check(streamed == whole);
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
  decodeBothWays(tokenizer, whole.ids);
  EncodeOptions plain;
  plain.addSpecial = plain.findSpecial = false;
  if (tokenizer.encode(text, plain, cut, error))
    decodeBothWays(tokenizer, cut.ids);
  if (tokenizer.encode(text, 5, cut, error))
    check(cut.ids.size() <= 5);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string error;
  static const std::unique_ptr<Tokenizer> builtIn[] = {Tokenizer::fromJson(kWordPiece, error),
                                                       Tokenizer::fromJson(kByteLevel, error),
                                                       Tokenizer::fromJson(kSentencePiece, error)};
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t end = input.find('\0');
  if (end == input.npos) {
    for (const auto &tokenizer : builtIn) {
      check(tokenizer != nullptr);
      encodeAndDecode(*tokenizer, input);
    }
    return 0;
  }
  std::unique_ptr<Tokenizer> tokenizer = Tokenizer::fromJson(input.substr(0, end), error);
  check((tokenizer != nullptr) == error.empty());
  try {
    if (tokenizer)
      encodeAndDecode(*tokenizer, input.substr(end + 1));
  } catch (const TextError &) {
    // A decoder's expression that does not come to an end.
  }
  return 0;
}
