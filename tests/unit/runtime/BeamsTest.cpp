// Beam search on the fake decoder. The expected sequences and scores are those of transformers 5.24 with a model of the
// same scores.

#include "FakeLibrary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>

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

/// What transformers' _beam_search does, by sorting everything.
class Reference {
public:
  using Scores = std::function<std::vector<float>(const std::vector<int32_t> &)>;
  struct Candidate {
    std::vector<int32_t> tokens;
    float score;
    bool ended = false;
  };

  Reference(std::vector<int32_t> prompt, const tenon_generate_options &options, Scores scoresAfter)
      : prompt(std::move(prompt)), options(options), scoresAfter(std::move(scoresAfter)) {
    for (uint32_t beam = 0; beam < options.beams; ++beam)
      running.push_back({{}, beam == 0 ? 0 : -1e9f});
    finished.assign(options.beams, {{}, -1e9f});
  }

  std::vector<Candidate> search() {
    while (step())
      ;
    return finished;
  }

private:
  /// Best first, of equal ones the first.
  static void sortByScore(std::vector<Candidate> &all) {
    std::vector<std::pair<float, size_t>> order;
    for (size_t index = 0; index < all.size(); ++index)
      order.emplace_back(-all[index].score, index);
    std::sort(order.begin(), order.end());
    std::vector<Candidate> sorted;
    for (auto [score, index] : order)
      sorted.push_back(std::move(all[index]));
    all = std::move(sorted);
  }
  bool isStop(int32_t token) const {
    const int32_t *end = options.stop_tokens + options.stop_token_count;
    return std::find(options.stop_tokens, end, token) != end;
  }

  std::vector<Candidate> extensions(const Candidate &beam) const {
    std::vector<int32_t> text = prompt;
    text.insert(text.end(), beam.tokens.begin(), beam.tokens.end());
    std::vector<float> scores = scoresAfter(text);
    double sum = 0;
    for (float score : scores)
      sum += std::exp(double(score));
    std::vector<Candidate> all;
    for (int32_t token = 0; token < int32_t(scores.size()); ++token) {
      auto score = float(double(scores[size_t(token)]) - std::log(sum));
      if (std::find(text.begin(), text.end(), token) != text.end())
        score *= float(options.repetition_penalty); // logarithms of probabilities are negative
      if (isStop(token) && int64_t(beam.tokens.size()) < options.min_tokens)
        score = -INFINITY;
      all.push_back({beam.tokens, score + beam.score});
      all.back().tokens.push_back(token);
    }
    return all;
  }

  bool step() {
    std::vector<Candidate> top;
    for (const Candidate &beam : running)
      for (Candidate &next : extensions(beam))
        top.push_back(std::move(next));
    sortByScore(top);
    top.resize(std::max<size_t>(2, 1 + options.stop_token_count) * options.beams);
    auto length = float(top[0].tokens.size());
    bool allEnd = true;
    for (Candidate &one : top) {
      one.ended = isStop(one.tokens.back()) || int64_t(one.tokens.size()) >= options.max_tokens;
      allEnd = allEnd && one.ended;
    }
    auto hasAll = [this] {
      return std::all_of(finished.begin(), finished.end(), [](const Candidate &one) { return one.ended; });
    };
    float power = std::pow(length, float(options.length_penalty));
    bool closed = (options.early_stopping == TENON_STOP_WHEN_ENOUGH && hasAll()) || !canImprove;
    std::vector<Candidate> merged = finished;
    for (size_t rank = 0; rank < top.size() && !closed; ++rank)
      if (top[rank].ended && rank < options.beams)
        merged.push_back({top[rank].tokens, top[rank].score / power, true});
    sortByScore(merged);
    merged.resize(options.beams);
    finished = std::move(merged);
    for (Candidate &one : top)
      one.score += one.ended ? -1e9f : 0;
    sortByScore(top);
    top.resize(options.beams);
    running = std::move(top);
    bool better = false;
    bool canGrow = options.early_stopping == TENON_STOP_WHEN_CERTAIN && options.length_penalty > 0;
    float best = canGrow ? std::pow(float(options.max_tokens), float(options.length_penalty)) : power;
    for (const Candidate &one : finished)
      better = better || running[0].score / best > (one.ended ? finished.back().score : -1e9f);
    canImprove = canImprove && better;
    return canImprove && !(options.early_stopping == TENON_STOP_WHEN_ENOUGH && hasAll()) && !allEnd;
  }

  std::vector<int32_t> prompt;
  const tenon_generate_options &options;
  Scores scoresAfter;
  std::vector<Candidate> running, finished;
  bool canImprove = true;
};

/// Options that go well together, different ones for each number.
tenon_generate_options variedOptions(uint32_t number, const std::vector<int32_t> &ends) {
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.ignore_eos = 1;
  options.beams = 1 + number % 5;
  options.sequences = 1 + number % options.beams;
  options.max_tokens = 6 + number % 13;
  options.min_tokens = number % 3 == 0 ? number % 5 : 0;
  options.length_penalty = std::array{1.0, 0.0, 2.0, -0.5, 0.6}[(number / 3) % 5];
  options.early_stopping = (number / 2) % 3;
  options.repetition_penalty = number % 4 == 1 ? 1.3 : 1;
  options.stop_tokens = ends.data();
  options.stop_token_count = number % 4;
  return options;
}

