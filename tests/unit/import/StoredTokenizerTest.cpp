#include "import/SmallCheckpoint.h"
#include "llvm/Support/JSON.h"

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::TempDirectory;

static constexpr const char *wordPieces = R"({"added_tokens": [], "truncation": {"direction": "Left"},
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                 "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
  "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5}}})";
static constexpr const char *pieces = R"({"added_tokens": [], "normalizer": null, "pre_tokenizer": null,
  "post_processor": null, "decoder": null, "model": {"type": "Unigram", "unk_id": 0,
  "vocab": [["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["a", -1.5]]}})";

/// What becomes of a tokenizer.json beside `settings`, a tokenizer_config.json.
static llvm::json::Object made(const std::string &tokenizer, const std::string &settings) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("tokenizer.json", tokenizer);
  directory.write("tokenizer_config.json", settings);
  return *llvm::cantFail(llvm::json::parse(llvm::cantFail(importCheckpoint(directory.path())).tokenizer)).getAsObject();
}

TEST(StoredTokenizer, TheClassDecidesByItsSettings) {
  llvm::json::Object usual = made(wordPieces, "{}");
  EXPECT_EQ(usual.getObject("normalizer")->getBoolean("lowercase"), true);
  EXPECT_EQ(usual.getObject("post_processor")->getString("type"), "TemplateProcessing");
  EXPECT_EQ(usual.getObject("truncation")->getString("direction"), "Left");
  llvm::json::Object cased = made(wordPieces, R"({"do_lower_case": false, "strip_accents": false})");
  EXPECT_EQ(cased.getObject("normalizer")->getBoolean("lowercase"), false);
  EXPECT_EQ(cased.getObject("normalizer")->getBoolean("strip_accents"), false);
}

TEST(StoredTokenizer, IsTakenAsItIsWithoutAClassOrForAnother) {
  for (const char *settings : {R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false})",
                               R"({"tokenizer_class": "T5Tokenizer"})"})
    EXPECT_EQ(made(wordPieces, settings).get("decoder")->kind(), llvm::json::Value::Null) << settings;
}

TEST(StoredTokenizer, TokensThatAreListedElsewhereAreAdded) {
  llvm::json::Object tokenizer = made(wordPieces, R"({"additional_special_tokens": ["[A]"]})");
  const llvm::json::Object &last = *tokenizer.getArray("added_tokens")->back().getAsObject();
  EXPECT_EQ(last.getString("content"), "[A]");
  EXPECT_EQ(last.getInteger("id"), 6);
}

TEST(StoredTokenizer, SpacesAreCleanedUpBehindTheDecoder) {
  std::string settings = R"({"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "clean_up_tokenization_spaces": )";
  EXPECT_EQ(made(pieces, settings + "false}").getObject("decoder")->getString("type"), "Metaspace");
  llvm::json::Object cleaned = made(pieces, settings + "true}");
  const llvm::json::Array &steps = *cleaned.getObject("decoder")->getArray("decoders");
  EXPECT_EQ(steps.front().getAsObject()->getString("type"), "Metaspace");
  EXPECT_EQ(steps[1].getAsObject()->getString("type"), "Fuse");
  EXPECT_EQ(steps.back().getAsObject()->getString("content"), "'re");
  EXPECT_EQ(steps.size(), 12u);
}

TEST(StoredTokenizer, TokensOfAModelOfItsOwnHaveToBeListed) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("tokenizer.json", wordPieces);
  directory.write("tokenizer_config.json", R"({"extra_special_tokens": {"image_token": "[I]"}})");
  EXPECT_EQ(llvm::toString(importCheckpoint(directory.path()).takeError()),
            "'" + directory.path() + "/tokenizer_config.json': key 'extra_special_tokens.image_token' is not supported: its token is "
                                     "none of those that are listed");
  directory.write("tokenizer_config.json", R"({"extra_special_tokens": {"image_token": "[MASK]"}})");
  llvm::cantFail(importCheckpoint(directory.path()));
}
