#include "FakeLibrary.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <thread>

namespace tenon::tests {
namespace {

/// The text of the fake decoder's tokens, as far as they are letters, spaces and line breaks.
std::string spelled(const std::vector<int32_t> &tokens) {
  static const std::string letters = "abcdefghijklmnopqrstuvwxyz ";
  std::string text;
  for (int32_t token : tokens)
    if (token >= 2 && token <= 28)
      text += letters[size_t(token - 2)];
    else if (token == 31)
      text += '\n';
  return text;
}

class Generate : public FakeDecoder {
protected:
  static tenon_generate_options defaults(int64_t maxTokens = 40) {
    tenon_generate_options options = TENON_GENERATE_DEFAULTS;
    options.max_tokens = maxTokens;
    options.ignore_eos = 1;
    return options;
  }

  std::vector<tenon_sequence> generate(tenon_session *session, const std::vector<int32_t> &tokens,
                                       const tenon_generate_options &options) {
    tenon_generation result{sizeof result, nullptr, 0, 0, 0};
    EXPECT_EQ(tenon_generate(session, tokens.data(), tokens.size(), &options, &result), TENON_OK) << tenon_message();
    return {result.sequences, result.sequences + result.sequence_count};
  }

  static std::vector<int32_t> tokensOf(const tenon_sequence &sequence) {
    return {sequence.tokens, sequence.tokens + sequence.token_count};
  }

  /// A prompt that goes on with `count` letters, spaces and line breaks.
  static std::vector<int32_t> promptOfWords(size_t count) {
    for (int32_t first = 0;; ++first) {
      std::vector<int32_t> text = prompt(20, first), written = continuation(text, count);
      if (std::none_of(written.begin(), written.end(), [](int32_t token) { return token == 29 || token == 30; }))
        return text;
    }
  }
};

TEST_F(Generate, GreedyTakesTheBestTokenEachTime) {
  tenon_session *session = newSession(2);
  std::vector<int32_t> text = prompt(21);
  std::vector<tenon_sequence> written = generate(session, text, defaults());
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(tokensOf(written[0]), continuation(text, 40));
  EXPECT_EQ(written[0].finish, TENON_FINISH_LENGTH);
  EXPECT_STREQ(tenon_finish_name(written[0].finish), "length");
  // The session holds all but the last, and goes on from there.
  EXPECT_EQ(lengthOf(session), 21 + 39);
  std::vector<int32_t> all = text, last = tokensOf(written[0]);
  all.insert(all.end(), last.begin(), last.end());
  EXPECT_EQ(tokensOf(generate(session, {last.back()}, defaults(10))[0]), continuation(all, 10));
}

TEST_F(Generate, StopsAtTheModelsEndOfText) {
  std::vector<int32_t> text;
  for (int32_t first = 0; text.empty(); ++first) {
    std::vector<int32_t> written = continuation(prompt(20, first), 30);
    if (std::find(written.begin(), written.end(), 1) != written.end() && written[0] != 1)
      text = prompt(20, first);
  }
  tenon_generate_options options = defaults(100);
  options.ignore_eos = 0;
  tenon_sequence written = generate(newSession(), text, options)[0];
  EXPECT_EQ(written.finish, TENON_FINISH_STOP_TOKEN);
  std::vector<int32_t> tokens = tokensOf(written);
  EXPECT_EQ(tokens, continuation(text, tokens.size()));
  EXPECT_EQ(tokens.back(), 1);
  EXPECT_EQ(std::count(tokens.begin(), tokens.end(), 1), 1);
}

TEST_F(Generate, StopsAtOtherTokens) {
  std::vector<int32_t> text = prompt(20), whole = continuation(text, 30);
  tenon_generate_options options = defaults(100);
  options.stop_tokens = &whole[9];
  options.stop_token_count = 1;
  tenon_sequence written = generate(newSession(), text, options)[0];
  size_t first = size_t(std::find(whole.begin(), whole.end(), whole[9]) - whole.begin());
  EXPECT_EQ(written.token_count, first + 1);
  EXPECT_EQ(written.finish, TENON_FINISH_STOP_TOKEN);
}

struct Heard {
  std::vector<int32_t> tokens;
  std::vector<std::string> texts;
  size_t stopAfter = SIZE_MAX;

