#include "import/GgufTokenizer.h"
#include "support/TempDirectory.h"
#include "weights/GgufBuilder.h"
#include "llvm/Support/JSON.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::import;
using tenon::test::GgufBuilder;

/// The tokenizer of a file with these contents, or the error's text after the path.
struct Read {
  explicit Read(const GgufBuilder &builder) {
    test::TempDirectory directory;
    std::string path = directory.write("x.gguf", builder.build());
    auto file = weights::GgufFile::open(path);
    if (!file) {
      ADD_FAILURE() << llvm::toString(file.takeError());
      return;
    }
    GgufKeys keys(**file);
    tokenizer = readGgufTokenizer(keys);
    if (llvm::Error failure = keys.takeError()) {
      error = llvm::toString(std::move(failure)).substr(path.size() + 4);
      return;
    }
    if (!tokenizer.json.empty())
      json = llvm::cantFail(llvm::json::parse(tokenizer.json));
  }
  const llvm::json::Object &part(llvm::StringRef name) const { return *json.getAsObject()->getObject(name); }
  GgufTokenizer tokenizer;
  llvm::json::Value json = nullptr;
  std::string error;
};

static GgufBuilder byteLevel(const std::string &pre = "smollm") {
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "gpt2");
  if (!pre.empty())
    builder.text("tokenizer.ggml.pre", pre);
  return builder.texts("tokenizer.ggml.tokens", {"<|im_end|>", "a", "b", "ab", "<think>", "<s>"})
      .numbers<int32_t>("tokenizer.ggml.token_type", 5, {3, 1, 1, 1, 4, 3})
      .texts("tokenizer.ggml.merges", {"a b"})
      .integer("tokenizer.ggml.bos_token_id", 5)
      .integer("tokenizer.ggml.eos_token_id", 0);
}

static GgufBuilder pieces(const std::string &architecture = "llama") {
  GgufBuilder builder;
  return builder.text("general.architecture", architecture)
      .text("tokenizer.ggml.model", "llama")
      .texts("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "\xe2\x96\x81", "a", "b", "ab",
                                       "\xe2\x96\x81"
                                       "ab",
                                       "  "})
      .numbers<float>("tokenizer.ggml.scores", 6, {0, 0, 0, -3, -4, -5, -1, -2, -9})
      .numbers<int32_t>("tokenizer.ggml.token_type", 5, {2, 3, 3, 1, 1, 1, 1, 1, 4});
}

TEST(GgufTokenizer, AFileWithoutOneHasNone) {
  EXPECT_EQ(Read(GgufBuilder()).tokenizer.json, "");
  EXPECT_EQ(Read(GgufBuilder().text("tokenizer.ggml.model", "none")).error, "");
}

TEST(GgufTokenizer, ByteLevelIsBytePairs) {
  Read read(byteLevel());
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.tokenizer.tokens, 6u);
  EXPECT_EQ(read.tokenizer.begin, 5);
  EXPECT_EQ(read.tokenizer.end, 0);
  const llvm::json::Object &model = read.part("model");
  EXPECT_EQ(model.getString("type"), "BPE");
  EXPECT_EQ(model.getObject("vocab")->getInteger("ab"), 3);
  ASSERT_EQ(model.getArray("merges")->size(), 1u);
  EXPECT_EQ(*model.getArray("merges")->front().getAsArray(), llvm::json::Array({"a", "b"}));
  EXPECT_EQ(model.getBoolean("ignore_merges"), false);
  EXPECT_TRUE(read.json.getAsObject()->get("post_processor")->getAsNull());
  const llvm::json::Array &added = *read.json.getAsObject()->getArray("added_tokens");
  ASSERT_EQ(added.size(), 3u);
  EXPECT_EQ(added[0].getAsObject()->getBoolean("special"), true);
  EXPECT_EQ(added[1].getAsObject()->getString("content"), "<think>");
  EXPECT_EQ(added[1].getAsObject()->getBoolean("special"), false);
}

