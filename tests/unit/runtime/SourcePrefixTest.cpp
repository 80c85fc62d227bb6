// Sources of models that are one stack: tokens in front of all that is written, kept as such and shared by forks.

#include "FakeSource.h"

namespace tenon::tests {
namespace {

class SourcePrefix : public FakeSource {
protected:
  void SetUp() override { openDecoder(0, "fake_prefix"); }

  static Tokens joined(const Tokens &source, const Tokens &tokens) {
    Tokens all = source;
    all.insert(all.end(), tokens.begin(), tokens.end());
    return all;
  }
  static int32_t expected(const Tokens &source, const Tokens &tokens) {
    return best(scoresAfter(joined(source, tokens)));
  }
};

TEST_F(SourcePrefix, ModelSaysWhatItAttendsTo) {
  tenon_model_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(tenon_model_describe(model, &info), TENON_OK) << tenon_message();
  EXPECT_EQ(info.has_source, 1);
  EXPECT_EQ(info.source_count, 1u);
  EXPECT_EQ(info.source_positions, 600);
  EXPECT_EQ(info.source_features, 0);
  EXPECT_EQ(info.source_width, 0);
  tenon_source_info source{};
  source.struct_size = sizeof source;
  ASSERT_EQ(tenon_model_source(model, 0, &source), TENON_OK) << tenon_message();
  EXPECT_STREQ(source.name, "encoder");
  EXPECT_EQ(source.vocab, 33);
}

TEST_F(SourcePrefix, IsInFrontOfTheTokens) {
  std::vector<tenon_session *> sessions;
  std::vector<Tokens> sources, texts;
  std::vector<tenon_source> given;
  for (size_t row = 0; row < 5; ++row) {
    sources.push_back(prompt(row * 130, int32_t(row))); // the first empty, the longest in several passes
    texts.push_back(prompt(1 + row * 9, int32_t(row + 3)));
    sessions.push_back(newSession(2));
  }
  for (const Tokens &source : sources)
    given.push_back(sourceOf(source));
  ASSERT_EQ(tenon_session_set_sources(sessions.data(), given.data(), 5), TENON_OK) << tenon_message();
  for (tenon_session *session : sessions)
    EXPECT_EQ(lengthOf(session), 0);
  expectTogether(sessions, texts, [&](size_t row, const Tokens &text) { return expected(sources[row], text); });
}

TEST_F(SourcePrefix, StaysThroughForksAndRewinds) {
  openDecoder(9 * pageBytes, "fake_prefix");
  Tokens source = prompt(40), text = prompt(12), more = prompt(9, 4);
  tenon_session *parent = newSession(), *waiting = newSession();
  setSource(parent, source);
  EXPECT_EQ(prefill(parent, text), expected(source, text));
  std::vector<tenon_session *> forks(2);
  for (tenon_session *&fork : forks)
    ASSERT_EQ(tenon_session_fork(parent, &fork), TENON_OK) << tenon_message();
  for (size_t index = 0; index < 2; ++index) { // a copy of the last page each
    Tokens own = joined(text, {int32_t(5 + index)});
    EXPECT_EQ(decode(forks[index], own.back()), expected(source, own));
    ASSERT_EQ(tenon_session_rewind(forks[index], 0), TENON_OK) << tenon_message();
    EXPECT_EQ(lengthOf(forks[index]), 0);
    EXPECT_EQ(prefill(forks[index], more), expected(source, more));
  }
  tenon_source refused = sourceOf(source);
  expectStatus(tenon_session_set_sources(&waiting, &refused, 1), TENON_ERROR_CACHE_FULL, "of its 9 pages");
  expectStatus(tenon_session_rewind(parent, 13), TENON_ERROR_OUT_OF_RANGE, "cannot rewind to 13 tokens");
  for (tenon_session *fork : forks)
    EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
  setSource(parent, more);
  EXPECT_EQ(prefill(parent, text), expected(more, text));
  setSource(waiting, source);
  EXPECT_EQ(prefill(waiting, text), expected(source, text));
}

TEST_F(SourcePrefix, AnswersAreThoseOfTheWholeText) {
  for (uint32_t beams : {0u, 3u}) {
    Tokens source = prompt(21), text = prompt(5, 9);
    tenon_session *session = newSession();
    setSource(session, source);
    tenon_generate_options wanted = options(20);
    wanted.beams = beams;
    Tokens written = tokensOf(generate(session, text, wanted)[0]);
    EXPECT_EQ(lengthOf(session), 5 + 19);
    openDecoder();
    EXPECT_EQ(written, tokensOf(generate(newSession(), joined(source, text), wanted)[0])) << beams;
    openDecoder(0, "fake_prefix");
  }
}

TEST_F(SourcePrefix, WhatIsWrongIsNamed) {
  Tokens source = prompt(590), text = prompt(11), tooLong = prompt(601), bad = {33};
  std::vector<float> numbers(4, 1), logits(vocab);
  tenon_session *session = newSession();
  expectStatus(tenon_session_prefill(session, text.data(), 3, logits.data()), TENON_ERROR_INVALID_ARGUMENT,
               "row 0 has no source: give the session one with tenon_session_set_sources first");
  setSource(session, source);
  expectStatus(tenon_session_prefill(session, text.data(), 11, logits.data()), TENON_ERROR_OUT_OF_RANGE,
               "row 0 would have 11 tokens, the model takes at most 10 behind the 590 rows of \"encoder\"");
  text.resize(4);
  EXPECT_EQ(prefill(session, text), expected(source, text));
  auto refused = [&](tenon_source given, tenon_status status, const std::string &message) {
    expectStatus(tenon_session_set_sources(&session, &given, 1), status, message);
    EXPECT_EQ(lengthOf(session), 4);
  };
  refused({sizeof(tenon_source), nullptr, 0, nullptr, numbers.data(), 2}, TENON_ERROR_INVALID_ARGUMENT,
          "source 0 has these: give it tokens");
  refused({sizeof(tenon_source), nullptr, 0, numbers.data(), nullptr, 2}, TENON_ERROR_INVALID_ARGUMENT,
          "encodes tokens, source 0 has features");
  refused(sourceOf(tooLong), TENON_ERROR_OUT_OF_RANGE, "source 0 has 601 tokens, the model takes at most 600");
  refused(sourceOf(bad), TENON_ERROR_OUT_OF_RANGE, "source 0, token 0: id 33, expected 0 to 32");
  refused(missing(), TENON_ERROR_INVALID_ARGUMENT, "source 0 is missing: give it tokens");
  Tokens fails = {3, 32};
  refused(sourceOf(fails), TENON_ERROR_KERNEL, "token 32");
  text.push_back(6);
  EXPECT_EQ(decode(session, 6), expected(source, text));
}

class SourceStart : public SourcePrefix {
protected:
  void SetUp() override { openDecoder(0, "fake_start"); }
};

TEST_F(SourceStart, TakesThemInAsAWhole) {
  Tokens longer = prompt(560), shorter = prompt(20, 3), text = prompt(9);
  tenon_session *sessions[] = {newSession(), newSession()};
  tenon_source given[] = {sourceOf(longer), sourceOf(shorter)};
  ASSERT_EQ(tenon_session_set_sources(sessions, given, 2), TENON_OK) << tenon_message();
  for (size_t row = 0; row < 2; ++row) {
    Tokens source = row == 0 ? longer : shorter;
    for (int32_t &token : source)
      token += row == 0 ? 560 : 20;
    EXPECT_EQ(prefill(sessions[row], text), expected(source, text)) << row;
  }
  given[0] = sourceOf({});
  for (size_t count : {2, 1}) {
    ASSERT_EQ(tenon_session_set_sources(sessions, given, count), TENON_OK) << tenon_message();
    EXPECT_EQ(prefill(sessions[0], text), expected({}, text)) << count;
  }
}

} // namespace
} // namespace tenon::tests
