//===- AnalysisTest.cpp - What is proven about masks ----------------------===//

#include "expressions/Analysis.h"
#include "expressions/Evaluate.h"
#include "expressions/Sugar.h"
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

constexpr int32_t unbounded = -1;

struct Case {
  const char *mask;
  bool seesLater;
  int32_t window;
};

/// What the analysis should find; where it can't be exact, the comment says what holds.
const Case cases[] = {
    {"true", true, unbounded},
    {"false", false, 1},
    {"k <= q", false, unbounded},
    {"k < q", false, unbounded},
    {"q >= k", false, unbounded},
    {"!(k > q)", false, unbounded},
    {"q - k >= 0", false, unbounded},
    {"k - q <= 0 == true", false, unbounded},
    {"max(k - q, 0) == 0", false, unbounded},
    {"k <= min(q, 100)", false, unbounded},
    {"k + h <= q", false, unbounded},
    {"k <= q + b", true, unbounded},
    {"k <= q && q - k < 16", false, 16},
    {"k <= q && q - k <= 16", false, 17},
    {"k <= q && k > q - 16", false, 16},
    {"q - k < 8 * 2 && q - k > -8", true, 16},
    {"abs(q - k) < 4", true, 4},
    {"abs(q - k) < 4 && k <= q", false, 4},
    {"q - k == 3 || q == k", false, 4},
    {"k <= q || k < 8", true, unbounded},
    {"k <= q && (k < 4 || q - k < 16)", false, unbounded},
    {"q / 64 == k / 64", true, 64},
    {"q / 64 == k / 64 && k <= q", false, 64},
    {"k / 64 <= q / 64", true, unbounded},
    {"k / -64 == q / -64 && k <= q", false, 64},
    {"k <= q && k >= q / 8192 * 8192", false, 8192},
    {"k <= q && q % 64 >= q - k", false, 64},
    {"(q - k) % 2 == 0 && k <= q", false, unbounded},
    {"(q - k) % 1 != 0", false, 1},
    {"2 * k <= q * 2 + 1", false, unbounded},
    {"2 * k <= q", false, unbounded},
    {"k <= 2 * q", true, unbounded},
    {"select(h < 4, k <= q, k <= q && q - k < 8)", false, unbounded},
    {"select(h < 4, k <= q && q - k < 32, k <= q && q - k < 8)", false, 32},
    {"q - k < select(h < 4, 8, 16)", true, 16},
    {"k <= q && q - k < 16 * (h + 1)", false, unbounded},
    {"k <= q && int(q < 5) + q - k < 7", false, 7},
    {"k >= q + 5", true, 1},
    {"k <= q && q - k < 4 || k <= q && q - k < 9", false, 9},
    {"k <= q && (q - k) / 0 == 0", false, unbounded},
    {"k <= q && (q - k) / 0 == 1", false, 1},
    // Floats are not looked into, nor are products of variables, though these are causal.
    {"float(k) < float(q)", true, unbounded},
    {"(k - q) * (k - q) == q - k", true, unbounded},
    {"table0(q, k) > 0", true, unbounded},
    {"table0(q, k) > 0 && k <= q && q - k < 5", false, 5},
};

TEST(Analysis, Findings) {
  for (const Case &c : cases) {
    ParseResult mask = parse(c.mask, Kind::Mask);
    ASSERT_TRUE(mask) << c.mask << ": " << mask.error().message;
    EXPECT_EQ(seesLaterKeys(*mask), c.seesLater) << c.mask;
    EXPECT_EQ(windowOf(*mask).value_or(unbounded), c.window) << c.mask;
  }
}

TEST(Analysis, SegmentsMayBeSaid) {
  std::string_view joint = "segment < 1 || k <= q && q - k < 8";
  EXPECT_TRUE(seesLaterKeys(joint));
  EXPECT_EQ(windowOf(joint), std::nullopt);
  EXPECT_TRUE(seesLaterKeys(joint, {.key = 0}));
  EXPECT_FALSE(seesLaterKeys(joint, {.key = 1}));
  EXPECT_EQ(windowOf(joint, {.key = 1}), 8);
  EXPECT_TRUE(seesLaterKeys("k <= q || query_segment == 0", {.key = 1}));
  EXPECT_FALSE(seesLaterKeys("k <= q || query_segment == 0", {.key = 1, .query = 1}));
  // Segments have numbers from 0.
  EXPECT_FALSE(seesLaterKeys("k <= q || segment < 0 || query_segment > 8"));
}

