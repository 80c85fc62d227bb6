//===- KindsTest.cpp - Every kind of tokenizer against recorded answers ---===//

#include "text/Tokenizer.h"
#include "text/Unicode.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;
using namespace tenon::text;

namespace {

json readGolden(const std::string &name) {
  std::ifstream file(std::string(TENON_GOLDEN_DIR) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return json::parse(file);
}

bool isUtf8(std::string_view text) {
  std::u32string ignored;
  size_t bad;
  return decodeUtf8(text, ignored, bad);
}

class Kinds : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    golden = readGolden(std::string(GetParam()) + ".json");
    texts = readGolden("kinds.texts.json").get<std::vector<std::string>>();
    ASSERT_GE(texts.size(), 200u);
    ASSERT_EQ(golden["ids"].size(), texts.size());
    std::string error;
    tokenizer = Tokenizer::fromJson(readGolden(std::string(GetParam()) + ".tokenizer.json").dump(), error);
    ASSERT_TRUE(tokenizer) << error;
  }

  std::vector<int32_t> idsOf(const std::string &text, const EncodeOptions &options) {
    Encoding encoding;
    std::string error;
    EXPECT_TRUE(tokenizer->encode(text, options, encoding, error)) << error;
    EXPECT_EQ(encoding.ids.size(), encoding.types.size());
    return encoding.ids;
  }

  /// Every part must be whole characters.
  std::string streamed(const std::vector<int32_t> &ids, bool skipSpecial) {
    auto stream = tokenizer->stream(skipSpecial);
    std::string all;
    auto take = [&](const std::string &part) {
      EXPECT_TRUE(isUtf8(part));
      all += part;
    };
    for (int32_t id : ids)
      take(stream->push(id));
    take(stream->finish());
    EXPECT_EQ(stream->finish(), "");
    return all;
  }

  json golden;
  std::vector<std::string> texts;
  std::unique_ptr<Tokenizer> tokenizer;
};

TEST_P(Kinds, EncodeAsTheOracle) {
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(idsOf(texts[i], {}), golden["ids"][i].get<std::vector<int32_t>>()) << texts[i];
}

TEST_P(Kinds, DecodeAsTheOracleAtOnceAndAsAStream) {
  for (size_t i = 0; i < texts.size(); ++i) {
    auto ids = golden["ids"][i].get<std::vector<int32_t>>();
    std::string expected = golden["decoded"][i].is_null() ? texts[i] : golden["decoded"][i].get<std::string>();
    EXPECT_EQ(tokenizer->decode(ids), expected);
    EXPECT_EQ(streamed(ids, true), expected);
  }
}

TEST_P(Kinds, DecodeAnyIdsAsTheOracle) {
  ASSERT_GE(golden["random"].size(), 40u);
  for (const json &expected : golden["random"]) {
    auto ids = expected["ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer->decode(ids, false), expected["text"].get<std::string>()) << expected["ids"];
    EXPECT_EQ(streamed(ids, false), expected["text"].get<std::string>()) << expected["ids"];
  }
}

TEST_P(Kinds, GiveNoSpecialTokensToTextThatSpellsThem) {
  EncodeOptions plain;
  plain.addSpecial = plain.findSpecial = false;
  // The unknown token is one of them and may come out of what is unknown.
  std::vector<int32_t> special = tokenizer->specialIds();
  for (const char *unknown : {"<unk>", "[UNK]"})
    if (auto id = tokenizer->idOf(unknown))
      std::erase(special, *id);
  size_t compared = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    std::vector<int32_t> ids = idsOf(texts[i], plain);
    for (int32_t id : ids)
      EXPECT_EQ(std::count(special.begin(), special.end(), id), 0) << texts[i];
    if (golden["plain"][i].is_null())
      continue;
    EXPECT_EQ(ids, golden["plain"][i].get<std::vector<int32_t>>()) << texts[i];
    ++compared;
  }
  EXPECT_GE(compared, 50u);
}

TEST_P(Kinds, KnowTheirTokensByName) {
  size_t found = 0;
  for (const auto &[token, id] : golden["tokens"].items()) {
    std::optional<int32_t> ours = tokenizer->idOf(token);
    EXPECT_EQ(ours.has_value(), !id.is_null()) << token;
    if (!ours || id.is_null())
      continue;
    EXPECT_EQ(*ours, id.get<int32_t>()) << token;
    ASSERT_TRUE(tokenizer->tokenOf(*ours));
    EXPECT_EQ(*tokenizer->tokenOf(*ours), token);
    ++found;
  }
  EXPECT_GE(found, 1u);
  for (int32_t id : tokenizer->specialIds())
    EXPECT_TRUE(tokenizer->isSpecial(id) && id < static_cast<int32_t>(tokenizer->vocabularySize()));
  EXPECT_FALSE(tokenizer->isSpecial(-1));
  EXPECT_FALSE(tokenizer->tokenOf(static_cast<int32_t>(tokenizer->vocabularySize())));
  EXPECT_FALSE(tokenizer->idOf("not a token of any of them"));
}

/// Quadratic work on the one word that some of these make of it would not end in a test's time.
TEST_P(Kinds, TakeAMegabyteWithoutASpace) {
  std::string text;
  while (text.size() < (1u << 20))
    text += "antidisestablishmentarianism";
  std::vector<int32_t> ids = idsOf(text, {});
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(streamed(ids, true), tokenizer->decode(ids));
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Kinds,
                         testing::Values("gpt2", "roberta", "llama3", "qwen2", "smollm2", "o200k", "split_chain",
                                         "llama2", "llama2_first", "gemma", "word_end_bpe", "prefix_bpe", "t5", "xlmr",
                                         "unigram_bytes", "wordpiece"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
