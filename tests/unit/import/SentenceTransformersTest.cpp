#include "import/SmallCheckpoint.h"

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::TempDirectory;

static const std::string transformer =
    R"({"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"})";
static const std::string poolingModule =
    R"({"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"})";
static const std::string normalize =
    R"({"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"})";
static const std::string mean = R"({"word_embedding_dimension": 6, "pooling_mode_cls_token": false,
  "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false})";

/// Pooling of a checkpoint with these modules, or the error in `error`.
static std::optional<spec::Pooling> poolingOf(const std::string &modules, const std::string &pooling,
                                              std::string &error) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("modules.json", modules);
  llvm::sys::fs::create_directory(directory.path("1_Pooling"));
  directory.write("1_Pooling/config.json", pooling);
  llvm::Expected<ImportedModel> imported = importCheckpoint(directory.path());
  error = imported ? "" : SmallCheckpoint::withoutPath(llvm::toString(imported.takeError()), directory);
  return error.empty() ? imported->model.pooling : std::nullopt;
}

static std::string errorOf(const std::string &modules, const std::string &pooling = mean) {
  std::string error;
  poolingOf(modules, pooling, error);
  return error;
}

TEST(SentenceTransformers, MeanAndNormalize) {
  std::string error;
  auto pooling = poolingOf("[" + transformer + ", " + poolingModule + ", " + normalize + "]", mean, error);
  ASSERT_TRUE(pooling) << error;
  EXPECT_EQ(pooling->kind, spec::PoolingKind::Mean);
  EXPECT_TRUE(pooling->normalize);
  EXPECT_EQ(pooling->stack, "encoder");
}

TEST(SentenceTransformers, ClsWithoutNormalize) {
  std::string error;
  auto pooling = poolingOf("[" + transformer + ", " + poolingModule + "]",
                           R"({"word_embedding_dimension": 6, "pooling_mode_cls_token": true})", error);
  ASSERT_TRUE(pooling) << error;
  EXPECT_EQ(pooling->kind, spec::PoolingKind::Cls);
  EXPECT_FALSE(pooling->normalize);
}

TEST(SentenceTransformers, TheModeByName) {
  std::string error;
  auto pooling = poolingOf("[" + transformer + ", " + poolingModule + "]",
                           R"({"embedding_dimension": 6, "pooling_mode": "cls"})", error);
  ASSERT_TRUE(pooling) << error;
  EXPECT_EQ(pooling->kind, spec::PoolingKind::Cls);
}

TEST(SentenceTransformers, WithoutPoolingThereIsNone) {
  std::string error;
  EXPECT_FALSE(poolingOf("[" + transformer + "]", mean, error));
  EXPECT_EQ(error, "");
}

TEST(SentenceTransformers, TheEncoderMayLieBelow) {
  TempDirectory directory;
  llvm::sys::fs::create_directory(directory.path("0_Transformer"));
  SmallCheckpoint::bert().write(directory, "0_Transformer/");
  directory.write("modules.json", R"([{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}])");
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(imported.source->path(), directory.path("0_Transformer/model.safetensors"));
}

TEST(SentenceTransformers, TextsAreCutToTheLengthBesideTheEncoder) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("modules.json", "[" + transformer + "]");
  EXPECT_EQ(llvm::cantFail(importCheckpoint(directory.path())).model.textTokens, 0);
  directory.write("sentence_bert_config.json", R"({"max_seq_length": 7, "do_lower_case": false})");
  EXPECT_EQ(llvm::cantFail(importCheckpoint(directory.path())).model.textTokens, 7);
  directory.write("sentence_bert_config.json", R"({"max_seq_length": null})");
  EXPECT_EQ(llvm::cantFail(importCheckpoint(directory.path())).model.textTokens, 0);
  directory.write("sentence_bert_config.json", R"({"max_seq_length": -1})");
  EXPECT_EQ(
      SmallCheckpoint::withoutPath(llvm::toString(importCheckpoint(directory.path()).takeError()), directory),
      "'DIR/sentence_bert_config.json': key 'max_seq_length': expected an integer between 0 and 2147483647, found -1");
}

TEST(SentenceTransformers, WhatIsNotSupportedIsNamed) {
  EXPECT_EQ(errorOf("[" + transformer + ", " + poolingModule +
                    R"(, {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}])"),
            "'DIR/modules.json': module 2: type 'sentence_transformers.models.Dense' is not supported here; supported: "
            "Transformer, Pooling, Normalize, in this order");
  EXPECT_EQ(
      errorOf("[" + poolingModule + "]"),
      "'DIR/modules.json': module 0: type 'sentence_transformers.models.Pooling' is not supported here; supported: "
      "Transformer, Pooling, Normalize, in this order");
  EXPECT_EQ(errorOf("[" + transformer + ", " + normalize + "]"),
            "'DIR/modules.json': module 1: type 'sentence_transformers.models.Normalize' is not supported here; "
            "supported: Transformer, Pooling, Normalize, in this order");
}

TEST(SentenceTransformers, PoolingOfOneKind) {
  const std::string modules = "[" + transformer + ", " + poolingModule + "]";
  const std::string start = "'DIR/1_Pooling/config.json': key 'pooling_mode': ";
  const std::string end = "; supported: one of mean_tokens, cls_token";
  EXPECT_EQ(errorOf(modules, R"({"word_embedding_dimension": 6})"), start + "none is chosen" + end);
  EXPECT_EQ(errorOf(modules, R"({"word_embedding_dimension": 6, "pooling_mode_max_tokens": true})"),
            start + "max_tokens is not supported" + end);
  EXPECT_EQ(errorOf(modules, R"({"word_embedding_dimension": 6, "pooling_mode_mean_tokens": true,
                                 "pooling_mode_cls_token": true})"),
            start + "cls_token and mean_tokens is not supported" + end);
}

TEST(SentenceTransformers, TheWidthMustBeTheEncoders) {
  EXPECT_EQ(errorOf("[" + transformer + ", " + poolingModule + "]",
                    R"({"word_embedding_dimension": 7, "pooling_mode_mean_tokens": true})"),
            "'DIR': pooling has word_embedding_dimension 7; the encoder's width is 6");
}

TEST(SentenceTransformers, PathsStayBelowTheDirectory) {
  for (const char *path : {"../other", "/etc", "a/../../b"})
    EXPECT_NE(errorOf(R"([{"path": ")" + std::string(path) + R"(", "type": "x.Transformer"}])")
                  .find("'DIR/modules.json': module 0: path ('" + std::string(path) + "'): the path "),
              std::string::npos)
        << path;
}

TEST(SentenceTransformers, ModulesAreAnArrayOfObjects) {
  EXPECT_EQ(errorOf("{}"), "'DIR/modules.json': expected an array of modules, found {}");
  EXPECT_EQ(errorOf("[]"), "'DIR/modules.json': expected an array of modules, found []");
  EXPECT_EQ(errorOf("[3]"), "'DIR/modules.json': module 0: expected an object with strings 'type' and 'path', found 3");
}
