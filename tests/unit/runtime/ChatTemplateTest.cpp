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
    return applyChatTemplate(source, {{"user", "x"}}, {{"bos_token", "<s>"}, {"eos_token", "</s>"}}, true);
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
    ChatTokens tokens;
    for (auto [name, text] : {std::pair("bos_token", golden.find("bos")->text), {"eos_token", golden.find("eos")->text}})
      if (!text.empty())
        tokens.emplace_back(name, text);
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
            "chat template, line 2: the statement 'include' is not supported; supported are if, for, set, macro, "
            "break, continue, generation, with, call, filter, print and raw");
  EXPECT_EQ(failureOf("{{ 'x'|urlize }}"), "chat template, line 1: there is no filter named 'urlize'");
  EXPECT_EQ(failureOf("{{ 'x' is nice }}"), "chat template, line 1: there is no test named 'nice'");
  EXPECT_EQ(failureOf("{{ 'x'.encode('utf-8') }}"),
            "chat template, line 1: the method 'encode' of a string is not supported");
  EXPECT_EQ(failureOf("\n\n{{ nothing(1) }}"), "chat template, line 3: the function 'nothing' is not known");
  EXPECT_EQ(failureOf("{{ messages.append(1) }}"),
            "chat template, line 1: the method 'append' of a list is not allowed in a template");
}

TEST(ChatTemplate, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(failureOf("{% if x %}"), "chat template, line 1: expected endif before the end");
  EXPECT_NE(failureOf("{% for x in y %}{% endif %}").find("line 1: the statement 'endif' is not supported"),
            std::string::npos);
  EXPECT_EQ(failureOf("\n{{ 1 + }}"), "chat template, line 2: expected a value, found the end of the tag");
  EXPECT_EQ(failureOf("{{ (1 }}"), "chat template, line 1: unexpected '}'");
  EXPECT_EQ(failureOf("{{ 'x }}"), "chat template, line 1: the string is not closed");
  EXPECT_EQ(failureOf("{{ x"), "chat template, line 1: expected }} before the end");
  EXPECT_EQ(failureOf("{# x"), "chat template, line 1: the comment is not closed");
  EXPECT_EQ(failureOf("{{ x ? y }}"), "chat template, line 1: unexpected character '?'");
  EXPECT_EQ(failureOf("{{ missing.name }}"), "chat template, line 1: 'missing' is undefined");
  EXPECT_EQ(failureOf("{{ 1 + 'a' }}"), "chat template, line 1: an integer + a string has no meaning");
  EXPECT_EQ(failureOf("{{ 1 // 0 }}"), "chat template, line 1: division by 0");
  EXPECT_EQ(failureOf("{{ 9223372036854775807 + 1 }}"),
            "chat template, line 1: 9223372036854775807 + 1 does not fit 64 bits");
  EXPECT_EQ(failureOf("{% set a, b = [1] %}"), "chat template, line 1: 2 names for 1 values");
  EXPECT_EQ(failureOf("{{ raise_exception('no ' ~ messages|length) }}"), "the chat template refuses these messages: no 1");
  EXPECT_EQ(failureOf("{{ messages }}", {{"user", "\xff"}}), "message 1: the content is not UTF-8 at byte 0");
}

TEST(ChatTemplate, KnowsTheDate) {
  std::string year = rendered("{{ strftime_now('%Y') }}");
  EXPECT_EQ(year.size(), 4u);
  EXPECT_GE(year, "2024");
}

} // namespace
} // namespace tenon::runtime
