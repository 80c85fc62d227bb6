#include "tenon/tenon.hpp"

#include "FakeLibrary.h"

namespace tenon::tests {
namespace {

using CppInterface = FakeModel;

TEST_F(CppInterface, EmbedsTokensAndTexts) {
  writeModel();
  Model opened(libraryPath());
  Session made(opened, 2);
  EXPECT_EQ(made.threads(), 2u);
  std::vector<std::vector<int32_t>> rows = {{2, 4, 3}, {}};
  std::vector<std::string> texts = {"one"};
  EXPECT_EQ(made.embedTokens(rows), (std::vector<float>{9, 10, 11, 12, 0, 1, 2, 3}));
  EXPECT_EQ(made.embedTexts(texts), (std::vector<float>{9, 10, 11, 12}));
  EXPECT_EQ(opened.tokenize("one two"), (std::vector<int32_t>{2, 4, 5, 3}));
  std::vector<int32_t> ids(100, 4);
  std::string long_text = opened.detokenize(ids);
  EXPECT_EQ(long_text.size(), 399u);
  EXPECT_STREQ(opened.info().name, "fake");
  EXPECT_TRUE(opened.manifest().ends_with("}"));
}

TEST_F(CppInterface, CallsByName) {
  writeModel();
  Session made{Model(libraryPath())};
  float x[] = {1, 2};
  std::vector<tenon_tensor> inputs = {tensor("x", TENON_F32, {2, 1}, x, sizeof x)};
  std::vector<tenon_tensor> outputs = {tensor("y", TENON_F32, {}, nullptr, 0)};
  made.call("double", inputs, outputs);
  EXPECT_EQ(static_cast<const float *>(outputs[0].data)[1], 4.0f);
}

TEST_F(CppInterface, CopiesAndMoves) {
  writeModel();
  Model first(libraryPath());
  Model second = first;
  Model third = std::move(first);
  second = third;
  Session made(second, 1);
  Session moved = std::move(made);
  EXPECT_EQ(moved.threads(), 1u);
  EXPECT_THROW(made.threads(), Error);
}

TEST_F(CppInterface, ErrorsCarryStatusAndMessage) {
  try {
    Model missing(libraryPath());
    FAIL() << "opened a library that does not exist";
  } catch (const Error &error) {
    EXPECT_EQ(error.status(), TENON_ERROR_FILE);
    EXPECT_NE(std::string(error.what()).find("fake.so"), std::string::npos) << error.what();
  }
  writeModel();
  Session made{Model(libraryPath())};
  std::vector<std::string> texts = {std::string("a\0b", 3)};
  EXPECT_THROW(made.embedTexts(texts), Error);
}

} // namespace
} // namespace tenon::tests
