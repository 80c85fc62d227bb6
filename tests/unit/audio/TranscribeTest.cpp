//===- TranscribeTest.cpp -------------------------------------------------===//
//
// The fake decoder with audio hears windows of 400 samples, 0.4 s; tokens from 20 on are times of 0.04 s, 1 ends an
// answer, 2 to 16 are the letters from A on, 17 stands before earlier text, 18 is that nobody speaks. What it says
// depends on all features and on every token before. TranscribeRulesTest.cpp plants what it says.
//
//===----------------------------------------------------------------------===//

#include "FakeLibrary.h"
#include "SoundFiles.h"
#include "tenon/audio.h"

#include <cstring>
#include <memory>
#include <random>

namespace tenon::tests {
namespace {

using Tokens = std::vector<int32_t>;

struct TranscriptFreer {
  void operator()(tenon_transcript *transcript) const { tenon_transcript_free(transcript); }
};
using Transcript = std::unique_ptr<tenon_transcript, TranscriptFreer>;

class Transcription : public FakeDecoder {
protected:
  void SetUp() override { openDecoder(0, "fake_audio"); }

  static std::vector<float> noise(size_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::vector<float> samples;
    for (size_t i = 0; i < count; ++i)
      samples.push_back(float(random() % 2000) / 1000 - 1);
    return samples;
  }

  static tenon_transcribe_options options(int64_t maxTokens, bool timestamps = false) {
    tenon_transcribe_options made = TENON_TRANSCRIBE_DEFAULTS;
    made.timestamps = timestamps;
    made.temperature_increment_on_fallback = 0;
    made.no_speech_threshold = NAN;
    made.max_tokens = maxTokens;
    return made;
  }

  static Transcript transcribe(tenon_session *session, const std::vector<float> &samples,
                               const tenon_transcribe_options *options) {
    tenon_transcript *found = nullptr;
    EXPECT_EQ(tenon_transcribe(session, samples.data(), samples.size(), options, &found), TENON_OK) << tenon_message();
    return Transcript(found);
  }

  static Tokens tokensOf(const Transcript &transcript) {
    return {transcript->tokens, transcript->tokens + transcript->token_count};
  }