  static int hear(void *context, const tenon_generation_event *event) {
    auto *self = static_cast<Heard *>(context);
    EXPECT_EQ(std::string(event->text).size(), event->text_bytes);
    if (event->token >= 0)
      self->tokens.push_back(event->token);
    self->texts.push_back(event->text);
    return self->tokens.size() >= self->stopAfter;
  }
  std::string all() const {
    std::string text;
    for (const std::string &part : texts)
      text += part;
    return text;
  }
};

TEST_F(Generate, StreamsWhatItGives) {
  tenon_generate_options options = defaults();
  Heard heard;
  options.callback = Heard::hear;
  options.context = &heard;
  tenon_sequence written = generate(newSession(), prompt(20), options)[0];
  EXPECT_EQ(heard.tokens, tokensOf(written));
  EXPECT_EQ(heard.all(), std::string(written.text, written.text_bytes));
  for (const std::string &part : heard.texts)
    EXPECT_TRUE(part.empty() || (static_cast<unsigned char>(part[0]) & 0xC0) != 0x80) << part;
}

TEST_F(Generate, StopStringsEndTheTextBeforeThem) {
  std::vector<int32_t> text = promptOfWords(20);
  std::string whole = spelled(continuation(text, 20));
  std::string stop = whole.substr(8, 3);
  const char *stops[] = {"never this", stop.c_str()};
  tenon_generate_options options = defaults(100);
  options.stop_strings = stops;
  options.stop_string_count = 2;
  Heard heard;
  options.callback = Heard::hear;
  options.context = &heard;
  tenon_sequence written = generate(newSession(), text, options)[0];
  EXPECT_EQ(written.finish, TENON_FINISH_STOP_STRING);
  EXPECT_EQ(std::string(written.text), whole.substr(0, whole.find(stop)));
  EXPECT_EQ(heard.all(), written.text);
}

TEST_F(Generate, RowsOfABatchAreWhatTheyAreAlone) {
  std::vector<tenon_session *> sessions;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<const int32_t *> pointers;
  std::vector<size_t> lengths;
  for (size_t row = 0; row < 5; ++row) {
    sessions.push_back(newSession());
    prompts.push_back(prompt(1 + row * 130, int32_t(row)));
  }
  for (const auto &tokens : prompts) {
    pointers.push_back(tokens.data());
    lengths.push_back(tokens.size());
  }
  tenon_generate_options options = defaults(30);
  options.ignore_eos = 0; // so that rows end at different times
  std::vector<tenon_generation> results(5, {sizeof(tenon_generation), nullptr, 0, 0, 0});
  ASSERT_EQ(tenon_generate_batch(sessions.data(), pointers.data(), lengths.data(), 5, &options, results.data()),
            TENON_OK)
      << tenon_message();
  for (size_t row = 0; row < 5; ++row) {
    std::vector<int32_t> tokens = tokensOf(results[row].sequences[0]);
    EXPECT_EQ(tokens, continuation(prompts[row], tokens.size())) << row;
    EXPECT_TRUE(tokens.size() == 30 || tokens.back() == 1);
  }
}

TEST_F(Generate, SamplesDependOnSeedAndSequenceOnly) {
  tenon_generate_options options = defaults(20);
  options.temperature = 2;
  options.sequences = 3;
  options.seed = 7;
  std::vector<std::vector<int32_t>> first, second;
  for (const tenon_sequence &sequence : generate(newSession(2), prompt(20), options))
    first.push_back(tokensOf(sequence));
  ASSERT_EQ(first.size(), 3u);
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(first[1], first[2]);
  options.sequences = 2;
  for (const tenon_sequence &sequence : generate(newSession(1), prompt(20), options))
    second.push_back(tokensOf(sequence));
  EXPECT_EQ(second[0], first[0]);
  EXPECT_EQ(second[1], first[1]);
  options.seed = 8;
  EXPECT_NE(tokensOf(generate(newSession(), prompt(20), options)[0]), first[0]);
}

TEST_F(Generate, ManySamplesAreTheSameOnAnyNumberOfThreads) {
  tenon_generate_options options = defaults(4);
  options.temperature = 2;
  options.sequences = 1000; // enough scores for threads to share them
  options.scores = 1;
  options.repetition_penalty = 1.2;
  tenon_session *alone = newSession(1), *shared = newSession(3);
  std::vector<tenon_sequence> first = generate(alone, prompt(20), options),
                              second = generate(shared, prompt(20), options);
  for (size_t index = 0; index < 1000; ++index) {
    EXPECT_EQ(tokensOf(first[index]), tokensOf(second[index]));
    EXPECT_EQ(first[index].score, second[index].score);
  }
}

TEST_F(Generate, ScoresAreLogProbabilities) {
  tenon_generate_options options = defaults(10);
  options.scores = 1;
  std::vector<int32_t> text = prompt(20);
  double score = generate(newSession(), text, options)[0].score, expected = 0;
  for (int step = 0; step < 10; ++step) {
    std::vector<float> scores = scoresAfter(text);
    double sum = 0;
    for (float value : scores)
      sum += std::exp(double(value));
    text.push_back(next(text));
    expected += double(scores[size_t(text.back())]) - std::log(sum);
  }
  EXPECT_NEAR(score, expected, 1e-9);
}

TEST_F(Generate, RepetitionPenaltyIsAboutPromptAndAnswer) {
  tenon_generate_options options = defaults(25);
  options.repetition_penalty = 40;
  std::vector<int32_t> text = prompt(20), all = text, expected;
  for (int step = 0; step < 25; ++step) {
    std::vector<float> scores = scoresAfter(all);
    for (int32_t token = 0; token < 33; ++token)
      if (std::find(all.begin(), all.end(), token) != all.end())
        scores[size_t(token)] *= 40;
    expected.push_back(best(scores));
    all.push_back(expected.back());
  }
  EXPECT_EQ(tokensOf(generate(newSession(), text, options)[0]), expected);
  EXPECT_NE(expected, continuation(text, 25));
}

TEST_F(Generate, EndsWhereThePositionsEnd) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(590);
  tenon_sequence written = generate(session, text, defaults(100))[0];
  EXPECT_EQ(written.finish, TENON_FINISH_POSITIONS);
  EXPECT_EQ(tokensOf(written), continuation(text, 11));
  EXPECT_EQ(lengthOf(session), 600);
}

TEST_F(Generate, EndsWhereTheCacheIsFullAndTheOthersGoOn) {
  openDecoder(4 * pageBytes);
  tenon_session *sessions[] = {newSession(), newSession()};
  std::vector<int32_t> first = prompt(20, 1), second = prompt(20, 2);
  const int32_t *prompts[] = {first.data(), second.data()};
  size_t lengths[] = {20, 20};
  tenon_generate_options options = defaults(100);
  std::vector<tenon_generation> results(2, {sizeof(tenon_generation), nullptr, 0, 0, 0});
  ASSERT_EQ(tenon_generate_batch(sessions, prompts, lengths, 2, &options, results.data()), TENON_OK) << tenon_message();
  for (const tenon_generation &result : results)
    EXPECT_EQ(result.sequences[0].finish, TENON_FINISH_CACHE_FULL);
  EXPECT_EQ(tokensOf(results[0].sequences[0]), continuation(first, 13));
  EXPECT_EQ(tokensOf(results[1].sequences[0]), continuation(second, 13));
}

TEST_F(Generate, TheCallbackCancels) {
  tenon_generate_options options = defaults(100);
  Heard heard;
  heard.stopAfter = 5;
  options.callback = Heard::hear;
  options.context = &heard;
  tenon_session *session = newSession();
  tenon_sequence written = generate(session, prompt(20), options)[0];
  EXPECT_EQ(written.finish, TENON_FINISH_CANCELLED);
  EXPECT_EQ(tokensOf(written), continuation(prompt(20), 5));
  EXPECT_EQ(lengthOf(session), 24);
}

TEST_F(Generate, WhatACallbackThrowsDoesNotCrossTheInterface) {
  tenon_generate_options options = defaults(100);
  options.callback = [](void *, const tenon_generation_event *) -> int { throw std::runtime_error("not today"); };
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(20);
  expectStatus(tenon_generate(session, text.data(), 20, &options, nullptr), TENON_ERROR_CALLBACK,
               "the callback threw an exception: not today");
  EXPECT_EQ(lengthOf(session), 0);
}

TEST_F(Generate, WhateverACallbackThrowsDoesNotCrossTheInterface) {
  tenon_generate_options options = defaults(100);
  options.callback = [](void *, const tenon_generation_event *) -> int { throw 42; };
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(20);
  expectStatus(tenon_generate(session, text.data(), 20, &options, nullptr), TENON_ERROR_CALLBACK,
               "the callback threw something that is no std::exception");
  EXPECT_EQ(lengthOf(session), 0);
  options.beams = 2;
  expectStatus(tenon_generate(session, text.data(), 20, &options, nullptr), TENON_ERROR_CALLBACK, "no std::exception");
}

TEST_F(Generate, LengthsCountThePrompt) {
  tenon_session *session = newSession();
  tenon_generate_options options = defaults(100);
  options.max_length = 25;
  tenon_sequence written = generate(session, prompt(20), options)[0];
  EXPECT_EQ(tokensOf(written), continuation(prompt(20), 5));
  EXPECT_EQ(written.finish, TENON_FINISH_LENGTH);
  // 24 tokens are in the session.
  std::vector<int32_t> one = {3};
  expectStatus(tenon_generate(session, one.data(), 1, &options, nullptr), TENON_ERROR_OUT_OF_RANGE,
               "prompt 0 ends after 25 tokens, and max_length is 25");
  options.max_tokens = 3;
  options.max_length = 100;
  EXPECT_EQ(generate(session, one, options)[0].token_count, 3u);
  options.beams = 2;
  options.max_length = 40;
  options.max_tokens = 100;
  EXPECT_EQ(generate(session, one, options)[0].token_count, size_t(40 - 28));
}

TEST_F(Generate, RunsDoNotComeTwiceAndWordsNotAtAll) {
  std::vector<int32_t> plain = continuation(prompt(20), 40);
  tenon_generate_options options = defaults(40);
  options.no_repeat_ngram = 1;
  options.max_tokens = 10;
  tenon_sequence written = generate(newSession(), prompt(20), options)[0];
  std::vector<int32_t> all = prompt(20), more = tokensOf(written);
  all.insert(all.end(), more.begin(), more.end());
  std::sort(all.begin() + 20, all.end());
  EXPECT_EQ(std::adjacent_find(all.begin() + 20, all.end()), all.end());
  options = defaults(40);
  const tenon_token_list words[] = {{plain.data() + 4, 2}, {plain.data(), 1}};
  options.bad_words = words;
  options.bad_word_count = 2;
  more = tokensOf(generate(newSession(), prompt(20), options)[0]);
  EXPECT_EQ(std::count(more.begin(), more.end(), plain[0]), 0);
  EXPECT_EQ(std::search(more.begin(), more.end(), plain.begin() + 4, plain.begin() + 6), more.end());
}

TEST_F(Generate, ModelWithoutOptionsOfItsOwnHasTheUsualOnes) {
  tenon_generate_options usual = TENON_GENERATE_DEFAULTS, options = usual;
  options.max_tokens = 7;
  ASSERT_EQ(tenon_model_generate_options(model, &options), TENON_OK) << tenon_message();
  EXPECT_EQ(options.max_tokens, usual.max_tokens);
  EXPECT_EQ(options.source_repetition_penalty, 1);
  options.struct_size = 8;
  expectStatus(tenon_model_generate_options(model, &options), TENON_ERROR_STRUCT_SIZE, "tenon_generate_options is 8");
  expectStatus(tenon_model_generate_options(model, nullptr), TENON_ERROR_INVALID_ARGUMENT, "options is null");
}

TEST_F(Generate, AnotherThreadCancels) {
  tenon_session *session = newSession(2);
  std::atomic<int> tokens{0};
  tenon_generate_options options = defaults(500);
  options.context = &tokens;
  options.callback = [](void *context, const tenon_generation_event *) -> int {
    static_cast<std::atomic<int> *>(context)->fetch_add(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return 0;
  };
  std::thread canceller([&] {
    while (tokens.load() < 3)
      std::this_thread::yield();
    EXPECT_EQ(tenon_cancel(session), TENON_OK);
  });
  tenon_sequence written = generate(session, prompt(20), options)[0];
  canceller.join();
  EXPECT_EQ(written.finish, TENON_FINISH_CANCELLED);
  EXPECT_LT(written.token_count, 500u);
  // It is about the call that was under way.
  EXPECT_EQ(tenon_cancel(session), TENON_OK);
  options.callback = nullptr;
  EXPECT_EQ(generate(session, {2}, options)[0].finish, TENON_FINISH_LENGTH);
  expectStatus(tenon_cancel(nullptr), TENON_ERROR_HANDLE, "session handle is null");
}

TEST_F(Generate, CallbackMayNotUseTheSession) {
  tenon_session *session = newSession();
  tenon_generate_options options = defaults(2);
  options.context = session;
  options.callback = [](void *context, const tenon_generation_event *) -> int {
    int64_t length;
    EXPECT_EQ(tenon_session_length(static_cast<tenon_session *>(context), &length), TENON_ERROR_BUSY);
    return 0;
  };
  generate(session, prompt(3), options);
}

TEST_F(Generate, FailuresLeaveTheSessionAsItWas) {
  tenon_session *session = newSession();
  generate(session, prompt(20), defaults(5));
  std::vector<int32_t> bad = {2, 3, 32};
  expectStatus(tenon_generate(session, bad.data(), 3, nullptr, nullptr), TENON_ERROR_KERNEL, "token 32");
  EXPECT_EQ(lengthOf(session), 24);
}

TEST_F(Generate, NothingToWrite) {
  tenon_session *session = newSession();
  tenon_sequence written = generate(session, prompt(20), defaults(0))[0];
  EXPECT_EQ(written.token_count, 0u);
  EXPECT_STREQ(written.text, "");
  EXPECT_EQ(lengthOf(session), 20);
}

TEST_F(Generate, BadOptions) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(3);
  auto refused = [&](auto change, tenon_status status, const char *message) {
    tenon_generate_options options = defaults();
    change(options);
    expectStatus(tenon_generate(session, text.data(), text.size(), &options, nullptr), status, message);
    EXPECT_EQ(lengthOf(session), 0);
  };
  constexpr tenon_status range = TENON_ERROR_OUT_OF_RANGE, invalid = TENON_ERROR_INVALID_ARGUMENT;
  refused([](auto &o) { o.struct_size = 8; }, TENON_ERROR_STRUCT_SIZE, "tenon_generate_options is 8");
  refused([](auto &o) { o.max_tokens = -1; }, range, "max_tokens is -1");
  refused([](auto &o) { o.temperature = -0.5; }, range, "temperature is -0.5");
  refused([](auto &o) { o.temperature = NAN; }, range, "temperature is nan");
  refused([](auto &o) { o.temperature = INFINITY; }, range, "temperature is inf");
  refused([](auto &o) { o.temperature = 1e-300; }, range, "expected 0, or 1e-30 to 1e30");
  refused([](auto &o) { o.repetition_penalty = INFINITY; }, range, "repetition_penalty is inf");
  refused([](auto &o) { o.repetition_penalty = NAN; }, range, "repetition_penalty is nan");
  refused([](auto &o) { o.source_repetition_penalty = INFINITY; }, range, "source_repetition_penalty is inf");
  refused([](auto &o) { o.length_penalty = INFINITY; }, range, "length_penalty is inf");
  refused([](auto &o) { o.max_length = -1; }, range, "max_length is -1");
  refused([](auto &o) { o.min_length = -1; }, range, "min_length is -1");
  refused([](auto &o) { o.early_stopping = 3; }, range, "early_stopping is 3, expected 0, 1 or 2");
  refused([](auto &o) { o.reserved = 1; }, range, "reserved of tenon_generate_options is 1");
  refused([](auto &o) { o.top_p = 0; }, range, "top_p is 0");
  refused([](auto &o) { o.top_p = 1.5; }, range, "top_p is 1.5");
  refused([](auto &o) { o.min_p = -1; }, range, "min_p is -1");
  refused([](auto &o) { o.top_k = -1; }, range, "top_k is -1");
  refused([](auto &o) { o.repetition_penalty = 0; }, range, "repetition_penalty is 0");
  refused([](auto &o) { o.length_penalty = NAN; }, range, "length_penalty is nan");
  refused([](auto &o) { o.sequences = 0; }, range, "sequences is 0");
  refused([](auto &o) { o.beams = 2, o.sequences = 3; }, range, "beams is 2");
  refused([](auto &o) { o.beams = 2, o.temperature = 1; }, invalid, "beams want temperature 0");
  refused([](auto &o) { o.beams = 2, o.max_tokens = 0; }, range, "beam search writes at least 1");
  refused([](auto &o) { o.scores = 2; }, range, "scores is 2");
  refused([](auto &o) { o.stop_token_count = 1; }, invalid, "stop_tokens is null");
  refused([](auto &o) { o.stop_string_count = 1; }, invalid, "stop_strings is null");
  const int32_t tokens[] = {2, 33, -1};
  refused([&](auto &o) { o.stop_token_count = 2, o.stop_tokens = tokens; }, range,
          "stop_tokens, token 1: id 33, expected 0 to 32");
  refused([&](auto &o) { o.stop_token_count = 1, o.stop_tokens = tokens + 2; }, range, "token 0: id -1");
  const tenon_token_list words[] = {{tokens, 1}, {tokens, 3}, {tokens, 0}, {nullptr, 1}};
  refused([&](auto &o) { o.bad_word_count = 2, o.bad_words = words; }, range, "bad word 1, token 1: id 33");
  refused([&](auto &o) { o.bad_word_count = 1, o.bad_words = words + 2; }, range, "bad word 0 has 0 tokens");
  refused([&](auto &o) { o.bad_word_count = 1, o.bad_words = words + 3; }, invalid, "bad word 0 is null");
  refused([](auto &o) { o.bad_word_count = 1; }, invalid, "bad_words is null");
  const char *empty[] = {""};
  refused([&](auto &o) { o.stop_string_count = 1, o.stop_strings = empty; }, invalid, "stop string 0 is null or empty");
  tenon_generation result{1, nullptr, 0, 0, 0};
  expectStatus(tenon_generate(session, text.data(), 3, nullptr, &result), TENON_ERROR_STRUCT_SIZE,
               "tenon_generation is 1");
  expectStatus(tenon_generate(session, text.data(), 0, nullptr, nullptr), range, "prompt 0 has 0 tokens");
  expectStatus(tenon_generate(session, nullptr, 3, nullptr, nullptr), invalid, "prompt 0 of 3 tokens is null");
  expectStatus(tenon_generate(nullptr, text.data(), 3, nullptr, nullptr), TENON_ERROR_HANDLE, "null");
}

TEST_F(Generate, ChatOfTheModel) {
  tenon_chat_message messages[] = {{"user", "hi"}, {"assistant", "yes"}, {"user", "why"}};
  const std::string expected = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n"
                               "<|im_start|>user\nwhy<|im_end|>\n<|im_start|>assistant\n";
  char text[300];
  size_t bytes = 0, count = 0;
  ASSERT_EQ(tenon_chat_apply(model, messages, 3, 1, text, sizeof text, &bytes), TENON_OK) << tenon_message();
  EXPECT_EQ(text, expected);
  expectStatus(tenon_chat_apply(model, messages, 3, 1, text, expected.size(), &bytes), TENON_ERROR_CAPACITY, "a NUL");
  EXPECT_EQ(bytes, expected.size());
  std::vector<int32_t> ids(100);
  ASSERT_EQ(tenon_chat_tokenize(model, messages, 1, 0, ids.data(), ids.size(), &count), TENON_OK) << tenon_message();
  ids.resize(count);
  EXPECT_EQ(ids, (std::vector<int32_t>{0, 22, 20, 6, 19, 31, 9, 10, 1, 31}));
  expectStatus(tenon_chat_tokenize(model, messages, 1, 0, ids.data(), 3, &count), TENON_ERROR_CAPACITY, "10 tokens");
  expectStatus(tenon_chat_apply(model, messages, 0, 1, text, sizeof text, &bytes), TENON_ERROR_OUT_OF_RANGE,
               "0 messages");
  messages[1].content = nullptr;
  expectStatus(tenon_chat_apply(model, messages, 3, 1, text, sizeof text, &bytes), TENON_ERROR_INVALID_ARGUMENT,
               "role or content of message 1 is null");
}

} // namespace
} // namespace tenon::tests
