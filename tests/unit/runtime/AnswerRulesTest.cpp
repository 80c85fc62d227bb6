#include "AnswerRules.h"

#include <cmath>
#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

using Tokens = std::vector<int32_t>;

constexpr int64_t longest = 6;

class AnswerRulesTest : public testing::Test {
protected:
  /// The ids that may come after what is written, `unsaid` tokens of a prefix before it.
  Tokens allowed(const Tokens &written, int64_t prefix = 0) {
    AnswerRules rules(tokens, ends, least, longest, filter);
    std::vector<float> scores = {1, 2, 3, 4, 5, 6, 7, 8};
    forced = rules.apply(scores, int64_t(written.size()) + prefix, written);
    if (!forced)
      rules.holdEnds(scores, written);
    Tokens left;
    for (size_t id = 0; id < scores.size(); ++id)
      if (scores[id] != -INFINITY) {
        EXPECT_EQ(scores[id], forced ? 0 : float(id + 1));
        left.push_back(int32_t(id));
      }
    return left;
  }

  SpecialTokens tokens;
  Tokens ends = {1, 2};
  int64_t least = 0;
  ScoreFilter filter;
  bool forced = false;
};

TEST_F(AnswerRulesTest, WithoutAnyEverythingMayCome) {
  EXPECT_EQ(allowed({}), (Tokens{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_FALSE(forced);
}

TEST_F(AnswerRulesTest, ForcedTokensComeFirstOneAfterTheOther) {
  tokens.forced = {5, 1, 6};
  tokens.suppress = {5, 6};
  least = 5;
  EXPECT_EQ(allowed({}), Tokens{5});
  EXPECT_TRUE(forced);
  EXPECT_EQ(allowed({5}), Tokens{1}); // it is no end here
  EXPECT_EQ(allowed({5, 1}), Tokens{6});
  EXPECT_EQ(allowed({5, 1, 6}), (Tokens{0, 3, 4, 7}));
  EXPECT_FALSE(forced);
}

TEST_F(AnswerRulesTest, PrefixStandsInForWhatIsForced) {
  tokens.forced = {5, 4};
  EXPECT_EQ(allowed({}, 1), Tokens{4});
  EXPECT_EQ(allowed({}, 2).size(), 8u);
  // A start that is shorter than the model's.
  EXPECT_EQ(allowed({}, -1).size(), 8u);
  EXPECT_FALSE(forced);
}

TEST_F(AnswerRulesTest, LastTokenIsForcedAtTheLengthOnly) {
  tokens.forcedLast = 2;
  least = longest;
  EXPECT_EQ(allowed({3, 3, 3, 3}), (Tokens{0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(allowed({3, 3, 3, 3, 3}), Tokens{2});
  EXPECT_TRUE(forced);
}

TEST_F(AnswerRulesTest, SomeAreNeverSaidAndSomeNotFirst) {
  tokens.suppress = {0, 7};
  tokens.suppressFirst = {2, 3};
  EXPECT_EQ(allowed({}), (Tokens{1, 4, 5, 6}));
  EXPECT_EQ(allowed({4}), (Tokens{1, 2, 3, 4, 5, 6}));
  tokens.forced = {6};
  EXPECT_EQ(allowed({6}), (Tokens{1, 4, 5, 6}));
  EXPECT_EQ(allowed({6, 4}), (Tokens{1, 2, 3, 4, 5, 6}));
}

TEST_F(AnswerRulesTest, EndsAreHeldUntilEnoughIsWritten) {
  least = 2;
  EXPECT_EQ(allowed({}), (Tokens{0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(allowed({3}), (Tokens{0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(allowed({3, 3}).size(), 8u);
}

TEST_F(AnswerRulesTest, IdsBeyondTheScoresAreIgnored) {
  tokens.suppress = {8, 1000};
  tokens.suppressFirst = {9};
  ends = {77};
  least = 3;
  EXPECT_EQ(allowed({}).size(), 8u);
}

TEST_F(AnswerRulesTest, FilterSeesWhatIsWrittenAndNothingForced) {
  tokens.forced = {5};
  std::vector<Tokens> seen;
  filter = [&](std::span<float> scores, std::span<const int32_t> written) {
    seen.emplace_back(written.begin(), written.end());
    scores[3] = -INFINITY;
  };
  EXPECT_EQ(allowed({}), Tokens{5});
  EXPECT_EQ(allowed({5}), (Tokens{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(seen, std::vector<Tokens>{{5}});
}

} // namespace
} // namespace tenon::runtime
