//===- SentencePieceTest.cpp - What Tenon's own tokenizer.json has more -----===//

#include "text/Tokenizer.h"

#include <cstring>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace tenon::text;
using nlohmann::json;

namespace {

using Ids = std::vector<int32_t>;

json file(const json &model, const json &parts) {
  json whole = {{"added_tokens", json::array()}, {"model", model}};
  whole.update(parts);
  return whole;
}

Ids ids(const json &whole, std::string_view text) {
  std::string error;
  auto tokenizer = Tokenizer::fromJson(whole.dump(), error);
  EXPECT_TRUE(tokenizer) << error;
  Encoding encoding;
  EXPECT_TRUE(tokenizer && tokenizer->encode(text, 0, encoding, error)) << error;
  return encoding.ids;
}

std::string base64(const std::vector<uint32_t> &units, std::string_view replacements) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(4, '\0'), text;
  uint32_t size = static_cast<uint32_t>(units.size() * 4);
  std::memcpy(bytes.data(), &size, 4);
  bytes.append(reinterpret_cast<const char *>(units.data()), size).append(replacements);
  bytes.append((3 - bytes.size() % 3) % 3, '\0');
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | static_cast<uint8_t>(bytes[i + k]);
    for (uint32_t shift : {18u, 12u, 6u, 0u})
      text += kDigits[bits >> shift & 63];
  }
  return text;
}

/// "a" becomes "b", and "ab" becomes "c d".
std::string smallTable() {
  constexpr uint32_t kHasLeaf = 1u << 8, kIsLeaf = 1u << 31;
  std::vector<uint32_t> units(1024);
  constexpr uint32_t kFirst = 256, kSecond = 512, kThird = 768; // Where the children of a node are.
  uint32_t a = kFirst ^ 'a', b = kSecond ^ 'b';
  units[0] = kFirst << 10;
  units[a] = 'a' | kHasLeaf | (a ^ kSecond) << 10;
  units[kSecond] = kIsLeaf | 0;
  units[b] = 'b' | kHasLeaf | (b ^ kThird) << 10;
  units[kThird] = kIsLeaf | 2;
  return base64(units, std::string_view("b\0c d\0", 6));
}

json pieces(std::initializer_list<const char *> more = {}) {
  json model = {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", json::array({json::array({"<unk>", 0.0})})}};
  for (const char *piece : {"b", "c", "d", "x", "\u2581", "\u2581d"})
    model["vocab"].push_back(json::array({piece, -1.0}));
  for (const char *piece : more)
    model["vocab"].push_back(json::array({piece, -1.5}));
  return model;
}

json sentencePiece(const std::string &table, bool removeSpaces = true) {
  return {{"type", "SentencePiece"},
          {"precompiled_charsmap", table},
          {"add_dummy_prefix", true},
          {"remove_extra_whitespaces", removeSpaces},
          {"escape_whitespaces", true}};
}

TEST(SentencePiece, ReplacesTheLongestEntry) {
  json whole = file(pieces(), {{"normalizer", sentencePiece(smallTable())}});
  EXPECT_EQ(ids(whole, "a"), (Ids{5, 1}));
  EXPECT_EQ(ids(whole, "ab"), (Ids{5, 2, 6}));
  EXPECT_EQ(ids(whole, "aabx"), (Ids{5, 1, 2, 6, 4}));
}

TEST(SentencePiece, RemovesSpacesThatAreTooMany) {
  json whole = file(pieces(), {{"normalizer", sentencePiece("")}});
  EXPECT_EQ(ids(whole, "  b   d "), (Ids{5, 1, 6}));
  EXPECT_EQ(ids(whole, "   "), Ids{});
  EXPECT_EQ(ids(whole, ""), Ids{});
  whole = file(pieces(), {{"normalizer", sentencePiece("", false)}});
  EXPECT_EQ(ids(whole, " b"), (Ids{5, 5, 1}));
  EXPECT_EQ(ids(whole, " "), (Ids{5, 5}));
}

/// Behind x, whose score is so low that float32 has even numbers only there, "bbb" is b bb or bb b.
TEST(SentencePiece, RoundsSumsToSinglePrecision) {
  json model = pieces({"bb"});
  model["vocab"][4][1] = -16777216.0;
  model["vocab"][1][1] = -1.5;
  model["vocab"][7][1] = -1.0;
  EXPECT_EQ(ids(file(model, {{"normalizer", sentencePiece("")}}), "xbbb"), (Ids{5, 4, 1, 7}));
  model["single_precision"] = true;
  EXPECT_EQ(ids(file(model, {{"normalizer", sentencePiece("")}}), "xbbb"), (Ids{5, 4, 7, 1}));
}

TEST(SentencePiece, MakesNoTextAPieceThatIsNotMatched) {
  json model = pieces({"<s>", "<", "s", ">"});
  json token = {{"id", 7},         {"content", "<s>"},    {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", true}};
  json parts = {{"normalizer", sentencePiece("")}, {"added_tokens", {token}}};
  EXPECT_EQ(ids(file(model, parts), "b<s>"), (Ids{5, 1, 7}));
  parts["added_tokens"][0]["matched"] = false;
  EXPECT_EQ(ids(file(model, parts), "b<s>"), (Ids{5, 1, 8, 9, 10}));
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file(model, parts).dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  EXPECT_TRUE(tokenizer->isSpecial(7));
}

} // namespace
