//===- TokenizerTest.cpp - Ids and texts against recorded ones ------------===//

#include "text/Tokenizer.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>

using nlohmann::json;
using tenon::text::Encoding;
using tenon::text::Tokenizer;

namespace {

json readGolden(const std::string &name) {
  std::ifstream file(std::string(TENON_GOLDEN_DIR) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return json::parse(file);
}

/// The whole tokenizer.json of a golden: its own, or the cased one with some parts replaced.
json tokenizerOf(const std::string &name, const json &golden) {
  if (!golden.contains("cased_with"))
    return readGolden(name + ".tokenizer.json");
  json file = readGolden("cased.tokenizer.json");
  for (const auto &[key, value] : golden["cased_with"].items()) {
    if (key == "model")
      file[key].update(value);
    else
      file[key] = value;
  }
  return file;
}

class Golden : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    golden = readGolden(std::string(GetParam()) + ".json");
    std::string error;
    tokenizer = Tokenizer::fromJson(tokenizerOf(GetParam(), golden).dump(), error);
    ASSERT_TRUE(tokenizer) << error;
  }

  json golden;
  std::unique_ptr<Tokenizer> tokenizer;
};

TEST_P(Golden, EncodesAsTheOracle) {
  ASSERT_GE(golden["cases"].size(), 100u);
  for (const json &expected : golden["cases"]) {
    Encoding encoding;
    std::string error;
    ASSERT_TRUE(tokenizer->encode(expected["text"].get<std::string>(), 0, encoding, error)) << error;
    EXPECT_EQ(encoding.ids, expected["ids"].get<std::vector<int32_t>>()) << expected["text"];
    EXPECT_EQ(encoding.types, expected["types"].get<std::vector<int32_t>>()) << expected["text"];
  }
}

TEST_P(Golden, DecodesAsTheOracle) {
  for (const json &expected : golden["cases"])
    EXPECT_EQ(tokenizer->decode(expected["ids"].get<std::vector<int32_t>>()), expected["decoded"].get<std::string>())
        << expected["text"];
}

TEST_P(Golden, TruncatesAsTheOracle) {
  ASSERT_FALSE(golden["truncated"].empty());
  for (const json &expected : golden["truncated"]) {
    Encoding encoding;
    std::string error;
    ASSERT_TRUE(tokenizer->encode(expected["text"].get<std::string>(), expected["max"].get<size_t>(), encoding, error))
        << error;
    EXPECT_EQ(encoding.ids, expected["ids"].get<std::vector<int32_t>>()) << expected["text"];
    EXPECT_EQ(encoding.types.size(), encoding.ids.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Golden, testing::Values("uncased", "cased", "added", "sequence", "plain"),
                         [](const auto &info) { return std::string(info.param); });

std::unique_ptr<Tokenizer> uncased() {
  std::string error;
  auto tokenizer = Tokenizer::fromJson(readGolden("uncased.tokenizer.json").dump(), error);
  EXPECT_TRUE(tokenizer) << error;
  return tokenizer;
}

TEST(Tokenizer, SaysWhichByteIsNotUtf8) {
  auto tokenizer = uncased();
  struct Case {
    std::string text;
    const char *error;
  };
  const Case cases[] = {
      {"abc\xff", "text is not UTF-8: byte 0xff at offset 3"},
      {"\x80", "text is not UTF-8: byte 0x80 at offset 0"},
      {"ab\xe4\xb8", "text is not UTF-8: byte 0xe4 at offset 2"},
      {"\xc0\xaf", "text is not UTF-8: byte 0xc0 at offset 0"},
      {"\xc1\xbf", "text is not UTF-8: byte 0xc1 at offset 0"},
      {"\xe0\x9f\xbf", "text is not UTF-8: byte 0xe0 at offset 0"},
      {"\xf0\x8f\xbf\xbf", "text is not UTF-8: byte 0xf0 at offset 0"},
      {"\xc3\xa4\xed\xa0\x80", "text is not UTF-8: byte 0xed at offset 2"},
      {"\xf4\x90\x80\x80", "text is not UTF-8: byte 0xf4 at offset 0"},
      {"\xf5\x80\x80\x80", "text is not UTF-8: byte 0xf5 at offset 0"},
      {std::string("\xf0\x9f\x99", 3), "text is not UTF-8: byte 0xf0 at offset 0"},
      {std::string("\xc3\0", 2), "text is not UTF-8: byte 0xc3 at offset 0"},
  };
  for (const Case &c : cases) {
    Encoding encoding;
    std::string error;
    EXPECT_FALSE(tokenizer->encode(c.text, 0, encoding, error));
    EXPECT_EQ(error, c.error);
  }
}

TEST(Tokenizer, RefusesALimitBelowTheSpecialTokens) {
  Encoding encoding;
  std::string error;
  EXPECT_FALSE(uncased()->encode("a", 1, encoding, error));
  EXPECT_EQ(error, "a limit of 1 tokens leaves no room for the 2 special tokens");
}

TEST(Tokenizer, LimitReplacesTheFilesOwn) {
  json file = readGolden("uncased.tokenizer.json");
  file["truncation"] = {{"max_length", 4}, {"strategy", "LongestFirst"}, {"stride", 0}};
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file.dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  ASSERT_TRUE(tokenizer->encode("a a a a a a a a", 0, encoding, error));
  EXPECT_EQ(encoding.ids.size(), 4u);
  ASSERT_TRUE(tokenizer->encode("a a a a a a a a", 6, encoding, error));
  EXPECT_EQ(encoding.ids.size(), 6u);
}

TEST(Tokenizer, LeavesNothingOfAnEarlierEncoding) {
  auto tokenizer = uncased();
  Encoding encoding;
  std::string error;
  ASSERT_TRUE(tokenizer->encode("hello world", 0, encoding, error));
  ASSERT_TRUE(tokenizer->encode("", 0, encoding, error));
  EXPECT_EQ(encoding.ids.size(), 2u);
  EXPECT_EQ(encoding.types.size(), 2u);
}

TEST(Tokenizer, TokenizesLongWordsWithAndWithoutALimit) {
  json file = readGolden("uncased.tokenizer.json");
  file["model"]["max_input_chars_per_word"] = 1 << 30;
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file.dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  ASSERT_TRUE(tokenizer->encode(std::string(100000, 'a'), 0, encoding, error));
  std::string joined = tokenizer->decode(encoding.ids);
  EXPECT_EQ(joined, std::string(100000, 'a'));
  ASSERT_TRUE(uncased()->encode(std::string(100000, 'a'), 0, encoding, error));
  EXPECT_EQ(encoding.ids.size(), 3u); // The unknown token between the special ones.
}

TEST(Tokenizer, DecodesOverUnknownAndNegativeIds) {
  EXPECT_EQ(uncased()->decode({-1, 2147483647, -2147483647 - 1, 1 << 20}), "");
}

TEST(Tokenizer, CountsOneMoreThanTheLargestId) {
  json file = readGolden("uncased.tokenizer.json");
  size_t count = file["model"]["vocab"].size();
  EXPECT_EQ(uncased()->vocabularySize(), count);
  file["model"]["vocab"]["a-token-far-away"] = 99999;
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file.dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  EXPECT_EQ(tokenizer->vocabularySize(), 100000u);
}

} // namespace
