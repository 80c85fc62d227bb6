//===- SimplifyTest.cpp - Expressions whose constants are computed --------===//

#include "expressions/Evaluate.h"
#include "expressions/Expression.h"
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

std::string simplified(const char *text, Kind kind = Kind::Mask) { return parse(text, kind)->simplified().print(); }

TEST(Simplify, ConditionsWhoseOneSideIsKnown) {
  EXPECT_EQ(simplified("0 < 1 || k <= q"), "true");
  EXPECT_EQ(simplified("k <= q || 1 < 1"), "k <= q");
  EXPECT_EQ(simplified("1 < 1 && k <= q"), "false");
  EXPECT_EQ(simplified("k <= q && 2 == 2"), "k <= q");
  EXPECT_EQ(simplified("!(1 > 2) && !(h < 2)"), "!(h < 2)");
  EXPECT_EQ(simplified("select(1 != 0, k <= q, k == 3)"), "k <= q");
  EXPECT_EQ(simplified("select(k == 0, 1 < 2, k <= q)"), "select(k == 0, true, k <= q)");
}

TEST(Simplify, IntegersOf32Bits) {
  EXPECT_EQ(simplified("q - k < 3 + min(4, 2 - 1) - max(0, 1)"), "q - k < 3");
  // What leaves 32 bits once a variable is given,
  Expression sum = *parse("k < 2147483647 + segment", Kind::Mask);
  EXPECT_EQ(sum.with(Operation::Segment, 1).simplified().print(), "k < 2147483647 + 1");
  Expression product = *parse("k < 65536 * (32768 * segment)", Kind::Mask);
  EXPECT_EQ(product.with(Operation::Segment, 1).simplified().print(), "k < 65536 * 32768");
  Expression quotient = *parse("k < -2147483648 / -segment", Kind::Mask);
  EXPECT_EQ(quotient.with(Operation::Segment, 1).simplified().print(), "k < -2147483648 / -1");
  // what is of floats, stays.
  EXPECT_EQ(simplified("s + 1.0 + 2.0", Kind::Score), "s + 1.0 + 2.0");
  EXPECT_EQ(simplified("k < -7 / 2 + abs(-3) * (-7 % 3) - 5 / 0 - 5 % 0"), "k < 2");
}

TEST(Simplify, OneVariableIsGiven) {
  Expression mask = *parse("segment < 1 || k <= q && query_segment == 1", Kind::Mask);
  EXPECT_EQ(mask.with(Operation::Segment, 0).simplified().print(), "true");
  EXPECT_EQ(mask.with(Operation::Segment, 1).with(Operation::QuerySegment, 1).simplified().print(), "k <= q");
  EXPECT_EQ(mask.with(Operation::Segment, 1).with(Operation::QuerySegment, 0).simplified().print(), "false");
}

TEST(Simplify, TwoThatAreTheSameAreOne) {
  EXPECT_EQ(simplified("q - k < 5 || q - k < 5"), "q - k < 5");
  EXPECT_EQ(simplified("k <= q && k <= q && h < 1"), "k <= q && h < 1");
  EXPECT_EQ(simplified("k <= q || k < q"), "k <= q || k < q");
}

TEST(Simplify, WhatPrintsAlikeIsEqual) {
  EXPECT_EQ(parse("h < 1 || true && q - k < 5", Kind::Mask)->simplified(), *parse("h < 1 || q - k < 5", Kind::Mask));
  EXPECT_EQ(parse("k <= q && q - k < 5", Kind::Mask)->simplified().ofEarlierKeys(), *parse("q - k < 5", Kind::Mask));
}

TEST(Simplify, KeysThatStandBeforeTheQuery) {
  auto earlier = [](const char *text, Kind kind = Kind::Mask) { return parse(text, kind)->ofEarlierKeys().print(); };
  for (const char *always : {"k <= q", "k < q", "k != q", "q >= k", "q > k", "q != k", "!(k == q)"})
    EXPECT_EQ(earlier(always), "true") << always;
  for (const char *never : {"k >= q", "k > q", "k == q", "q <= k", "q < k", "q == k"})
    EXPECT_EQ(earlier(never), "false") << never;
  EXPECT_EQ(earlier("k <= q && q - k < 5 || k > q && h < 1"), "q - k < 5");
  EXPECT_EQ(earlier("k % 2 <= q || k <= 7"), "k % 2 <= q || k <= 7");
  EXPECT_EQ(earlier("s + select(k <= q, 1.0, 2.0)", Kind::Score), "s + 1.0");
}

TEST(Simplify, TablesKeepTheirRowsAndColumns) {
  EXPECT_EQ(simplified("s + table1(h, min(q - k, 1 + 2))", Kind::Score), "s + table1(h, min(q - k, 3))");
}

} // namespace
