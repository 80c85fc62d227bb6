// Each call of the interface with each of its allocations failing, alone and with all after it.

#include "FailingAllocations.h"
#include "FakeLibrary.h"

namespace tenon::tests {
namespace {

/// Opens a model, and lets go of it where that went well; no model comes of a failure.
tenon_status openAndRelease(const std::string &path) {
  tenon_model *opened = nullptr;
  tenon_status status = tenon_model_open(path.c_str(), nullptr, &opened);
  if (status == TENON_OK)
    EXPECT_EQ(tenon_model_release(opened), TENON_OK);
  else
    EXPECT_EQ(opened, nullptr);
  return status;
}

class Allocation : public FakeModel {
protected:
  /// Fails the first allocation of `call`, then the second, and so on until it needs no more.
  template <typename Body> void sweep(Body call) {
    for (Refusing mode : {Refusing::Once, Refusing::FromThenOn}) {
      int64_t failing = 0;
      for (;; ++failing) {
        ASSERT_LT(failing, 100000);
        refuseAllocation(failing, mode);
        tenon_status status = call();
        bool reached = stopRefusing();
        if (status == TENON_OK && !reached)
          break;
        // A failure that something below can do without is no failure.
        if (status != TENON_OK && status != TENON_ERROR_NO_MEMORY)
          ADD_FAILURE() << "allocation " << failing << ": " << tenon_status_name(status) << ": " << tenon_message();
      }
      EXPECT_GT(failing, 0);
    }
  }
};

TEST_F(Allocation, OpeningSurvivesEveryFailure) {
  writeModel();
  const std::string path = libraryPath();
  sweep([&] { return openAndRelease(path); });
}

TEST_F(Allocation, SessionsSurviveEveryFailure) {
  openModel();
  sweep([&] {
    tenon_session *made = nullptr;
    tenon_status status = tenon_session_create(model, nullptr, &made);
    if (status == TENON_OK)
      EXPECT_EQ(tenon_session_destroy(made), TENON_OK);
    return status;
  });
}

TEST_F(Allocation, CallsSurviveEveryFailure) {
  openModel();
  float x[64] = {1}, y[64] = {};
  tenon_tensor input = tensor("x", TENON_F32, {64, 1}, x, sizeof x);
  tenon_tensor output = tensor("y", TENON_F32, {}, y, sizeof y);
  sweep([&] { return tenon_session_call(session, "double", &input, 1, &output, 1); });
  EXPECT_EQ(y[0], 2.0f);
}

TEST_F(Allocation, EncodingSurvivesEveryFailure) {
  openModel();
  const int32_t ids[] = {1, 2};
  const int32_t *rows[] = {ids, ids};
  const int32_t lengths[] = {1, 2};
  float embedding[8];
  sweep([&] { return tenon_session_encode(session, rows, lengths, 2, nullptr, embedding); });
  EXPECT_EQ(embedding[4], 3.0f);
}

class DecoderAllocation : public FakeDecoder {
protected:
  /// As above, and each failure leaves the session as it was. Ends with one call that nothing was refused.
  template <typename Body> void sweep(tenon_session *session, Body call) {
    int64_t before = lengthOf(session);
    for (Refusing mode : {Refusing::Once, Refusing::FromThenOn}) {
      ASSERT_EQ(tenon_session_rewind(session, before), TENON_OK);
      for (int64_t failing = 0;; ++failing) {
        ASSERT_LT(failing, 100000);
        refuseAllocation(failing, mode);
        tenon_status status = call();
        bool reached = stopRefusing();
        if (status == TENON_OK && !reached)
          break;
        if (status == TENON_OK) { // something below did without
          ASSERT_EQ(tenon_session_rewind(session, before), TENON_OK);
          continue;
        }
        EXPECT_EQ(status, TENON_ERROR_NO_MEMORY) << "allocation " << failing << ": " << tenon_message();
        ASSERT_EQ(lengthOf(session), before) << "allocation " << failing;
      }
    }
  }
};

/// With a tokenizer, which is read when the model is opened.
TEST_F(DecoderAllocation, OpeningSurvivesEveryFailure) {
  const std::string path = libraryPath();
  for (const char *module : {"fake_decoder", "fake_source"}) {
    writeFile(path, fakeImage(module));
    sweep(newSession(), [&] { return openAndRelease(path); });
  }
}

TEST_F(DecoderAllocation, ClosingNeedsNone) {
  writeFile(libraryPath(), fakeImage("fake_decoder"));
  tenon_model *opened = nullptr;
  ASSERT_EQ(tenon_model_open(libraryPath().c_str(), nullptr, &opened), TENON_OK);
  tenon_session *session = nullptr;
  ASSERT_EQ(tenon_session_create(opened, nullptr, &session), TENON_OK);
  std::vector<int32_t> text = prompt(20);
  ASSERT_EQ(tenon_session_prefill(session, text.data(), 20, nullptr), TENON_OK);
  refuseAllocation(0, Refusing::FromThenOn);
  tenon_status destroyed = tenon_session_destroy(session), released = tenon_model_release(opened);
  EXPECT_FALSE(stopRefusing());
  EXPECT_EQ(destroyed, TENON_OK);
  EXPECT_EQ(released, TENON_OK);
}

TEST_F(DecoderAllocation, BatchesSurviveEveryFailure) {
  std::vector<int32_t> text = prompt(20);
  tenon_session *sessions[] = {newSession(2), newSession()};
  const int32_t *prompts[] = {text.data(), text.data() + 3};
  const size_t lengths[] = {20, 12};
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.max_tokens = 3;
  sweep(sessions[0], [&] {
    tenon_status status = tenon_generate_batch(sessions, prompts, lengths, 2, &options, nullptr);
    EXPECT_EQ(lengthOf(sessions[1]) != 0, status == TENON_OK);
    EXPECT_EQ(tenon_session_rewind(sessions[1], 0), TENON_OK);
    return status;
  });
}

TEST_F(DecoderAllocation, TextSurvivesEveryFailure) {
  int32_t ids[64];
  char text[200];
  size_t count = 0;
  tenon_session *session = newSession();
  sweep(session, [&] { return tenon_model_tokenize(model, "ab c", 4, 0, ids, 64, &count); });
  sweep(session, [&] { return tenon_model_detokenize(model, ids, count, text, sizeof text, &count); });
}

TEST_F(DecoderAllocation, PrefillAndDecodingSurviveEveryFailure) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(20);
  std::vector<float> logits(vocab);
  sweep(session, [&] { return tenon_session_prefill(session, text.data(), 20, logits.data()); });
  EXPECT_EQ(best(logits), next(text));
  int32_t token = 3;
  text.push_back(3);
  sweep(session, [&] { return tenon_decode(&session, &token, 1, logits.data()); });
  EXPECT_EQ(best(logits), next(text));
  sweep(session, [&] { return tenon_session_score(session, &token, 1, logits.data(), nullptr); });
}

TEST_F(DecoderAllocation, ForksSurviveEveryFailure) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(20);
  ASSERT_EQ(tenon_session_prefill(session, text.data(), 20, nullptr), TENON_OK);
  sweep(session, [&] {
    tenon_session *fork = nullptr;
    tenon_status status = tenon_session_fork(session, &fork);
    if (status == TENON_OK)
      EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
    return status;
  });
}

