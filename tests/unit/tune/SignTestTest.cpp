//===- SignTestTest.cpp - Against exact binomial values -------------------===//

#include "tune/SignTest.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace tenon::tune;

namespace {

// Sums of binomial coefficients, as integers over powers of two.
TEST(SignTest, GivesTheTailOfTheBinomialDistribution) {
  struct {
    unsigned wins, trials;
    double outcomes;
  } cases[] = {{0, 0, 1},       {0, 5, 32},     {5, 5, 1},      {3, 5, 16},   {1, 5, 31},
               {8, 10, 56},     {9, 10, 11},    {10, 10, 1},    {6, 10, 386}, {14, 20, 60460},
               {15, 20, 21700}, {16, 20, 6196}, {17, 20, 1351}, {20, 20, 1}};
  for (auto [wins, trials, outcomes] : cases)
    EXPECT_NEAR(signTest(wins, trials) * std::ldexp(1.0, static_cast<int>(trials)), outcomes, outcomes * 1e-12)
        << wins << " of " << trials;
}

TEST(SignTest, HoldsWhereNoSingleOutcomeIsADouble) {
  EXPECT_NEAR(signTest(5000, 9999), 0.5, 1e-9);
  EXPECT_EQ(signTest(3, 2), 0);
}

std::vector<Turn> turns(unsigned wins, unsigned losses, unsigned draws) {
  std::vector<Turn> all(wins, {1, 2});
  all.insert(all.end(), losses, {3, 2});
  all.insert(all.end(), draws, {2, 2});
  return all;
}

TEST(SignTest, SixteenOfTwentyWinAndFifteenDoNot) {
  EXPECT_TRUE(isFaster(turns(16, 4, 0)));
  EXPECT_FALSE(isFaster(turns(15, 5, 0)));
}

TEST(SignTest, DrawsAreNobodys) {
  EXPECT_TRUE(isFaster(turns(7, 0, 13)));
  EXPECT_FALSE(isFaster(turns(6, 0, 14)));
  EXPECT_FALSE(isFaster(turns(0, 0, 20)));
  EXPECT_FALSE(isFaster({}));
}

TEST(SignTest, OneLongTurnDecidesNothing) {
  std::vector<Turn> all = turns(0, 20, 0);
  all.push_back({1e-9, 1e9});
  EXPECT_FALSE(isFaster(all));
  EXPECT_DOUBLE_EQ(medianRatio(all), 1.5);
}

TEST(SignTest, MediansAreOfTheMiddle) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(medianRatio({}), 1);
}

} // namespace
