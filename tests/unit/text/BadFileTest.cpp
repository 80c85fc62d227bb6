//===- BadFileTest.cpp - What a tokenizer.json can have wrong -------------===//

#include "text/Tokenizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

using nlohmann::json;
using tenon::text::Encoding;
using tenon::text::Tokenizer;

namespace {

json smallFile() {
  return json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 0, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false,
                      "normalized": false, "special": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                   "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
                       "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                       "pair": [], "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [3], "tokens": ["[CLS]"]}}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##b": 2, "[CLS]": 3}}})");
}

std::string errorOf(const std::string &text) {
  std::string error;
  EXPECT_FALSE(Tokenizer::fromJson(text, error)) << text;
  return error;
}

TEST(BadFile, TheFileThatTheOthersBreakIsGood) {
  std::string error;
  auto tokenizer = Tokenizer::fromJson(smallFile().dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  ASSERT_TRUE(tokenizer->encode("ab A x", 0, encoding, error)) << error;
  EXPECT_EQ(encoding.ids, (std::vector<int32_t>{3, 1, 2, 1, 0}));
}

TEST(BadFile, IsNotJson) {
  EXPECT_NE(errorOf("").find("not JSON: "), std::string::npos);
  EXPECT_NE(errorOf("{\"model\": ").find("(byte "), std::string::npos);
  EXPECT_NE(errorOf("{} {}").find("not JSON: "), std::string::npos);
  EXPECT_NE(errorOf("\"\xff\"").find("not JSON: "), std::string::npos);
  EXPECT_NE(errorOf("[1e999]").find("not JSON: "), std::string::npos);
  EXPECT_EQ(errorOf(std::string(100000, '[')), "nested deeper than 32 levels");
  std::string objects;
  for (int i = 0; i < 100000; ++i)
    objects += "{\"a\":";
  EXPECT_EQ(errorOf(objects), "nested deeper than 32 levels");
  EXPECT_EQ(errorOf("[]"), "expected an object, found array");
  EXPECT_EQ(errorOf("{\"a\":1,\"a\":2}"), "key \"a\" stands twice in one object");
}

struct Broken {
  const char *pointer; ///< Which value is replaced; removed where `value` is empty.
  const char *value;
  const char *error;
};

class BadFile : public testing::TestWithParam<Broken> {};

TEST_P(BadFile, IsRefusedWithItsPlace) {
  json file = smallFile();
  json::json_pointer pointer(GetParam().pointer);
  if (*GetParam().value)
    file[pointer] = json::parse(GetParam().value);
  else
    file[pointer.parent_pointer()].erase(pointer.back());
  EXPECT_EQ(errorOf(file.dump()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Parts, BadFile,
    testing::Values(
        Broken{"/model", "", "missing key \"model\""}, Broken{"/model", "3", "model: expected an object, found 3"},
        Broken{"/version", "\"2.0\"", "version: version \"2.0\" is not supported; supported is: 1.0"},
        Broken{"/extra", "1",
               "key \"extra\" is not supported; supported are: version, truncation, padding, added_tokens, normalizer, "
               "pre_tokenizer, post_processor, decoder, model, leading_code"},
        Broken{"/model/type", "\"WordLevel\"",
               "model: model type \"WordLevel\" is not supported; supported are: BPE, Unigram, WordPiece"},
        Broken{"/model/type", "[]", "model.type: expected a string, found array"},
        Broken{"/model/vocab", "", "model: missing key \"vocab\""},
        Broken{"/model/vocab", "[]", "model.vocab: expected an object, found array"},
        Broken{"/model/vocab", "{}", "model: unk_token \"[UNK]\" is not in the vocabulary of 0 tokens"},
        Broken{"/model/vocab/a", "-1", "model.vocab: token \"a\": expected an id from 0 to 2147483647, found -1"},
        Broken{"/model/vocab/a", "2147483648",
               "model.vocab: token \"a\": expected an id from 0 to 2147483647, found 2147483648"},
        Broken{"/model/vocab/a", "1.5", "model.vocab: token \"a\": expected an id from 0 to 2147483647, found 1.5"},
        Broken{"/model/vocab/a", "\"1\"", "model.vocab: token \"a\": expected an id from 0 to 2147483647, found \"1\""},
        Broken{"/model/vocab/a", "2", "model.vocab: tokens \"##b\" and \"a\" have the same id, 2"},
        Broken{"/model/unk_token", "\"<unk>\"", "model: unk_token \"<unk>\" is not in the vocabulary of 4 tokens"},
        Broken{"/model/max_input_chars_per_word", "-1",
               "model.max_input_chars_per_word: expected an integer from 0 to 2147483647, found -1"},
        Broken{"/model/dropout", "0.1",
               "model: key \"dropout\" is not supported; supported are: type, unk_token, continuing_subword_prefix, "
               "max_input_chars_per_word, vocab"}));

INSTANTIATE_TEST_SUITE_P(
    Pieces, BadFile,
    testing::Values(
        Broken{
            "/normalizer/type", "\"Shout\"",
            "normalizer: normalizer type \"Shout\" is not supported; supported are: BertNormalizer, ByteLevel, "
            "Lowercase, "
            "NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, SentencePiece, Sequence, Strip, StripAccents"},
        Broken{"/normalizer/lowercase", "1", "normalizer.lowercase: expected true or false, found 1"},
        Broken{"/normalizer/strip_accents", "\"yes\"",
               "normalizer.strip_accents: expected true or false, found the string \"yes\""},
        Broken{"/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "X"}]})",
               "normalizer.normalizers[1]: normalizer type \"X\" is not supported; supported are: BertNormalizer, "
               "ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, SentencePiece, "
               "Sequence, Strip, "
               "StripAccents"},
        Broken{"/normalizer", R"({"type": "Replace", "pattern": {"Glob": "a*"}, "content": ""})",
               "normalizer.pattern: key \"Glob\" is not supported; supported are: String, Regex"},
        Broken{"/normalizer", R"({"type": "Replace", "pattern": {"String": ""}, "content": "x"})",
               "normalizer.pattern: expected a string of at least one character, found an empty one"},
        Broken{"/pre_tokenizer/type", "\"FixedLength\"",
               "pre_tokenizer: pre-tokenizer type \"FixedLength\" is not supported; supported are: BertPreTokenizer, "
               "ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace, "
               "WhitespaceSplit"},
        Broken{"/pre_tokenizer", R"({"type": "Punctuation", "behavior": "Kept"})",
               "pre_tokenizer.behavior: behavior \"Kept\" is not supported; supported are: Removed, Isolated, "
               "MergedWithPrevious, MergedWithNext, Contiguous"},
        Broken{"/post_processor/type", "\"Reversal\"",
               "post_processor: post-processor type \"Reversal\" is not supported; supported are: BertProcessing, "
               "ByteLevel, RobertaProcessing, Sequence, TemplateProcessing"},
        Broken{"/post_processor/single/0/SpecialToken/id", "\"[X]\"",
               "post_processor.special_tokens: missing key \"[X]\""},
        Broken{"/post_processor/single/1/Sequence/id", "\"B\"",
               "post_processor.single[1].Sequence: sequence \"B\" in a template for one text; expected A"},
        Broken{"/post_processor/single/0", "{}",
               "post_processor.single[0]: expected one of SpecialToken and Sequence, found 0 keys"},
        Broken{"/post_processor/special_tokens/[CLS]/ids", "[]",
               "post_processor.special_tokens.[CLS]: expected at least one id, found none"},
        Broken{"/post_processor/special_tokens/[CLS]/ids", "[-4]",
               "post_processor.special_tokens.[CLS].ids[0]: expected an integer from 0 to 2147483647, found -4"},
        Broken{"/post_processor", R"({"type": "BertProcessing", "sep": ["[SEP]"], "cls": ["[CLS]", 3]})",
               "post_processor.sep: expected a token and its id, found 1 elements"},
        Broken{
            "/decoder/type", "\"CTC\"",
            "decoder: decoder type \"CTC\" is not supported; supported are: BPEDecoder, ByteFallback, ByteLevel, Fuse, "
            "Metaspace, Replace, Sequence, Strip, WordPiece"},
        Broken{"/truncation", R"({"max_length": -1, "strategy": "LongestFirst", "stride": 0})",
               "truncation.max_length: expected an integer from 0 to 9223372036854775807, found -1"},
        Broken{"/truncation", R"({"max_length": 8, "strategy": "OnlySecond", "stride": 0})",
               "truncation: strategy \"OnlySecond\" is not supported; supported are: LongestFirst, OnlyFirst"},
        Broken{"/truncation", R"({"max_length": 8, "strategy": "OnlyFirst", "stride": 0, "direction": "Up"})",
               "truncation.direction: direction \"Up\" is not supported; supported are: Left, Right"},
        Broken{"/added_tokens", "{}", "added_tokens: expected an array, found object"},
        Broken{"/added_tokens/0/content", "\"\"", "added_tokens[0]: content is empty"},
        Broken{"/added_tokens/0/content", "\"a\"",
               "added_tokens[0]: id 0 of \"a\" differs from its id in the vocabulary, 1"},
        Broken{"/added_tokens/0/content", "\"new\"",
               "added_tokens[0]: id 0 of \"new\" is that of \"[UNK]\" in the vocabulary"}));

TEST(BadFile, AddedTokensThatCollide) {
  json file = smallFile();
  json token = file["added_tokens"][0];
  file["added_tokens"].push_back(token);
  EXPECT_EQ(errorOf(file.dump()), "added_tokens[1]: id 0 of \"[UNK]\" is already that of \"[UNK]\"");
  token.update({{"id", 9}, {"content", "X"}, {"normalized", true}});
  file["added_tokens"][1] = token;
  token.update({{"id", 10}, {"content", "x"}});
  file["added_tokens"].push_back(token);
  EXPECT_EQ(errorOf(file.dump()), "added_tokens[2]: \"x\" matches the same text as an added token before it");
  file["added_tokens"][2]["content"] = "\t";
  file["added_tokens"][2]["content"] = "\u200b";
  EXPECT_EQ(errorOf(file.dump()), "added_tokens[2]: nothing is left of \"\u200b\" after normalisation");
}

/// Whatever a file is turned into, reading it ends in a tokenizer that works or in an error text.
TEST(BadFile, MutatedFilesAreReadOrRefused) {
  const std::string good = smallFile().dump();
  std::mt19937 random(7);
  auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  size_t refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = good;
    switch (round % 4) {
    case 0:
      text.resize(below(text.size()));
      break;
    case 1:
      text[below(text.size())] = static_cast<char>(random());
      break;
    case 2:
      text.insert(below(text.size()), text.substr(below(text.size()), below(40)));
      break;
    case 3:
      std::swap(text[below(text.size())], text[below(text.size())]);
      break;
    }
    std::string error;
    auto tokenizer = Tokenizer::fromJson(text, error);
    EXPECT_EQ(tokenizer == nullptr, !error.empty()) << text;
    Encoding encoding;
    refused += tokenizer == nullptr;
    if (tokenizer && tokenizer->encode("ab [UNK] \u4e2d\u0301", 0, encoding, error))
      tokenizer->decode(encoding.ids);
  }
  EXPECT_GT(refused, 2000u);
}

/// The error of encoding a text with one part of the small file replaced.
std::string encodeError(const char *part, const json &replacement, const std::string &text) {
  json file = smallFile();
  file[part] = replacement;
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file.dump(), error);
  EXPECT_TRUE(tokenizer) << error;
  Encoding encoding;
  if (!tokenizer || tokenizer->encode(text, 0, encoding, error))
    return "it was encoded";
  return error;
}

json repeatedStep(const char *steps, const json &step, size_t count) {
  return {{"type", "Sequence"}, {steps, json::array_t(count, step)}};
}

TEST(BadFile, AStageThatGrowsATextWithoutBoundIsNamed) {
  json doubling = json::parse(R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"})");
  EXPECT_EQ(encodeError("normalizer", repeatedStep("normalizers", doubling, 60), "a"),
            "normalizer Replace makes 100663296 characters of a text, the most is 67108864");
  json large = {{"type", "Replace"}, {"pattern", {{"Regex", "."}}}, {"content", std::string(100'000, 'b')}};
  EXPECT_EQ(encodeError("normalizer", repeatedStep("normalizers", large, 3), "abc"),
            "normalizer Replace makes 30000300000 characters of a text, the most is 67108864");
  EXPECT_EQ(encodeError("normalizer", repeatedStep("normalizers", {{"type", "ByteLevel"}}, 60), "\u00e9"),
            "normalizer ByteLevel makes 134217728 characters of a text, the most is 67108864");
  json bytes = json::parse(R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false})");
  EXPECT_EQ(encodeError("pre_tokenizer", repeatedStep("pretokenizers", bytes, 60), "\u03b1"),
            "pre-tokenizer ByteLevel makes 134217728 characters of a text, the most is 67108864");
  json copies = {{"type", "TemplateProcessing"}, {"pair", json::array()}, {"special_tokens", json::object()}};
  copies["single"] = json::array_t(1000, json::parse(R"({"Sequence": {"id": "A", "type_id": 0}})"));
  std::string text;
  for (int word = 0; word < 70'000; ++word)
    text += "a ";
  EXPECT_EQ(encodeError("post_processor", copies, text),
            "the post-processor makes 70000000 tokens of a text, the most is 67108864");
}

} // namespace
