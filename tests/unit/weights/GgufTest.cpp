#include "weights/Gguf.h"
#include "support/TempDirectory.h"
#include "weights/Convert.h"
#include "weights/GgufBuilder.h"
#include "weights/GgufSource.h"
#include <gtest/gtest.h>

using namespace tenon::test;
using namespace tenon::weights;

static llvm::Expected<GgufIndex> read(const std::string &file) {
  return readGgufIndex({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "x.gguf");
}

/// The error's text after what all of them begin with; empty where the file is read.
static std::string errorOf(const std::string &file) {
  auto index = read(file);
  if (index)
    return "";
  std::string text = llvm::toString(index.takeError());
  llvm::StringRef rest = text;
  EXPECT_TRUE(rest.consume_front("'x.gguf' is not a GGUF file that can be read: ")) << text;
  return rest.str();
}

static GgufBuilder small() {
  GgufBuilder builder;
  builder.text("general.architecture", "llama")
      .integer("llama.block_count", 2)
      .counting("a", {2, 3})
      .counting("b", {5}, 7);
  return builder;
}

TEST(Gguf, VersionsTwoAndThreeAreRead) {
  for (uint32_t version : {2u, 3u}) {
    GgufBuilder builder = small();
    builder.version = version;
    std::string file = builder.build();
    auto index = read(file);
    ASSERT_TRUE(bool(index)) << llvm::toString(index.takeError());
    EXPECT_EQ(index->version, version);
    ASSERT_EQ(index->metadata.size(), 2u);
    EXPECT_EQ(index->metadata[0].second.strings.front(), "llama");
    EXPECT_EQ(index->metadata[1].second.integer(), 2);
    ASSERT_EQ(index->tensors.size(), 2u);
    EXPECT_EQ(index->tensors[0].shape, (llvm::SmallVector<int64_t, 4>{2, 3}));
    EXPECT_EQ(index->tensors[1].begin, 32u);
    EXPECT_EQ(index->tensors[1].end, 52u);
  }
}

TEST(Gguf, EveryTypeOfMetadata) {
  GgufBuilder builder;
  builder.entry("u8", 0, GgufBytes().number<uint8_t>(200).bytes)
      .entry("i8", 1, GgufBytes().number<int8_t>(-5).bytes)
      .entry("u16", 2, GgufBytes().number<uint16_t>(65000).bytes)
      .entry("i16", 3, GgufBytes().number<int16_t>(-500).bytes)
      .entry("u32", 4, GgufBytes().number<uint32_t>(4000000000u).bytes)
      .entry("i32", 5, GgufBytes().number<int32_t>(-7).bytes)
      .entry("f32", 6, GgufBytes().number(0.5f).bytes)
      .entry("bool", 7, GgufBytes().number<uint8_t>(1).bytes)
      .entry("u64", 10, GgufBytes().number<uint64_t>(UINT64_MAX).bytes)
      .entry("i64", 11, GgufBytes().number<int64_t>(INT64_MIN).bytes)
      .entry("f64", 12, GgufBytes().number(0.1).bytes)
      .texts("texts", {"a", "", "\xc3\xa9"})
      .numbers<int32_t>("numbers", 5, {3, -1});
  std::string file = builder.build();
  auto index = read(file);
  ASSERT_TRUE(bool(index)) << llvm::toString(index.takeError());
  std::vector<std::string> texts;
  for (const auto &[key, value] : index->metadata)
    texts.push_back(value.text());
  EXPECT_EQ(texts, (std::vector<std::string>{"uint8 200", "int8 -5", "uint16 65000", "int16 -500", "uint32 4000000000",
                                             "int32 -7", "float32 0.50", "boolean true",
                                             "uint64 18446744073709551616.00", "int64 -9223372036854775808",
                                             "float64 0.10", "array of 3 string", "array of 2 int32"}));
  EXPECT_EQ(index->metadata[8].second.integer(), std::nullopt);
  EXPECT_EQ(index->metadata[10].second.number(), 0.1);
  EXPECT_EQ(index->metadata[11].second.strings[2], "\xc3\xa9");
  EXPECT_EQ(index->metadata[12].second.integer(1), -1);
  EXPECT_EQ(index->metadata[12].second.integer(2), std::nullopt);
}

TEST(Gguf, EveryTruncationIsAnError) {
  std::string file = small().build();
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(errorOf(file.substr(0, length)), "") << length;
}

/// Whatever byte is changed, reading ends in an index whose tensors lie within the file, or in an error.
TEST(Gguf, EveryChangedByteIsSurvived) {
  std::string file = small().build();
  for (size_t position = 0; position < file.size(); ++position)
    for (uint8_t byte : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string changed = file;
      changed[position] = char(byte);
      auto index = read(changed);
      if (!index) {
        EXPECT_NE(llvm::toString(index.takeError()), "");
        continue;
      }
      for (const GgufTensor &tensor : index->tensors)
        EXPECT_LE(index->dataStart + tensor.end, file.size());
    }
}

TEST(Gguf, OtherFilesAreNamed) {
  EXPECT_EQ(errorOf(""), "it begins with nothing: it is empty; expected the letters GGUF");
  GgufBuilder builder = small();
  builder.magic = "ggml";
  EXPECT_EQ(errorOf(builder.build()), "it begins with the bytes 67676d6c; expected the letters GGUF");
}

TEST(Gguf, OtherVersionsAndByteOrdersAreNamed) {
  GgufBuilder builder = small();
  builder.version = 1;
  EXPECT_EQ(errorOf(builder.build()), "its version is 1; expected 2 or 3");
  builder.version = 0x03000000;
  EXPECT_EQ(errorOf(builder.build()), "it is in big endian (version 3 in that order); expected little endian");
}

TEST(Gguf, CountsPastTheEndAreNotBelieved) {
  GgufBuilder builder = small();
  builder.extraEntries = int64_t(1) << 62;
  EXPECT_NE(errorOf(builder.build()).find("entries of metadata take more than the"), std::string::npos);
  builder.extraEntries = 0;
  builder.extraTensors = -3; // 2^64 - 1 tensors.
  EXPECT_NE(errorOf(builder.build()).find("18446744073709551615 tensors take more than the"), std::string::npos);
}

TEST(Gguf, LengthsPastTheEndAreNotBelieved) {
  EXPECT_EQ(errorOf(GgufBuilder().entry("k", 8, GgufBytes().number<uint64_t>(UINT64_MAX).bytes).build()),
            "the value of 'k': a string's length (18446744073709551615) is above the 19 bytes that follow");
  EXPECT_EQ(errorOf(GgufBuilder()
                        .entry("k", 9, GgufBytes().number<uint32_t>(5).number<uint64_t>(uint64_t(1) << 62).bytes)
                        .build()),
            "the value of 'k': 4611686018427387904 elements of int32 take more than the 15 bytes that follow");
  EXPECT_EQ(
      errorOf(GgufBuilder().entry("k", 9, GgufBytes().number<uint32_t>(8).number<uint64_t>(1 << 20).bytes).build()),
      "the value of 'k': 1048576 strings take more than the 15 bytes that follow");
}

TEST(Gguf, BadMetadataIsRefused) {
  EXPECT_EQ(errorOf(GgufBuilder().entry("k", 9, GgufBytes().number<uint32_t>(9).number<uint64_t>(0).bytes).build()),
            "the value of 'k': arrays of arrays are not supported; supported are arrays of numbers, booleans and "
            "strings");
  EXPECT_EQ(errorOf(GgufBuilder().entry("k", 13, "").build()),
            "the value of 'k': type 13 is not known; known are 0 (uint8) to 12 (float64)");
  EXPECT_EQ(errorOf(GgufBuilder().entry("k", 7, "\x02").build()), "the value of 'k': a boolean is 2; expected 0 or 1");
  EXPECT_EQ(errorOf(GgufBuilder().text("k", "ab\xff").build()), "the value of 'k': the string 'ab\\xff' is not UTF-8");
  EXPECT_EQ(errorOf(GgufBuilder().text("k\xc3", "").build()),
            "entry 0 of 1 of the metadata: the string 'k\\xc3' is not UTF-8");
  EXPECT_EQ(errorOf(GgufBuilder().text("k", "").text("k", "").build()), "the metadata has the key 'k' twice");
  EXPECT_EQ(errorOf(GgufBuilder().text("", "").build()), "entry 0 of 1 of the metadata has an empty key");
}

TEST(Gguf, AlignmentIsAPowerOfTwo) {
  for (uint32_t alignment : {0u, 3u, 0x80000000u})
    EXPECT_EQ(errorOf(GgufBuilder().integer("general.alignment", alignment).build()),
              "'general.alignment' is uint32 " + std::to_string(alignment) +
                  "; expected a power of two, at most 1073741824");
  GgufBuilder builder;
  builder.alignment = 8;
  builder.integer("general.alignment", 8).counting("a", {3}).counting("b", {1});
  EXPECT_EQ(errorOf(builder.build()), "");
}

TEST(Gguf, BadTensorsAreRefused) {
  EXPECT_EQ(errorOf(GgufBuilder().counting("a", {1}).counting("a", {1}).build()), "it has tensor 'a' twice");
  EXPECT_EQ(errorOf(GgufBuilder().counting("", {1}).build()), "tensor 0 of 1 has an empty name");
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 0, {1, 1, 1, 1, 1}, 0).build()),
            "tensor 'a' has 5 dimensions; expected at most 4");
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 10, {256}, 0).build()),
            "tensor 'a' has type 10 (Q2_K), which is not supported; supported: F32, F16, BF16, F64, Q8_0, Q4_0, Q4_1, "
            "Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, I8, I16, I32, I64");
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 77, {256}, 0).build()).find("tensor 'a' has type 77, which is not"),
            0u);
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 8, {2, 40}, 0).build()),
            "tensor 'a' has rows of 40 numbers; blocks of Q8_0 have 32");
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 0, {UINT64_MAX}, 0).build()),
            "tensor 'a': dimension 18446744073709551615 is above 9223372036854775807");
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 0, {uint64_t(1) << 40, uint64_t(1) << 40}, 0).build()),
            "tensor 'a' with shape [1099511627776, 1099511627776] of F32 at byte 0 of the data ends above 2^63");
}

