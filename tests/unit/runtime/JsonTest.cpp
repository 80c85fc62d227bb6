#include "Json.h"

#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

using Kind = JsonValue::Kind;

std::string errorOf(const std::string &text, std::string_view only = {}) {
  try {
    parseJson(text, only);
  } catch (const JsonError &error) {
    return error.message;
  }
  return "";
}

TEST(Json, ValuesOfEveryKind) {
  JsonValue root = parseJson(R"({"a":[1,-2,3.5,true,null,"x\u00e9"],"b":{"c":[]},"d":18446744073709551615})");
  ASSERT_TRUE(root.is(Kind::Object));
  const std::vector<JsonValue> &items = root.find("a")->items;
  EXPECT_EQ(items[0].integer, 1);
  EXPECT_EQ(items[1].integer, -2);
  EXPECT_EQ(items[2].text, "3.5");
  EXPECT_TRUE(items[3].boolean);
  EXPECT_TRUE(items[4].is(Kind::Null));
  EXPECT_EQ(items[5].text, "x\xc3\xa9");
  EXPECT_TRUE(root.find("b")->find("c")->is(Kind::Array));
  EXPECT_TRUE(root.find("d")->is(Kind::OtherNumber));
  EXPECT_EQ(root.find("e"), nullptr);
  EXPECT_EQ(items[0].find("a"), nullptr);
}

TEST(Json, OnlyOneMemberOfTheOutermostObject) {
  JsonValue root = parseJson(R"({"x":{"keep":1,"y":[{"z":[]}]},"keep":{"x":[7]},"last":3})", "keep");
  ASSERT_EQ(root.keys, std::vector<std::string>{"keep"});
  EXPECT_EQ(root.find("keep")->find("x")->items[0].integer, 7);
}

TEST(Json, DepthIsBounded) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(errorOf(nested(16)), "");
  EXPECT_EQ(errorOf(nested(17)), "nested more than 16 deep");
  EXPECT_EQ(errorOf("{\"passed over\":" + nested(16) + "}", "kept"), "nested more than 16 deep");
  EXPECT_EQ(errorOf(std::string(1000000, '[')), "nested more than 16 deep");
}

TEST(Json, TwoMembersOfOneName) { EXPECT_EQ(errorOf(R"({"a":1,"b":{"a":2},"a":3})"), "two members are named \"a\""); }

TEST(Json, TextThatIsNotJson) {
  for (const char *text : {"", " ", "{", "{\"a\"}", "[1,]", "nul", "\"\xff\"", "1 2", "{\"a\":1}}"})
    EXPECT_NE(errorOf(text), "") << text;
}

} // namespace
} // namespace tenon::runtime
