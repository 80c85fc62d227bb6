//===- ParseTest.cpp - Trees, types and canonical text --------------------===//

#include "expressions/Expression.h"
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

/// The text with every operation as a call, which shows the tree.
std::string shape(const Expression &expression) {
  const char *names[] = {"bool",   "int", "float", "q",   "k",   "h",   "b",    "segment", "query_segment",
                         "s",      "neg", "not",   "abs", "exp", "log", "tanh", "sqrt",    "to_float",
                         "to_int", "add", "sub",   "mul", "div", "mod", "min",  "max",     "eq",
                         "ne",     "lt",  "le",    "gt",  "ge",  "and", "or",   "table",   "select"};
  return fold<std::string>(expression, [&](const Node &node, std::span<const std::string> operands) {
    std::string text = names[static_cast<int>(node.operation)];
    if (operands.empty())
      return node.operation <= Operation::IntLiteral     ? std::to_string(node.integer)
             : node.operation == Operation::FloatLiteral ? "f" + std::to_string(node.real).substr(0, 4)
                                                         : text;
    for (size_t i = 0; i < operands.size(); ++i)
      text += (i ? " " : "(") + operands[i];
    return text + ")";
  });
}

std::string shapeOf(std::string_view text, Kind kind) {
  ParseResult result = parse(text, kind);
  return result ? shape(*result) : "error: " + result.error().message;
}

std::string canonical(std::string_view text, Kind kind) {
  ParseResult result = parse(text, kind);
  return result ? result->print() : "error: " + result.error().message;
}

struct Case {
  const char *text;
  const char *expected;
};

TEST(Parse, EveryOperator) {
  const Case masks[] = {
      {"true", "1"},
      {"false", "0"},
      {"q == k", "eq(q k)"},
      {"q != k", "ne(q k)"},
      {"q < k", "lt(q k)"},
      {"q <= k", "le(q k)"},
      {"q > k", "gt(q k)"},
      {"q >= k", "ge(q k)"},
      {"q < 1 && k < 2", "and(lt(q 1) lt(k 2))"},
      {"q < 1 || k < 2", "or(lt(q 1) lt(k 2))"},
      {"!(q < 1)", "not(lt(q 1))"},
      {"select(h < 1, q < k, true)", "select(lt(h 1) lt(q k) 1)"},
      {"(q < 1) == (k < 1)", "eq(lt(q 1) lt(k 1))"},
      {"table0(q, k) > 0", "gt(table(q k) f0.00)"},
  };
  for (const Case &c : masks)
    EXPECT_EQ(shapeOf(c.text, Kind::Mask), c.expected) << c.text;
  const Case scores[] = {
      {"s", "s"},
      {"s + 1.5", "add(s f1.50)"},
      {"s - 1.5", "sub(s f1.50)"},
      {"s * 1.5", "mul(s f1.50)"},
      {"s / 1.5", "div(s f1.50)"},
      {"s % 1.5", "mod(s f1.50)"},
      {"-s", "neg(s)"},
      {"abs(s)", "abs(s)"},
      {"exp(s)", "exp(s)"},
      {"log(s)", "log(s)"},
      {"tanh(s)", "tanh(s)"},
      {"sqrt(s)", "sqrt(s)"},
      {"min(s, 1.0)", "min(s f1.00)"},
      {"max(s, 1.0)", "max(s f1.00)"},
      {"select(q < k, s, -1.0)", "select(lt(q k) s f-1.0)"},
      {"table3(h, q - k)", "table(h sub(q k))"},
      {"float(b)", "to_float(b)"},
      {"float(q / 2 % 3)", "to_float(mod(div(q 2) 3))"},
      {"float(int(s))", "to_float(to_int(s))"},
      {"float(q < k)", "to_float(lt(q k))"},
      {"float(int(q < k))", "to_float(to_int(lt(q k)))"},
  };
  for (const Case &c : scores)
    EXPECT_EQ(shapeOf(c.text, Kind::Score), c.expected) << c.text;
}

