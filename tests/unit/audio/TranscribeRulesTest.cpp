//===- TranscribeRulesTest.cpp --------------------------------------------===//
//
// What decides about a window, on the fake decoder with audio (see TranscribeTest.cpp) and planted probabilities.
//
//===----------------------------------------------------------------------===//

#include "FakeLibrary.h"
#include "tenon/audio.h"

#include <algorithm>
#include <cmath>
#include <dlfcn.h>
#include <memory>
#include <span>

namespace tenon::tests {
namespace {

using Tokens = std::vector<int32_t>;
using Plant = void (*)(int64_t, const int32_t *, int64_t, float *);

constexpr int32_t end = 1, firstLetter = 2, lastLetter = 16, previous = 17, noSpeech = 18, none = 19, time0 = 20;

/// What is heard in a window.
struct Said {
  Tokens tokens;            ///< without the end
  double probability = 0.9; ///< of each of them and of the end, among what may be said
  double silence = 0.1;     ///< the probability that nobody speaks
};

/// The windows of the sound, and what the model was asked.
struct Plan {
  std::vector<Said> windows;
  int64_t firstSource = 0;
  std::vector<Tokens> contexts; ///< of each window: what stood before the start
  std::vector<int> attempts;    ///< of each window: how often an answer was begun

  void scores(int64_t source, std::span<const int32_t> tokens, std::span<float> logits) {
    firstSource = firstSource == 0 ? source : firstSource;
    auto window = size_t(source - firstSource);
    contexts.resize(std::max(contexts.size(), window + 1));
    attempts.resize(contexts.size());
    const Said &said = windows.at(window);
    auto start = std::find(tokens.begin(), tokens.end(), 0);
    contexts[window] = {tokens.begin(), start};
    double silence = 0, word = 1; // the probability of what is planned next
    int32_t next = end;
    if (start != tokens.end()) {
      std::span<const int32_t> written(start + 1, tokens.end());
      bool timed = written.empty() || written[0] != none;
      size_t place = written.size() - (timed ? 0 : 1);
      silence = written.empty() ? said.silence : 0;
      attempts[window] += place == 0 && !(written.empty() && untimed);
      next = place < said.tokens.size() ? said.tokens[place] : end;
      word = said.probability;
    }
    // The rest is shared by the letters.
    std::fill(logits.begin(), logits.end(), -30.0F);
    int letters = lastLetter - firstLetter + 1 - (next >= firstLetter && next <= lastLetter);
    std::fill(logits.begin() + firstLetter, logits.begin() + lastLetter + 1,
              float(std::log((1 - silence) * (1 - word) / letters + 1e-12)));
    logits[size_t(next)] = float(std::log((1 - silence) * word));
    logits[noSpeech] = float(std::log(silence + 1e-12));
  }
  bool untimed = true;
};

Plan *plan = nullptr;

void plant(int64_t source, const int32_t *tokens, int64_t count, float *logits) {
  plan->scores(source, {tokens, size_t(count)}, {logits, 33});
}

struct Heard {
  std::string text;
  std::vector<tenon_segment> segments;
  std::vector<std::string> texts;
  size_t windows;
  Tokens tokens;
};

class TranscribeRules : public FakeDecoder {
protected:
  void SetUp() override {
    openDecoder(0, "fake_audio");
    loaded = dlopen(directory.path("fake_audio.so").c_str(), RTLD_NOW | RTLD_NOLOAD);
    ASSERT_TRUE(loaded) << dlerror();
    place = static_cast<Plant *>(dlsym(loaded, "fake_plant"));
    ASSERT_TRUE(place) << dlerror();
    *place = plant;
  }
  ~TranscribeRules() override {
    if (place)
      *place = nullptr;
    if (loaded)
      dlclose(loaded);
  }

  static tenon_transcribe_options options(bool timestamps = false) {
    tenon_transcribe_options made = TENON_TRANSCRIBE_DEFAULTS;
    made.timestamps = timestamps;
    return made;
  }

  /// Writes a sound of as many windows down, the last one of `last` samples.
  Heard transcribe(std::vector<Said> windows, tenon_transcribe_options given, size_t samples = 0) {
    asked = {std::move(windows), 0, {}, {}, given.timestamps == 0};
    plan = &asked;
    std::vector<float> sound(samples != 0 ? samples : asked.windows.size() * 400, 0.1F);
    tenon_transcript *found = nullptr;
    EXPECT_EQ(tenon_transcribe(newSession(), sound.data(), sound.size(), &given, &found), TENON_OK) << tenon_message();
    Heard heard{found->text,
                {found->segments, found->segments + found->segment_count},
                {},
                found->windows,
                {found->tokens, found->tokens + found->token_count}};
    for (const tenon_segment &segment : heard.segments)
      heard.texts.emplace_back(segment.text);
    owner.reset(found);
    return heard;
  }