TEST(Gguf, MisplacedTensorsAreRefused) {
  EXPECT_EQ(errorOf(GgufBuilder().counting("a", {16}).describe("b", 0, {2}, 4).build()),
            "tensor 'b' begins at byte 4 of the data, which is not a multiple of the alignment (32)");
  EXPECT_EQ(errorOf(GgufBuilder().counting("a", {16}).describe("b", 0, {2}, 32).build()),
            "tensor 'b' begins at byte 32 of the data, within tensor 'a', which ends at 64");
  EXPECT_EQ(errorOf(GgufBuilder().counting("a", {16}).describe("b", 0, {2}, 64).build()),
            "tensor 'b' with shape [2] of F32 ends at byte 72 of the data, which has 64");
  EXPECT_EQ(errorOf(GgufBuilder().counting("a", {16}).describe("b", 0, {2}, ~uint64_t(31)).build()),
            "tensor 'b' with shape [2] of F32 at byte 18446744073709551584 of the data ends above 2^63");
}

TEST(Gguf, TensorsWithoutNumbersAreLegal) {
  EXPECT_EQ(errorOf(GgufBuilder().describe("a", 0, {0, 7}, 0).counting("b", {}, 3).build()), "");
}

TEST(GgufSource, ParametersAreTensorsOrTheirRows) {
  TempDirectory directory;
  auto file =
      GgufFile::open(directory.write("x.gguf", GgufBuilder().counting("blk.7.qkv", {6, 2}).counting("b", {3}).build()));
  ASSERT_TRUE(bool(file)) << llvm::toString(file.takeError());
  GgufSource source(std::move(*file), {{"bias", "b"},
                                       {"s.layers.*.key", "blk.*.qkv", false, 2, 3, 6},
                                       {"s.layers.*.past", "blk.*.qkv", false, 5, 2, 6},
                                       {"absent", "c"}});
  EXPECT_EQ(source.find("bias")->shape, (llvm::SmallVector<int64_t, 4>{3}));
  auto key = source.find("s.layers.7.key");
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->shape, (llvm::SmallVector<int64_t, 4>{3, 2}));
  float values[6];
  (void)readFloats(*key, 0, 6, values);
  EXPECT_EQ(values[0], 4.0f);
  EXPECT_EQ(values[5], 9.0f);
  EXPECT_EQ(source.find("s.layers.7.past")->shape, (llvm::SmallVector<int64_t, 4>{0, 2}));
  EXPECT_FALSE(source.find("s.layers.6.key").has_value());
  EXPECT_FALSE(source.find("absent").has_value());
  EXPECT_TRUE(source.find("b").has_value());
  EXPECT_EQ(source.tensorName("s.layers.7.key"), "blk.7.qkv");
  EXPECT_EQ(source.tensorNames(), (std::vector<std::string>{"b", "blk.7.qkv"}));
}