TEST(Parse, PrecedenceAndGrouping) {
  const Case masks[] = {
      {"q < 1 || k < 2 && h < 3", "or(lt(q 1) and(lt(k 2) lt(h 3)))"},
      {"(q < 1 || k < 2) && h < 3", "and(or(lt(q 1) lt(k 2)) lt(h 3))"},
      {"q < 1 == k < 2", "eq(lt(q 1) lt(k 2))"},
      {"q == 1 && k != 2", "and(eq(q 1) ne(k 2))"},
      {"q + 1 < k * 2", "lt(add(q 1) mul(k 2))"},
      {"q - k - h == 0", "eq(sub(sub(q k) h) 0)"},
      {"q - (k - h) == 0", "eq(sub(q sub(k h)) 0)"},
      {"q / k * h == 0", "eq(mul(div(q k) h) 0)"},
      {"q + k * h % b == 0", "eq(add(q mod(mul(k h) b)) 0)"},
      {"-q * k == 0", "eq(mul(neg(q) k) 0)"},
      {"-(q * k) == 0", "eq(neg(mul(q k)) 0)"},
      {"!true && false", "and(not(1) 0)"},
      {"!!true", "not(not(1))"},
      {"q - -k - -1 == 0", "eq(sub(sub(q neg(k)) -1) 0)"},
  };
  for (const Case &c : masks)
    EXPECT_EQ(shapeOf(c.text, Kind::Mask), c.expected) << c.text;
}

TEST(Parse, IntegersBecomeFloatsWhereTheTwoMeet) {
  const Case scores[] = {
      {"s + q", "s + float(q)"},
      {"q + s", "float(q) + s"},
      {"2 * s", "2.0 * s"},
      {"s + 0.5 * (k - q)", "s + 0.5 * float(k - q)"},
      {"min(s, 3)", "min(s, 3.0)"},
      {"select(q < k, 0, s)", "select(q < k, 0.0, s)"},
      {"exp(q)", "exp(float(q))"},
      {"q - k", "float(q - k)"},
      {"7", "7.0"},
      {"float(7)", "7.0"},
      {"float(s)", "s"},
      {"float(float(q))", "float(q)"},
      {"float(int(q))", "float(q)"},
      {"select(s > q, s, inf)", "select(s > float(q), s, inf)"},
  };
  for (const Case &c : scores)
    EXPECT_EQ(canonical(c.text, Kind::Score), c.expected) << c.text;
}

TEST(Parse, Literals) {
  const Case scores[] = {
      {"1.", "1.0"},
      {".5", "0.5"},
      {"1e3", "1000.0"},
      {"1E+3", "1000.0"},
      {"2.5e-3", "0.0025"},
      {"1e20", "1e+20"},
      {"0.1", "0.1"},
      {"1e-40", "1e-40"},
      {"007", "7.0"},
      {"-0.0", "-0.0"},
      {"-inf", "-inf"},
      {"-(5)", "-5.0"},
      {"-(-5)", "5.0"},
      {"- 5", "-5.0"},
      {"3.4e38", "3.4e+38"},
      {"16777217", "16777216.0"},
      {"float(-2147483648)", "-2147483648.0"},
      // The nearest float of 32 bits is what the literal means, in every evaluation.
      {"0.1000000001", "0.1"},
  };
  for (const Case &c : scores)
    EXPECT_EQ(canonical(c.text, Kind::Score), c.expected) << c.text;
  EXPECT_EQ(canonical("q > -2147483648", Kind::Mask), "q > -2147483648");
  EXPECT_EQ(canonical("q < 2147483647", Kind::Mask), "q < 2147483647");
}

