// Loops over vocabularies against the plainest way of writing them, at lengths around those of vectors.

#include "Scores.h"

#include "Cpu.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace tenon::runtime {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
const size_t lengths[] = {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 4097};

std::vector<float> randomScores(size_t count, float spread, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> distribution(0, spread);
  std::vector<float> scores(count);
  for (float &score : scores)
    score = distribution(generator);
  return scores;
}

TEST(Scores, HighestIsFoundWhereverItIs) {
  for (size_t length : lengths)
    for (size_t at : {size_t(0), length / 3, length / 2, length - 1}) {
      std::vector<float> scores = randomScores(length, 1, 1);
      scores[at] = 100;
      EXPECT_EQ(highest(scores), int32_t(at)) << "of " << length;
      scores[length - 1] = 100;
      EXPECT_EQ(highest(scores), int32_t(at)) << "the first of two, of " << length;
    }
}

TEST(Scores, HighestOfWhatIsNotANumberIsNone) {
  for (size_t length : lengths)
    for (size_t at : {size_t(0), length / 2, length - 1}) {
      std::vector<float> scores = randomScores(length, 1, 2);
      scores[at] = nan;
      EXPECT_EQ(highest(scores), -1) << at << " of " << length;
      scores[at] = infinity;
      EXPECT_EQ(highest(scores), -1) << at << " of " << length;
    }
  EXPECT_EQ(highest(std::vector<float>(40, -infinity)), -1);
  EXPECT_EQ(highest({}), -1);
  std::vector<float> one(40, -infinity);
  one[37] = std::numeric_limits<float>::lowest();
  EXPECT_EQ(highest(one), 37);
}

TEST(Scores, LogSumExpIsThatOfLibm) {
  for (size_t length : lengths)
    for (float spread : {0.1f, 4.0f, 300.0f}) {
      std::vector<float> scores = randomScores(length, spread, uint32_t(length));
      double largest = *std::max_element(scores.begin(), scores.end()), sum = 0;
      for (float score : scores)
        sum += std::exp(double(score) - largest);
      // The polynomial is good to 1e-14, sums in another order to some roundings.
      double expected = largest + std::log(sum);
      EXPECT_NEAR(logSumExp(scores), expected, 1e-13 * std::max(1.0, std::abs(expected))) << length << ", " << spread;
    }
}

TEST(Scores, LoopsOfOlderCpusGiveTheSame) {
  for (uint32_t level : {0u, 1u, 2u, 3u, 4u}) {
    if (level > cpuLevel())
      continue;
    const ScoreLoops &loops = scoreLoops(level);
    for (size_t length : lengths) {
      std::vector<float> scores = randomScores(length, 4, uint32_t(length) + level);
      auto largest = std::max_element(scores.begin(), scores.end());
      ScoreLoops::Peak peak = loops.peak(scores.data(), length);
      EXPECT_EQ(peak.value, *largest);
      EXPECT_TRUE(peak.numbers);
      EXPECT_EQ(loops.nextAbove(scores.data(), length, 0, std::nextafter(*largest, -infinity)),
                size_t(largest - scores.begin()));
      EXPECT_EQ(loops.nextAbove(scores.data(), length, 0, *largest), length);
      double expected = 0;
      for (float score : scores)
        expected += std::exp(double(score) - double(*largest));
      EXPECT_NEAR(loops.sumOfExponentials(scores.data(), length, *largest), expected, 1e-13 * expected) << level;
      scores[length / 2] = nan;
      EXPECT_FALSE(loops.peak(scores.data(), length).numbers) << level << ", " << length;
    }
  }
}

TEST(Scores, LogSumExpOfExtremes) {
  constexpr float most = std::numeric_limits<float>::max();
  EXPECT_EQ(logSumExp(std::vector<float>(20, -infinity)), -infinity);
  std::vector<float> one(20, -infinity);
  one[11] = -3;
  EXPECT_EQ(logSumExp(one), -3);
  EXPECT_EQ(logSumExp(std::vector<float>{most, -most, 0}), double(most));
  EXPECT_NEAR(logSumExp(std::vector<float>(33, -80000)), -80000 + std::log(33.0), 1e-9);
}

TEST(Scores, NextAboveSkipsWhatIsNotMore) {
  std::vector<float> scores(100, 1);
  scores[40] = 2;
  scores[77] = 3;
  EXPECT_EQ(nextAbove(scores, 0, 1), 40u);
  EXPECT_EQ(nextAbove(scores, 40, 1), 40u);
  EXPECT_EQ(nextAbove(scores, 41, 1), 77u);
  EXPECT_EQ(nextAbove(scores, 0, 2), 77u);
  EXPECT_EQ(nextAbove(scores, 78, 1), 100u);
  EXPECT_EQ(nextAbove(scores, 0, 3), 100u);
  EXPECT_EQ(nextAbove(scores, 100, 0), 100u);
  EXPECT_EQ(nextAbove(scores, 99, -infinity), 99u);
}

/// The same by sorting all.
std::vector<ScoredToken> sortedBest(const std::vector<float> &scores, double less, float more, size_t count) {
  std::vector<ScoredToken> all;
  for (size_t id = 0; id < scores.size(); ++id)
    all.push_back({int32_t(id), float(double(scores[id]) - less) + more});
  std::sort(all.begin(), all.end(), [](const ScoredToken &left, const ScoredToken &right) {
    return left.score != right.score ? left.score > right.score : left.token < right.token;
  });
  all.resize(std::min(count, all.size()));
  return all;
}

TEST(Scores, BestTokensAreThoseOfASort) {
  for (size_t length : lengths)
    for (size_t count : {1, 2, 8, 40})
      for (float more : {0.0f, -7.25f, -1e9f})
        for (bool coarse : {false, true}) {
          std::vector<float> scores = randomScores(length, 3, uint32_t(length + count));
          for (float &score : scores) // many equal ones, some impossible
            score = !coarse ? score : score < -2 ? -infinity : std::round(score);
          std::vector<ScoredToken> expected = sortedBest(scores, 1.7, more, count), found;
          bestTokens(scores, 1.7, more, count, found);
          ASSERT_EQ(found.size(), expected.size());
          for (size_t index = 0; index < found.size(); ++index) {
            EXPECT_EQ(found[index].token, expected[index].token) << length << ", " << count << ", " << more;
            EXPECT_EQ(found[index].score, expected[index].score);
          }
        }
}

TEST(Scores, BestTokensOfRisingAndFallingScores) {
  std::vector<float> rising(500), falling(500);
  for (size_t id = 0; id < 500; ++id)
    falling[499 - id] = rising[id] = float(id);
  std::vector<ScoredToken> best;
  bestTokens(rising, 0, 0, 3, best);
  ASSERT_EQ(best.size(), 3u);
  EXPECT_EQ(best[0].token, 499);
  EXPECT_EQ(best[2].token, 497);
  bestTokens(falling, 0, 0, 3, best);
  ASSERT_EQ(best.size(), 3u);
  EXPECT_EQ(best[0].token, 0);
  EXPECT_EQ(best[2].token, 2);
}

} // namespace
} // namespace tenon::runtime
