//===- ParseErrorsTest.cpp - What is rejected, why, and where -------------===//

#include "expressions/Expression.h"
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

/// A text in three parts, of which the error marks the second.
struct Case {
  const char *before, *marked, *after;
  const char *message;
};

void expectErrors(std::initializer_list<Case> cases, Kind kind) {
  for (const Case &c : cases) {
    std::string text = std::string(c.before) + c.marked + c.after;
    ParseResult result = parse(text, kind);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().message, c.message) << text;
    EXPECT_EQ(result.error().begin, std::string(c.before).size()) << text;
    EXPECT_EQ(result.error().end, std::string(c.before).size() + std::string(c.marked).size()) << text;
  }
}

TEST(ParseErrors, Names) {
  expectErrors(
      {{"k <= ", "qq", "", "unknown name 'qq'; a mask reads q, k, h, b, segment and query_segment"},
       {"k <= q && ", "s", " < 1", "'s' is the score, which a mask does not read; a mask reads q, k, h, b, segment and query_segment"},
       {"", "sin", "(q) < 1",
        "unknown function 'sin'; known are select, min, max, abs, exp, log, tanh, sqrt, float, int, table0 to "
        "table7"},
       {"", "table8", "(q, k) < 1",
        "unknown function 'table8'; known are select, min, max, abs, exp, log, tanh, sqrt, float, int, table0 to "
        "table7"},
       {"", "min", " < 1", "'min' is a function; its arguments are missing"},
       {"", "table0", " < 1", "'table0' is a table; its two indices are missing"},
       {"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbb", " < 1",
        "unknown name 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'; a mask reads q, k, h, b, segment and query_segment"}},
      Kind::Mask);
  expectErrors({{"s + ", "kv_idx", "", "unknown name 'kv_idx'; a score reads s, q, k, h, b, segment and query_segment"}}, Kind::Score);
}

TEST(ParseErrors, Types) {
  expectErrors(
      {{"", "q", "", "a mask is a condition, but this is an integer"},
       {"", "(exp(q))", "", "a mask is a condition, but this is a float"},
       {"q < 1 && ", "k", "", "'&&' takes a condition, but this is an integer"},
       {"", "(q + 1)", " || k < 1", "'||' takes a condition, but this is an integer"},
       {"!", "q", " == 1", "'!' takes a condition, but this is an integer"},
       {"", "q < k", " < h", "'<' takes a number, but this is a condition"},
       {"1 + ", "(q < k)", " < h", "'+' takes a number, but this is a condition"},
       {"-", "true", " < h", "'-' takes a number, but this is a condition"},
       {"q == ", "(k < 1)", "", "'==' takes two conditions or two numbers, but this is a condition beside an integer"},
       {"(q < 1) != ", "1.5", "", "'!=' takes two conditions or two numbers, but this is a float beside a condition"},
       {"select(", "q", ", true, false)", "select takes a condition, but this is an integer"},
       {"select(true, k < q, ", "1", ")",
        "select takes two conditions or two numbers, but this is an integer beside a condition"},
       {"abs(", "k < q", ") < 1", "abs takes a number, but this is a condition"},
       {"exp(", "k < q", ") < 1", "exp takes a number, but this is a condition"},
       {"min(1, ", "k < q", ") < 1", "min takes a number, but this is a condition"},
       {"max(", "true", ", 2) < 1", "max takes a number, but this is a condition"},
       {"table0(", "1.5", ", 2) < 1", "table0 takes an integer, but this is a float"},
       {"table0(h, ", "float(q)", ") < 1", "table0 takes an integer, but this is a float"}},
      Kind::Mask);
  expectErrors({{"", "k <= q", "", "a score is a number, but this is a condition"},
                {"", "true", "", "a score is a number, but this is a condition"}},
               Kind::Score);
}

TEST(ParseErrors, Arguments) {
  expectErrors({{"", "min(q)", " < 1", "min takes 2 arguments, but here are 1"},
                {"", "abs(q, k)", " < 1", "abs takes 1 argument, but here are 2"},
                {"", "exp()", " < 1", "exp takes 1 argument, but here are 0"},
                {"", "select(true, q)", " < 1", "select takes 3 arguments, but here are 2"},
                {"", "table1(q)", " < 1", "table1 takes 2 arguments, but here are 1"},
                {"min(q,", ")", " < 1", "expected a value, but found ')'"},
                {"min(", ",", "", "expected a value, but found ','"}},
               Kind::Mask);
}