TEST(Print, WritesNoParenthesisThatCanBeLeftOut) {
  const Case masks[] = {
      {"((k) <= (q))", "k <= q"},
      {"(k <= q) && (q - k < 8)", "k <= q && q - k < 8"},
      {"(q < 1 && k < 1) || h < 1", "q < 1 && k < 1 || h < 1"},
      {"q < 1 && (k < 1 || h < 1)", "q < 1 && (k < 1 || h < 1)"},
      {"q < 1 && (k < 1 && h < 1)", "q < 1 && (k < 1 && h < 1)"},
      {"(q / 2) * 2 == q", "q / 2 * 2 == q"},
      {"q / (2 * 2) == q", "q / (2 * 2) == q"},
      {"-(q + 1) < 0", "-(q + 1) < 0"},
      {"-(-q) < 0", "--q < 0"},
      {"-(abs(q)) < 0", "-abs(q) < 0"},
      {"!(q < 1)", "!(q < 1)"},
      {"(q < k) == true", "q < k == true"},
      {"true == (true == false)", "true == (true == false)"},
      {"min((q), (k + 1)) < 1", "min(q, k + 1) < 1"},
      {" \t\r\nk<=q\n", "k <= q"},
  };
  for (const Case &c : masks) {
    EXPECT_EQ(canonical(c.text, Kind::Mask), c.expected) << c.text;
    EXPECT_EQ(canonical(c.expected, Kind::Mask), c.expected);
    EXPECT_EQ(*parse(c.text, Kind::Mask), *parse(c.expected, Kind::Mask));
  }
}

TEST(Print, NestsNoDeeperThanWhatIsRead) {
  // Conversions that the text leaves out count, or the canonical text could not be read.
  std::string deep = "q";
  for (int i = 0; i < 24; ++i)
    deep = "exp(int(" + deep + ") + q)";
  ParseResult result = parse(deep, Kind::Score);
  ASSERT_TRUE(result) << result.error().message;
  ParseResult again = parse(result->print(), Kind::Score);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *result);
}

TEST(Expression, AnIntegerInPlaceOfAVariable) {
  Expression mask = *parse("segment < 1 || k <= q + segment", Kind::Mask);
  EXPECT_EQ(mask.with(Operation::Segment, 2).print(), "2 < 1 || k <= q + 2");
  EXPECT_EQ(mask.with(Operation::QuerySegment, 2), mask);
}

TEST(Expression, WhatItReads) {
  Variables all{true, true, true, true, true, true, true};
  EXPECT_EQ(parse("s + q + k + h + b + segment + query_segment", Kind::Score)->variables(), all);
  EXPECT_EQ(parse("k <= q", Kind::Mask)->variables(), (Variables{true, true}));
  EXPECT_EQ(parse("1.0", Kind::Score)->variables(), Variables());
  EXPECT_EQ(parse("s", Kind::Score)->tableCount(), 0u);
  EXPECT_FALSE(parse("s", Kind::Score)->usesTables());
  EXPECT_EQ(parse("table0(h, q)", Kind::Score)->tableCount(), 1u);
  EXPECT_EQ(parse("table7(h, q) + table2(0, 0)", Kind::Score)->tableCount(), 8u);
  EXPECT_TRUE(parse("table0(h, q) > 0", Kind::Mask)->usesTables());
}

TEST(Expression, NeutralOnes) {
  EXPECT_TRUE(parse("true", Kind::Mask)->isNeutral());
  EXPECT_FALSE(parse("false", Kind::Mask)->isNeutral());
  EXPECT_FALSE(parse("q < k || true", Kind::Mask)->isNeutral());
  EXPECT_TRUE(parse("(s)", Kind::Score)->isNeutral());
  EXPECT_FALSE(parse("s + 1", Kind::Score)->isNeutral());
}

TEST(Expression, NodesAreInPostOrder) {
  ParseResult result = parse("q + s * (2 - k)", Kind::Score);
  ASSERT_TRUE(result);
  std::vector<unsigned> uses(result->nodes().size());
  for (size_t i = 0; i < result->nodes().size(); ++i)
    for (unsigned operand = 0; operand < operandCount(result->nodes()[i].operation); ++operand) {
      uint32_t index = result->nodes()[i].operands[operand];
      ASSERT_LT(index, i);
      ++uses[index];
    }
  for (size_t i = 0; i + 1 < uses.size(); ++i)
    EXPECT_EQ(uses[i], 1u);
  EXPECT_EQ(uses.back(), 0u);
  EXPECT_EQ(result->root().operation, Operation::Add);
}

} // namespace