TEST_F(DecoderAllocation, GenerationSurvivesEveryFailure) {
  std::vector<int32_t> text = prompt(20);
  for (uint32_t beams : {0, 2}) {
    tenon_session *session = newSession();
    tenon_generate_options options = TENON_GENERATE_DEFAULTS;
    options.max_tokens = 3;
    options.sequences = 2;
    options.beams = beams;
    const char *stops[] = {"nothing"};
    options.stop_strings = stops;
    options.stop_string_count = 1;
    tenon_generation result{sizeof result, nullptr, 0, 0, 0};
    sweep(session, [&] { return tenon_generate(session, text.data(), 20, &options, &result); });
    EXPECT_EQ(result.sequences[0].tokens[0], next(text));
  }
}

TEST_F(DecoderAllocation, SourcesSurviveEveryFailure) {
  openDecoder(0, "fake_source");
  std::vector<int32_t> first = prompt(40), second = prompt(20, 3), text = prompt(5);
  tenon_session *sessions[] = {newSession(), newSession()};
  tenon_source sources[] = {{sizeof(tenon_source), first.data(), 40, nullptr, nullptr, 0},
                            {sizeof(tenon_source), second.data(), 20, nullptr, nullptr, 0}};
  sweep(sessions[0], [&] { return tenon_session_set_sources(sessions, sources, 2); });
  EXPECT_EQ(tenon_session_prefill(sessions[1], text.data(), 5, nullptr), TENON_OK) << tenon_message();
  for (uint32_t beams : {0, 2}) {
    tenon_generate_options options = TENON_GENERATE_DEFAULTS;
    options.max_tokens = 3;
    options.beams = beams;
    ASSERT_EQ(tenon_session_rewind(sessions[0], 0), TENON_OK);
    sweep(sessions[0], [&] { return tenon_generate(sessions[0], nullptr, 0, &options, nullptr); });
  }
}

TEST_F(DecoderAllocation, PrefixesSurviveEveryFailure) {
  openDecoder(0, "fake_prefix");
  std::vector<int32_t> source = prompt(40), text = prompt(5);
  tenon_session *sessions[] = {newSession(), newSession()};
  tenon_source sources[] = {{sizeof(tenon_source), source.data(), 40, nullptr, nullptr, 0},
                            {sizeof(tenon_source), source.data(), 20, nullptr, nullptr, 0}};
  sweep(sessions[0], [&] { return tenon_session_set_sources(sessions, sources, 2); });
  sweep(sessions[0], [&] { return tenon_session_prefill(sessions[0], text.data(), 5, nullptr); });
}

TEST_F(DecoderAllocation, SeveralSourcesSurviveEveryFailure) {
  openDecoder(0, "fake_sources");
  std::vector<int32_t> left = prompt(40), right = {3, 4, 5}, inner = {1, 2};
  tenon_session *sessions[] = {newSession(), newSession()};
  std::vector<tenon_source> sources;
  for (size_t count : {40, 20})
    for (auto [tokens, most] : {std::pair(&left, count), {&right, 3}, {&inner, 2}})
      sources.push_back({sizeof(tenon_source), tokens->data(), most, nullptr, nullptr, 0});
  sweep(sessions[0], [&] { return tenon_session_set_sources(sessions, sources.data(), 2); });
  std::vector<float> logits(vocab);
  sweep(sessions[0], [&] { return tenon_session_prefill(sessions[0], left.data(), 20, logits.data()); });
  sweep(sessions[0], [&] {
    tenon_session *fork = nullptr;
    tenon_status status = tenon_session_fork(sessions[0], &fork);
    if (status == TENON_OK)
      EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
    return status;
  });
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.max_tokens = 3;
  options.beams = 2;
  sweep(sessions[0], [&] { return tenon_generate(sessions[0], left.data(), 2, &options, nullptr); });
}

TEST_F(DecoderAllocation, ChatSurvivesEveryFailure) {
  tenon_chat_message message = {"user", "hi"};
  char text[200];
  size_t bytes = 0;
  sweep(newSession(), [&] { return tenon_chat_apply(model, &message, 1, 1, text, sizeof text, &bytes); });
}

} // namespace
} // namespace tenon::tests
