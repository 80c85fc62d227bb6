// Answers about sources: what they begin and end with, batches against single ones, beams against a search of
// everything.

#include "FakeSource.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace tenon::tests {
namespace {

class SourceAnswers : public FakeSource {};

TEST_F(SourceAnswers, AnswersStartAsTheModelSaysAndAreTextOfTheTargetsTokenizer) {
  Tokens source = prompt(21), start = {0, 2};
  tenon_session *session = sessionAbout(source);
  tenon_sequence written = generate(session, {}, options(20))[0];
  Tokens expected = answer(source, start, 20);
  EXPECT_EQ(tokensOf(written), expected);
  for (const char *at = written.text; *at; ++at)
    EXPECT_FALSE(*at >= 'a' && *at <= 'z') << written.text;
  EXPECT_EQ(lengthOf(session), 2 + 19);
  // Tokens of the caller stand for the start, too.
  ASSERT_EQ(tenon_session_rewind(session, 0), TENON_OK);
  EXPECT_EQ(tokensOf(generate(session, {7, 8, 9}, options(20))[0]), answer(source, {7, 8, 9}, 20));
  int32_t ids[4];
  size_t count = 0;
  ASSERT_EQ(tenon_model_tokenize_answer(model, "CAB", 3, ids, 4, &count), TENON_OK) << tenon_message();
  EXPECT_EQ(Tokens(ids, ids + count), (Tokens{4, 2, 3}));
  ASSERT_EQ(tenon_model_tokenize(model, "cab", 3, 0, ids, 4, &count), TENON_OK) << tenon_message();
  EXPECT_EQ(Tokens(ids, ids + count), (Tokens{4, 2, 3}));
}

TEST_F(SourceAnswers, BatchesGiveWhatSingleOnesGive) {
  for (uint32_t beams : {0u, 3u}) {
    std::vector<tenon_session *> sessions;
    std::vector<const int32_t *> prompts(8, nullptr);
    std::vector<size_t> lengths(8, 0);
    std::vector<Tokens> sources;
    std::vector<tenon_source> given;
    for (size_t row = 0; row < 8; ++row) {
      sources.push_back(prompt(2 + row * 9, int32_t(row)));
      sessions.push_back(newSession(2));
    }
    for (const Tokens &source : sources)
      given.push_back(sourceOf(source));
    ASSERT_EQ(tenon_session_set_sources(sessions.data(), given.data(), 8), TENON_OK) << tenon_message();
    tenon_generate_options wanted = options(25);
    wanted.ignore_eos = 0; // so that rows end at different times
    wanted.beams = beams;
    wanted.sequences = beams ? beams : 1;
    std::vector<tenon_generation> results(8, {sizeof(tenon_generation), nullptr, 0, 0, 0});
    ASSERT_EQ(tenon_generate_batch(sessions.data(), prompts.data(), lengths.data(), 8, &wanted, results.data()),
              TENON_OK)
        << tenon_message();
    for (size_t row = 0; row < 8; ++row) {
      tenon_session *single = sessionAbout(sources[row]);
      std::vector<tenon_sequence> alone = generate(single, {}, wanted);
      ASSERT_EQ(results[row].sequence_count, alone.size());
      for (size_t index = 0; index < alone.size(); ++index) {
        EXPECT_EQ(tokensOf(results[row].sequences[index]), tokensOf(alone[index])) << "row " << row << ", " << beams;
        EXPECT_EQ(results[row].sequences[index].score, alone[index].score);
      }
      EXPECT_EQ(lengthOf(sessions[row]), lengthOf(single));
    }
  }
}

/// All answers of at most `longest` tokens that end with token 1 or there and have no token 32, best first.
std::vector<std::pair<double, Tokens>> allAnswers(const std::function<std::vector<float>(const Tokens &)> &scoresAfter,
                                                  size_t longest, double lengthPenalty) {
  std::vector<std::pair<double, Tokens>> all;
  std::function<void(Tokens, double)> extend = [&](const Tokens &written, double sum) {
    std::vector<float> scores = scoresAfter(written);
    double total = 0;
    for (size_t token = 0; token < 32; ++token)
      total += std::exp(double(scores[token]));
    for (size_t token = 0; token < 32; ++token) {
      Tokens more = written;
      more.push_back(int32_t(token));
      double next = sum + scores[token] - std::log(total);
      if (token == 1 || more.size() == longest)
        all.emplace_back(next / std::pow(double(more.size()), lengthPenalty), more);
      else
        extend(more, next);
    }
  };
  extend({}, 0);
  std::sort(all.begin(), all.end(), [](const auto &left, const auto &right) { return left.first > right.first; });
  return all;
}

TEST_F(SourceAnswers, WideEnoughBeamsFindTheBestOfAllAnswers) {
  for (double lengthPenalty : {0.0, 1.0, 2.0}) {
    Tokens source = prompt(19, int32_t(lengthPenalty)), start = {0, 2};
    auto scoresAfter = [&](const Tokens &written) {
      Tokens tokens = start;
      tokens.insert(tokens.end(), written.begin(), written.end());
      return scores(source, tokens);
    };
    tenon_generate_options wanted = options(3);
    wanted.ignore_eos = 0;
    wanted.beams = 1000; // more than the 31 * 31 beginnings of two tokens
    wanted.sequences = 6;
    wanted.length_penalty = lengthPenalty;
    std::vector<tenon_sequence> found = generate(sessionAbout(source), {}, wanted);
    auto all = allAnswers(scoresAfter, 3, lengthPenalty);
    ASSERT_EQ(found.size(), 6u);
    for (size_t index = 0; index < 6; ++index) {
      EXPECT_EQ(tokensOf(found[index]), all[index].second) << "penalty " << lengthPenalty << ", answer " << index;
      EXPECT_NEAR(found[index].score, all[index].first, 1e-5 * std::max(1.0, std::abs(all[index].first)));
    }
  }
}

class Rules : public FakeSource {
protected:
  void SetUp() override { openDecoder(0, "fake_rules"); }