  static int32_t lastToken(tenon_session *session) {
    Tokens tokens(size_t(lengthOf(session)));
    size_t count = 0;
    EXPECT_EQ(tenon_session_tokens(session, tokens.data(), tokens.size(), &count), TENON_OK);
    return tokens.empty() ? -1 : tokens.back();
  }
};

TEST_F(Transcription, theModelSaysWhatItHears) {
  tenon_audio_format format{};
  format.struct_size = sizeof format;
  ASSERT_EQ(tenon_model_audio(model, &format), TENON_OK);
  EXPECT_EQ(format.rate, 1000);
  EXPECT_EQ(format.window, 20);
  EXPECT_EQ(format.hop, 10);
  EXPECT_EQ(format.bins, 3);
  EXPECT_EQ(format.frames, 40);
}

TEST_F(Transcription, windowsFollowEachOther) {
  std::vector<float> samples = noise(1000); // Windows of 400, 400 and 200.
  tenon_transcribe_options given = options(6);
  Transcript transcript = transcribe(newSession(), samples, &given);
  EXPECT_EQ(transcript->windows, 3U);
  EXPECT_EQ(transcript->sound_seconds, 1.0);
  EXPECT_GT(transcript->token_count, 0U);
  for (size_t i = 0; i < transcript->segment_count; ++i) {
    const tenon_segment &segment = transcript->segments[i];
    EXPECT_LT(segment.begin, segment.end);
    EXPECT_EQ(std::strlen(segment.text), segment.text_bytes);
    EXPECT_NE(std::string(transcript->text).find(segment.text), std::string::npos);
  }
  EXPECT_GT(transcript->segment_count, 0U);
}

TEST_F(Transcription, timesComeInPairsAndSegmentsFollowEachOther) {
  size_t segments = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<float> samples = noise(1500, seed);
    tenon_transcribe_options given = options(12, true);
    Transcript transcript = transcribe(newSession(), samples, &given);
    double last = 0;
    for (size_t i = 0; i < transcript->segment_count; ++i) {
      const tenon_segment &segment = transcript->segments[i];
      EXPECT_LE(last, segment.begin + 0.08 + 1e-9) << seed << ": a time may be 0.08 s behind the window";
      EXPECT_LT(segment.begin, segment.end) << seed;
      for (size_t token = 0; token < segment.token_count; ++token)
        EXPECT_LT(segment.tokens[token], 20) << seed;
      last = segment.end;
      ++segments;
    }
    for (int32_t token : tokensOf(transcript))
      EXPECT_NE(token, 19) << "the token that says that there are no times";
    ASSERT_GT(transcript->token_count, 0U);
    EXPECT_GE(transcript->tokens[0], 20) << seed;
  }
  EXPECT_GT(segments, 20U);
}

TEST_F(Transcription, startTokensReplaceTheModelsOwn) {
  std::vector<float> samples = noise(300);
  tenon_session *session = newSession();
  const int32_t start[] = {3, 4, 5};
  tenon_transcribe_options given = options(1);
  given.start_tokens = start;
  given.start_token_count = 3;
  Transcript transcript = transcribe(session, samples, &given);
  EXPECT_EQ(lengthOf(session), 3);
  EXPECT_EQ(lastToken(session), 5);
}

TEST_F(Transcription, whatHasNoWholeFrameIsNotListenedTo) {
  tenon_transcribe_options given = options(1);
  EXPECT_EQ(transcribe(newSession(), noise(9), &given)->windows, 0U);
  EXPECT_EQ(transcribe(newSession(), noise(10), &given)->windows, 1U);
  EXPECT_EQ(transcribe(newSession(), noise(409), &given)->windows, 1U);
  EXPECT_EQ(transcribe(newSession(), noise(410), &given)->windows, 2U);
  EXPECT_EQ(transcribe(newSession(), noise(1), &given)->text_bytes, 0U);
}

TEST_F(Transcription, aFileIsWrittenDownLikeItsSamples) {
  std::vector<double> samples;
  for (float sample : noise(100'000))
    samples.push_back(sample);
  runtime::test::TemporaryFile file(runtime::test::wav(samples, 2, 50'000, {16, false}));
  float *read = nullptr;
  size_t count = 0;
  ASSERT_EQ(tenon_audio_read(file.path.c_str(), 1000, &read, &count), TENON_OK) << tenon_message();
  ASSERT_EQ(count, 1000U);
  for (bool timestamps : {false, true}) {
    tenon_transcribe_options given = options(6, timestamps);
    Transcript expected = transcribe(newSession(), {read, read + count}, &given);
    tenon_transcript *found = nullptr;
    ASSERT_EQ(tenon_transcribe_file(newSession(), file.path.c_str(), &given, &found), TENON_OK) << tenon_message();
    EXPECT_EQ(tokensOf(Transcript(found)), tokensOf(expected));
    EXPECT_GT(expected->token_count, 0U);
  }
  tenon_audio_free(read);
}

TEST_F(Transcription, beamSearchWritesToo) {
  tenon_generate_options generate = TENON_GENERATE_DEFAULTS;
  generate.beams = 3;
  tenon_transcribe_options given = options(5, true);
  given.generate = &generate;
  Transcript transcript = transcribe(newSession(), noise(400), &given);
  ASSERT_GT(transcript->token_count, 0U);
  EXPECT_GE(transcript->tokens[0], 20);
}

struct Collected {
  size_t count = 0;
  size_t most = SIZE_MAX;
  static int add(void *context, const tenon_segment *) {
    auto *self = static_cast<Collected *>(context);
    return ++self->count >= self->most;
  }
};

TEST_F(Transcription, segmentsAreToldAndTheListenerMayEndIt) {
  std::vector<float> samples = noise(2000);
  Collected all;
  tenon_transcribe_options given = options(6);
  given.callback = Collected::add;
  given.context = &all;
  Transcript transcript = transcribe(newSession(), samples, &given);
  EXPECT_EQ(all.count, transcript->segment_count);
  ASSERT_GT(all.count, 1U);

  Collected first;
  first.most = 1;
  given.context = &first;
  transcript = transcribe(newSession(), samples, &given);
  EXPECT_EQ(first.count, 1U);
  EXPECT_EQ(transcript->segment_count, 1U);
  EXPECT_EQ(transcript->finish, TENON_FINISH_CANCELLED);
}

TEST_F(Transcription, whatIsRefusedLeavesTheSessionAsItWas) {
  tenon_session *session = newSession();
  std::vector<float> samples = noise(400);
  tenon_transcribe_options good = options(4);
  transcribe(session, samples, &good);
  int64_t length = lengthOf(session);
  auto refuse = [&](const std::vector<float> &given, tenon_transcribe_options options, tenon_status status,
                    const std::string &text) {
    tenon_transcript *found = nullptr;
    expectStatus(tenon_transcribe(session, given.data(), given.size(), &options, &found), status, text);
    EXPECT_EQ(found, nullptr);
    EXPECT_EQ(lengthOf(session), length);
  };
  refuse({}, good, TENON_ERROR_AUDIO, "the sound has 0 samples, expected at least 1");
  std::vector<float> bad = noise(900);
  bad[850] = NAN;
  refuse(bad, good, TENON_ERROR_INVALID_ARGUMENT, "sample 850 of the audio is not a number, expected finite numbers");
  tenon_transcribe_options wrong = good;
  wrong.struct_size = 3;
  refuse(samples, wrong, TENON_ERROR_STRUCT_SIZE, "struct_size of tenon_transcribe_options is 3");
  wrong = good;
  wrong.condition_on_previous_text = 3;
  refuse(samples, wrong, TENON_ERROR_OUT_OF_RANGE, "condition_on_previous_text is 3, expected 0 or 1");
  wrong = good;
  wrong.best_of = 0;
  refuse(samples, wrong, TENON_ERROR_OUT_OF_RANGE, "best_of is 0, expected 1 to 1024");
  for (double increment : {-0.1, 0.001, 1.5, double(NAN)}) {
    wrong = good;
    wrong.temperature_increment_on_fallback = increment;
    refuse(samples, wrong, TENON_ERROR_OUT_OF_RANGE, "temperature_increment_on_fallback is ");
  }
  wrong = good;
  wrong.initial_prompt = "A<|im_end|>";
  refuse(samples, wrong, TENON_ERROR_INVALID_ARGUMENT, "the initial prompt has token 1, which is none of a text");
  wrong = good;
  wrong.timestamps = 2;
  refuse(samples, wrong, TENON_ERROR_OUT_OF_RANGE, "timestamps is 2, expected 0 or 1");
  wrong = good;
  wrong.reserved = 1;
  refuse(samples, wrong, TENON_ERROR_INVALID_ARGUMENT, "reserved of tenon_transcribe_options is 1, expected 0");
  wrong = good;
  wrong.max_tokens = -1;
  refuse(samples, wrong, TENON_ERROR_OUT_OF_RANGE, "max_tokens is -1, expected at least 0");
  wrong = good;
  wrong.start_token_count = 2;
  refuse(samples, wrong, TENON_ERROR_INVALID_ARGUMENT, "start_tokens is null");
  const int32_t unknown = 70;
  wrong.start_tokens = &unknown;
  wrong.start_token_count = 1;
  refuse(samples, wrong, TENON_ERROR_OUT_OF_RANGE, "id 70, expected 0 to 32");
}

TEST_F(Transcription, modelsWithoutAudioHearNothing) {
  openDecoder(0, "fake_source");
  tenon_audio_format format{};
  format.struct_size = sizeof format;
  expectStatus(tenon_model_audio(model, &format), TENON_ERROR_AUDIO, "hears no sound: its spec has no audio");
  float sample = 0.5F;
  tenon_transcript *found = nullptr;
  expectStatus(tenon_transcribe(newSession(), &sample, 1, nullptr, &found), TENON_ERROR_AUDIO, "hears no sound");
  expectStatus(tenon_transcribe_file(newSession(), "a.wav", nullptr, &found), TENON_ERROR_AUDIO, "hears no sound");
  expectStatus(tenon_audio_features(model, &sample, 1, &sample), TENON_ERROR_AUDIO, "hears no sound");
}

TEST(AudioInterface, filesAndMemoryGiveSamples) {
  runtime::test::TemporaryFile file(runtime::test::wav(runtime::test::sine(50, 2000, 2000), 1, 2000, {16, false}));
  float *samples = nullptr, *converted = nullptr;
  size_t count = 0, convertedCount = 0;
  ASSERT_EQ(tenon_audio_read(file.path.c_str(), 1000, &samples, &count), TENON_OK) << tenon_message();
  EXPECT_EQ(count, 1000U);
  ASSERT_EQ(tenon_audio_convert(samples, 500, 2, 1000, 4000, &converted, &convertedCount), TENON_OK) << tenon_message();
  EXPECT_EQ(convertedCount, 2000U);
  tenon_audio_free(samples);
  tenon_audio_free(converted);
  tenon_audio_free(nullptr);
  tenon_transcript_free(nullptr);
}

TEST(AudioInterface, badArgumentsAreRefused) {
  float sample = 0, *samples = nullptr;
  size_t count = 0;
  expectStatus(tenon_audio_read(nullptr, 16000, &samples, &count), TENON_ERROR_INVALID_ARGUMENT, "path is null");
  expectStatus(tenon_audio_read("a.wav", 16000, nullptr, &count), TENON_ERROR_INVALID_ARGUMENT, "samples is null");
  expectStatus(tenon_audio_read("a.wav", 0, &samples, &count), TENON_ERROR_OUT_OF_RANGE, "0 samples a second");
  expectStatus(tenon_audio_convert(&sample, 1, 0, 16000, 16000, &samples, &count), TENON_ERROR_AUDIO, "0 samples");
  expectStatus(tenon_audio_convert(&sample, SIZE_MAX, 2, 16000, 16000, &samples, &count), TENON_ERROR_OUT_OF_RANGE,
               "more than memory can hold");
  expectStatus(tenon_audio_convert(nullptr, 1, 1, 16000, 16000, &samples, &count), TENON_ERROR_INVALID_ARGUMENT,
               "samples is null");
}

} // namespace
} // namespace tenon::tests
