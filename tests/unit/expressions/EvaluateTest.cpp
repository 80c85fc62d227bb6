//===- EvaluateTest.cpp - Values against plain loops ----------------------===//

#include "expressions/Evaluate.h"
#include "expressions/Sugar.h"
#include <functional>
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

/// The value of an expression of integers, through a mask, so that no float is between.
int32_t integer(const std::string &text) {
  int64_t low = std::numeric_limits<int32_t>::min(), high = std::numeric_limits<int32_t>::max();
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    Expression mask = *parse(text + " <= " + std::to_string(middle), Kind::Mask);
    (Evaluator<float>(mask).mask({}) ? high : low) = Evaluator<float>(mask).mask({}) ? middle : middle + 1;
  }
  return static_cast<int32_t>(low);
}

TEST(Evaluate, Segments) {
  Expression mask = *parse("segment < 1 || segment == query_segment && k <= q", Kind::Mask);
  Evaluator<float> evaluator(mask);
  auto sees = [&](int32_t segment, int32_t query, int32_t k) {
    return evaluator.mask({.query = 3, .key = k, .segment = segment, .querySegment = query});
  };
  EXPECT_TRUE(sees(0, 2, 9));
  EXPECT_TRUE(sees(2, 2, 3));
  EXPECT_FALSE(sees(2, 2, 4));
  EXPECT_FALSE(sees(1, 2, 3));
}

TEST(Evaluate, IntegersDivideWithFloor) {
  for (int x = -9; x <= 9; ++x)
    for (int y = -4; y <= 4; ++y) {
      int quotient = y == 0 ? 0 : static_cast<int>(std::floor(double(x) / y));
      int remainder = y == 0 ? 0 : x - quotient * y;
      std::string operands[] = {std::to_string(x), std::to_string(y)};
      EXPECT_EQ(integer(operands[0] + " / " + operands[1]), quotient) << x << " / " << y;
      EXPECT_EQ(integer(operands[0] + " % " + operands[1]), remainder) << x << " % " << y;
    }
}