TEST_F(Beams, OfAllPromptsTogetherAreWhatTheyAreAlone) {
  const std::vector<int32_t> ends = {1, 15, 31};
  size_t together = 0;
  for (uint32_t number = 0; number < 60; ++number) {
    tenon_generate_options options = variedOptions(number, ends);
    std::vector<tenon_session *> sessions;
    std::vector<std::vector<int32_t>> prompts;
    std::vector<const int32_t *> pointers;
    std::vector<size_t> lengths;
    for (size_t row = 0; row < 6; ++row) {
      sessions.push_back(newSession(2));
      prompts.push_back(prompt(1 + (row * 23 + number) % 90, int32_t(row + number)));
    }
    for (const std::vector<int32_t> &tokens : prompts) {
      pointers.push_back(tokens.data());
      lengths.push_back(tokens.size());
    }
    std::vector<tenon_generation> results(6, {sizeof(tenon_generation), nullptr, 0, 0, 0});
    ASSERT_EQ(tenon_generate_batch(sessions.data(), pointers.data(), lengths.data(), 6, &options, results.data()),
              TENON_OK)
        << tenon_message();
    for (size_t row = 0; row < 6; ++row) {
      std::vector<Reference::Candidate> expected = Reference(prompts[row], options, scoresAfter).search();
      ASSERT_EQ(results[row].sequence_count, options.sequences);
      for (size_t index = 0; index < options.sequences; ++index) {
        const tenon_sequence &found = results[row].sequences[index];
        EXPECT_EQ(std::vector<int32_t>(found.tokens, found.tokens + found.token_count), expected[index].tokens)
            << "options " << number << ", row " << row << ", sequence " << index;
        EXPECT_NEAR(found.score, expected[index].score, 1e-5 * std::max(1.0f, std::abs(expected[index].score)));
        ++together;
      }
      EXPECT_EQ(lengthOf(sessions[row]), int64_t(lengths[row] + expected[0].tokens.size() - 1));
    }
  }
  EXPECT_GT(together, 360u);
}

TEST_F(Beams, AreTheSameOnAnyNumberOfThreads) {
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.max_tokens = 4;
  options.beams = options.sequences = 1000; // enough scores for threads to share them
  const int32_t end = 32;                   // which the model does not take
  options.stop_tokens = &end;
  options.stop_token_count = 1;
  tenon_generation alone{sizeof alone, nullptr, 0, 0, 0}, shared = alone;
  std::vector<int32_t> text = prompt(20);
  ASSERT_EQ(tenon_generate(newSession(1), text.data(), 20, &options, &alone), TENON_OK) << tenon_message();
  ASSERT_EQ(tenon_generate(newSession(3), text.data(), 20, &options, &shared), TENON_OK) << tenon_message();
  for (size_t index = 0; index < 1000; ++index) {
    const tenon_sequence &left = alone.sequences[index], &right = shared.sequences[index];
    EXPECT_EQ(std::vector<int32_t>(left.tokens, left.tokens + left.token_count),
              std::vector<int32_t>(right.tokens, right.tokens + right.token_count));
    EXPECT_EQ(left.score, right.score);
  }
}

TEST_F(Beams, LastPromptEndsWhereTheCacheIsFullAndTheOthersGoOn) {
  openDecoder(7 * pageBytes);
  tenon_session *sessions[] = {newSession(), newSession()};
  std::vector<int32_t> first = prompt(4, 1), second = prompt(4, 2);
  const int32_t *prompts[] = {first.data(), second.data()};
  size_t lengths[] = {4, 4};
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.max_tokens = 20;
  options.beams = 3;
  options.ignore_eos = 1;
  std::vector<tenon_generation> results(2, {sizeof(tenon_generation), nullptr, 0, 0, 0});
  ASSERT_EQ(tenon_generate_batch(sessions, prompts, lengths, 2, &options, results.data()), TENON_OK) << tenon_message();
  EXPECT_EQ(results[1].sequences[0].finish, TENON_FINISH_CACHE_FULL);
  EXPECT_GT(results[1].sequences[0].token_count, 0u);
  EXPECT_GT(results[0].sequences[0].token_count, results[1].sequences[0].token_count);
}

struct HeardRows {
  std::vector<std::vector<int32_t>> tokens = std::vector<std::vector<int32_t>>(3);
  static int hear(void *context, const tenon_generation_event *event) {
    static_cast<HeardRows *>(context)->tokens[event->row].push_back(event->token);
    return 0;
  }
};

TEST_F(Beams, CallbackHearsEachPromptsBest) {
  std::vector<tenon_session *> sessions;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<const int32_t *> pointers;
  std::vector<size_t> lengths(3, 12);
  for (int32_t row = 0; row < 3; ++row) {
    sessions.push_back(newSession());
    prompts.push_back(prompt(12, row));
  }
  for (const std::vector<int32_t> &tokens : prompts)
    pointers.push_back(tokens.data());
  const int32_t ends[] = {1, 15};
  HeardRows heard;
  tenon_generate_options options = TENON_GENERATE_DEFAULTS;
  options.max_tokens = 15;
  options.beams = 2;
  options.stop_tokens = ends;
  options.stop_token_count = 2;
  options.callback = HeardRows::hear;
  options.context = &heard;
  std::vector<tenon_generation> results(3, {sizeof(tenon_generation), nullptr, 0, 0, 0});
  ASSERT_EQ(tenon_generate_batch(sessions.data(), pointers.data(), lengths.data(), 3, &options, results.data()),
            TENON_OK)
      << tenon_message();
  for (size_t row = 0; row < 3; ++row) {
    const tenon_sequence &best = results[row].sequences[0];
    EXPECT_EQ(heard.tokens[row], std::vector<int32_t>(best.tokens, best.tokens + best.token_count));
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
