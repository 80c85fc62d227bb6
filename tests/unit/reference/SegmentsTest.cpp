//===- SegmentsTest.cpp - One softmax over several segments ---------------===//

#include "Interpreter.h"

#include <gtest/gtest.h>
#include <limits>

using namespace tenon::reference;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// One head of one component, whose keys are all zero, so that each key that a query sees counts alike. Three sequences
/// with 2, 0 and 1 rows of a source (values 100, 200 in the first) and own tokens in pages (values 0, 1, 2, …).
Outcome<double> attend(const std::string &segments, const std::string &types, const std::string &expressions,
                       std::vector<int32_t> lengths = {2, 0, 1}) {
  std::vector<double> cache(2 * 32, 0);
  for (int token = 0; token < 32; ++token)
    cache[(token / 16) * 32 + 16 + token % 16] = token;
  std::string arguments = "(%q: tensor<?x?x1xf32>, %c: tensor<?x32xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: "
                          "tensor<?x?xi32>, %k: tensor<?x?x1xf32>, %v: tensor<?x?x1xf32>, %kn: tensor<?xi32>, %o: "
                          "tensor<?xi32>) -> tensor<?x?x1xf32>";
  return run<double>(
      "func.func @f" + arguments + " {\n%0 = tenon.attention %q cache(%c) lengths(%n) past(%p) " + segments +
          " {heads = 1 : i64, key_value_heads = 1 : i64, head_size = 1 : i64, scale = 1.0 : f64" + expressions +
          "} : (tensor<?x?x1xf32>, tensor<?x32xf32>, tensor<?xi32>, tensor<?xi32>, " + types +
          ") -> tensor<?x?x1xf32>\nreturn %0 : tensor<?x?x1xf32>\n}",
      {tensor({3, 1, 1}, {1, 1, 1}), tensor({2, 32}, cache), ints({3}, {1, 1, 1}), ints({3}, {3, 17, 0}),
       ints({3, 2}, {0, 9, 0, 1, 0, 9}), tensor({3, 2, 1}, {0, 0, 0, 0, 0, 0}),
       tensor({3, 2, 1}, {100, 200, kNaN, kNaN, 300, kNaN}), ints({3}, std::move(lengths)), ints({3}, {2, 0, 1})});
}

const std::string kRows = "tensor<?x?x1xf32>, tensor<?x?x1xf32>", kInts = "tensor<?xi32>", kTable = "tensor<?x?xi32>";
const std::string kJoint = "to rows(%k, %v) lengths(%kn), pages(%t)";
const std::string kJointTypes = kRows + ", " + kInts + ", " + kTable;

std::vector<double> jointly(const std::string &expressions) {
  Outcome<double> outcome = attend(kJoint, kJointTypes, expressions);
  EXPECT_EQ(outcome.errors, "");
  return values(outcome.results[0]);
}

TEST(SeveralSegments, AreOneSoftmax) {
  // 2 + 4 keys, 0 + 18 keys, 1 + 1 keys.
  expectNear(jointly(""), {(100 + 200 + 0 + 1 + 2 + 3) / 6.0, 8.5, 150}, 1e-12);
}

TEST(SeveralSegments, AreToldApartByTheirNumber) {
  expectNear(jointly(", mask = \"segment == 0\""), {150, 0, 300}, 1e-12);
  expectNear(jointly(", mask = \"segment == query_segment\""), {1.5, 8.5, 0}, 1e-12);
  expectNear(jointly(", mask = \"segment == query_segment\", query_segment = 0 : i64"), {150, 0, 300}, 1e-12);
  expectNear(jointly(", mask = \"segment == 0 && k == 1 || segment == 1 && k == q\""), {101.5, 17, 0}, 1e-12);
  // Twice as many of the source: the logarithm of two more.
  expectNear(jointly(", score = \"s + select(segment == 0, log(2.0), 0.0)\""),
             {(2 * 300 + 6) / 8.0, 8.5, (2 * 300 + 0) / 3.0}, 1e-6);
}

TEST(SeveralSegments, PositionsHaveOffsets) {
  // Queries at 3 + 2, 17 and 0 + 1; own keys from 2, 0 and 1 on: those behind the source.
  Outcome<double> outcome = attend("offset(%o) to rows(%k, %v) lengths(%kn), pages(%t) offset(%o)",
                                   kInts + ", " + kJointTypes + ", " + kInts, ", mask = \"k <= q && q - k < 4\"");
  ASSERT_EQ(outcome.errors, "");
  expectNear(values(outcome.results[0]), {1.5, 15.5, 150}, 1e-12);
  outcome = attend("offset(%o) to rows(%k, %v) lengths(%kn), pages(%t) offset(%o)",
                   kInts + ", " + kJointTypes + ", " + kInts, ", mask = \"k <= q && q - k < 5\"");
  ASSERT_EQ(outcome.errors, "");
  expectNear(values(outcome.results[0]), {(200 + 6) / 5.0, 15, 150}, 1e-12);
}

TEST(SeveralSegments, PagesOfOthersInTheSameCache) {
  Outcome<double> outcome =
      attend("to pages(%t) lengths(%kn), pages(%t)", kTable + ", " + kInts + ", " + kTable, ", mask = \"k <= q\"");
  ASSERT_EQ(outcome.errors, "");
  expectNear(values(outcome.results[0]), {(0 + 1 + 0 + 1 + 2 + 3) / 6.0, 8.5, 0}, 1e-12);
}

TEST(SeveralSegments, WhatDoesNotFitIsAnError) {
  auto error = [](const std::string &segments, const std::string &types, std::vector<int32_t> lengths) {
    return attend(segments, types, "", std::move(lengths)).errors;
  };
  EXPECT_NE(error(kJoint, kJointTypes, {3, 0, 0}).find("length 3 of sequence 0 is not between 0 and 2"),
            std::string::npos);
  EXPECT_NE(error("to pages(%t) lengths(%kn), pages(%t)", kTable + ", " + kInts + ", " + kTable, {0, 33, 0})
                .find("sequence 1 has 33 keys, expected at most 32"),
            std::string::npos);
  EXPECT_NE(error("to pages(%t) lengths(%kn), pages(%t)", kTable + ", " + kInts + ", " + kTable, {17, 0, 0})
                .find("page 9 of sequence 0 is not one of 2"),
            std::string::npos);
}

TEST(SeveralSegments, NumbersOfSequencesThatDiffer) {
  Outcome<double> outcome = run<double>(
      "func.func @f(%q: tensor<?x?x1xf32>, %n: tensor<?xi32>, %k: tensor<?x?x1xf32>, %kn: tensor<?xi32>, %o: "
      "tensor<?xi32>) -> tensor<?x?x1xf32> {\n%0 = tenon.attention %q lengths(%n) to rows(%k, %k) lengths(%kn), "
      "rows(%q, %q) offset(%o) {heads = 1 : i64, key_value_heads = 1 : i64, head_size = 1 : i64, scale = 1.0 : f64} : "
      "(tensor<?x?x1xf32>, tensor<?xi32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>, tensor<?xi32>, tensor<?x?x1xf32>, "
      "tensor<?x?x1xf32>, tensor<?xi32>) -> tensor<?x?x1xf32>\nreturn %0 : tensor<?x?x1xf32>\n}",
      {tensor({1, 1, 1}, {1}), ints({1}, {1}), tensor({2, 1, 1}, {1, 2}), ints({2}, {1, 1}), ints({1}, {0})});
  EXPECT_NE(outcome.errors.find("has keys of 2 sequences for 1 sequences"), std::string::npos) << outcome.errors;
}

} // namespace
