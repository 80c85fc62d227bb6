#include "tenon/tenon.hpp"

#include "FakeLibrary.h"

#include <stdexcept>

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

class CppGeneration : public FakeDecoder {
protected:
  void SetUp() override { writeFile(path(), fakeImage("fake_decoder")); }
  std::string path() const { return directory.path("decoder.so"); }
};

TEST_F(CppGeneration, GeneratesForksAndRewinds) {
  Model opened(path(), TENON_WEIGHTS_MAP, "", 1000 * pageBytes);
  Session made(opened, 1);
  std::vector<int32_t> text = prompt(20);
  GenerateOptions options;
  options.maxTokens = 12;
  options.ignoreEos = true;
  std::string heard;
  options.onToken = [&](const tenon_generation_event &event) {
    heard.append(event.text, event.text_bytes);
    return true;
  };
  Generation written = made.generate(text, options);
  EXPECT_EQ(written.sequences[0].tokens, continuation(text, 12));
  EXPECT_EQ(written.sequences[0].text, heard);
  EXPECT_EQ(made.length(), 31);
  made.rewind(20);
  EXPECT_EQ(made.tokens(), text);
  Session fork = made.fork();
  std::vector<Session *> both = {&made, &fork};
  std::vector<int32_t> tokens = {5, 6};
  std::vector<float> logits(2 * vocab);
  decode(both, tokens, logits.data());
  text.push_back(6);
  EXPECT_EQ(best({logits.begin() + ptrdiff_t(vocab), logits.end()}), next(text));
  made.rewind(0);
  made.prefill(text, logits.data());
  EXPECT_EQ(best({logits.begin(), logits.begin() + ptrdiff_t(vocab)}), next(text));
  fork.rewind(0);
  std::vector<std::vector<int32_t>> prompts = {{2, 3}, {4, 5, 6}};
  made.rewind(0);
  std::vector<Generation> rows = Session::generate(both, prompts, options);
  EXPECT_EQ(rows[1].sequences[0].tokens, continuation(prompts[1], 12));
}

TEST_F(CppGeneration, WritesAboutSources) {
  writeFile(directory.path("fake_source.so"), fakeImage("fake_source"));
  Model opened(directory.path("fake_source.so"));
  EXPECT_EQ(opened.startTokens(), (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(opened.tokenizeAnswer("CAB"), (std::vector<int32_t>{4, 2, 3}));
  std::vector<int32_t> tokens = prompt(40);
  Source encoded{tokens, {}, {}}, given;
  given.hidden.emplace();
  for (size_t row = 0; row < tokens.size(); ++row)
    given.hidden->insert(given.hidden->end(), {float(tokens[row]), float(row)});
  Session first(opened, 1), second(opened, 1);
  first.setSource(encoded);
  second.setSource(given);
  Session fork = first.fork();
  std::vector<int32_t> written = first.generate({}).sequences[0].tokens;
  EXPECT_EQ(second.generate({}).sequences[0].tokens, written);
  EXPECT_EQ(fork.generate({}).sequences[0].tokens, written);
  std::vector<Session *> both = {&first, &second};
  std::vector<Source> shorter = {{prompt(9), {}, {}}, {prompt(11), {}, {}}};
  Session::setSources(both, shorter);
  EXPECT_EQ(first.length(), 0);
  EXPECT_THROW(Session::setSources(both, {shorter.data(), 1}), Error);
  Source empty, missing;
  empty.tokens.emplace();
  first.setSource(empty);
  empty = {{}, {}, std::vector<float>()};
  second.setSource(empty);
  EXPECT_EQ(second.generate({}).sequences[0].tokens, first.generate({}).sequences[0].tokens);
  EXPECT_NE(first.tokens(), fork.tokens());
  EXPECT_THROW(first.setSource(missing), Error);
  given.hidden->pop_back();
  EXPECT_THROW(first.setSource(given), Error);
}

TEST_F(CppGeneration, WritesAboutSeveralSources) {
  writeFile(directory.path("fake_sources.so"), fakeImage("fake_sources"));
  Model opened(directory.path("fake_sources.so"));
  std::vector<tenon_source_info> kinds = opened.sources();
  ASSERT_EQ(kinds.size(), 3u);
  EXPECT_STREQ(kinds[1].name, "right");
  std::vector<Source> tokens = {
      {prompt(20), {}, {}}, {std::vector<int32_t>{3, 4}, {}, {}}, {std::vector<int32_t>{1}, {}, {}}};
  std::vector<Source> hidden = {tokens[0], {{}, {}, std::vector<float>{4, 0, 5, 1}}, {}};
  Session first(opened, 1), second(opened, 1);
  first.setSources(tokens);
  second.setSources(hidden);
  std::vector<int32_t> written = first.generate({}).sequences[0].tokens;
  EXPECT_EQ(second.generate({}).sequences[0].tokens, written);
  std::vector<Session *> both = {&first, &second};
  std::vector<Source> six = tokens;
  six.insert(six.end(), tokens.begin(), tokens.end());
  Session::setSources(both, six);
  EXPECT_EQ(second.generate({}).sequences[0].tokens, written);
  EXPECT_THROW(Session::setSources(both, tokens), Error);
  EXPECT_THROW(first.setSource(tokens[0]), Error);
  hidden[1].hidden->pop_back();
  EXPECT_THROW(first.setSources(hidden), Error);
}

TEST_F(CppGeneration, WhatACallbackThrowsArrives) {
  Session made{Model(path())};
  GenerateOptions options;
  options.onToken = [](const tenon_generation_event &) -> bool { throw std::out_of_range("mine"); };
  EXPECT_THROW(made.generate(prompt(3), options), std::out_of_range);
  options.onToken = [](const tenon_generation_event &) -> bool { throw 42; };
  EXPECT_THROW(made.generate(prompt(3), options), int);
}

TEST_F(CppGeneration, OptionsOfTheModelHoldWhereNoneAreGiven) {
  Model opened(path());
  GenerateOptions options = opened.generateOptions();
  EXPECT_EQ(options.maxTokens, 256);
  EXPECT_TRUE(options.badWords.empty() && options.stopStrings.empty());
  Session made(opened, 1), other(opened, 1);
  EXPECT_EQ(made.generate(prompt(3)).sequences[0].tokens, other.generate(prompt(3), options).sequences[0].tokens);
  options.badWords = {{made.tokens()[3]}};
  other.rewind(0);
  EXPECT_NE(other.generate(prompt(3), options).sequences[0].tokens[0], made.tokens()[3]);
}

TEST_F(CppGeneration, AppliesTheChatTemplate) {
  Model opened(path());
  std::vector<ChatMessage> messages = {{"user", std::string(2000, 'a')}};
  std::string text = opened.applyChat(messages);
  EXPECT_TRUE(text.starts_with("<|im_start|>user\naaa")) << text;
  EXPECT_TRUE(text.ends_with("<|im_end|>\n<|im_start|>assistant\n"));
  EXPECT_GT(opened.tokenizeChat(messages, false).size(), 2000u);
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