  /// The likeliest answer within the rules of fake_rules' manifest.
  static Tokens allowed(const Tokens &source, size_t longest, size_t least) {
    static const Tokens never = {7, 9, 12, 13, 14, 20}, notFirst = {2, 3, 4, 6, 8, 10, 11};
    Tokens tokens = {0}, written;
    while (written.size() < longest && (written.empty() || written.back() != 1)) {
      std::vector<float> left = scores(source, tokens);
      auto forbid = [&](const Tokens &ids) {
        for (int32_t id : ids)
          left[size_t(id)] = -INFINITY;
      };
      forbid(never);
      if (written.size() == 1) // behind what is forced
        forbid(notFirst);
      if (written.size() < least)
        forbid({1});
      int32_t next = written.empty() ? 5 : written.size() + 1 == longest ? 1 : best(left);
      written.push_back(next);
      tokens.push_back(next);
    }
    return written;
  }
};

TEST_F(Rules, OfTheManifestHold) {
  for (int32_t first = 0; first < 12; ++first)
    for (uint32_t beams : {0u, 1u}) {
      Tokens source = prompt(10 + size_t(first), first);
      tenon_generate_options wanted = options(9);
      wanted.ignore_eos = 0;
      wanted.beams = beams;
      EXPECT_EQ(tokensOf(generate(sessionAbout(source), {}, wanted)[0]), allowed(source, 9, 0)) << first;
      wanted.min_tokens = 6;
      Tokens longer = tokensOf(generate(sessionAbout(source), {}, wanted)[0]);
      EXPECT_EQ(longer, allowed(source, 9, 6)) << first;
      EXPECT_GE(longer.size(), 7u);
    }
}

TEST_F(Rules, HoldForEveryBeam) {
  tenon_generate_options wanted = options(9);
  wanted.ignore_eos = 0;
  wanted.beams = 6;
  wanted.sequences = 6;
  wanted.min_tokens = 4;
  for (int32_t first = 0; first < 8; ++first)
    for (const tenon_sequence &sequence : generate(sessionAbout(prompt(11, first)), {}, wanted)) {
      Tokens tokens = tokensOf(sequence);
      ASSERT_GE(tokens.size(), 5u);
      EXPECT_EQ(tokens[0], 5);
      EXPECT_EQ(std::count(tokens.begin(), tokens.end(), 1), 1);
      EXPECT_EQ(tokens.back(), 1);
      for (int32_t never : {7, 9, 12, 13, 14, 20})
        EXPECT_EQ(std::count(tokens.begin(), tokens.end(), never), 0);
      for (int32_t notFirst : {2, 3, 4, 6, 8, 10, 11})
        EXPECT_NE(tokens[1], notFirst);
    }
}

TEST_F(Rules, LeastNumberOfTokensIsWithinTheMost) {
  tenon_generate_options wanted = options(9);
  wanted.min_tokens = 10;
  tenon_session *session = sessionAbout(prompt(5));
  expectStatus(tenon_generate(session, nullptr, 0, &wanted, nullptr), TENON_ERROR_OUT_OF_RANGE,
               "min_tokens is 10, expected 0 to max_tokens (9)");
  wanted.min_tokens = -1;
  expectStatus(tenon_generate(session, nullptr, 0, &wanted, nullptr), TENON_ERROR_OUT_OF_RANGE, "min_tokens is -1");
}

} // namespace
} // namespace tenon::tests
