// Sessions that write about several sources: encoded together, kept in pools of their own or beside the session's own
// tokens, shared by forks; which of them must be given, and what positions are left behind one. The answers of
// fake_sources.c depend on each row of each source and on every token, through the pages of all.

#include "FakeSource.h"

namespace tenon::tests {
namespace {

/// What a session is about.
struct About {
  Tokens left, right, inner;
};

class SeveralSources : public FakeSource {
protected:
  void SetUp() override { openDecoder(0, "fake_sources"); }

  static About about(size_t number) {
    About made{prompt(1 + number * 9, int32_t(number)), {}, {}};
    for (size_t row = 0; row < 2 + number * 7; ++row)
      made.right.push_back(int32_t((row * 3 + number) % 20));
    for (size_t row = 0; row < 1 + number * 2; ++row)
      made.inner.push_back(int32_t((row * 5 + number) % 12));
    return made;
  }
  static std::vector<tenon_source> given(const About &about) {
    return {sourceOf(about.left), sourceOf(about.right), sourceOf(about.inner)};
  }
  static void set(tenon_session *session, const About &about) {
    std::vector<tenon_source> sources = given(about);
    ASSERT_EQ(tenon_session_set_sources(&session, sources.data(), 1), TENON_OK) << tenon_message();
  }