TEST(ParseErrors, Syntax) {
  expectErrors({{"", "", "", "expected a value, but found the end"},
                {"  ", "", "", "expected a value, but found the end"},
                {"k <= ", "", "", "expected a value, but found the end"},
                {"(k <= q", "", "", "expected ')' to close the parenthesis, but found the end"},
                {"min(q, k", "", "", "expected ')' to close the arguments of min, but found the end"},
                {"k <= q", ")", "", "expected an operator or the end, but found ')'"},
                {"k <= q ", "k", " < 2", "expected an operator or the end, but found 'k'"},
                {"(k <= q ", "k", ")", "expected ')' to close the parenthesis, but found 'k'"},
                {"k <= 2", "x", "", "expected an operator or the end, but found 'x'"},
                {"k <= ", "*", " q", "expected a value, but found '*'"},
                {"k <= q ", "@", " 1", "expected an operator or the end, but found '@'"},
                {"k <= ", "é", "", "expected a value, but found byte 0xc3"},
                {"k <= ", "\x01", "", "expected a value, but found byte 0x01"},
                {"k <= ", "\xff", "\xff", "expected a value, but found byte 0xff"}},
               Kind::Mask);
}

TEST(ParseErrors, SpellingsOfOtherLanguages) {
  expectErrors({{"q < 1 ", "&", " k < 1", "unknown operator '&'; write '&&'"},
                {"q < 1 ", "|", " k < 1", "unknown operator '|'; write '||'"},
                {"q < 1 ", "and", " k < 1", "unknown operator 'and'; write '&&'"},
                {"(q < 1 ", "or", " k < 1)", "unknown operator 'or'; write '||'"},
                {"q ", "=", " k", "unknown operator '='; write '=='"},
                {"q ", "//", " 2 == k", "unknown operator '//'; write '/'"},
                {"q < k ", "?", " 1 : 2", "unknown operator '?'; write 'select(c, a, b)'"},
                {"q ", "if", " q < k else k", "unknown operator 'if'; write 'select(c, a, b)'"},
                {"", "not", " q < k", "expected a value, but found 'not'; write '!'"},
                {"", "~", "(q < k)", "expected a value, but found '~'; write '!'"},
                {"", "True", "", "expected a value, but found 'True'; write 'true'"}},
               Kind::Mask);
}

TEST(ParseErrors, Numbers) {
  expectErrors({{"q < ", "2147483648", "", "'2147483648' is no integer of 32 bits"},
                {"q < ", "-2147483649", "", "'-2147483649' is no integer of 32 bits"},
                {"q < ", "1e39", "", "'1e39' is no float of 32 bits"},
                {"q < ", "1e-60", "", "'1e-60' is no float of 32 bits"},
                {"q < ", "2147483647 + 1", "", "this is 2147483648, but integers have 32 bits"},
                {"q < ", "65536 * 65536", " * 2", "this is 4294967296, but integers have 32 bits"},
                {"q < ", "-2147483647 - 2", "", "this is -2147483649, but integers have 32 bits"},
                {"q < ", "-2147483648 / -1", "", "this is 2147483648, but integers have 32 bits"},
                {"q < ", "abs(-2147483648)", "", "this is 2147483648, but integers have 32 bits"},
                {"q < ", "-(-2147483648)", "", "this is 2147483648, but integers have 32 bits"},
                {"q < ", "-min(-2147483648, 0)", "", "this is 2147483648, but integers have 32 bits"}},
               Kind::Mask);
}

TEST(ParseErrors, Limits) {
  auto nested = [](unsigned depth, const char *open, const char *close) {
    std::string text = "s";
    for (unsigned i = 0; i < depth; ++i)
      text = open + text + close;
    return text;
  };
  for (auto [open, close] : {std::pair{"(", ")"}, {"-", ""}, {"exp(", ")"}, {"1.0 - (", ")"}}) {
    EXPECT_TRUE(parse(nested(maximumNesting, open, close), Kind::Score)) << open;
    for (unsigned depth : {maximumNesting + 1, 5000u}) {
      ParseResult deep = parse(nested(depth, open, close), Kind::Score);
      ASSERT_FALSE(deep) << open;
      EXPECT_EQ(deep.error().message, "an expression nests at most 100 deep");
    }
  }
  // exp(int(..)) converts at each level, which is one more.
  EXPECT_FALSE(parse(nested(40, "exp(int(", "))"), Kind::Score));

  auto sum = [](unsigned terms) {
    std::string text = "s";
    for (unsigned i = 1; i < terms; ++i)
      text += " + s";
    return text;
  };
  EXPECT_TRUE(parse(sum(500), Kind::Score));
  ParseResult large = parse(sum(501), Kind::Score);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "an expression has at most 1000 values and operations");

  ParseResult longest = parse(std::string(maximumTextSize - 1, ' ') + "s", Kind::Score);
  EXPECT_TRUE(longest);
  ParseResult longer = parse(std::string(maximumTextSize, ' ') + "s", Kind::Score);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().message, "an expression has at most 65536 bytes, but this has 65537");
}

} // namespace
