#include "import/SentencePiece.h"
#include "import/PieceBuilder.h"
#include "weights/Mutations.h"
#include "llvm/Support/JSON.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tenon::import;
using namespace tenon::test;

static llvm::Expected<SentencePieceModel> parse(const std::string &file) {
  return parseSentencePiece({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "x.spm");
}

/// The error's text after what all of them begin with; empty where the file is read.
static std::string errorOf(const std::string &file) {
  auto model = parse(file);
  if (model)
    return "";
  std::string text = llvm::toString(model.takeError());
  llvm::StringRef rest = text;
  EXPECT_TRUE(rest.consume_front("'x.spm' is not a SentencePiece model that can be read: ")) << text;
  return rest.str();
}

TEST(SentencePieceFile, PiecesAndSettings) {
  PieceBuilder builder = PieceBuilder::small();
  builder.piece("<0x41>", 0, 6).piece("[X]", 0, 4);
  builder.trainer.number(35, 1);
  builder.normalizer.text(2, "table").number(3, 0).number(4, 0).number(5, 0);
  auto model = parse(builder.build());
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  ASSERT_EQ(model->pieces.size(), 7u);
  EXPECT_EQ(model->pieces[3].text, "b");
  EXPECT_EQ(model->pieces[3].score, -1);
  EXPECT_EQ(model->pieces[5].kind, PieceKind::Byte);
  EXPECT_EQ(model->unknown, 1);
  EXPECT_EQ(model->end, 0);
  EXPECT_FALSE(model->begin);
  EXPECT_EQ(model->characters, "table");
  EXPECT_TRUE(model->byteFallback);
  EXPECT_FALSE(model->addDummyPrefix || model->removeExtraWhitespaces || model->escapeWhitespaces);
  EXPECT_EQ(model->idOf("c"), 4);
}

TEST(SentencePieceFile, WhatTheFileDoesNotSay) {
  PieceBuilder builder;
  builder.piece("<unk>", 0, 2).piece("<s>", 0, 3).piece("</s>", 0, 3).piece("a");
  auto model = parse(builder.build());
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  EXPECT_EQ(model->begin, 1);
  EXPECT_EQ(model->end, 2);
  EXPECT_TRUE(model->addDummyPrefix && model->removeExtraWhitespaces && model->escapeWhitespaces);
}

TEST(SentencePieceFile, RefusesOtherModels) {
  PieceBuilder builder = PieceBuilder::small();
  builder.trainer.number(3, 3);
  EXPECT_EQ(errorOf(builder.build()),
            "trainer_spec: model type 3 is not supported; supported: 1 (unigram), 2 (byte pairs)");
  builder = PieceBuilder::small();
  builder.trainer.number(24, 1);
  EXPECT_EQ(errorOf(builder.build()), "trainer_spec: treat_whitespace_as_suffix is not supported; supported: false");
  builder = PieceBuilder::small();
  builder.file.text(5, ProtoMessage().text(2, "table").bytes);
  EXPECT_EQ(errorOf(builder.build()), "denormalizer_spec: a table of replacements for text that was decoded is not "
                                      "supported; supported: none");
}

TEST(SentencePieceFile, RefusesPiecesThatAreNone) {
  EXPECT_EQ(errorOf(PieceBuilder::small().piece("b").build()), "piece 5 ('b'): there are two of this text");
  EXPECT_EQ(errorOf(PieceBuilder::small().piece("").build()), "piece 5 (''): expected text in UTF-8");
  EXPECT_EQ(errorOf(PieceBuilder::small().piece("\xff").build()), "piece 5 ('\\xff'): expected text in UTF-8");
  EXPECT_EQ(errorOf(PieceBuilder::small().piece("d", NAN).build()), "piece 5 ('d'): its score is not a finite number");
  EXPECT_EQ(errorOf(PieceBuilder::small().piece("d", 0, 7).build()),
            "piece 5 ('d'): kind 7 is not known; known are 1 to 6");
  EXPECT_EQ(errorOf(PieceBuilder::small().piece("d", 0, 2).build()),
            "piece 5 ('d'): piece 1 is the unknown one already");
  EXPECT_EQ(errorOf(""), "none of its 0 pieces is the unknown one");
}

TEST(SentencePieceFile, RefusesWhatIsNoMessage) {
  EXPECT_EQ(errorOf("\x0b"), "the file: field 1 is of wire type 3; known are 0, 1, 2 and 5");
  EXPECT_EQ(errorOf("\x0a\x7f"), "the file: 127 bytes are more than the 0 that follow");
  EXPECT_EQ(errorOf(std::string(11, '\xff')), "the file: a number of more than ten bytes");
}

TEST(SentencePieceFile, SurvivesMutations) {
  size_t refused = 0, count = 0;
  forEachMutation(PieceBuilder::small().build(), [&](const std::string &file) {
    auto model = parse(file);
    ++count;
    refused += !model;
    if (model)
      EXPECT_TRUE(bool(llvm::json::parse(tokenizerJson(*model, {})))); // Whatever is read can be written.
    else
      EXPECT_FALSE(llvm::toString(model.takeError()).empty());
  });
  EXPECT_GT(refused, 100u);
  EXPECT_LT(refused, count);
}

TEST(SentencePieceFile, BecomesATokenizer) {
  auto model = parse(PieceBuilder::small().build());
  ASSERT_TRUE(bool(model));
  auto json = llvm::json::parse(tokenizerJson(*model, {0}));
  ASSERT_TRUE(bool(json));
  const llvm::json::Object &object = *json->getAsObject();
  EXPECT_EQ(object.getObject("normalizer")->getString("type"), "SentencePiece");
  EXPECT_EQ(object.getObject("model")->getInteger("unk_id"), 1);
  EXPECT_EQ(object.getObject("model")->getBoolean("single_precision"), true);
  const llvm::json::Array &added = *object.getArray("added_tokens");
  ASSERT_EQ(added.size(), 2u);
  EXPECT_EQ(added[0].getAsObject()->getString("content"), "</s>");
  EXPECT_EQ(added[0].getAsObject()->getBoolean("matched"), false);
  EXPECT_EQ(object.getObject("post_processor")->getArray("single")->size(), 2u);
}