TEST(Evaluate, IntegerOperations) {
  EXPECT_EQ(integer("7 + 5"), 12);
  EXPECT_EQ(integer("7 - 9"), -2);
  EXPECT_EQ(integer("7 * -3"), -21);
  EXPECT_EQ(integer("-(3 + 4)"), -7);
  EXPECT_EQ(integer("abs(-7)"), 7);
  EXPECT_EQ(integer("min(3, -4)"), -4);
  EXPECT_EQ(integer("max(3, -4)"), 3);
  EXPECT_EQ(integer("select(1 < 2, 10, 20)"), 10);
  EXPECT_EQ(integer("select(1 > 2, 10, 20)"), 20);
  EXPECT_EQ(integer("int(true)"), 1);
  EXPECT_EQ(integer("int(2.9)"), 2);
  EXPECT_EQ(integer("int(-2.9)"), -2);
  EXPECT_EQ(integer("int(inf)"), 2147483647);
  EXPECT_EQ(integer("int(-inf)"), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(integer("int(inf - inf)"), 0);
}

TEST(Evaluate, OverflowWraps) {
  EXPECT_EQ(integer("q + 2147483647 + 1"), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(integer("(q + 65536) * (q + 65536)"), 0);
  EXPECT_EQ(integer("-(q - 2147483647 - 1)"), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(integer("abs(q - 2147483647 - 1)"), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(integer("(q - 2147483647 - 1) / (q - 1)"), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(integer("(q - 2147483647 - 1) % (q - 1)"), 0);
}

template <typename Real> Real real(const std::string &text, Real score = 0) {
  Expression expression = *parse(text, Kind::Score);
  return Evaluator<Real>(expression).score({3, 5, 2, 1, score});
}

TEST(Evaluate, Reals) {
  EXPECT_EQ(real<double>("s", 0.1), 0.1);
  EXPECT_EQ(real<double>("1.5 + s", 2.0), 3.5);
  EXPECT_EQ(real<double>("1.5 - s", 2.0), -0.5);
  EXPECT_EQ(real<double>("1.5 * s", 2.0), 3.0);
  EXPECT_EQ(real<double>("1.5 / s", 2.0), 0.75);
  EXPECT_EQ(real<double>("-5.5 % s", 2.0), 0.5);
  EXPECT_EQ(real<double>("5.5 % -s", 2.0), -0.5);
  EXPECT_EQ(real<double>("-s", 2.0), -2.0);
  EXPECT_EQ(real<double>("abs(s)", -2.0), 2.0);
  EXPECT_EQ(real<double>("exp(s)", 1.25), std::exp(1.25));
  EXPECT_EQ(real<double>("log(s)", 1.25), std::log(1.25));
  EXPECT_EQ(real<double>("tanh(s)", 1.25), std::tanh(1.25));
  EXPECT_EQ(real<double>("sqrt(s)", 1.25), std::sqrt(1.25));
  EXPECT_EQ(real<float>("exp(s)", 1.25f), std::exp(1.25f));
  EXPECT_EQ(real<double>("min(s, 1)", 1.25), 1.0);
  EXPECT_EQ(real<double>("max(s, 1)", 1.25), 1.25);
  EXPECT_EQ(real<double>("s / 0", 1.0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(real<double>("float(q) + 10 * k + 100 * h + 1000 * b"), 1253.0);
  EXPECT_EQ(real<double>("float(q < k)"), 1.0);
  EXPECT_TRUE(std::isnan(real<double>("sqrt(s)", -1.0)));
  for (const char *either : {"min(s, 1)", "min(1, s)", "max(s, 1)", "max(1, s)", "min(s, s)", "max(s + 1, inf)"})
    EXPECT_TRUE(std::isnan(real<double>(either, std::nan("")))) << either;
  // A literal is the nearest float of 32 bits in both.
  EXPECT_EQ(real<double>("0.1"), double(0.1f));
}

bool mask(const std::string &text) {
  Expression expression = *parse(text, Kind::Mask);
  return Evaluator<double>(expression).mask({3, 5, 2, 1, 0});
}

TEST(Evaluate, Conditions) {
  EXPECT_TRUE(mask("true"));
  EXPECT_FALSE(mask("false"));
  for (auto [left, right] : {std::pair{3, 5}, {5, 3}, {4, 4}, {-1, 0}})
    for (const char *suffix : {"", ".5"}) {
      std::string x = std::to_string(left) + suffix, y = std::to_string(right) + suffix;
      double a = std::stod(x), b = std::stod(y);
      EXPECT_EQ(mask(x + " < " + y), a < b);
      EXPECT_EQ(mask(x + " <= " + y), a <= b);
      EXPECT_EQ(mask(x + " > " + y), a > b);
      EXPECT_EQ(mask(x + " >= " + y), a >= b);
      EXPECT_EQ(mask(x + " == " + y), a == b);
      EXPECT_EQ(mask(x + " != " + y), a != b);
    }
  EXPECT_FALSE(mask("0.0 / 0.0 == 0.0 / 0.0"));
  for (const char *x : {"true", "false"})
    for (const char *y : {"true", "false"}) {
      bool a = std::string(x) == "true", b = std::string(y) == "true";
      std::string left = x, right = y;
      EXPECT_EQ(mask(left + " && " + right), a && b);
      EXPECT_EQ(mask(left + " || " + right), a || b);
      EXPECT_EQ(mask(left + " == " + right), a == b);
      EXPECT_EQ(mask(left + " != " + right), a != b);
      EXPECT_EQ(mask("!" + left), !a);
      EXPECT_EQ(mask("select(q < k, " + left + ", " + right + ")"), a);
    }
}

/// An example of FlexAttention's, beside what its Python means written in C++.
struct MaskCase {
  const char *text;
  std::function<bool(int q, int k, int h, int b)> meaning;
};

TEST(Evaluate, MasksOfFlexAttention) {
  const MaskCase cases[] = {
      {"k <= q", [](int q, int k, int, int) { return q >= k; }},
      {"k <= q && q - k < 8", [](int q, int k, int, int) { return q >= k && q - k < 8; }},
      {"k <= q || k < 8", [](int q, int k, int, int) { return q >= k || k < 8; }},
      {"q / 64 == k / 64", [](int q, int k, int, int) { return q / 64 == k / 64; }},
      {"k <= q && (q - k) % 2 == 0", [](int q, int k, int, int) { return q >= k && (q - k) % 2 == 0; }},
      // Sinks and a window, as in StreamingLLM.
      {"k <= q && (k < 4 || q - k < 16)", [](int q, int k, int, int) { return k <= q && (k < 4 || q - k < 16); }},
      // Chunks that see themselves and the one before, in half of the heads.
      {"k <= q && (h % 2 == 0 || q / 16 - k / 16 <= 1)",
       [](int q, int k, int h, int) { return k <= q && (h % 2 == 0 || q / 16 - k / 16 <= 1); }},
      // A window around the query that grows with the head.
      {"abs(q - k) < 4 * (h + 1)", [](int q, int k, int h, int) { return std::abs(q - k) < 4 * (h + 1); }},
      {"select(b == 0, k <= q, k >= q)", [](int q, int k, int, int b) { return b == 0 ? k <= q : k >= q; }},
  };
  for (const MaskCase &c : cases) {
    Expression expression = *parse(c.text, Kind::Mask);
    Evaluator<float> evaluator(expression);
    for (int q = 0; q < 150; ++q)
      for (int k = 0; k < 150; ++k)
        for (int h = 0; h < 4; ++h)
          ASSERT_EQ(evaluator.mask({q, k, h, h % 2, 0}), c.meaning(q, k, h, h % 2)) << c.text << ": " << q << " " << k;
  }
}

/// An element of a table that a test makes up.
double element(int row, int column) { return 0.25 * row - 0.01 * column; }

struct ScoreCase {
  const char *text;
  std::function<double(double s, int q, int k, int h, int b)> meaning;
};

TEST(Evaluate, ScoresOfFlexAttention) {
  const ScoreCase cases[] = {
      {"s", [](double s, int, int, int, int) { return s; }},
      {"s + (q - k)", [](double s, int q, int k, int, int) { return s + (q - k); }},
      {"select(k <= q, s, -inf)",
       [](double s, int q, int k, int, int) { return q >= k ? s : -std::numeric_limits<double>::infinity(); }},
      {"s + exp(-(h + 1) * log(2.0)) * (k - q)",
       [](double s, int q, int k, int h, int) { return s + std::exp(-(h + 1) * std::log(2.0)) * (k - q); }},
      {"s + table0(h, q - k + 100)", [](double s, int q, int k, int h, int) { return s + element(h, q - k + 100); }},
      {"20.0 * tanh(s / 20.0)", [](double s, int, int, int, int) { return 20 * std::tanh(s / 20); }},
      {"s * exp(-0.125 * abs(q - k))",
       [](double s, int q, int k, int, int) { return s * std::exp(-0.125 * std::abs(q - k)); }},
      {"s - log(float(1 + abs(q - k)))",
       [](double s, int q, int k, int, int) { return s - std::log(1.0 + std::abs(q - k)); }},
      // T5's distance, the far half of it on a logarithmic scale.
      {"s + table1(b, select(q - k < 8, q - k, 8 + int(log((q - k) / 8.0) * 4)))",
       [](double s, int q, int k, int, int b) {
         int bucket = q - k < 8 ? q - k : 8 + static_cast<int>(std::log((q - k) / 8.0) * 4);
         return s + element(b, bucket);
       }},
  };
  for (const ScoreCase &c : cases) {
    Expression expression = *parse(c.text, Kind::Score);
    Evaluator<double> evaluator(expression);
    for (int q = 0; q < 90; ++q)
      for (int k = 0; k < 90; ++k)
        for (int h = 0; h < 4; ++h) {
          double score = std::sin(q * 7.0 + k * 3.0 + h) * 10;
          double found =
              evaluator.score({q, k, h, h % 2, score}, [](unsigned, int32_t i, int32_t j) { return element(i, j); });
          // Both sides round the same operations in one order, except that a library may contract them.
          double expected = c.meaning(score, q, k, h, h % 2);
          ASSERT_TRUE(found == expected || std::abs(found - expected) <= 1e-6 * std::abs(expected))
              << c.text << ": " << found << " for " << expected << " at " << q << " " << k;
        }
  }
}

TEST(Evaluate, TablesGetTheirNumberAndIndices) {
  Expression expression = *parse("table2(q - 9, k) + 1000 * table5(h, b)", Kind::Score);
  Evaluator<double> evaluator(expression);
  double found =
      evaluator.score({3, 5, 2, 1, 0}, [](unsigned table, int32_t i, int32_t j) { return 100 * table + 10 * i + j; });
  EXPECT_EQ(found, (200 - 60 + 5) + 1000.0 * (500 + 20 + 1));
  EXPECT_EQ(clampIndex(-6, 4), 0);
  EXPECT_EQ(clampIndex(3, 4), 3);
  EXPECT_EQ(clampIndex(4, 4), 3);
}

} // namespace
