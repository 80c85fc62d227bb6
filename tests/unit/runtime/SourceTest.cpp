// Sessions that write about sources: encoded in batches, shared by forks, kept by rewinds; what must be refused. The
// fake decoder's answers depend on each row of the source and on every token, through the pages of both.

#include "FakeSource.h"

#include <thread>

namespace tenon::tests {
namespace {

class Sources : public FakeSource {};

TEST_F(Sources, ModelSaysWhatItAttendsTo) {
  tenon_model_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(tenon_model_describe(model, &info), TENON_OK) << tenon_message();
  EXPECT_EQ(info.has_source, 1);
  EXPECT_EQ(info.generates, 1);
  EXPECT_EQ(info.source_positions, 100);
  EXPECT_EQ(info.source_features, 0);
  EXPECT_EQ(info.source_width, 2);
  EXPECT_EQ(info.text_tokens, 100);
  int32_t start[2] = {-1, -1};
  size_t count = 0;
  expectStatus(tenon_model_start_tokens(model, start, 1, &count), TENON_ERROR_CAPACITY, "has 2 tokens");
  EXPECT_EQ(count, 2u);
  ASSERT_EQ(tenon_model_start_tokens(model, start, 2, &count), TENON_OK) << tenon_message();
  EXPECT_EQ(start[0], 0);
  EXPECT_EQ(start[1], 2);
  openDecoder();
  ASSERT_EQ(tenon_model_describe(model, &info), TENON_OK) << tenon_message();
  EXPECT_EQ(info.has_source, 0);
  EXPECT_EQ(info.source_width, 0);
  ASSERT_EQ(tenon_model_start_tokens(model, start, 2, &count), TENON_OK) << tenon_message();
  EXPECT_EQ(count, 0u);
}

TEST_F(Sources, OfDifferentLengthsAreEncodedTogether) {
  std::vector<Tokens> sources, texts;
  std::vector<tenon_session *> sessions;
  std::vector<tenon_source> given;
  for (size_t row = 0; row < 9; ++row) {
    sources.push_back(prompt(1 + row * 12, int32_t(row)));
    texts.push_back(prompt(1 + row * 5, int32_t(row + 3)));
    sessions.push_back(newSession(3));
  }
  for (const Tokens &source : sources)
    given.push_back(sourceOf(source));
  ASSERT_EQ(tenon_session_set_sources(sessions.data(), given.data(), 9), TENON_OK) << tenon_message();
  Tokens next;
  for (size_t row = 0; row < 9; ++row) {
    next.push_back(prefill(sessions[row], texts[row]));
    EXPECT_EQ(next[row], likeliest(sources[row], texts[row])) << "row " << row;
  }
  std::vector<float> logits(9 * vocab);
  for (int round = 0; round < 30; ++round) {
    ASSERT_EQ(tenon_decode(sessions.data(), next.data(), 9, logits.data()), TENON_OK) << tenon_message();
    for (size_t row = 0; row < 9; ++row) {
      texts[row].push_back(next[row]);
      auto at = logits.begin() + ptrdiff_t(row * vocab);
      next[row] = best({at, at + ptrdiff_t(vocab)});
      ASSERT_EQ(next[row], likeliest(sources[row], texts[row])) << "row " << row << ", round " << round;
    }
  }
}

TEST_F(Sources, MayBeEmpty) {
  Tokens source = prompt(20), text = prompt(7);
  tenon_session *first = sessionAbout({}), *fork = nullptr; // before any page is handed out
  EXPECT_EQ(prefill(first, text), likeliest({}, text));
  ASSERT_EQ(tenon_session_fork(first, &fork), TENON_OK) << tenon_message();
  Tokens own = text;
  own.push_back(5);
  EXPECT_EQ(decode(fork, 5), likeliest({}, own));
  EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
  std::vector<tenon_session *> sessions = {first, newSession(), newSession()};
  std::vector<tenon_source> given = {sourceOf({}), sourceOf(source), sourceOf({})};
  ASSERT_EQ(tenon_session_set_sources(sessions.data(), given.data(), 3), TENON_OK) << tenon_message();
  EXPECT_EQ(lengthOf(first), 0);
  for (size_t row = 0; row < 3; ++row)
    EXPECT_EQ(prefill(sessions[row], text), likeliest(row == 1 ? source : Tokens(), text)) << row;
  tenon_generate_options wanted = options(9);
  wanted.source_no_repeat_ngram = 1;
  ASSERT_EQ(tenon_session_rewind(first, 0), TENON_OK);
  EXPECT_EQ(tokensOf(generate(first, {}, wanted)[0]), answer({}, {0, 2}, 9));
  float none = 0;
  tenon_source hidden{sizeof hidden, nullptr, 0, nullptr, &none, 0};
  ASSERT_EQ(tenon_session_set_sources(&sessions[1], &hidden, 1), TENON_OK) << tenon_message();
  EXPECT_EQ(prefill(sessions[1], text), likeliest({}, text));
}

TEST_F(Sources, ForksShareTheirPagesAndOutliveTheParent) {
  openDecoder(5 * pageBytes, "fake_source");
  Tokens source = prompt(80), other = prompt(16, 5), text = prompt(7);
  tenon_session *parent = nullptr, *waiting = newSession();
  ASSERT_EQ(tenon_session_create(model, nullptr, &parent), TENON_OK);
  setSource(parent, source); // all 5 pages
  EXPECT_EQ(prefill(parent, text), likeliest(source, text));
  tenon_source refused = sourceOf(other);
  expectStatus(tenon_session_set_sources(&waiting, &refused, 1), TENON_ERROR_CACHE_FULL,
               "of its 5 pages of 16 tokens, 5 are in use");
  std::vector<tenon_session *> forks(3);
  for (tenon_session *&fork : forks)
    ASSERT_EQ(tenon_session_fork(parent, &fork), TENON_OK) << tenon_message();
  ASSERT_EQ(tenon_session_destroy(parent), TENON_OK);
  for (size_t index = 0; index < forks.size(); ++index) {
    Tokens own = text;
    own.push_back(2 + int32_t(index));
    EXPECT_EQ(decode(forks[index], own.back()), likeliest(source, own));
  }
  for (tenon_session *fork : forks) {
    expectStatus(tenon_session_set_sources(&waiting, &refused, 1), TENON_ERROR_CACHE_FULL, "5 are in use");
    ASSERT_EQ(tenon_session_destroy(fork), TENON_OK);
  }
  setSource(waiting, other); // the last fork gave the pages back
  EXPECT_EQ(prefill(waiting, text), likeliest(other, text));
}

TEST_F(Sources, RewindKeepsTheSource) {
  Tokens source = prompt(37), text = prompt(50), other = prompt(20, 9);
  tenon_session *session = sessionAbout(source);
  prefill(session, text);
  for (int64_t length : {33, 16, 1, 0}) {
    ASSERT_EQ(tenon_session_rewind(session, length), TENON_OK) << tenon_message();
    Tokens changed(text.begin(), text.begin() + length);
    changed.insert(changed.end(), other.begin(), other.end());
    EXPECT_EQ(prefill(session, other), likeliest(source, changed)) << "after " << length;
    ASSERT_EQ(tenon_session_rewind(session, length), TENON_OK) << tenon_message();
  }
}

TEST_F(Sources, AnotherSourceBeginsAnew) {
  Tokens first = prompt(20), second = prompt(33, 4), text = prompt(18);
  tenon_session *session = sessionAbout(first), *fork = nullptr;
  prefill(session, text);
  ASSERT_EQ(tenon_session_fork(session, &fork), TENON_OK);
  setSource(session, second);
  EXPECT_EQ(lengthOf(session), 0);
  EXPECT_EQ(prefill(session, text), likeliest(second, text));
  text.push_back(3);
  EXPECT_EQ(decode(fork, 3), likeliest(first, text));
  EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
}

TEST_F(Sources, DecoderIsRefusedBeforeThereIsASource) {
  tenon_session *session = newSession(), *ready = sessionAbout(prompt(5));
  Tokens text = prompt(3);
  std::vector<float> logits(2 * vocab);
  std::string message = "has no source: give the session one with tenon_session_set_sources first";
  expectStatus(tenon_session_prefill(session, text.data(), 3, logits.data()), TENON_ERROR_INVALID_ARGUMENT, message);
  expectStatus(tenon_session_score(session, text.data(), 3, logits.data(), nullptr), TENON_ERROR_INVALID_ARGUMENT,
               message);
  expectStatus(tenon_generate(session, text.data(), 3, nullptr, nullptr), TENON_ERROR_INVALID_ARGUMENT, message);
  expectStatus(tenon_generate(session, nullptr, 0, nullptr, nullptr), TENON_ERROR_INVALID_ARGUMENT, message);
  tenon_session *both[] = {ready, session};
  expectStatus(tenon_decode(both, text.data(), 2, logits.data()), TENON_ERROR_INVALID_ARGUMENT, "row 1 " + message);
  EXPECT_EQ(lengthOf(session), 0);
  EXPECT_EQ(lengthOf(ready), 0);
  setSource(session, prompt(9));
  EXPECT_EQ(prefill(session, text), likeliest(prompt(9), text));
}

TEST_F(Sources, BadOnesLeaveTheSessionAsItWas) {
  Tokens source = prompt(20), text = prompt(18), tooLong = prompt(101), fails = {3, 32}, bad = {3, 33}, negative = {-1};
  std::vector<float> numbers(8, 1);
  tenon_session *session = sessionAbout(source);
  prefill(session, text);
  auto refused = [&](const tenon_source &given, tenon_status status, const std::string &message) {
    expectStatus(tenon_session_set_sources(&session, &given, 1), status, message);
    EXPECT_EQ(lengthOf(session), 18);
  };
  refused(sourceOf(tooLong), TENON_ERROR_OUT_OF_RANGE, "source 0 has 101 tokens, the model takes at most 100");
  refused(missing(), TENON_ERROR_INVALID_ARGUMENT, "source 0 is missing: give it tokens or hidden states");
  refused(sourceOf(bad), TENON_ERROR_OUT_OF_RANGE, "source 0, token 1: id 33, expected 0 to 32");
  refused(sourceOf(negative), TENON_ERROR_OUT_OF_RANGE, "source 0, token 0: id -1, expected 0 to 32");
  refused(sourceOf(fails), TENON_ERROR_KERNEL, "token 32");
  tenon_source given = sourceOf(source);
  given.hidden = numbers.data();
  given.rows = 4;
  refused(given, TENON_ERROR_INVALID_ARGUMENT, "source 0 has 2 of tokens, features and hidden, expected one");
  given = {sizeof given, nullptr, 0, numbers.data(), nullptr, 2};
  refused(given, TENON_ERROR_INVALID_ARGUMENT, "encodes tokens, source 0 has features");
  given = missing();
  given.rows = 3;
  refused(given, TENON_ERROR_INVALID_ARGUMENT, "source 0 has 0 of tokens, features and hidden, expected one");
  given = sourceOf({});
  given.hidden = numbers.data();
  refused(given, TENON_ERROR_INVALID_ARGUMENT, "source 0 has 2 of tokens, features and hidden, expected one");
  given = {sizeof given, nullptr, 3, nullptr, nullptr, 0};
  refused(given, TENON_ERROR_INVALID_ARGUMENT, "source 0 of 3 tokens is null");
  given = {sizeof given, nullptr, 0, nullptr, numbers.data(), -1};
  refused(given, TENON_ERROR_OUT_OF_RANGE, "source 0 has -1 rows");
  given = sourceOf(source);
  given.struct_size = 8;
  refused(given, TENON_ERROR_STRUCT_SIZE, "struct_size of tenon_source is 8");
  expectStatus(tenon_session_set_sources(&session, nullptr, 1), TENON_ERROR_INVALID_ARGUMENT, "sources is null");
  expectStatus(tenon_session_set_sources(&session, &given, 0), TENON_ERROR_OUT_OF_RANGE, "0 sessions");
  tenon_session *twice[] = {session, session};
  tenon_source two[] = {sourceOf(source), sourceOf(source)};
  expectStatus(tenon_session_set_sources(twice, two, 2), TENON_ERROR_INVALID_ARGUMENT, "sessions 0 and 1 are the same");
  tenon_session *pair[] = {session, newSession()};
  two[1] = {sizeof two[1], nullptr, 0, nullptr, numbers.data(), 4};
  expectStatus(tenon_session_set_sources(pair, two, 2), TENON_ERROR_INVALID_ARGUMENT,
               "source 1 is of another kind than source 0");
  two[1] = missing();
  expectStatus(tenon_session_set_sources(pair, two, 2), TENON_ERROR_INVALID_ARGUMENT, "source 1 is missing");
  text.push_back(4);
  EXPECT_EQ(decode(session, 4), likeliest(source, text));
}

TEST_F(Sources, ModelsWithoutOneRefuseThem) {
  openDecoder();
  Tokens source = prompt(3);
  tenon_session *session = newSession();
  tenon_source given = sourceOf(source);
  expectStatus(tenon_session_set_sources(&session, &given, 1), TENON_ERROR_INVALID_ARGUMENT,
               "model fake-decoder attends to no source: it has no entry point start");
}

TEST_F(Sources, GivenHiddenStatesStandForAnEncoders) {
  Tokens source = prompt(35), text = prompt(6);
  std::vector<float> hidden;
  for (size_t row = 0; row < source.size(); ++row)
    hidden.insert(hidden.end(), {float(source[row]), float(row)});
  tenon_session *session = newSession();
  tenon_source given{sizeof given, nullptr, 0, nullptr, hidden.data(), 35};
  ASSERT_EQ(tenon_session_set_sources(&session, &given, 1), TENON_OK) << tenon_message();
  EXPECT_EQ(prefill(session, text), likeliest(source, text));
}

TEST_F(Sources, EncoderWorksAlone) {
  Tokens source = prompt(3);
  const int32_t *row = source.data(), length = 3;
  float hidden[6];
  ASSERT_EQ(tenon_session_encode(newSession(), &row, &length, 1, hidden, nullptr), TENON_OK) << tenon_message();
  for (size_t position = 0; position < 3; ++position) {
    EXPECT_EQ(hidden[2 * position], float(source[position]));
    EXPECT_EQ(hidden[2 * position + 1], float(position));
  }
}

TEST_F(Sources, OfFeaturesHaveAsManyRowsAsTheEncoderMakes) {
  openDecoder(0, "fake_features");
  Tokens text = prompt(5);
  std::vector<std::vector<float>> features;
  std::vector<Tokens> expected(3);
  std::vector<tenon_source> given;
  std::vector<tenon_session *> sessions;
  for (int64_t rows : {1, 7, 40}) {
    std::vector<float> &made = features.emplace_back();
    for (int64_t row = 0; row < rows; ++row)
      made.insert(made.end(), {float(row % 5), float(row % 3), -7});
    for (int64_t row = 0; row < rows; row += 2)
      expected[features.size() - 1].push_back(int32_t(row % 5 + (row + 1 < rows ? (row + 1) % 3 : 0)));
    sessions.push_back(newSession());
  }
  for (const std::vector<float> &made : features)
    given.push_back({sizeof(tenon_source), nullptr, 0, made.data(), nullptr, int64_t(made.size() / 3)});
  ASSERT_EQ(tenon_session_set_sources(sessions.data(), given.data(), 3), TENON_OK) << tenon_message();
  for (size_t row = 0; row < 3; ++row)
    EXPECT_EQ(prefill(sessions[row], text), likeliest(expected[row], text)) << "row " << row;
  tenon_source tokens = sourceOf(text);
  expectStatus(tenon_session_set_sources(sessions.data(), &tokens, 1), TENON_ERROR_INVALID_ARGUMENT,
               "encodes features, source 0 has tokens");
  std::vector<float> many(303);
  tenon_source tooLong{sizeof tooLong, nullptr, 0, many.data(), nullptr, 101};
  expectStatus(tenon_session_set_sources(sessions.data(), &tooLong, 1), TENON_ERROR_OUT_OF_RANGE,
               "source 0 has 101 rows, the model takes at most 100");
  std::vector<int32_t> lengths = {101};
  tenon_tensor inputs[] = {{"features", TENON_F32, 3, {1, 101, 3}, many.data(), many.size() * sizeof(float)},
                           {"lengths", TENON_I32, 1, {1}, lengths.data(), sizeof(int32_t)}};
  tenon_tensor hidden{"hidden", TENON_F32};
  expectStatus(tenon_session_call(sessions[0], "encode", inputs, 2, &hidden, 1), TENON_ERROR_OUT_OF_RANGE,
               "input features has rows of 101 steps, the model takes at most 100");
  tenon_source empty{sizeof empty, nullptr, 0, many.data(), nullptr, 0};
  expectStatus(tenon_session_set_sources(sessions.data(), &empty, 1), TENON_ERROR_OUT_OF_RANGE,
               "source 0 has 0 rows, the model takes at least 1");
  std::swap(empty.features, empty.hidden); // nothing slides over these
  ASSERT_EQ(tenon_session_set_sources(sessions.data(), &empty, 1), TENON_OK) << tenon_message();
  EXPECT_EQ(prefill(sessions[0], text), likeliest({}, text));
}

TEST_F(Sources, NoMoreFeaturesCountThanThereAre) {
  openDecoder(0, "fake_features");
  std::vector<float> features(12, 1);
  std::vector<int32_t> lengths = {5};
  tenon_tensor inputs[] = {{"features", TENON_F32, 3, {1, 4, 3}, features.data(), 48},
                           {"lengths", TENON_I32, 1, {1}, lengths.data(), 4}};
  tenon_tensor hidden{};
  hidden.name = "hidden";
  tenon_session *session = newSession();
  expectStatus(tenon_session_call(session, "encode", inputs, 2, &hidden, 1), TENON_ERROR_OUT_OF_RANGE,
               "length of row 0 is 5, expected 0 to 4");
  lengths[0] = 4;
  EXPECT_EQ(tenon_session_call(session, "encode", inputs, 2, &hidden, 1), TENON_OK) << tenon_message();
}

TEST_F(Sources, SessionsOfOneModelOnManyThreads) {
  std::vector<std::thread> threads;
  Tokens shared = prompt(45);
  tenon_session *parent = sessionAbout(shared);
  std::vector<tenon_session *> sessions(4);
  for (tenon_session *&session : sessions)
    ASSERT_EQ(tenon_session_fork(parent, &session), TENON_OK);
  for (size_t number = 0; number < 4; ++number)
    threads.emplace_back([&, number] {
      for (int32_t round = 0; round < 25; ++round) {
        Tokens source = round == 0 ? shared : prompt(1 + size_t(round) * 3, int32_t(number)), start = {0, 2};
        if (round != 0)
          setSource(sessions[number], source);
        ASSERT_EQ(tokensOf(generate(sessions[number], {}, options(20))[0]), answer(source, start, 20));
      }
      EXPECT_EQ(tenon_session_destroy(sessions[number]), TENON_OK);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(Sources, SessionInACallIsBusy) {
  tenon_session *session = sessionAbout(prompt(9));
  struct State {
    tenon_session *session;
    tenon_status status;
  } state{session, TENON_OK};
  tenon_generate_options wanted = options(5);
  wanted.context = &state;
  wanted.callback = [](void *context, const tenon_generation_event *) {
    auto *state = static_cast<State *>(context);
    std::thread other([state] {
      Tokens source = prompt(4);
      tenon_source given = sourceOf(source);
      state->status = tenon_session_set_sources(&state->session, &given, 1);
    });
    other.join();
    return 0;
  };
  Tokens written = tokensOf(generate(session, {}, wanted)[0]);
  EXPECT_EQ(written, answer(prompt(9), {0, 2}, 5));
  EXPECT_EQ(state.status, TENON_ERROR_BUSY);
}

} // namespace
} // namespace tenon::tests
