#include "weights/CTranslate2.h"
#include "weights/CTranslate2Builder.h"
#include "weights/Convert.h"
#include "weights/Mutations.h"
#include <gtest/gtest.h>

using namespace tenon::test;
using namespace tenon::weights;

static llvm::Expected<CTranslate2Index> read(const std::string &file) {
  return readCTranslate2({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "model.bin");
}

/// The error's text after what all of them begin with; empty where the file is read.
static std::string errorOf(const std::string &file) {
  auto index = read(file);
  if (index)
    return "";
  std::string text = llvm::toString(index.takeError());
  llvm::StringRef rest = text;
  EXPECT_TRUE(rest.consume_front("'model.bin' is not a CTranslate2 model that can be read: ")) << text;
  return rest.str();
}

static CTranslate2Builder small() {
  CTranslate2Builder builder;
  builder.number<int16_t>("heads", 2, 6)
      .floats("a/weight", {2, 3}, 1)
      .integers<int8_t>("b/weight", 1, {2, 2})
      .floats("b/weight_scale", {2}, 3)
      .alias("c/weight", "a/weight");
  return builder;
}

TEST(CTranslate2File, VariablesAndAliases) {
  std::string file = small().build();
  auto index = read(file);
  ASSERT_TRUE(bool(index)) << llvm::toString(index.takeError());
  EXPECT_EQ(index->specification, "TransformerSpec");
  EXPECT_EQ(index->revision, 7u);
  ASSERT_EQ(index->variables.size(), 4u);
  EXPECT_EQ(index->variables[0].type, StorageType::I16);
  EXPECT_TRUE(index->variables[0].shape.empty());
  EXPECT_EQ(index->variables[1].shape, (llvm::SmallVector<int64_t, 4>{2, 3}));
  std::vector<float> values(6);
  convertToFloat(StorageType::F32, index->variables[1].data.data(), 6, values.data());
  EXPECT_EQ(values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  ASSERT_EQ(index->aliases.size(), 1u);
  EXPECT_EQ(index->aliases[0].first, "c/weight");
  EXPECT_EQ(index->aliases[0].second, "a/weight");
}

TEST(CTranslate2File, BeginsAsCTranslate2) {
  auto begins = [](const std::string &text) {
    return beginsAsCTranslate2({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  };
  EXPECT_TRUE(begins(small().build()));
  CTranslate2Builder later = small();
  later.version = 7;
  EXPECT_TRUE(begins(later.build())); // So that the message is about the version.
  EXPECT_FALSE(begins("GGUF........"));
  EXPECT_FALSE(begins(""));
}

TEST(CTranslate2File, RefusesOtherVersionsAndTypes) {
  CTranslate2Builder builder = small();
  builder.version = 5;
  EXPECT_EQ(errorOf(builder.build()),
            "the header: the binary version is 5; supported is 6, which CTranslate2 writes since 3.0");
  EXPECT_EQ(errorOf(small().number<int32_t>("x", 6, 1).build()),
            "variable 'x': type 6 is not known; known are 0 (float32), 1 (int8), 2 (int16), 3 (int32), 4 (float16), 5 "
            "(bfloat16)");
}

TEST(CTranslate2File, RefusesSizesThatDoNotFit) {
  EXPECT_EQ(errorOf(small().variable("x", 0, {2}, "1234").build()),
            "variable 'x': its 4 bytes are not those of a tensor of type F32 with shape [2]");
  EXPECT_EQ(errorOf(small().variable("x", 0, {4294967295u, 4294967295u, 4294967295u}, "1234").build()),
            "variable 'x': its 4 bytes are not those of a tensor of type F32 with shape [4294967295, 4294967295, "
            "4294967295]");
  EXPECT_EQ(errorOf(small().variable("x", 0, {1, 1, 1, 1, 1}, "1234").build()),
            "variable 'x': it has 5 dimensions; at most 4 are possible");
  CTranslate2Builder builder = small();
  builder.extraVariables = 1 << 30;
  EXPECT_EQ(errorOf(builder.build()).substr(0, 35), "the variables: 1073741828 variables");
  builder = small();
  builder.extraAliases = 1 << 30;
  EXPECT_EQ(errorOf(builder.build()).substr(0, 31), "the aliases: 1073741825 aliases");
}

TEST(CTranslate2File, RefusesNamesThatAreNone) {
  EXPECT_EQ(errorOf(small().floats("a/weight", {1}).build()), "variable 'a/weight': there are two of this name");
  EXPECT_EQ(errorOf(small().floats("\xff", {1}).build()), "variable 4: expected a name in UTF-8, found '\\xff'");
  EXPECT_EQ(errorOf(small().alias("d", "e").build()), "alias 1: 'd' stands for 'e', which is no variable");
  EXPECT_EQ(errorOf(small().alias("a/weight", "heads").build()),
            "alias 1: there are two variables of the name 'a/weight'");
}

TEST(CTranslate2File, RefusesWhatFollows) {
  EXPECT_EQ(errorOf(small().build() + "xy"), "the end: 2 bytes follow that nothing explains");
}

/// Whatever is read lies in the file.
TEST(CTranslate2File, SurvivesMutations) {
  size_t refused = 0, count = 0;
  forEachMutation(small().build(), [&](const std::string &file) {
    auto index = read(file);
    ++count;
    if (!index) {
      EXPECT_FALSE(llvm::toString(index.takeError()).empty());
      ++refused;
      return;
    }
    for (const CTranslate2Variable &variable : index->variables) {
      const char *begin = reinterpret_cast<const char *>(variable.data.begin());
      EXPECT_TRUE(begin >= file.data() && begin + variable.data.size() <= file.data() + file.size());
    }
  });
  EXPECT_GT(refused, small().build().size());
  EXPECT_LT(refused, count);
}
