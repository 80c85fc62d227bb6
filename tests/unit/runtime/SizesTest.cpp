// Counts that no caller can mean: each call of the interface refuses them, and nothing is read or copied.

#include "FakeSource.h"
#include "tenon/audio.h"

namespace tenon::tests {
namespace {

/// Counts whose bytes wrap, whose sign changes, and which are merely more than there is.
const size_t absurd[] = {size_t(1) << 60, (size_t(1) << 60) + 1, size_t(1) << 61, size_t(1) << 62,
                         size_t(1) << 63, (size_t(1) << 63) + 1, SIZE_MAX};

class Sizes : public FakeSource {
protected:
  void refused(tenon_status found, size_t count) {
    EXPECT_EQ(found, TENON_ERROR_OUT_OF_RANGE) << count << ": " << tenon_message();
  }
  std::vector<int32_t> few = prompt(8);
  std::vector<float> numbers = std::vector<float>(4096, 1.0f);
  char text[64] = "one";
  size_t count = 0;
};

TEST_F(Sizes, OfSources) {
  tenon_session *sessions[] = {newSession(), newSession()};
  for (size_t rows : absurd) {
    if (int64_t(rows) < 0)
      continue;
    tenon_source sources[] = {{sizeof(tenon_source), nullptr, 0, nullptr, numbers.data(), int64_t(rows)},
                              {sizeof(tenon_source), nullptr, 0, nullptr, numbers.data(), 4000}};
    refused(tenon_session_set_sources(sessions, sources, 1), rows);
    refused(tenon_session_set_sources(sessions, sources, 2), rows);
    std::swap(sources[0], sources[1]);
    refused(tenon_session_set_sources(sessions, sources, 2), rows);
  }
  for (size_t tokens : absurd) {
    tenon_source source{sizeof source, few.data(), tokens, nullptr, nullptr, 0};
    refused(tenon_session_set_sources(sessions, &source, 1), tokens);
    EXPECT_EQ(std::string(tenon_message()).find("empty"), std::string::npos) << tenon_message();
  }
  openDecoder(0, "fake_features");
  tenon_session *session = newSession();
  for (size_t rows : absurd) {
    tenon_source source{sizeof source, nullptr, 0, numbers.data(), nullptr, int64_t(rows)};
    refused(tenon_session_set_sources(&session, &source, 1), rows);
  }
}

TEST_F(Sizes, OfTokensToTakeIn) {
  tenon_session *session = sessionAbout(few);
  for (size_t tokens : absurd) {
    refused(tenon_session_prefill(session, few.data(), tokens, nullptr), tokens);
    refused(tenon_session_score(session, few.data(), tokens, nullptr, nullptr), tokens);
    refused(tenon_generate(session, few.data(), tokens, nullptr, nullptr), tokens);
    const int32_t *prompts[] = {few.data(), few.data()};
    const size_t lengths[] = {2, tokens};
    tenon_session *both[] = {session, sessionAbout(few)};
    refused(tenon_generate_batch(both, prompts, lengths, 2, nullptr, nullptr), tokens);
    refused(tenon_decode(&session, few.data(), tokens, numbers.data()), tokens);
    refused(tenon_generate_batch(&session, prompts, lengths, tokens, nullptr, nullptr), tokens);
  }
  EXPECT_EQ(lengthOf(session), 0);
}

TEST_F(Sizes, OfOptionsAndMessages) {
  tenon_session *session = sessionAbout(few);
  for (size_t size : absurd) {
    const char *stops[] = {text};
    tenon_token_list bad[] = {{few.data(), 2}};
    if (size > SIZE_MAX / 16) { // so many could not be there
      tenon_generate_options stopTokens = TENON_GENERATE_DEFAULTS, stopStrings = stopTokens, badWords = stopTokens;
      stopTokens.stop_tokens = few.data();
      stopTokens.stop_token_count = size;
      stopStrings.stop_strings = stops;
      stopStrings.stop_string_count = size;
      badWords.bad_words = bad;
      badWords.bad_word_count = size;
      for (const tenon_generate_options &options : {stopStrings, badWords})
        refused(tenon_generate(session, few.data(), 2, &options, nullptr), size);
      if (size > SIZE_MAX / 8)
        refused(tenon_generate(session, few.data(), 2, &stopTokens, nullptr), size);
    }
    tenon_chat_message message = {"user", "hi"};
    if (size > SIZE_MAX / sizeof message) {
      refused(tenon_chat_apply(model, &message, size, 1, text, sizeof text, &count), size);
      refused(tenon_chat_tokenize(model, &message, size, 1, few.data(), few.size(), &count), size);
    }
    if (size > SIZE_MAX / 8)
      refused(tenon_model_detokenize(model, few.data(), size, text, sizeof text, &count), size);
    if (size > SIZE_MAX / 2) {
      refused(tenon_model_tokenize(model, text, size, 0, few.data(), few.size(), &count), size);
      refused(tenon_model_tokenize_answer(model, text, size, few.data(), few.size(), &count), size);
    }
  }
}

TEST_F(Sizes, OfTensorsAndTexts) {
  openModel();
  const int32_t *rows[] = {few.data()}, lengths[] = {2};
  const char *texts[] = {text};
  for (size_t size : absurd) {
    refused(tenon_session_encode(session, rows, lengths, size, numbers.data(), nullptr), size);
    if (size > SIZE_MAX / 16)
      refused(tenon_session_embed_texts(session, texts, size, numbers.data()), size);
    tenon_tensor input = tensor("x", TENON_F32, {int64_t(size), 16}, numbers.data(), SIZE_MAX);
    tenon_tensor output = tensor("y", TENON_F32, {}, numbers.data(), SIZE_MAX);
    if (int64_t(size) > 0)
      EXPECT_NE(tenon_session_call(session, "double", &input, 1, &output, 1), TENON_OK);
    if (size > SIZE_MAX / sizeof input) {
      refused(tenon_session_call(session, "double", &input, size, &output, 1), size);
      refused(tenon_session_call(session, "double", &input, 1, &output, size), size);
    }
  }
}

TEST_F(Sizes, OfSounds) {
  openDecoder(0, "fake_audio");
  tenon_session *session = newSession();
  for (size_t size : absurd) {
    float *samples = nullptr;
    refused(tenon_audio_convert(numbers.data(), size, 2, 16000, 8000, &samples, &count), size);
    EXPECT_EQ(samples, nullptr);
    if (size < SIZE_MAX / 8)
      continue;
    tenon_transcript *transcript = nullptr;
    refused(tenon_audio_features(model, numbers.data(), size, numbers.data()), size);
    refused(tenon_transcribe(session, numbers.data(), size, nullptr, &transcript), size);
    tenon_transcribe_options options{};
    options.struct_size = sizeof options;
    options.start_tokens = few.data();
    options.start_token_count = size;
    refused(tenon_transcribe(session, numbers.data(), 100, &options, &transcript), size);
    EXPECT_EQ(transcript, nullptr);
  }
}

} // namespace
} // namespace tenon::tests
