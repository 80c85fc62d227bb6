#include "AnswerRules.h"

#include "GenerateOptions.h"

#include <cmath>
#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

using Tokens = std::vector<int32_t>;

constexpr int64_t longest = 6;

class AnswerRulesTest : public testing::Test {
protected:
  AnswerRulesTest() {
    options.stopTokens = {1, 2};
    options.bounds.maxTokens = longest;
  }

  /// The ids that may come after what is written, with what stands before it and what it is about.
  Tokens allowed(const Tokens &written, const Tokens &before = {}, const Tokens &source = {}) {
    AnswerRules rules(tokens, options);
    std::vector<float> scores = {1, 2, 3, 4, 5, 6, 7, 8};
    Tokens all = before;
    all.insert(all.end(), written.begin(), written.end());
    forced = rules.apply(scores, {all, source, std::span(all).last(written.size())});
    Tokens left;
    for (size_t id = 0; id < scores.size(); ++id)
      if (scores[id] != -INFINITY) {
        EXPECT_EQ(scores[id], forced ? 0 : float(id + 1));
        left.push_back(int32_t(id));
      }
    return left;
  }

  SpecialTokens tokens;
  GenerateOptions options;
  bool forced = false;
};

TEST_F(AnswerRulesTest, WithoutAnyEverythingMayCome) {
  EXPECT_EQ(allowed({}), (Tokens{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_FALSE(forced);
}

TEST_F(AnswerRulesTest, ForcedTokensComeFirstOneAfterTheOther) {
  tokens.forced = {5, 1, 6};
  tokens.suppress = {5, 6};
  options.bounds.minTokens = 5;
  EXPECT_EQ(allowed({}), Tokens{5});
  EXPECT_TRUE(forced);
  EXPECT_EQ(allowed({5}), Tokens{1}); // it is no end here
  EXPECT_EQ(allowed({5, 1}), Tokens{6});
  EXPECT_EQ(allowed({5, 1, 6}), (Tokens{0, 3, 4, 7}));
  EXPECT_FALSE(forced);
}

TEST_F(AnswerRulesTest, PrefixStandsInForWhatIsForced) {
  tokens.forced = {5, 4};
  EXPECT_EQ(allowed({}, {7}), Tokens{4});
  EXPECT_EQ(allowed({}, {7, 7}).size(), 8u);
  tokens.start = {0};
  EXPECT_EQ(allowed({}, {0}), Tokens{5});
  // A start that is shorter than the model's.
  EXPECT_EQ(allowed({}).size(), 8u);
  EXPECT_FALSE(forced);
}

TEST_F(AnswerRulesTest, LastTokenIsForcedAtTheLengthOnly) {
  tokens.forcedLast = 2;
  options.bounds.minTokens = longest;
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
  options.bounds.minTokens = 2;
  EXPECT_EQ(allowed({}), (Tokens{0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(allowed({3}), (Tokens{0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(allowed({3, 3}).size(), 8u);
}

TEST_F(AnswerRulesTest, LengthsCountWhatStandsBefore) {
  options.bounds.minLength = 4;
  EXPECT_EQ(allowed({3}, {5, 6}), (Tokens{0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(allowed({3, 3}, {5, 6}).size(), 8u);
  tokens.forcedLast = 2;
  options.bounds.maxLength = 5;
  EXPECT_EQ(allowed({3, 3}, {5, 6}), Tokens{2});
  EXPECT_FALSE((allowed({3, 3}, {5}), forced));
  EXPECT_EQ(options.bounds.most(1), 4);
  EXPECT_EQ(options.bounds.most(5), 0);
  EXPECT_EQ(options.bounds.most(6), 0);
  options.bounds.maxLength = 100;
  EXPECT_EQ(options.bounds.most(1), longest);
}

TEST_F(AnswerRulesTest, RunsOfTokensDoNotComeTwice) {
  options.repeats.ngram = 3;
  EXPECT_EQ(allowed({5, 6}, {5, 6, 4}), (Tokens{0, 1, 2, 3, 5, 6, 7}));
  EXPECT_EQ(allowed({5, 6, 3, 5, 6}, {5, 6, 4}), (Tokens{0, 1, 2, 5, 6, 7}));
  EXPECT_EQ(allowed({4, 6}, {5, 6, 4}).size(), 8u);
  EXPECT_EQ(allowed({5}).size(), 8u);
  EXPECT_EQ(allowed({5, 5}).size(), 8u); // the run itself is not behind itself
  EXPECT_EQ(allowed({5, 5, 5}), (Tokens{0, 1, 2, 3, 4, 6, 7}));
  options.repeats.ngram = 1;
  EXPECT_EQ(allowed({5}, {0, 7}), (Tokens{1, 2, 3, 4, 6}));
}

TEST_F(AnswerRulesTest, RunsOfTheSourceDoNotCome) {
  options.repeats.sourceNgram = 2;
  EXPECT_EQ(allowed({}, {0}, {0, 5, 6, 0, 7}), (Tokens{0, 1, 2, 3, 4, 6}));
  EXPECT_EQ(allowed({6, 6}, {0}, {0, 5, 6, 0, 7}), (Tokens{1, 2, 3, 4, 5, 6, 7}));
  options.repeats.sourceNgram = 4;
  EXPECT_EQ(allowed({}, {0}, {0, 5, 6, 0, 7}).size(), 8u);
}

TEST_F(AnswerRulesTest, BadWordsAreNotFinished) {
  options.badWords = {{7}, {4, 3}, {5, 4, 0}, {2}};
  EXPECT_EQ(allowed({}), (Tokens{0, 1, 2, 3, 4, 5, 6})); // 2 ends texts
  EXPECT_EQ(allowed({}, {4}), (Tokens{0, 1, 2, 4, 5, 6}));
  EXPECT_EQ(allowed({4}, {5}), (Tokens{1, 2, 4, 5, 6}));
  EXPECT_EQ(allowed({4, 4}, {5}), (Tokens{0, 1, 2, 4, 5, 6}));
}

TEST_F(AnswerRulesTest, IdsBeyondTheScoresAreIgnored) {
  tokens.suppress = {8, 1000};
  tokens.suppressFirst = {9};
  options.stopTokens = {77};
  options.bounds.minTokens = 3;
  EXPECT_EQ(allowed({}).size(), 8u);
}

TEST_F(AnswerRulesTest, FilterSeesWhatIsWrittenAndNothingForced) {
  tokens.forced = {5};
  std::vector<Tokens> seen;
  options.filter = [&](std::span<float> scores, std::span<const int32_t> written) {
    seen.emplace_back(written.begin(), written.end());
    scores[3] = -INFINITY;
  };
  EXPECT_EQ(allowed({}), Tokens{5});
  EXPECT_EQ(allowed({5}), (Tokens{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(seen, std::vector<Tokens>{{5}});
}

} // namespace
} // namespace tenon::runtime
