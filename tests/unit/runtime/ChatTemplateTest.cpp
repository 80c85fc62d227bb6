// Conversations as transformers' apply_chat_template renders them; chat/make-goldens.py recorded what that is.

#include "ChatTemplate.h"

#include "Failure.h"
#include "Json.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace tenon::runtime {
namespace {

std::string readText(const std::string &name) {
  std::ifstream file(std::string(TENON_SOURCE_DIRECTORY) + "/tests/unit/runtime/chat/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string failureOf(const std::string &source, const std::vector<ChatMessage> &messages = {{"user", "x"}}) {
  try {
    return "renders: " + applyChatTemplate(source, messages, {}, true);
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, TENON_ERROR_CHAT_TEMPLATE);
    return failure.message;
  }
}

std::string rendered(const std::string &source) {
  try {
    return applyChatTemplate(source, {{"user", "x"}}, {"<s>", "</s>"}, true);
  } catch (const Failure &failure) {
    return "failure: " + failure.message;
  }
}

TEST(ChatTemplate, RendersWhatTransformersRenders) {
  JsonValue goldens = parseJson(readText("goldens.json"));
  size_t texts = 0, refusals = 0;
  for (const JsonValue &golden : goldens.items) {
    const std::string &name = golden.find("name")->text;
    std::string source = readText(name + ".jinja");
    ChatTokens tokens{golden.find("bos")->text, golden.find("eos")->text};
    for (const JsonValue &testCase : golden.find("cases")->items) {
      std::vector<ChatMessage> messages;
      for (const JsonValue &message : testCase.find("messages")->items)
        messages.push_back({message.find("role")->text, message.find("content")->text});
      bool prompt = testCase.find("prompt")->boolean;
      std::string found;
      bool refused = false;
      try {
        found = applyChatTemplate(source, messages, tokens, prompt);
      } catch (const Failure &failure) {
        found = failure.message;
        refused = true;
      }
      if (const JsonValue *text = testCase.find("text")) {
        EXPECT_FALSE(refused) << name << ": " << found;
        EXPECT_EQ(found, text->text) << name << ", " << messages.size() << " messages";
        ++texts;
      } else {
        EXPECT_TRUE(refused) << name;
        EXPECT_EQ(found, "the chat template refuses these messages: " + testCase.find("error")->text) << name;
        ++refusals;
      }
    }
  }
  EXPECT_GT(texts, 200u);
  EXPECT_GT(refusals, 20u);
}

TEST(ChatTemplate, WhatIsNotKnownIsNamed) {
  EXPECT_EQ(failureOf("a\n{% include 'x' %}"),
            "chat template, line 2: the statement 'include' is not known here; known are if, for, set, macro, break, "
            "continue and generation");
  EXPECT_NE(failureOf("{{ 'x'|sort }}").find("the filter 'sort' is not known here; known are capitalize, "),
            std::string::npos);
  EXPECT_NE(failureOf("{{ 'x' is escaped }}").find("the test 'escaped' is not known here"), std::string::npos);
  EXPECT_NE(failureOf("{{ 'x'.zfill(3) }}").find("the method 'zfill' of a string is not known here"),
            std::string::npos);
  EXPECT_NE(failureOf("\n\n{{ cycler(1) }}").find("line 3: the function 'cycler' is not known here"),
            std::string::npos);
  EXPECT_NE(failureOf("{{ 'x'|tojson(indent=2) }}").find("tojson with indent"), std::string::npos);
}

TEST(ChatTemplate, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(failureOf("{% if x %}"), "chat template, line 1: 'if' has no endif");
  EXPECT_EQ(failureOf("{% for x in y %}{% endif %}"),
            "chat template, line 1: the statement 'endif' is not known here; known are if, for, set, macro, break, "
            "continue and generation");
  EXPECT_EQ(failureOf("{% endfor %}"), "chat template, line 1: unexpected endfor");
  EXPECT_EQ(failureOf("\n{{ 1 + }}"), "chat template, line 2: expected a value, found the end of the tag");
  EXPECT_EQ(failureOf("{{ (1 }}"), "chat template, line 1: expected }} before the end");
  EXPECT_EQ(failureOf("{{ 'x }}"), "chat template, line 1: the string is not closed");
  EXPECT_EQ(failureOf("{{ x"), "chat template, line 1: expected }} before the end");
  EXPECT_EQ(failureOf("{# x"), "chat template, line 1: the comment is not closed");
  EXPECT_EQ(failureOf("{{ x ? y }}"), "chat template, line 1: unexpected character '?'");
  EXPECT_EQ(failureOf("{{ missing.name }}"), "chat template, line 1: name of something undefined");
  EXPECT_EQ(failureOf("{{ 1 + 'a' }}"), "chat template, line 1: integer + string");
  EXPECT_EQ(failureOf("{{ 1 // 0 }}"), "chat template, line 1: division by 0");
  EXPECT_EQ(failureOf("{{ 9223372036854775807 + 1 }}"),
            "chat template, line 1: 9223372036854775807 + 1 does not fit 64 bits");
  EXPECT_EQ(failureOf("{% set a, b = [1] %}"), "chat template, line 1: 2 names for 1 values");
}

TEST(ChatTemplate, ComesToAnEnd) {
  EXPECT_NE(
      failureOf("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + "}}").find("nested more than 100 deep"),
      std::string::npos);
  EXPECT_NE(failureOf("{{ " + std::string(5000, '-') + "1 }}").find("nested more than 100 deep"), std::string::npos);
  std::string ifs;
  for (int depth = 0; depth < 5000; ++depth)
    ifs += "{% if x %}";
  EXPECT_NE(failureOf(ifs).find("nested more than 100 deep"), std::string::npos);
  EXPECT_NE(failureOf("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").find("macros call each other"),
            std::string::npos);
  EXPECT_NE(failureOf("{{ range(9999999999)|length }}").find("is too long"), std::string::npos);
  EXPECT_NE(failureOf("{% for a in range(9999) %}{% for b in range(9999) %}{% set c = 1 %}{% endfor %}{% endfor %}")
                .find("does not come to an end"),
            std::string::npos);
  EXPECT_NE(failureOf("{% set n = namespace() %}{% set n.x = n %}{{ n }}").find("nested more than 32 deep"),
            std::string::npos);
}

TEST(ChatTemplate, KnowsTheDate) {
  std::string year = rendered("{{ strftime_now('%Y') }}");
  EXPECT_EQ(year.size(), 4u);
  EXPECT_GE(year, "2024");
}

} // namespace
} // namespace tenon::runtime
