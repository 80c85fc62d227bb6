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

constexpr int64_t open = -1; ///< up to the window's end
using Pieces = std::vector<std::tuple<int64_t, int64_t, std::vector<int32_t>>>;

/// Of a window whose times begin with token 13.
WindowPieces split(std::vector<int32_t> written) { return splitAtTimes(written, tokens.begin); }

Pieces pieces(const WindowPieces &window) {
  Pieces all;
  for (const TimedPiece &piece : window.pieces)
    all.emplace_back(piece.begin, piece.end.value_or(open), piece.tokens);
  return all;
}

TEST(SplitAtTimes, whatPairsOfTimesEndIsAPieceAndTheRestIsHeardAgain) {
  WindowPieces window = split({13, 1, 2, 23, 25, 3, 33, 33, 4});
  EXPECT_EQ(pieces(window), (Pieces{{0, 10, {13, 1, 2, 23}}, {12, 20, {25, 3, 33}}}));
  EXPECT_EQ(window.next, 20);
}

TEST(SplitAtTimes, aSingleTimeAtTheEndClosesTheWindow) {
  WindowPieces window = split({13, 1, 23, 25, 3, 33});
  EXPECT_EQ(pieces(window), (Pieces{{0, 10, {13, 1, 23}}, {12, 20, {25, 3, 33}}}));
  EXPECT_FALSE(window.next);
}

TEST(SplitAtTimes, whatBeginsWithoutATimeBeginsWithTheWindow) {
  EXPECT_EQ(pieces(split({1, 2, 23, 25, 3, 33})), (Pieces{{0, 10, {1, 2, 23}}, {12, 20, {25, 3, 33}}}));
}

TEST(SplitAtTimes, oneStretchGoesFromTheStartToItsLastTimeOrTheWindowsEnd) {
  EXPECT_EQ(pieces(split({14, 1, 2, 43})), (Pieces{{0, 30, {14, 1, 2, 43}}}));
  EXPECT_EQ(pieces(split({14, 1, 2})), (Pieces{{0, 1, {14, 1, 2}}}));
  EXPECT_EQ(pieces(split({13, 1, 2})), (Pieces{{0, open, {13, 1, 2}}}));
  EXPECT_EQ(pieces(split({1, 2})), (Pieces{{0, open, {1, 2}}}));
  EXPECT_FALSE(split({14, 1, 2, 43}).next);
}

TEST(SplitAtTimes, nothingWrittenIsAnEmptyPiece) {
  EXPECT_EQ(pieces(split({})), (Pieces{{0, open, {}}}));
  EXPECT_EQ(pieces(split({13})), (Pieces{{0, open, {13}}}));
  EXPECT_FALSE(split({}).next);
}

} // namespace