  /// What it adds to a row of "right".
  static int32_t innerAt(const About &about, size_t row) {
    return about.inner.empty() ? 0 : about.inner[row % about.inner.size()];
  }
  /// What fake_sources.c predicts.
  static int32_t expected(const About &about, const Tokens &tokens, size_t window = SIZE_MAX) {
    int64_t sum = 0;
    for (size_t row = 0; row < about.left.size(); ++row)
      sum += int64_t(about.left[row]) * int64_t(row + 3);
    for (size_t row = 0; row < about.right.size(); ++row)
      sum += int64_t(about.right[row] + innerAt(about, row)) * int64_t(row + 5);
    for (size_t k = tokens.size() - std::min(window, tokens.size()); k < tokens.size(); ++k)
      sum += int64_t(tokens[k] + 1) * int64_t(k + 1);
    // The fake decoder without a source predicts this after one token.
    return likeliest({}, {int32_t(sum % 32) - 1});
  }
  static Tokens expectedAnswer(const About &about, Tokens tokens, size_t count) {
    Tokens written;
    while (written.size() < count) {
      written.push_back(expected(about, tokens));
      tokens.push_back(written.back());
    }
    return written;
  }
};

TEST_F(SeveralSources, ModelNamesThem) {
  tenon_model_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(tenon_model_describe(model, &info), TENON_OK) << tenon_message();
  EXPECT_EQ(info.has_source, 1);
  EXPECT_EQ(info.source_count, 3u);
  EXPECT_EQ(info.source_positions, 50);
  EXPECT_EQ(info.source_width, 0) << "left is not read as hidden states";
  struct {
    const char *name;
    int64_t vocab, positions, width;
  } expected[] = {{"left", 33, 50, 0}, {"right", 20, 60, 2}, {"inner", 12, 0, 0}};
  for (size_t index = 0; index < 3; ++index) {
    tenon_source_info source{};
    source.struct_size = sizeof source;
    ASSERT_EQ(tenon_model_source(model, index, &source), TENON_OK) << tenon_message();
    EXPECT_STREQ(source.name, expected[index].name);
    EXPECT_EQ(source.vocab, expected[index].vocab);
    EXPECT_EQ(source.positions, expected[index].positions);
    EXPECT_EQ(source.features, 0);
    EXPECT_EQ(source.width, expected[index].width);
  }
  tenon_source_info source{};
  expectStatus(tenon_model_source(model, 0, &source), TENON_ERROR_STRUCT_SIZE, "tenon_source_info is 0");
  expectStatus(tenon_model_source(model, 0, nullptr), TENON_ERROR_INVALID_ARGUMENT, "info is null");
  source.struct_size = sizeof source;
  expectStatus(tenon_model_source(model, 3, &source), TENON_ERROR_OUT_OF_RANGE, "source 3, the model has 3");
}

TEST_F(SeveralSources, OfSeveralSessionsAreReadTogether) {
  for (bool reversed : {false, true}) {
    std::vector<tenon_session *> sessions;
    std::vector<tenon_source> sources;
    std::vector<About> subjects;
    std::vector<Tokens> texts;
    for (size_t row = 0; row < 5; ++row) {
      subjects.push_back(about(reversed ? 4 - row : row));
      texts.push_back(prompt(1 + row * 8, int32_t(row)));
      sessions.push_back(newSession(2));
    }
    for (const About &subject : subjects)
      for (const tenon_source &source : given(subject))
        sources.push_back(source);
    ASSERT_EQ(tenon_session_set_sources(sessions.data(), sources.data(), 5), TENON_OK) << tenon_message();
    expectTogether(sessions, texts, [&](size_t row, const Tokens &text) { return expected(subjects[row], text); });
  }
}

TEST_F(SeveralSources, EachMayBeEmpty) {
  std::vector<tenon_session *> sessions;
  std::vector<tenon_source> sources;
  std::vector<About> subjects(5, about(2));
  subjects[0] = {};
  subjects[1].left.clear();
  subjects[2].right.clear();
  subjects[3].inner.clear();
  std::vector<Tokens> texts;
  for (size_t row = 0; row < 5; ++row) {
    sessions.push_back(newSession(2));
    texts.push_back(prompt(2 + row, int32_t(row)));
    set(sessions[row], subjects[row]);
    EXPECT_EQ(prefill(sessions[row], texts[row]), expected(subjects[row], texts[row])) << row;
  }
  for (const About &subject : subjects)
    for (const tenon_source &source : given(subject))
      sources.push_back(source);
  ASSERT_EQ(tenon_session_set_sources(sessions.data(), sources.data(), 5), TENON_OK) << tenon_message();
  expectTogether(sessions, texts, [&](size_t row, const Tokens &text) { return expected(subjects[row], text); });
}

TEST_F(SeveralSources, HiddenStatesStandForOneAndWhatItIsMadeOf) {
  About subject = about(3);
  std::vector<float> hidden;
  for (size_t row = 0; row < subject.right.size(); ++row)
    hidden.insert(hidden.end(), {float(subject.right[row] + innerAt(subject, row)), float(row)});
  tenon_session *session = newSession();
  std::vector<tenon_source> sources = given(subject);
  sources[1] = {sizeof(tenon_source), nullptr, 0, nullptr, hidden.data(), int64_t(subject.right.size())};
  expectStatus(tenon_session_set_sources(&session, sources.data(), 1), TENON_ERROR_INVALID_ARGUMENT,
               "source \"inner\" of session 0 is given, but nothing reads it where others are given as hidden states");
  sources[2] = {sizeof(tenon_source), nullptr, 0, nullptr, nullptr, 0};
  ASSERT_EQ(tenon_session_set_sources(&session, sources.data(), 1), TENON_OK) << tenon_message();
  EXPECT_EQ(prefill(session, prompt(6)), expected(subject, prompt(6)));
}

TEST_F(SeveralSources, WrongOnesAreNamedAndLeaveTheSessionAsItWas) {
  About subject = about(2), other = about(1);
  Tokens text = prompt(18), large = {25};
  std::vector<float> numbers(8, 1);
  tenon_session *session = newSession(), *second = newSession();
  set(session, subject);
  prefill(session, text);
  auto refused = [&](size_t index, tenon_source source, tenon_status status, const std::string &message) {
    std::vector<tenon_source> sources = given(other);
    sources[index] = source;
    expectStatus(tenon_session_set_sources(&session, sources.data(), 1), status, message);
    EXPECT_EQ(lengthOf(session), 18);
  };
  tenon_source nothing = missing();
  tenon_source hidden{sizeof hidden, nullptr, 0, nullptr, numbers.data(), 4};
  tenon_source features{sizeof features, nullptr, 0, numbers.data(), nullptr, 2};
  refused(0, nothing, TENON_ERROR_INVALID_ARGUMENT, "source \"left\" of session 0 is missing: give it tokens");
  refused(1, nothing, TENON_ERROR_INVALID_ARGUMENT,
          "source \"right\" of session 0 is missing: give it tokens or hidden states");
  refused(2, nothing, TENON_ERROR_INVALID_ARGUMENT,
          "source \"inner\" of session 0 is missing, and source \"right\" of session 0 is encoded with it: give it "
          "tokens");
  refused(0, hidden, TENON_ERROR_INVALID_ARGUMENT,
          "model fake-sources reads more than the last hidden states of a source, source \"left\" of session 0 has "
          "these: give it tokens");
  refused(0, features, TENON_ERROR_INVALID_ARGUMENT,
          "model fake-sources encodes tokens, source \"left\" of session 0 has features");
  refused(1, sourceOf(large), TENON_ERROR_OUT_OF_RANGE,
          "source \"right\" of session 0, token 0: id 25, expected 0 to 19");
  Tokens tooLong = prompt(51), longer(61, 3);
  refused(0, sourceOf(tooLong), TENON_ERROR_OUT_OF_RANGE,
          "source \"left\" of session 0 has 51 tokens, the model takes at most 50");
  refused(1, sourceOf(longer), TENON_ERROR_OUT_OF_RANGE,
          "source \"right\" of session 0 has 61 tokens, the model takes at most 60");
  tenon_source both = sourceOf(other.left);
  both.hidden = numbers.data();
  both.rows = 4;
  refused(0, both, TENON_ERROR_INVALID_ARGUMENT,
          "source \"left\" of session 0 has 2 of tokens, features and hidden, expected one");
  both.struct_size = 3;
  refused(2, both, TENON_ERROR_STRUCT_SIZE, "struct_size of tenon_source is 3");
  std::vector<tenon_source> sources = given(other);
  sources.insert(sources.end(), {sourceOf(other.left), hidden, nothing});
  tenon_session *pair[] = {session, second};
  expectStatus(tenon_session_set_sources(pair, sources.data(), 2), TENON_ERROR_INVALID_ARGUMENT,
               "source \"right\" of session 1 is of another kind than source \"right\" of session 0");
  text.push_back(4);
  EXPECT_EQ(decode(session, 4), expected(subject, text));
  expectStatus(tenon_session_prefill(second, text.data(), 3, nullptr), TENON_ERROR_INVALID_ARGUMENT,
               "row 0 has no source");
}

TEST_F(SeveralSources, WrongOrderIsSeenWhereItCanBe) {
  About subject = about(2);
  subject.left = {25, 30};
  tenon_session *session = newSession();
  std::vector<tenon_source> sources = {sourceOf(subject.right), sourceOf(subject.left), sourceOf(subject.inner)};
  expectStatus(tenon_session_set_sources(&session, sources.data(), 1), TENON_ERROR_OUT_OF_RANGE,
               "source \"right\" of session 0, token 0: id 25");
}

TEST_F(SeveralSources, ForksAndRewindsKeepThem) {
  About subject = about(4);
  Tokens text = prompt(20), more = prompt(12, 5);
  tenon_session *parent = newSession(), *fork = nullptr;
  set(parent, subject);
  prefill(parent, text);
  ASSERT_EQ(tenon_session_fork(parent, &fork), TENON_OK) << tenon_message();
  Tokens own = text;
  own.insert(own.end(), more.begin(), more.end());
  EXPECT_EQ(prefill(fork, more), expected(subject, own));
  set(parent, about(1)); // which leaves the fork alone
  EXPECT_EQ(prefill(parent, text), expected(about(1), text));
  for (int64_t length : {25, 17, 16, 1, 0}) {
    ASSERT_EQ(tenon_session_rewind(fork, length), TENON_OK) << tenon_message();
    own.resize(size_t(length));
    own.insert(own.end(), more.begin(), more.end());
    EXPECT_EQ(prefill(fork, more), expected(subject, own)) << length;
    ASSERT_EQ(tenon_session_rewind(fork, length), TENON_OK) << tenon_message();
    own.resize(size_t(length));
  }
  EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
}

TEST_F(SeveralSources, ShareAPoolWithTheSessionsOwnTokens) {
  // Pages of both pools with own tokens have 1024 bytes, of which there are 5.
  openDecoder(5 * 2 * pageBytes, "fake_sources");
  About subject{prompt(40), {3}, {1}}; // 3 pages beside one's own
  tenon_session *session = newSession(), *second = newSession();
  set(session, subject);
  Tokens text = prompt(32);
  EXPECT_EQ(prefill(session, text), expected(subject, text));
  std::vector<float> logits(vocab);
  int32_t token = 3;
  expectStatus(tenon_decode(&session, &token, 1, logits.data()), TENON_ERROR_CACHE_FULL,
               "of its 5 pages of 16 tokens, 5 are in use");
  EXPECT_EQ(lengthOf(session), 32);
  std::vector<tenon_source> sources = given(subject);
  expectStatus(tenon_session_set_sources(&second, sources.data(), 1), TENON_ERROR_CACHE_FULL, "5 are in use");
  ASSERT_EQ(tenon_session_rewind(session, 16), TENON_OK);
  set(second, {prompt(16), {3}, {1}}); // the page that went back
  expectStatus(tenon_session_prefill(second, text.data(), 1, nullptr), TENON_ERROR_CACHE_FULL, "5 are in use");
  ASSERT_EQ(tenon_session_rewind(session, 0), TENON_OK);
  set(session, {prompt(3), {3}, {1}});
  EXPECT_EQ(prefill(second, prompt(9)), expected({prompt(16), {3}, {1}}, prompt(9)));
}

TEST_F(SeveralSources, LeaveFewerPositionsBehindThem) {
  About subject{prompt(50), {3, 4}, {1}}; // of 100 positions
  tenon_session *session = newSession();
  set(session, subject);
  Tokens text = prompt(51);
  expectStatus(tenon_session_prefill(session, text.data(), 51, nullptr), TENON_ERROR_OUT_OF_RANGE,
               "row 0 would have 51 tokens, the model takes at most 50 behind the 50 rows of \"left\"");
  text.resize(45);
  EXPECT_EQ(prefill(session, text), expected(subject, text));
  tenon_generate_options wanted = options(30);
  for (uint32_t beams : {0u, 2u}) {
    wanted.beams = beams;
    ASSERT_EQ(tenon_session_rewind(session, 44), TENON_OK);
    tenon_sequence written = generate(session, {text[44]}, wanted)[0];
    EXPECT_EQ(written.finish, TENON_FINISH_POSITIONS) << beams;
    EXPECT_EQ(written.token_count, 6u) << beams; // the last is not taken in
    EXPECT_EQ(lengthOf(session), 50) << beams;
  }
  set(session, {prompt(2), {3, 4}, {1}});
  Tokens longer = prompt(98);
  EXPECT_EQ(prefill(session, longer), expected({prompt(2), {3, 4}, {1}}, longer));
}

TEST_F(SeveralSources, BeamsAndBatchesGiveWhatSingleOnesGive) {
  for (uint32_t beams : {0u, 3u}) {
    std::vector<tenon_session *> sessions;
    std::vector<tenon_source> sources;
    std::vector<About> subjects;
    for (size_t row = 0; row < 5; ++row) {
      subjects.push_back(about(row));
      sessions.push_back(newSession(2));
    }
    for (const About &subject : subjects)
      for (const tenon_source &source : given(subject))
        sources.push_back(source);
    ASSERT_EQ(tenon_session_set_sources(sessions.data(), sources.data(), 5), TENON_OK) << tenon_message();
    tenon_generate_options wanted = options(12);
    wanted.ignore_eos = 0;
    wanted.beams = beams;
    std::vector<const int32_t *> prompts(5, nullptr);
    std::vector<size_t> lengths(5, 0);
    std::vector<tenon_generation> results(5, {sizeof(tenon_generation), nullptr, 0, 0, 0});
    ASSERT_EQ(tenon_generate_batch(sessions.data(), prompts.data(), lengths.data(), 5, &wanted, results.data()),
              TENON_OK)
        << tenon_message();
    for (size_t row = 0; row < 5; ++row) {
      tenon_session *single = newSession();
      set(single, subjects[row]);
      EXPECT_EQ(tokensOf(results[row].sequences[0]), tokensOf(generate(single, {}, wanted)[0])) << row << beams;
      if (beams == 0) {
        ASSERT_EQ(tenon_session_rewind(single, 0), TENON_OK);
        EXPECT_EQ(tokensOf(generate(single, {}, options(12))[0]), expectedAnswer(subjects[row], {0, 2}, 12));
      }
    }
  }
}

TEST_F(SeveralSources, AreNoOneText) {
  About subject{{5, 6, 7}, {8, 9}, {3, 4}};
  tenon_session *session = newSession();
  set(session, subject);
  // 7 is followed by 8 where one source ends and the next begins; 8 by 9 within one.
  tenon_generate_options wanted = options(1);
  wanted.source_no_repeat_ngram = 2;
  for (int32_t last : {7, 8}) {
    Tokens text;
    for (int32_t first = 0; first < 32 && text.empty(); ++first)
      if (expected(subject, {first, last}) == last + 1)
        text = {first, last};
    ASSERT_FALSE(text.empty());
    ASSERT_EQ(tenon_session_rewind(session, 0), TENON_OK);
    Tokens written = tokensOf(generate(session, text, wanted)[0]);
    EXPECT_EQ(written[0] == last + 1, last == 7) << last;
  }
}

class WindowBesideSources : public SeveralSources {
protected:
  void SetUp() override { openDecoder(7 * 2 * pageBytes, "fake_sources_window"); }
};

TEST_F(WindowBesideSources, GivesOwnPagesBackAndKeepsTheSources) {
  About subject{prompt(30), {3, 9}, {1}}; // 2 of 7 pages
  tenon_session *session = newSession(), *fork = nullptr;
  set(session, subject);
  Tokens text = prompt(16);
  prefill(session, text);
  // 69 tokens would be 5 pages, of which a window of 20 needs 3.
  while (text.size() < 69) {
    text.push_back(int32_t(text.size() % 30));
    ASSERT_EQ(decode(session, text.back()), expected(subject, text, 20)) << text.size();
  }
  ASSERT_EQ(tenon_session_fork(session, &fork), TENON_OK);
  text.push_back(8);
  EXPECT_EQ(decode(fork, 8), expected(subject, text, 20));
  EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
  expectStatus(tenon_session_rewind(session, 40), TENON_ERROR_OUT_OF_RANGE,
               "cannot rewind to 40 tokens: the model sees 20 tokens back");
  EXPECT_EQ(lengthOf(session), 69);
}

} // namespace
} // namespace tenon::tests
