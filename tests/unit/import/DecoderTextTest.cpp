//===- DecoderTextTest.cpp - What a decoder's files say of texts ----------===//

#include "import/ListedCheckpoint.h"

using namespace tenon;
using namespace tenon::import;
using test::importFrom;
using test::SmallCheckpoint;
using test::smallLlama;
using test::TempDirectory;

TEST(Decoder, SpecialTokensComeFromGenerationFirst) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = smallLlama(R"("bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 99, )");
  spec::Model model = importFrom(checkpoint, directory).model;
  EXPECT_EQ(model.tokens.bos, 1);
  EXPECT_EQ(model.tokens.eos, std::vector<int64_t>{2});
  EXPECT_FALSE(model.tokens.pad) << "beyond the vocabulary";
  directory.write("generation_config.json", R"({"eos_token_id": [3, 4], "bos_token_id": null})");
  model = importFrom(checkpoint, directory).model;
  EXPECT_EQ(model.tokens.bos, 1);
  EXPECT_EQ(model.tokens.eos, (std::vector<int64_t>{3, 4}));
  directory.write("generation_config.json", R"({"eos_token_id": "</s>"})");
  EXPECT_EQ(SmallCheckpoint::withoutPath(llvm::toString(importCheckpoint(directory.path()).takeError()), directory),
            "'DIR/generation_config.json': key 'eos_token_id': expected an integer between 0 and 2147483647, found "
            "\"</s>\"");
}

TEST(Decoder, TheChatTemplateComesAlong) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = smallLlama();
  EXPECT_EQ(importFrom(checkpoint, directory).model.chatTemplate, "");
  directory.write("tokenizer_config.json", R"({"chat_template": "{{ a }}\n"})");
  ImportedModel imported = importFrom(checkpoint, directory);
  EXPECT_EQ(imported.chatTemplate, "{{ a }}\n");
  EXPECT_EQ(imported.model.chatTemplate, "chat_template.jinja");
  directory.write("tokenizer_config.json",
                  R"({"chat_template": [{"name": "tool", "template": "t"}, {"name": "default", "template": "d"}]})");
  EXPECT_EQ(importFrom(checkpoint, directory).chatTemplate, "d");
  directory.write("tokenizer_config.json", R"({"chat_template": [{"name": "tool", "template": "t"}]})");
  EXPECT_NE(llvm::toString(importCheckpoint(directory.path()).takeError()).find("key 'chat_template': expected"),
            std::string::npos);
  directory.write("chat_template.jinja", "{{ b }}");
  EXPECT_EQ(importFrom(checkpoint, directory).chatTemplate, "{{ b }}");
}

/// What transformers 5.24 has in `special_tokens_map` of these files.
TEST(Decoder, ChatTokensAreThoseOfTransformers) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = smallLlama(R"("bos_token_id": 1, "eos_token_id": 2, )");
  directory.write("chat_template.jinja", "{{ bos_token }}");
  auto tokens = [&](const std::string &settings) {
    if (!settings.empty())
      directory.write("tokenizer_config.json", settings);
    ImportedModel imported = importFrom(checkpoint, directory);
    std::string text;
    for (const spec::ChatToken &token : *imported.model.chatTokens)
      text += token.name + " " + token.text + "\n";
    return text;
  };
  EXPECT_EQ(tokens(""), "");
  EXPECT_EQ(tokens(R"({"tokenizer_class": "LlamaTokenizerFast"})"), "bos_token <s>\neos_token </s>\nunk_token <unk>\n");
  EXPECT_EQ(tokens(R"({"tokenizer_class": "LlamaTokenizer", "bos_token": null, "unk_token": null})"), "eos_token </s>\n");
  EXPECT_EQ(tokens(R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>"})"),
            "eos_token <|im_end|>\npad_token <|endoftext|>\nunk_token <|endoftext|>\n");
  EXPECT_EQ(tokens(R"({"tokenizer_class": "CodeLlamaTokenizer"})"),
            "bos_token <s>\neos_token </s>\neot_token ▁<EOT>\nfill_token <FILL_ME>\nmiddle_token ▁<MID>\n"
            "prefix_token ▁<PRE>\nsuffix_token ▁<SUF>\nunk_token <unk>\n");
  EXPECT_EQ(tokens(R"({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": {"content": "<e>", "lstrip": false},
                       "image_token": "<img>", "add_bos_token": true, "extra_special_tokens": {"audio_token": "<aud>", "zz": "<zz>"}})"),
            "audio_token <aud>\neos_token <e>\nimage_token <img>\nzz <zz>\n");
  directory.write("special_tokens_map.json", R"({"bos_token": "<b>", "sep_token": {"content": "<s>"}})");
  std::string generic = R"({"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<a>")";
  EXPECT_EQ(tokens(generic + "}"), "bos_token <b>\nsep_token <s>\n");
  EXPECT_EQ(tokens(generic + R"(, "added_tokens_decoder": {"3": {"content": "d"}}})"), "bos_token <a>\n");
}
