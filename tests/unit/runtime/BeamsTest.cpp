// Beam search on the fake decoder. The expected sequences and scores are those of transformers 5.24 with a model of the
// same scores.

#include "FakeLibrary.h"

#include <cmath>
#include <cstdlib>

namespace tenon::tests {
namespace {

struct BeamCase {
  size_t promptLength;
  int32_t first;
  uint32_t beams, sequences;
  int64_t maxTokens;
  double lengthPenalty;
  uint32_t earlyStopping;
  double repetitionPenalty;
  std::vector<int32_t> ends;
  std::vector<std::vector<int32_t>> expected;
  std::vector<double> scores;
};

const BeamCase cases[] = {
    {20,
     0,
     3,
     3,
     12,
     1,
     0,
     1,
     {1},
     {{30, 9, 5, 15, 15, 31, 31, 31, 31, 31, 31, 31},
      {30, 9, 5, 15, 15, 0, 25, 23, 23, 15, 15, 31},
      {30, 9, 5, 15, 15, 31, 31, 31, 0, 28, 2, 31}},
     {-1.518001, -1.520390, -1.529344}},
    {20,
     2,
     4,
     2,
     25,
     1,
     1,
     1,
     {1},
     {{16, 21, 25, 15, 15, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31},
      {16, 21, 25, 15, 15, 0, 25, 23, 23, 15, 15, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31}},
     {-1.528128, -1.529275}},
    {5,
     3,
     4,
     4,
     30,
     2,
     0,
     1,
     {1, 7},
     {{28, 10, 23, 23, 15, 15, 31, 31, 31, 31, 31, 31, 31, 31, 31,
       31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31},
      {28, 10, 23, 23, 15, 15, 31, 0,  12, 2,  15, 15, 31, 31, 31,
       31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31},
      {28, 10, 23, 23, 16, 25, 23, 23, 15, 15, 31, 31, 31, 31, 31,
       31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31},
      {28, 10, 23, 23, 15, 15, 31, 31, 31, 31, 0,  15, 31, 31, 31,
       31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31}},
     {-0.050839, -0.050957, -0.050975, -0.051046}},
    {17,
     4,
     2,
     1,
     20,
     0,
     0,
     1,
     {1},
     {{19, 27, 15, 15, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31}},
     {-30.558981}},
    {9,
     5,
     5,
     3,
     15,
     -1,
     1,
     1,
     {1, 9, 11},
     {{17, 4, 27, 11}, {16, 27, 14, 2, 9}, {16, 26, 3, 19, 23, 8, 14, 30, 13, 9}},
     {-25.189432, -38.670776, -152.681702}},
    {9,
     6,
     3,
     2,
     20,
     1,
     0,
     1,
     {},
     {{29, 9, 23, 23, 15, 15, 31, 0, 16, 2, 27, 11, 7, 23, 31, 31, 31, 31, 31, 31},
      {29, 9, 23, 23, 15, 15, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31}},
     {-1.521206, -1.521594}},
    {12,
     7,
     3,
     2,
     15,
     1,
     0,
     1.7,
     {1},
     {{13, 4, 8, 15, 17, 1}, {13, 4, 8, 17, 15, 0, 18, 27, 11, 6, 1}},
     {-1.711855, -1.734655}},
};

class Beams : public FakeDecoder {
protected:
  static tenon_generate_options optionsOf(const BeamCase &one) {
    tenon_generate_options options = TENON_GENERATE_DEFAULTS;
    options.max_tokens = one.maxTokens;
    options.beams = one.beams;
    options.sequences = one.sequences;
    options.length_penalty = one.lengthPenalty;
    options.early_stopping = one.earlyStopping;
    options.repetition_penalty = one.repetitionPenalty;
    options.ignore_eos = 1;
    options.stop_tokens = one.ends.data();
    options.stop_token_count = one.ends.size();
    return options;
  }
};

TEST_F(Beams, AreThoseOfTransformers) {
  for (const BeamCase &one : cases) {
    tenon_session *session = newSession(2);
    std::vector<int32_t> text = prompt(one.promptLength, one.first);
    tenon_generate_options options = optionsOf(one);
    tenon_generation result{sizeof result, nullptr, 0, 0, 0};
    ASSERT_EQ(tenon_generate(session, text.data(), text.size(), &options, &result), TENON_OK) << tenon_message();
    ASSERT_EQ(result.sequence_count, one.sequences);
    for (size_t index = 0; index < one.sequences; ++index) {
      const tenon_sequence &sequence = result.sequences[index];
      EXPECT_EQ(std::vector<int32_t>(sequence.tokens, sequence.tokens + sequence.token_count), one.expected[index])
          << "prompt of " << one.promptLength << ", sequence " << index;
      EXPECT_NEAR(sequence.score, one.scores[index], 1e-5 * std::abs(one.scores[index]));
    }
    // The session holds the best one but for its last token, and says what comes next.
    EXPECT_EQ(lengthOf(session), int64_t(one.promptLength + one.expected[0].size() - 1));
    std::vector<float> logits(vocab);
    ASSERT_EQ(tenon_decode(&session, &one.expected[0].back(), 1, logits.data()), TENON_OK) << tenon_message();
    text.insert(text.end(), one.expected[0].begin(), one.expected[0].end());
    EXPECT_EQ(best(logits), next(text));
  }
}

TEST_F(Beams, OneBeamIsGreedy) {
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.max_tokens = 30;
  options.beams = 1;
  options.ignore_eos = 1;
  tenon_generation result{sizeof result, nullptr, 0, 0, 0};
  std::vector<int32_t> text = prompt(20);
  ASSERT_EQ(tenon_generate(newSession(), text.data(), 20, &options, &result), TENON_OK) << tenon_message();
  const tenon_sequence &sequence = result.sequences[0];
  EXPECT_EQ(std::vector<int32_t>(sequence.tokens, sequence.tokens + sequence.token_count), continuation(text, 30));
}

TEST_F(Beams, EndsWithThePositionsAndWithTheCache) {
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.beams = 3;
  options.ignore_eos = 1;
  tenon_generation result{sizeof result, nullptr, 0, 0, 0};
  std::vector<int32_t> text = prompt(595);
  ASSERT_EQ(tenon_generate(newSession(), text.data(), 595, &options, &result), TENON_OK) << tenon_message();
  EXPECT_EQ(result.sequences[0].finish, TENON_FINISH_POSITIONS);
  EXPECT_EQ(result.sequences[0].token_count, 6u);
  openDecoder(6 * pageBytes);
  ASSERT_EQ(tenon_generate(newSession(), text.data(), 20, &options, &result), TENON_OK) << tenon_message();
  EXPECT_EQ(result.sequences[0].finish, TENON_FINISH_CACHE_FULL);
  EXPECT_GT(result.sequences[0].token_count, 0u);
}

TEST_F(Beams, StopStrings) {
  std::vector<int32_t> text = prompt(20, 2);
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.beams = 3;
  options.max_tokens = 12;
  options.ignore_eos = 1;
  tenon_generation result{sizeof result, nullptr, 0, 0, 0};
  ASSERT_EQ(tenon_generate(newSession(), text.data(), 20, &options, &result), TENON_OK) << tenon_message();
  std::string whole(result.sequences[0].text), stop = whole.substr(2, 2);
  const char *stops[] = {stop.c_str()};
  options.stop_strings = stops;
  options.stop_string_count = 1;
  ASSERT_EQ(tenon_generate(newSession(), text.data(), 20, &options, &result), TENON_OK) << tenon_message();
  bool found = false;
  for (size_t index = 0; index < result.sequence_count; ++index) {
    EXPECT_EQ(std::string(result.sequences[index].text).find(stop), std::string::npos);
    found = found || result.sequences[index].finish == TENON_FINISH_STOP_STRING;
  }
  EXPECT_TRUE(found);
}

} // namespace
} // namespace tenon::tests
