//===- DecoderTest.cpp - What becomes of tokens on their way to text ------===//

#include "text/Decoder.h"

#include <gtest/gtest.h>

using namespace tenon::text;

namespace {

class Decoders : public testing::Test {
protected:
  Decoding decoding(const char *json) {
    description = nlohmann::json::parse(json);
    DecoderRecipe recipe = readDecoder(JsonValue(description, "decoder", error));
    EXPECT_EQ(error, "");
    return Decoding(recipe);
  }

  /// The texts that each token makes final, and last what `finish` adds.
  std::vector<std::string> parts(const char *json, const std::vector<std::string> &tokens) {
    Decoding decoding = this->decoding(json);
    std::vector<std::string> texts;
    for (const std::string &token : tokens) {
      decoding.push(token);
      texts.push_back(decoding.take());
    }
    decoding.finish();
    texts.push_back(decoding.take());
    return texts;
  }

  nlohmann::json description;
  std::string error;
};

using Texts = std::vector<std::string>;

constexpr const char *kByteLevel =
    R"({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})";
constexpr const char *kLlama = R"({"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})";

TEST_F(Decoders, ByteLevelWaitsForTheEndOfACharacter) {
  // "Ġ" is a space; the emoji's four bytes are split three ways.
  EXPECT_EQ(parts(kByteLevel, {"a", "Ġb", "ðŁ", "ĺ", "Ģ", "c"}), (Texts{"a", " b", "", "", "😀", "c", ""}));
}

TEST_F(Decoders, ByteLevelReplacesWhatIsNoCharacter) {
  constexpr const char *kBad = "\xEF\xBF\xBD";
  // A character cut short is one mark, once it is known to be cut short.
  EXPECT_EQ(parts(kByteLevel, {"ðŁ", "a"}), (Texts{"", kBad + std::string("a"), ""}));
  EXPECT_EQ(parts(kByteLevel, {"ðŁĺ"}), (Texts{"", kBad}));
  // A byte that begins nothing cannot wait for anything.
  EXPECT_EQ(parts(kByteLevel, {"ÿ", "ģ", "À"}), (Texts{kBad, kBad, kBad, ""}));
  // A lead byte whose second byte is out of its range: overlong, surrogate, beyond U+10FFFF.
  for (const char *token : {"àģ", "íł", "ôĲ"})
    EXPECT_EQ(parts(kByteLevel, {token}), (Texts{std::string(kBad) + kBad, ""})) << token;
}

TEST_F(Decoders, ByteLevelTakesATokenThatIsNoBytesAsItIs) {
  EXPECT_EQ(parts(kByteLevel, {"Ġ中", "ĠĀ"}), (Texts{"Ġ中", std::string(" \0", 2), ""}));
}

TEST_F(Decoders, LlamaStripsASpaceOfTheTextOnly) {
  EXPECT_EQ(parts(kLlama, {"▁Hello", "▁world", "▁", "▁"}), (Texts{"Hello", " world", " ", " ", ""}));
  EXPECT_EQ(parts(kLlama, {"▁▁two"}), (Texts{" two", ""}));
  EXPECT_EQ(parts(kLlama, {"▁", "▁b"}), (Texts{"", " b", ""}));
  EXPECT_EQ(parts(kLlama, {}), (Texts{""}));
}

TEST_F(Decoders, BytesAreOneTokenUntilAnotherComes) {
  EXPECT_EQ(parts(kLlama, {"a", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "b"}), (Texts{"a", "", "", "", "", "😀b", ""}));
  // One byte that is wrong spoils its neighbours too.
  constexpr const char *kBad = "\xEF\xBF\xBD";
  EXPECT_EQ(parts(kLlama, {"<0x41>", "<0xFF>"}), (Texts{"", "", std::string(kBad) + kBad}));
  EXPECT_EQ(parts(kLlama, {"<0x20>", "<0x41>"}), (Texts{"", "", "A"}));
  // Not spelled as a byte.
  EXPECT_EQ(parts(kLlama, {"<0x4>", "<0x4G>", "<0x041>"}), (Texts{"<0x4>", "<0x4G>", "<0x041>", ""}));
}

TEST_F(Decoders, StripHoldsBackWhatMayBeTheEnd) {
  constexpr const char *kBothEnds =
      R"({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": "_", "start": 2, "stop": 2}]})";
  EXPECT_EQ(parts(kBothEnds, {"_", "_", "_a", "_", "b", "_", "_", "_"}),
            (Texts{"", "", "_a", "", "_b", "", "", "_", ""}));
  EXPECT_EQ(parts(kBothEnds, {"_", "_", "_", "_"}), (Texts{"", "", "", "", ""}));
  // Without Fuse each token is stripped on its own.
  EXPECT_EQ(parts(R"({"type": "Strip", "content": "_", "start": 1, "stop": 1})", {"_a_", "__", "b"}),
            (Texts{"a", "", "b", ""}));
}

TEST_F(Decoders, MetaspaceDropsTheMarkOfTheFirstToken) {
  EXPECT_EQ(
      parts(R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true})", {"▁a▁b", "▁c"}),
      (Texts{"ab", " c", ""}));
  EXPECT_EQ(
      parts(R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": true})", {"▁a", "▁c"}),
      (Texts{" a", " c", ""}));
}

TEST_F(Decoders, TheLastWordsEndIsNoSpace) {
  EXPECT_EQ(parts(R"({"type": "BPEDecoder", "suffix": "</w>"})", {"lo", "w</w>", "er</w>"}),
            (Texts{"", "lo", "w ", "er"}));
}

TEST_F(Decoders, WordPieceCleansUpBeforePunctuation) {
  EXPECT_EQ(parts(R"({"type": "WordPiece", "prefix": "##", "cleanup": true})", {"un", "##do", ".", "it"}),
            (Texts{"un", "do", ".", " it", ""}));
}

TEST_F(Decoders, ReplacementsWaitForAWholeToken) {
  constexpr const char *kAfterFuse =
      R"({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Replace", "pattern": {"Regex": "a+b"}, "content": "-"}]})";
  EXPECT_EQ(parts(kAfterFuse, {"xa", "a", "by"}), (Texts{"", "", "", "x-y"}));
}

TEST_F(Decoders, WithoutADecoderTokensAreJoinedWithSpaces) {
  EXPECT_EQ(parts("null", {"a", "b", "c"}), (Texts{"a", " b", " c", ""}));
}

} // namespace
