#include "weights/Marian.h"
#include "weights/Convert.h"
#include "weights/MarianBuilder.h"
#include "weights/Mutations.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tenon::test;
using namespace tenon::weights;

static llvm::Expected<MarianIndex> read(const std::string &file) {
  return readMarian({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "x.bin");
}

/// The error's text after what all of them begin with; empty where the file is read.
static std::string errorOf(const std::string &file) {
  auto index = read(file);
  if (index)
    return "";
  std::string text = llvm::toString(index.takeError());
  llvm::StringRef rest = text;
  EXPECT_TRUE(rest.consume_front("'x.bin' is not a Marian model that can be read: ")) << text;
  return rest.str();
}

static MarianBuilder small() {
  MarianBuilder builder;
  builder.floats("a", {1, 3}, {1.5f, -2, 7}).counting("b", {2, 3}, 4).text("special:model.yml", "type: transformer\n");
  return builder;
}

TEST(MarianFile, TensorsAndTexts) {
  std::string file = small().build();
  auto index = read(file);
  ASSERT_TRUE(bool(index)) << llvm::toString(index.takeError());
  ASSERT_EQ(index->tensors.size(), 2u);
  const MarianTensor *floats = index->find("a"), *integers = index->find("b");
  ASSERT_TRUE(floats && integers);
  EXPECT_EQ(floats->shape, (llvm::SmallVector<int64_t, 4>{1, 3}));
  std::vector<float> values(3);
  convertToFloat(StorageType::F32, floats->data.data(), 3, values.data());
  EXPECT_EQ(values, (std::vector<float>{1.5f, -2, 7}));
  EXPECT_EQ(integers->data.vec(), (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(integers->multiplier, 4);
  EXPECT_EQ(index->text("special:model.yml"), "type: transformer\n");
  EXPECT_EQ(index->find("c"), nullptr);
}

TEST(MarianFile, BeginsAsMarian) {
  std::string file = small().build();
  auto begins = [](const std::string &text) {
    return beginsAsMarian({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  };
  EXPECT_TRUE(begins(file));
  EXPECT_FALSE(begins("GGUF...."));
  EXPECT_FALSE(begins(file.substr(0, 7)));
}

TEST(MarianFile, RefusesOtherVersionsAndTypes) {
  MarianBuilder builder = small();
  builder.version = 2;
  EXPECT_EQ(errorOf(builder.build()), "the header: the version is 2; supported is 1");
  EXPECT_EQ(errorOf(small().tensor("c", 0x4102, {1}, "12345678").build()),
            "tensor 'c': type 0x4102 is not supported; supported: 0x404 (float32), 0x4101 (int8 of intgemm, for any "
            "processor), 0x101 (text)");
}

TEST(MarianFile, RefusesCountsThatDoNotFit) {
  MarianBuilder builder = small();
  builder.extraTensors = int64_t(1) << 60;
  EXPECT_EQ(errorOf(builder.build()).substr(0, 38), "the header: 1152921504606846979 tensor");
  EXPECT_EQ(errorOf(small().tensor("c", 0x404, {1, 1, 1, 1, 1}, "1234").build()),
            "header 3: the tensor has 5 dimensions; at most 4 are possible");
  EXPECT_EQ(errorOf(small().tensor("c", 0x404, {-1}, "1234").build()),
            "the shape of 'c': an extent of -1; none is below 0");
  EXPECT_EQ(errorOf(small().tensor("c", 0x404, {2}, "1234").build()),
            "tensor 'c': its 4 bytes are too few for shape [2] of type 0x404");
  EXPECT_EQ(errorOf(small().tensor("c", 0x404, {2147483647, 2147483647, 2147483647}, "1234").build()),
            "tensor 'c': its 4 bytes are too few for shape [2147483647, 2147483647, 2147483647] of type 0x404");
  // An int8 tensor has a multiplier too.
  EXPECT_EQ(errorOf(small().tensor("c", 0x4101, {4}, "1234567").build()),
            "tensor 'c': its 7 bytes are too few for shape [4] of type 0x4101");
}

TEST(MarianFile, RefusesMultipliersThatAreNone) {
  for (float multiplier : {0.0f, INFINITY, NAN, 1e-40f})
    EXPECT_EQ(errorOf(small().counting("c", {2}, multiplier).build()).substr(0, 42),
              "tensor 'c': its numbers are to be divided ");
}

TEST(MarianFile, RefusesNamesThatAreNone) {
  EXPECT_EQ(errorOf(small().floats("a", {1}, {1}).build()), "name 3: there are two tensors of the name 'a'");
  EXPECT_EQ(errorOf(small().floats("", {1}, {1}).build()), "name 3: expected a name in UTF-8, found ''");
  EXPECT_EQ(errorOf(small().floats("\xff", {1}, {1}).build()), "name 3: expected a name in UTF-8, found '\\xff'");
  EXPECT_EQ(errorOf(small().floats(std::string("a\0b", 3), {1}, {1}).build()).substr(0, 7), "name 3:");
}

TEST(MarianFile, RefusesWhatFollows) {
  EXPECT_EQ(errorOf(small().build() + "xy"), "the end: 2 bytes follow that nothing explains");
}

/// Whatever is read lies in the file.
TEST(MarianFile, SurvivesMutations) {
  size_t refused = 0, count = 0;
  forEachMutation(small().build(), [&](const std::string &file) {
    auto index = read(file);
    ++count;
    if (!index) {
      EXPECT_FALSE(llvm::toString(index.takeError()).empty());
      ++refused;
      return;
    }
    for (const MarianTensor &tensor : index->tensors) {
      const char *begin = reinterpret_cast<const char *>(tensor.data.begin());
      EXPECT_TRUE(tensor.data.empty() ||
                  (begin >= file.data() && begin + tensor.data.size() <= file.data() + file.size()));
    }
  });
  // Most of a file's bytes are numbers and padding, where nothing is wrong; no shorter file is right.
  EXPECT_GT(refused, small().build().size());
  EXPECT_LT(refused, count);
}
