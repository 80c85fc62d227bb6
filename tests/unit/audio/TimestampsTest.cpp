//===- TimestampsTest.cpp -------------------------------------------------===//

#include "audio/Timestamps.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::runtime;

namespace {

/// Words 0 to 9, the end 10, a token of no use 11, no times 12, times 13 to 112.
constexpr int32_t ends[] = {10}, vocab = 113;
constexpr TimestampTokens tokens{13, 12, 0.02};

/// Which tokens may follow, of equally likely words and times that are all much less likely.
std::vector<int32_t> allowed(std::vector<int32_t> written) {
  std::vector<float> scores(vocab, 0);
  std::fill(scores.begin() + tokens.begin, scores.end(), -20.0F);
  TimestampRules(tokens, ends).apply(scores, written);
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < vocab; ++id)
    if (std::isfinite(scores[size_t(id)]))
      ids.push_back(id);
  return ids;
}

std::vector<int32_t> range(int32_t from, int32_t to) {
  std::vector<int32_t> ids;
  for (int32_t id = from; id < to; ++id)
    ids.push_back(id);
  return ids;
}

std::vector<int32_t> joined(std::vector<int32_t> left, const std::vector<int32_t> &right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST(TimestampRules, anAnswerBeginsWithATimeUpToOneSecond) { EXPECT_EQ(allowed({}), range(13, 64)); }

TEST(TimestampRules, wordsOrTheEndFollowTheFirstTime) { EXPECT_EQ(allowed({15}), range(0, 12)); }

TEST(TimestampRules, wordsAreFollowedByAnythingButEarlierTimes) {
  EXPECT_EQ(allowed({15, 1}), joined(range(0, 12), range(16, vocab)));
}

TEST(TimestampRules, aTimeAfterWordsIsFollowedByAnotherOrTheEnd) {
  EXPECT_EQ(allowed({15, 1, 20}), joined({10, 11}, range(20, vocab)));
}

TEST(TimestampRules, wordsOrTheEndFollowAPairOfTimes) { EXPECT_EQ(allowed({15, 1, 20, 20}), range(0, 12)); }

TEST(TimestampRules, timesGoOnBehindAPair) {
  EXPECT_EQ(allowed({15, 1, 20, 25, 3}), joined(range(0, 12), range(26, vocab)));
}

TEST(TimestampRules, aTimeComesWhenAllTogetherAreLikelierThanAnyWord) {
  for (bool likelier : {false, true}) {
    std::vector<float> scores(vocab, -100);
    scores[3] = 0;
    // 97 times may follow; together they have e^-4.5 * 97 = 1.08, or e^-4.6 * 97 = 0.98, of the word's probability.
    std::fill(scores.begin() + 16, scores.end(), likelier ? -4.5F : -4.6F);
    TimestampRules(tokens, ends).apply(scores, std::vector<int32_t>{15, 1});
    EXPECT_EQ(std::isfinite(scores[3]), !likelier);
    EXPECT_TRUE(std::isfinite(scores[16]));
  }
}

TEST(TimestampRules, aSmallVocabularyIsNotLeft) {
  std::vector<float> scores(13, 0);
  TimestampRules(tokens, ends).apply(scores, {});
  for (float score : scores)
    EXPECT_EQ(score, -std::numeric_limits<float>::infinity());
}

using Pieces = std::vector<std::tuple<int64_t, int64_t, std::vector<int32_t>>>;

Pieces pieces(const WindowWords &words) {
  Pieces all;
  for (const TimedWords &piece : words.pieces)
    all.emplace_back(piece.begin, piece.end, piece.words);
  return all;
}

TEST(SplitAtTimes, whatPairsOfTimesEndIsAPieceAndTheRestIsHeardAgain) {
  WindowWords words = splitAtTimes(std::vector<int32_t>{13, 1, 2, 23, 25, 3, 33, 33, 4}, tokens, 100);
  EXPECT_EQ(pieces(words), (Pieces{{0, 10, {1, 2}}, {12, 20, {3}}}));
  EXPECT_EQ(words.steps, 20);
}

TEST(SplitAtTimes, aSingleTimeAtTheEndClosesTheWindow) {
  WindowWords words = splitAtTimes(std::vector<int32_t>{13, 1, 23, 25, 3, 33}, tokens, 100);
  EXPECT_EQ(pieces(words), (Pieces{{0, 10, {1}}, {12, 20, {3}}}));
  EXPECT_EQ(words.steps, 100);
}

TEST(SplitAtTimes, oneStretchGoesToItsTimeOrTheWindowsEnd) {
  EXPECT_EQ(pieces(splitAtTimes(std::vector<int32_t>{14, 1, 2, 43}, tokens, 100)), (Pieces{{1, 30, {1, 2}}}));
  EXPECT_EQ(pieces(splitAtTimes(std::vector<int32_t>{14, 1, 2}, tokens, 100)), (Pieces{{1, 100, {1, 2}}}));
  EXPECT_EQ(pieces(splitAtTimes(std::vector<int32_t>{1, 2}, tokens, 100)), (Pieces{{0, 100, {1, 2}}}));
  EXPECT_EQ(splitAtTimes(std::vector<int32_t>{14, 1, 2, 43}, tokens, 100).steps, 100);
}

TEST(SplitAtTimes, timesDoNotPassTheSound) {
  EXPECT_EQ(pieces(splitAtTimes(std::vector<int32_t>{14, 1, 43}, tokens, 7)), (Pieces{{1, 7, {1}}}));
}

TEST(SplitAtTimes, nothingSaidIsNoPieceAndTheNextWindowIsFurtherOn) {
  for (std::vector<int32_t> written :
       {std::vector<int32_t>{}, std::vector<int32_t>{13}, std::vector<int32_t>{13, 13}, std::vector<int32_t>{50, 50}}) {
    WindowWords words = splitAtTimes(written, tokens, 100);
    EXPECT_TRUE(words.pieces.empty());
    EXPECT_GE(words.steps, 1);
  }
}

} // namespace