TEST(GgufTokenizer, ThePreTokenizerIsTheOneThatIsNamed) {
  auto types = [](const std::string &pre) {
    std::string text;
    Read read(byteLevel(pre));
    EXPECT_EQ(read.error, "");
    for (const llvm::json::Value &item : *read.part("pre_tokenizer").getArray("pretokenizers"))
      text += item.getAsObject()->getString("type")->str() + " ";
    return text;
  };
  EXPECT_EQ(types("smollm"), "Digits ByteLevel ");
  EXPECT_EQ(types("gpt-2"), "ByteLevel ");
  EXPECT_EQ(types("qwen2"), "Split ByteLevel ");
  EXPECT_EQ(types("falcon"), "Punctuation ByteLevel Digits Split ");
  EXPECT_EQ(types("default"), "Split Split Split Split ByteLevel ");
  EXPECT_EQ(types(""), types("default"));
}

TEST(GgufTokenizer, Llama3BeginsTextsAndKeepsWholeWords) {
  Read read(byteLevel("llama-bpe"));
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.part("model").getBoolean("ignore_merges"), true);
  const llvm::json::Array &single = *read.part("post_processor").getArray("single");
  ASSERT_EQ(single.size(), 2u);
  EXPECT_EQ(single[0].getAsObject()->getObject("SpecialToken")->getString("id"), "<s>");
  Read without(byteLevel("llama-bpe").boolean("tokenizer.ggml.add_bos_token", false));
  EXPECT_TRUE(without.json.getAsObject()->get("post_processor")->getAsNull());
}

TEST(GgufTokenizer, TextsEndWithATokenWhereTheFileSaysSo) {
  Read read(byteLevel().boolean("tokenizer.ggml.add_eos_token", true));
  const llvm::json::Array &single = *read.part("post_processor").getArray("single");
  ASSERT_EQ(single.size(), 2u);
  EXPECT_EQ(single[1].getAsObject()->getObject("SpecialToken")->getString("id"), "<|im_end|>");
}

TEST(GgufTokenizer, StopsAreTheEndAndTheEndsOfTurns) {
  EXPECT_EQ(Read(byteLevel()).tokenizer.stops, (std::vector<int64_t>{0}));
  EXPECT_EQ(Read(byteLevel().integer("tokenizer.ggml.eot_token_id", 3)).tokenizer.stops, (std::vector<int64_t>{0, 3}));
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "gpt-2")
      .texts("tokenizer.ggml.tokens", {"<|im_end|>", "x", "<|endoftext|>", "<|end|>"})
      .numbers<int32_t>("tokenizer.ggml.token_type", 5, {3, 1, 3, 1})
      .texts("tokenizer.ggml.merges", {})
      .integer("tokenizer.ggml.eos_token_id", 2);
  EXPECT_EQ(Read(builder).tokenizer.stops, (std::vector<int64_t>{0, 2}));
}

TEST(GgufTokenizer, TheChatTemplateIsKept) {
  EXPECT_EQ(Read(byteLevel().text("tokenizer.chat_template", "{{ x }}")).tokenizer.chatTemplate, "{{ x }}");
}

TEST(GgufTokenizer, PiecesMergeByScore) {
  Read read(pieces());
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.tokenizer.begin, 1);
  EXPECT_EQ(read.tokenizer.end, 2);
  const llvm::json::Object &model = read.part("model");
  EXPECT_EQ(*model.getArray("merges"),
            llvm::json::Array({llvm::json::Array({"a", "b"}), llvm::json::Array({"\xe2\x96\x81", "ab"})}));
  EXPECT_EQ(model.getString("unk_token"), "<unk>");
  EXPECT_EQ(model.getBoolean("byte_fallback"), true);
  EXPECT_EQ(read.part("normalizer").getArray("normalizers")->size(), 2u);
  EXPECT_EQ(read.part("decoder").getArray("decoders")->size(), 4u);
  EXPECT_EQ(read.part("post_processor").getArray("single")->size(), 2u);
  Read plain(pieces().boolean("tokenizer.ggml.add_space_prefix", false));
  EXPECT_EQ(plain.part("normalizer").getArray("normalizers")->size(), 1u);
}