  Plan asked;

private:
  struct Freer {
    void operator()(tenon_transcript *transcript) const { tenon_transcript_free(transcript); }
  };
  std::unique_ptr<tenon_transcript, Freer> owner;
  void *loaded = nullptr;
  Plant *place = nullptr;
};

/// Its mean log probability is -1.2, less than the threshold; at 0.2 it is sampled all but surely.
constexpr double unlikely = 0.3;

TEST_F(TranscribeRules, aLikelyAnswerIsWrittenOnce) {
  Heard heard = transcribe({{{2, 3, 4}}}, options());
  EXPECT_EQ(heard.text, "ABC");
  EXPECT_EQ(heard.tokens, (Tokens{2, 3, 4, end}));
  EXPECT_EQ(asked.attempts, std::vector<int>{1});
  ASSERT_EQ(heard.segments.size(), 1U);
  EXPECT_EQ(heard.segments[0].temperature, 0);
  EXPECT_NEAR(heard.segments[0].avg_logprob, std::log(0.9), 1e-5);
  EXPECT_NEAR(heard.segments[0].no_speech_prob, 0.1, 1e-6);
  EXPECT_NEAR(heard.segments[0].compression_ratio, 3.0 / 11, 1e-12);
}

TEST_F(TranscribeRules, anUnlikelyAnswerIsWrittenAgainAtHigherTemperatures) {
  transcribe({{{2, 3, 4}, unlikely}}, options());
  EXPECT_EQ(asked.attempts, std::vector<int>{6}) << "0, 0.2, 0.4, 0.6, 0.8 and 1";
  for (auto [increment, attempts] : {std::pair(0.5, 3), {1.0, 2}, {0.3, 4}, {0.0, 1}}) {
    tenon_transcribe_options given = options();
    given.temperature_increment_on_fallback = increment;
    transcribe({{{2, 3, 4}, unlikely}}, given);
    EXPECT_EQ(asked.attempts, std::vector<int>{attempts}) << increment;
  }
  tenon_transcribe_options given = options();
  given.logprob_threshold = -1.3;
  EXPECT_EQ(transcribe({{{2, 3, 4}, unlikely}}, given).text, "ABC");
  EXPECT_EQ(asked.attempts, std::vector<int>{1});
  given.logprob_threshold = NAN;
  transcribe({{{2, 3, 4}, unlikely}}, given);
  EXPECT_EQ(asked.attempts, std::vector<int>{1});
}

TEST_F(TranscribeRules, theFirstTemperatureIsThatOfTheGeneration) {
  tenon_generate_options generate = TENON_GENERATE_DEFAULTS;
  generate.temperature = 0.6;
  tenon_transcribe_options given = options();
  given.generate = &generate;
  transcribe({{{2, 3, 4}, unlikely}}, given);
  EXPECT_EQ(asked.attempts, std::vector<int>{3}) << "0.6, 0.8 and 1";
}

TEST_F(TranscribeRules, anAnswerThatRepeatsItselfIsWrittenAgain) {
  Said repeats{Tokens(60, 2), 0.999};
  Heard heard = transcribe({repeats}, options());
  EXPECT_GT(asked.attempts[0], 1);
  tenon_transcribe_options given = options();
  given.compression_ratio_threshold = 5.1;
  heard = transcribe({repeats}, given);
  EXPECT_EQ(asked.attempts, std::vector<int>{1});
  ASSERT_EQ(heard.segments.size(), 1U);
  EXPECT_NEAR(heard.segments[0].compression_ratio, 5, 1e-12) << "60 bytes, which zlib makes 12 of";
  given.compression_ratio_threshold = NAN;
  transcribe({repeats}, given);
  EXPECT_EQ(asked.attempts, std::vector<int>{1});
}

TEST_F(TranscribeRules, aWindowWhereNobodySpeaksIsSilence) {
  Heard heard = transcribe({{{2}}, {{3, 4, 5}, unlikely, 0.7}, {{6}}}, options());
  EXPECT_EQ(heard.texts, (std::vector<std::string>{"A", "E"}));
  EXPECT_EQ(heard.tokens, (Tokens{2, end, 6, end}));
  EXPECT_EQ(heard.windows, 3U);
  EXPECT_EQ(asked.attempts, (std::vector<int>{1, 1, 1})) << "nothing likelier can be written about silence";
  EXPECT_EQ(asked.contexts[2], (Tokens{previous, 2})) << "the answer that did not count";
  EXPECT_EQ(heard.segments[1].begin, 0.8);
}

TEST_F(TranscribeRules, aLikelyAnswerIsKeptWhereNobodySeemsToSpeak) {
  EXPECT_EQ(transcribe({{{3}, 0.9, 0.99}}, options()).text, "B");
  tenon_transcribe_options given = options();
  given.logprob_threshold = NAN; // Then nothing speaks for the answer.
  EXPECT_EQ(transcribe({{{3}, 0.9, 0.99}}, given).text, "");
  given.no_speech_threshold = 0.995;
  EXPECT_EQ(transcribe({{{3}, 0.9, 0.99}}, given).text, "B");
  given.no_speech_threshold = NAN;
  EXPECT_EQ(transcribe({{{3}, 0.9, 0.99}}, given).text, "B");
}

TEST_F(TranscribeRules, answersGoOnFromThoseBefore) {
  transcribe({{{2, 3}}, {{4}}, {{5}}}, options());
  EXPECT_EQ(asked.contexts, (std::vector<Tokens>{{}, {previous, 2, 3}, {previous, 2, 3, 4}}));
  tenon_transcribe_options given = options();
  given.condition_on_previous_text = 0;
  transcribe({{{2, 3}}, {{4}}, {{5}}}, given);
  EXPECT_EQ(asked.contexts, (std::vector<Tokens>{{}, {}, {}}));
}

TEST_F(TranscribeRules, theFirstAnswerGoesOnFromAPrompt) {
  tenon_transcribe_options given = options();
  given.initial_prompt = "  CD\n";
  transcribe({{{2}}, {{3}}}, given);
  EXPECT_EQ(asked.contexts, (std::vector<Tokens>{{previous, 28, 4, 5}, {previous, 28, 4, 5, 2}}));
  given.condition_on_previous_text = 0;
  transcribe({{{2}}, {{3}}}, given);
  EXPECT_EQ(asked.contexts, (std::vector<Tokens>{{previous, 28, 4, 5}, {}}));
  given.initial_prompt = " ";
  transcribe({{{2}}}, given);
  EXPECT_EQ(asked.contexts, std::vector<Tokens>{{}});
}

TEST_F(TranscribeRules, nothingGoesOnFromWhatWasSampledWildly) {
  transcribe({{{2, 3}}, {{2, 3, 4}, unlikely}, {{5}}}, options());
  EXPECT_EQ(asked.attempts[1], 6);
  EXPECT_EQ(asked.contexts[2], Tokens{});
  tenon_transcribe_options given = options(); // The last temperature is 0.4.
  tenon_generate_options generate = TENON_GENERATE_DEFAULTS;
  generate.temperature = 0.4;
  given.generate = &generate;
  given.temperature_increment_on_fallback = 0;
  transcribe({{{2, 3}}, {{4}}}, given);
  EXPECT_EQ(asked.contexts[1].size(), 3U);
}

TEST_F(TranscribeRules, aContextIsAtMostHalfOfThePositionsLong) {
  std::vector<Said> windows(3, {Tokens(200, 2), 0.9999});
  tenon_transcribe_options given = options();
  given.compression_ratio_threshold = NAN;
  transcribe(windows, given);
  EXPECT_EQ(asked.contexts[1].size(), 201U);
  EXPECT_EQ(asked.contexts[2].size(), 300U) << "of 600 positions";
}

TEST_F(TranscribeRules, aWindowBeginsWhereTheLastTimesAre) {
  Said first{{time0, 2, time0 + 5, time0 + 5, 3}, 0.99}, second{{time0 + 1, 4, time0 + 3}, 0.99};
  Heard heard = transcribe({first, second}, options(true), 500); // 50 frames; the second window begins at the 20th.
  EXPECT_EQ(heard.texts, (std::vector<std::string>{"A", "C"}));
  EXPECT_EQ(heard.windows, 2U);
  EXPECT_EQ(heard.segments[0].begin, 0);
  EXPECT_DOUBLE_EQ(heard.segments[0].end, 0.2);
  EXPECT_DOUBLE_EQ(heard.segments[1].begin, 0.2) << "one piece begins with its window";
  EXPECT_DOUBLE_EQ(heard.segments[1].end, 0.2 + 0.12);
  EXPECT_EQ(asked.contexts[1], (Tokens{previous, time0, 2, time0 + 5}))
      << "with its times, without what is heard again";
}

TEST_F(TranscribeRules, anAnswerMayEndBehindItsFirstTime) {
  Heard heard = transcribe({{{time0}, 0.99}}, options(true));
  EXPECT_EQ(heard.tokens, (Tokens{time0, end})) << "only the very first token may not be an end";
  EXPECT_TRUE(heard.texts.empty());
}

TEST_F(TranscribeRules, ofSeveralSamplesTheLikeliestCounts) {
  tenon_generate_options generate = TENON_GENERATE_DEFAULTS;
  generate.temperature = 1;
  tenon_transcribe_options given = options();
  given.generate = &generate;
  given.logprob_threshold = NAN;
  given.max_tokens = 3;
  Said said{{2, 3, 4}, 0.5};
  given.best_of = 1;
  bool differs = false;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    generate.seed = seed;
    Heard heard = transcribe({said}, given);
    differs = differs || heard.text != "ABC";
  }
  EXPECT_TRUE(differs) << "each token has a probability of one half";
  given.best_of = 100;
  EXPECT_EQ(transcribe({said}, given).text, "ABC");
}

} // namespace
} // namespace tenon::tests
