//===- IntegersTest.cpp - Operations on integers at the edge of 32 bits ---===//

#include "expressions/Evaluate.h"
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

constexpr int64_t lowest = std::numeric_limits<int32_t>::min(), highest = std::numeric_limits<int32_t>::max();

TEST(Integers, ValuesAreExact) {
  EXPECT_EQ(ofIntegers(Operation::Add, highest, 1), 2147483648);
  EXPECT_EQ(ofIntegers(Operation::Subtract, lowest, 1), -2147483649);
  EXPECT_EQ(ofIntegers(Operation::Multiply, lowest, lowest), int64_t(1) << 62);
  EXPECT_EQ(ofIntegers(Operation::Negate, lowest, 0), 2147483648);
  EXPECT_EQ(ofIntegers(Operation::Abs, lowest, 0), 2147483648);
  EXPECT_EQ(ofIntegers(Operation::Divide, lowest, -1), 2147483648);
  EXPECT_EQ(ofIntegers(Operation::Modulo, lowest, -1), 0);
}

TEST(Integers, QuotientsAreRoundedDown) {
  for (int64_t x : {lowest, lowest + 1, int64_t(-7), int64_t(-1), int64_t(0), int64_t(1), int64_t(7), highest})
    for (int64_t y : {lowest, int64_t(-3), int64_t(-1), int64_t(1), int64_t(3), highest}) {
      int64_t quotient = *ofIntegers(Operation::Divide, x, y), rest = *ofIntegers(Operation::Modulo, x, y);
      EXPECT_EQ(quotient * y + rest, x) << x << ", " << y;
      EXPECT_TRUE(y > 0 ? 0 <= rest && rest < y : y < rest && rest <= 0) << x << ", " << y;
    }
  EXPECT_EQ(ofIntegers(Operation::Divide, highest, 0), 0);
  EXPECT_EQ(ofIntegers(Operation::Modulo, lowest, 0), 0);
}

TEST(Integers, OfWhatIsNoIntegerThereIsNone) {
  for (Operation operation : {Operation::Exp, Operation::ToFloat, Operation::Table, Operation::Select, Operation::Query})
    EXPECT_EQ(ofIntegers(operation, 1, 1), std::nullopt);
}

TEST(Integers, WhatDoesNotFitWraps) {
  EXPECT_TRUE(fitsInteger(lowest) && fitsInteger(highest) && !fitsInteger(lowest - 1) && !fitsInteger(highest + 1));
  EXPECT_EQ(wrapped(highest + 1), lowest);
  EXPECT_EQ(wrapped(lowest - 1), highest);
  EXPECT_EQ(wrapped(int64_t(1) << 62), 0);
}

/// What an expression is at one point, whether its variable is given before or then.
TEST(Integers, GivenBeforeOrAtThePointTheyAreTheSame) {
  for (const char *text : {"k + segment", "k - segment", "k * segment", "k / segment", "k % segment", "-k - segment"})
    for (int32_t k : {static_cast<int32_t>(lowest), -7, -1, 0, 6, static_cast<int32_t>(highest)})
      for (int32_t segment : {-3, -1, 0, 1, 5}) {
        Expression mask = *parse("(" + std::string(text) + ") % 1000 < 17 == (h < 1)", Kind::Mask);
        Expression given = mask.with(Operation::Segment, segment).with(Operation::Key, k).simplified();
        Point<float> point{.key = k, .segment = segment};
        EXPECT_EQ(Evaluator<float>(mask).mask(point), Evaluator<float>(given).mask({})) << text << ", " << k << ", "
                                                                                       << segment;
      }
}

} // namespace