TEST(GgufTokenizer, GemmaMergesByPositionAndSpellsSpaces) {
  Read read(pieces("gemma2"));
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(*read.part("model").getArray("merges"),
            llvm::json::Array({llvm::json::Array({"a", "b"}), llvm::json::Array({"\xe2\x96\x81", "ab"}),
                               llvm::json::Array({"\xe2\x96\x81", "\xe2\x96\x81"})}));
  EXPECT_EQ(read.part("model").getObject("vocab")->getInteger("\xe2\x96\x81\xe2\x96\x81"), 8);
  EXPECT_EQ(read.json.getAsObject()->getArray("added_tokens")->size(), 3u);
}

TEST(GgufTokenizer, MergesOfATokenAreInTheOrderOfTheirLengths) {
  using Merges = std::vector<std::pair<llvm::StringRef, llvm::StringRef>>;
  EXPECT_EQ(mergesOf({"a", "b", "c", "ab", "bc", "abc"}, {0, 0, 0, -2, -2, -1}),
            (Merges{{"ab", "c"}, {"a", "bc"}, {"a", "b"}, {"b", "c"}}));
  EXPECT_EQ(mergesOf({"\xc3\xa9", "x", "\xc3\xa9x"}, {0, 0, 0}), (Merges{{"\xc3\xa9", "x"}}));
  EXPECT_TRUE(mergesOf({std::string(5000, 'a'), "a"}, {0, 0}).empty());
}

TEST(GgufTokenizer, EmptyTokensGetNames) {
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "gpt-2")
      .texts("tokenizer.ggml.tokens", {"a", "", ""})
      .texts("tokenizer.ggml.merges", {});
  Read read(builder);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.part("model").getObject("vocab")->getInteger("[EMPTY_2]"), 2);
  EXPECT_EQ(read.tokenizer.end, std::nullopt);
}

TEST(GgufTokenizer, OtherKindsAreRefused) {
  EXPECT_EQ(Read(GgufBuilder().text("tokenizer.ggml.model", "bert")).error,
            "tokenizer.ggml.model: 'bert' is not supported; supported: gpt2 (byte-level BPE), llama (SentencePiece)");
  EXPECT_EQ(
      Read(byteLevel("klingon")).error.find("tokenizer.ggml.pre: 'klingon' is not supported; supported: default, "),
      0u);
}

TEST(GgufTokenizer, BadVocabulariesAreRefused) {
  auto with = [](const std::vector<std::string> &tokens, const std::vector<std::string> &merges) {
    GgufBuilder builder;
    builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    builder.texts("tokenizer.ggml.tokens", tokens).texts("tokenizer.ggml.merges", merges);
    return builder;
  };
  EXPECT_EQ(Read(with({"a", "b", "a"}, {})).error, "tokenizer.ggml.tokens: tokens 0 and 2 are both 'a'");
  EXPECT_EQ(Read(with({}, {})).error, "tokenizer.ggml.tokens: it is empty");
  EXPECT_EQ(Read(with({"a", "b"}, {"ab"})).error,
            "tokenizer.ggml.merges: merge 0 is 'ab'; expected two tokens with a space between");
  EXPECT_EQ(Read(with({"a", "b"}, {"a b"})).error,
            "tokenizer.ggml.merges: merge 0 ('a b') needs the token 'ab', which the vocabulary does not have");
  EXPECT_EQ(Read(with({"a"}, {}).numbers<int32_t>("tokenizer.ggml.token_type", 5, {})).error,
            "tokenizer.ggml.token_type: expected an array of 1 numbers, found array of 0 int32");
  EXPECT_EQ(Read(with({"a"}, {}).integer("tokenizer.ggml.bos_token_id", 1)).error,
            "tokenizer.ggml.bos_token_id: token 1 is not one of the 1 of the vocabulary");
  EXPECT_EQ(Read(with({"a"}, {}).boolean("tokenizer.ggml.add_bos_token", true)).error,
            "tokenizer.ggml.add_bos_token: a text begins with a token, but tokenizer.ggml.bos_token_id is missing");
  GgufBuilder unscored;
  unscored.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>"});
  EXPECT_EQ(Read(unscored).error, "tokenizer.ggml.scores: it is missing");
  EXPECT_EQ(Read(unscored.numbers<float>("tokenizer.ggml.scores", 6, {0, NAN, 0})).error,
            "tokenizer.ggml.scores: the score of token 1 is not a number");
}
