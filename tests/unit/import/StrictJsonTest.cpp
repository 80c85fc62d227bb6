#include "import/StrictJson.h"
#include "support/TempDirectory.h"
#include <gtest/gtest.h>

using namespace tenon::import;
using tenon::test::TempDirectory;

static std::string errorOf(const std::string &text) {
  llvm::Expected<llvm::json::Value> value = parseJson(text, "f");
  return value ? "" : llvm::toString(value.takeError());
}

TEST(StrictJson, ReadsEveryKindOfValue) {
  const std::string text = R"({"a":[1,-2,2.5,true,false,null,"x\u00e9"],"b":{"c":{}}})";
  llvm::json::Value value = llvm::cantFail(parseJson(text, "f"));
  EXPECT_EQ(value, llvm::cantFail(llvm::json::parse(text)));
}

TEST(StrictJson, IntegersAreExact) {
  llvm::json::Value value =
      llvm::cantFail(parseJson("[9007199254740993, 9223372036854775807, 18446744073709551615]", "f"));
  const llvm::json::Array &array = *value.getAsArray();
  EXPECT_EQ(array[0].getAsInteger(), 9007199254740993);
  EXPECT_EQ(array[1].getAsInteger(), INT64_MAX);
  EXPECT_EQ(array[2].getAsInteger(), std::nullopt);
}

TEST(StrictJson, RefusesKeysGivenTwice) {
  EXPECT_EQ(errorOf(R"({"a":1,"a":1})"), "'f': the key 'a' is given twice");
  EXPECT_EQ(errorOf(R"({"a":{"a":1},"b":{"a":1}})"), "");
}

TEST(StrictJson, RefusesDeepNesting) {
  EXPECT_EQ(errorOf(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_EQ(errorOf(std::string(65, '[') + std::string(65, ']')), "'f': nested deeper than 64 levels");
  EXPECT_EQ(errorOf(std::string(5'000'000, '[')), "'f': nested deeper than 64 levels");
}

TEST(StrictJson, SaysWhereTheTextIsWrong) {
  EXPECT_EQ(errorOf("{\"a\": tru}"), "'f': not valid JSON at byte 10: parse error at line 1, column 10: syntax error "
                                     "while parsing value - invalid literal; last read: '\"a\": tru}'");
  EXPECT_EQ(errorOf(""), "'f': not valid JSON at byte 1: parse error at line 1, column 1: syntax error while parsing "
                         "value - unexpected end of input; expected '[', '{', or a literal");
  EXPECT_NE(errorOf("\"\xff\"").find("ill-formed UTF-8"), std::string::npos);
}

TEST(StrictJson, ObjectsComeFromRegularFilesOfBoundedSize) {
  TempDirectory directory;
  auto error = [](const std::string &path) { return llvm::toString(readJsonObject(path).takeError()); };
  EXPECT_EQ(error(directory.write("a", "[1]")), "'" + directory.path("a") + "': expected an object, found [1]");
  EXPECT_EQ(error(directory.path()), "cannot read '" + directory.path() + "': it is not a regular file");
  EXPECT_EQ(error(directory.write("b", std::string((16 << 20) + 1, ' '))),
            "cannot read '" + directory.path("b") + "': it has 16777217 bytes; at most 16777216 are expected");
}