TEST(Analysis, WhatSeesNothing) {
  auto nothing = [](const char *text, Segments segments = {}) {
    return seesNothing(*parse(text, Kind::Mask), segments);
  };
  for (const char *text :
       {"false", "k < 0", "q < 0", "h < 0 || b < 0", "k < q && k > q", "k <= q && q - k < 0", "segment > 8"})
    EXPECT_TRUE(nothing(text)) << text;
  for (const char *text : {"true", "k <= q", "k < 1", "k == q", "q > 1000", "k > q + 1000", "h == 7", "segment > 7"})
    EXPECT_FALSE(nothing(text)) << text;
  EXPECT_TRUE(nothing("segment > 0 && k <= q", {.key = 0}));
  EXPECT_FALSE(nothing("segment > 0 && k <= q", {.key = 1}));
  EXPECT_TRUE(nothing("query_segment < 1", {.query = 1}));
}

TEST(Analysis, SugarIsUnderstood) {
  EXPECT_FALSE(seesLaterKeys(causal()));
  EXPECT_EQ(windowOf(causal()), std::nullopt);
  EXPECT_FALSE(seesLaterKeys(window(4096)));
  EXPECT_EQ(windowOf(window(4096)), 4096);
  EXPECT_EQ(windowOf(window(1)), 1);
  EXPECT_TRUE(seesLaterKeys(prefix(3)));
}

/// Makes random masks out of a grammar that reaches everything the analysis handles.
class RandomMask {
public:
  explicit RandomMask(uint32_t seed) : state(seed * 2654435761u + 1) {}

  std::string condition(int depth) {
    if (depth == 0 || pick(4) == 0) {
      const char *comparisons[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
      return "(" + integer(depth) + comparisons[pick(6)] + integer(depth) + ")";
    }
    switch (pick(5)) {
    case 0:
      return "!" + condition(depth - 1);
    case 1:
      return "(" + condition(depth - 1) + " || " + condition(depth - 1) + ")";
    case 2:
      return "select(" + condition(depth - 1) + ", " + condition(depth - 1) + ", " + condition(depth - 1) + ")";
    default:
      return "(" + condition(depth - 1) + " && " + condition(depth - 1) + ")";
    }
  }

private:
  uint32_t state;

  uint32_t pick(uint32_t count) {
    state = state * 1664525u + 1013904223u;
    return (state >> 16) % count;
  }

  std::string integer(int depth) {
    if (depth == 0 || pick(3) == 0) {
      const char *leaves[] = {"q", "k", "q", "k", "(q - k)", "h", "b"};
      return pick(4) == 0 ? std::to_string(int(pick(12)) - 3) : leaves[pick(7)];
    }
    std::string x = integer(depth - 1), y = integer(depth - 1), c = std::to_string(int(pick(9)) - 3);
    switch (pick(9)) {
    case 0:
      return "(" + x + " + " + y + ")";
    case 1:
      return "(" + x + " - " + y + ")";
    case 2:
      return "(" + x + " * " + c + ")";
    case 3:
      return "(" + x + " / " + c + ")";
    case 4:
      return "(" + x + " % " + c + ")";
    case 5:
      return "min(" + x + ", " + y + ")";
    case 6:
      return "max(" + x + ", " + y + ")";
    case 7:
      return "abs(" + x + ")";
    default:
      return "select(" + condition(depth - 1) + ", " + x + ", " + y + ")";
    }
  }
};

/// The farthest key back and whether a later key is seen, by looking at all of a small range.
struct Seen {
  bool any = false, later = false;
  int32_t farthest = -1;
};

Seen look(const Expression &mask) {
  Seen seen;
  Evaluator<float> evaluator(mask);
  for (int32_t q = 0; q < 24; ++q)
    for (int32_t k = 0; k < 24; ++k)
      for (int32_t h = 0; h < 3; ++h)
        for (int32_t b = 0; b < 3; ++b)
          if (evaluator.mask({q, k, h, b, 0})) {
            seen.any = true;
            seen.later |= k > q;
            seen.farthest = std::max(seen.farthest, q - k);
          }
  return seen;
}

TEST(Analysis, ProofsHoldForRandomMasks) {
  unsigned causalProofs = 0, windowProofs = 0, nothingProofs = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::string text = RandomMask(seed).condition(1 + seed % 4);
    ParseResult mask = parse(text, Kind::Mask);
    ASSERT_TRUE(mask) << text << ": " << mask.error().message;
    Seen seen = look(*mask);
    nothingProofs += seesNothing(*mask);
    if (seesNothing(*mask))
      EXPECT_FALSE(seen.any) << text;
    if (!seesLaterKeys(*mask)) {
      ++causalProofs;
      EXPECT_FALSE(seen.later) << text;
    }
    if (std::optional<int32_t> keys = windowOf(*mask)) {
      ++windowProofs;
      EXPECT_LT(seen.farthest, *keys) << text;
    }
  }
  EXPECT_GT(causalProofs, 100u);
  EXPECT_GT(windowProofs, 100u);
  EXPECT_GT(nothingProofs, 20u);
}

} // namespace
