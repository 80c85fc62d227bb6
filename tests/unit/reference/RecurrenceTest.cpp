//===- RecurrenceTest.cpp - Scans, windows and shared keys ----------------===//

#include "Interpreter.h"

#include <gtest/gtest.h>

using namespace tenon::reference;

namespace {

constexpr const char *kVector = "tensor<?xi32>";

TEST(Scan, StartsFromZeroInEverySequence) {
  Tensor<double> result = compute<double>(
      "(%f: tensor<?x?x1xf32>, %x: tensor<?x?x1xf32>, %n: tensor<?xi32>) -> tensor<?x?x1xf32>",
      "%0 = tenon.scan %f, %x lengths(%n) : (tensor<?x?x1xf32>, tensor<?x?x1xf32>, tensor<?xi32>) -> "
      "tensor<?x?x1xf32>\nreturn %0 : tensor<?x?x1xf32>",
      {tensor({2, 3, 1}, {0.5, 0.5, 0.25, 0.0, 1.0, 9}), tensor({2, 3, 1}, {8, 4, 2, 6, 5, 9}), ints({2}, {3, 2})});
  // 0.5*0 + 0.5*8 = 4; 0.5*4 + 0.5*4 = 4; 0.25*4 + 0.75*2 = 2.5. Then 6 anew, kept whole by 1.
  EXPECT_EQ(values(result), (std::vector<double>{4, 4, 2.5, 6, 6, 0}));
}

std::string cachedScan(const std::string &rows, const std::string &starts, const std::string &startsType) {
  return "%0 = tenon.scan %f, %f from %c " + starts + "lengths(%n) past(%p) pages(%t) : (" + rows + ", " + rows +
         ", tensor<?x32xf32>, " + startsType + "tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> " + rows +
         "\nreturn %0 : " + rows;
}

TEST(Scan, GoesOnFromTheRowBefore) {
  // Two components; row 15 of page 1 is (7, 9), row 0 of page 0 (3, 5).
  std::vector<double> cache(2 * 32, -1);
  cache[32 + 30] = 7, cache[32 + 31] = 9, cache[0] = 3, cache[1] = 5;
  std::string rows = "tensor<?x?x2xf32>";
  Tensor<double> result =
      compute<double>("(%f: " + rows +
                          ", %c: tensor<?x32xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: "
                          "tensor<?x?xi32>) -> " +
                          rows,
                      cachedScan(rows, "", ""),
                      {tensor({3, 1, 2}, {1, 0.5, 1, 1, 0, 0}), tensor({2, 32}, cache), ints({3}, {1, 1, 1}),
                       ints({3}, {16, 1, 0}), ints({3, 2}, {1, 0, 0, 1, 1, 1})});
  EXPECT_EQ(values(result), (std::vector<double>{7, 4.75, 3, 5, 0, 0}));
}

TEST(Scan, PackedRowsPastALengthStayZero) {
  std::string rows = "tensor<?x2xf32>";
  Tensor<double> result =
      compute<double>("(%f: " + rows +
                          ", %c: tensor<?x32xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: "
                          "tensor<?x?xi32>) -> " +
                          rows,
                      cachedScan(rows, "starts(%s) ", "tensor<?xi32>, "),
                      {tensor({2, 2}, {0, 0.5, 0.5, 0.5}), tensor({1, 32}, std::vector<double>(32, 4)),
                       ints({2}, {0, 2}), ints({1}, {1}), ints({1}, {2}), ints({1, 1}, {0})});
  // forget 0 keeps nothing: 0*4 + 1*0; 0.5*4 + 0.5*0.5.
  EXPECT_EQ(values(result), (std::vector<double>{0, 2.25, 0, 0}));
}

TEST(Depthwise, NeighboursOutsideTheSequenceAreZero) {
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x?x2xf32>, %w: tensor<3x2xf32>, %n: tensor<?xi32>) -> tensor<?x?x2xf32>",
      "%0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x?x2xf32>, tensor<3x2xf32>, tensor<?xi32>) "
      "-> tensor<?x?x2xf32>\nreturn %0 : tensor<?x?x2xf32>",
      {tensor({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9}), tensor({3, 2}, {1, 10, 2, 20, 4, 40}), ints({2}, {3, 1})});
  // 2*1 + 4*3; 1*1 + 2*3 + 4*5; 1*3 + 2*5; ten times as much of the other component. Then 2*7 alone.
  EXPECT_EQ(values(result), (std::vector<double>{14, 200, 27, 340, 13, 160, 14, 160, 0, 0, 0, 0}));
}

TEST(Depthwise, GoesOnFromTheRowsBefore) {
  // One component; token 15 in page 1 is 7, token 16 in page 0 is 9, and there are no others.
  std::vector<double> cache(2 * 16, -1);
  cache[16 + 15] = 7, cache[0] = 9;
  std::string rows = "tensor<?x1xf32>";
  Tensor<double> result = compute<double>(
      "(%x: " + rows + ", %w: tensor<3x1xf32>, %c: tensor<?x16xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: " +
          "tensor<?xi32>, %t: tensor<?x?xi32>) -> " + rows,
      "%0 = tenon.depthwise %x, %w from %c starts(%s) lengths(%n) past(%p) pages(%t) {before = 2 : i64} : (" + rows +
          ", tensor<3x1xf32>, tensor<?x16xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> " + rows +
          "\nreturn %0 : " + rows,
      {tensor({4, 1}, {1, 2, 3, 5}), tensor({3, 1}, {100, 10, 1}), tensor({2, 16}, cache), ints({3}, {0, 2, 4}),
       ints({2}, {2, 1}), ints({2}, {17, 0}), ints({2, 2}, {1, 0, 0, 1})});
  // 7, 9, 1; 9, 1, 2; the second sequence begins; its other row is none of it.
  EXPECT_EQ(values(result), (std::vector<double>{791, 912, 3, 0}));
}

TEST(AppendRows, WritesNewTokensBehindOldOnesAndNothingElse) {
  std::string rows = "tensor<?x?x2xf32>";
  std::vector<double> cache = randomValues(3 * 32, 1), expected = cache;
  Tensor<double> result = compute<double>(
      "(%x: " + rows +
          ", %c: tensor<?x32xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> "
          "tensor<?x32xf32>",
      "%0 = tenon.append_rows %x to %c lengths(%n) past(%p) pages(%t) : (tensor<?x32xf32>, " + rows +
          ", tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x32xf32>\nreturn %0 : tensor<?x32xf32>",
      {tensor({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), tensor({3, 32}, cache), ints({2}, {2, 1}), ints({2}, {15, 0}),
       ints({2, 2}, {2, 0, 1, 1})});
  expected[64 + 30] = 1, expected[64 + 31] = 2; // token 15 in page 2
  expected[0] = 3, expected[1] = 4;             // token 16 in page 0
  expected[32] = 5, expected[33] = 6;           // token 0 in page 1
  EXPECT_EQ(values(result), expected);
}

TEST(AppendRows, PagesThatAreNotThereAreAnError) {
  std::string rows = "tensor<?x?x2xf32>";
  Outcome<double> outcome = run<double>(
      "func.func @f(%x: " + rows +
          ", %c: tensor<?x32xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: "
          "tensor<?x?xi32>) -> tensor<?x32xf32> {\n%0 = tenon.append_rows %x to %c lengths(%n) past(%p) pages(%t) : "
          "(tensor<?x32xf32>, " +
          rows +
          ", tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x32xf32>\nreturn "
          "%0 : tensor<?x32xf32>\n}",
      {tensor({1, 1, 2}, {1, 2}), tensor({1, 32}, std::vector<double>(32, 0)), ints({1}, {1}), ints({1}, {0}),
       ints({1, 1}, {1})});
  EXPECT_NE(outcome.errors.find("page 1 of sequence 0 is not one of 1"), std::string::npos) << outcome.errors;
}

TEST(Unfold, NeighboursOutsideTheSequenceAreZero) {
  Tensor<double> result =
      compute<double>("(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>) -> tensor<?x?x6xf32>",
                      "%0 = tenon.unfold %x lengths(%n) {window = 3 : i64} : (tensor<?x?x2xf32>, tensor<?xi32>) -> "
                      "tensor<?x?x6xf32>\nreturn %0 : tensor<?x?x6xf32>",
                      {tensor({1, 3, 2}, {1, 10, 2, 20, 3, 30}), ints({1}, {2})});
  // Component by component: before, itself, after. Row 2 is outside of the sequence.
  EXPECT_EQ(values(result), (std::vector<double>{0, 1, 2, 0, 10, 20, 1, 2, 0, 10, 20, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Unfold, AStrideLeavesEverySecondRow) {
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x?x1xf32>, %n: tensor<?xi32>) -> tensor<?x?x3xf32>",
      "%0 = tenon.unfold %x lengths(%n) {window = 3 : i64, stride = 2 : i64} : (tensor<?x?x1xf32>, tensor<?xi32>) -> "
      "tensor<?x?x3xf32>\nreturn %0 : tensor<?x?x3xf32>",
      {tensor({2, 5, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 9}), ints({2}, {5, 3})});
  EXPECT_EQ(result.shape(), llvm::ArrayRef<int64_t>({2, 3, 3}));
  EXPECT_EQ(values(result), (std::vector<double>{0, 1, 2, 2, 3, 4, 4, 5, 0, 0, 6, 7, 7, 8, 0, 0, 0, 0}));
}

TEST(Unfold, PackedSequencesHaveStartsOfTheirOwn) {
  std::string body = "%m = tenon.strided_lengths %n stride 2 : tensor<?xi32>\n"
                     "%s = tenon.row_starts %n tile 2 : tensor<?xi32> -> tensor<?xi32>\n"
                     "%r = tenon.row_starts %m tile 2 : tensor<?xi32> -> tensor<?xi32>\n"
                     "%p = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x1xf32>, tensor<?xi32>, "
                     "tensor<?xi32>) -> tensor<?x1xf32>\n"
                     "%0 = tenon.unfold %p starts(%s) lengths(%n) to starts(%r) lengths(%m) {window = 1 : i64, stride "
                     "= 2 : i64} : (tensor<?x1xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> "
                     "tensor<?x1xf32>\nreturn %0 : tensor<?x1xf32>";
  Tensor<double> result = compute<double>("(%x: tensor<?x?x1xf32>, %n: tensor<?xi32>) -> tensor<?x1xf32>", body,
                                          {tensor({2, 5, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 9}), ints({2}, {5, 1})});
  EXPECT_EQ(values(result), (std::vector<double>{1, 3, 5, 0, 6, 0}));
}

TEST(StridedLengths, AreRoundedUp) {
  Tensor<double> result =
      compute<double>(std::string("(%n: ") + kVector + ") -> " + kVector,
                      "%0 = tenon.strided_lengths %n stride 3 : tensor<?xi32>\nreturn %0 : tensor<?xi32>",
                      {ints({5}, {0, 1, 3, 4, 7})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0, 1, 1, 2, 3}));
}

TEST(ZeroLengths, OneForEachSequence) {
  Tensor<double> result =
      compute<double>(std::string("(%n: ") + kVector + ") -> " + kVector,
                      "%0 = tenon.zero_lengths %n : tensor<?xi32>\nreturn %0 : tensor<?xi32>", {ints({3}, {4, 0, 7})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0, 0, 0}));
}

TEST(AddLengths, OneForEachSequence) {
  Tensor<double> result = compute<double>(
      "(%n: tensor<?xi32>, %p: tensor<?xi32>) -> tensor<?xi32>",
      "%0 = tenon.add_lengths %n, %p : tensor<?xi32>\nreturn %0 : tensor<?xi32>", {ints({3}, {4, 0, 7}), ints({3}, {1, 5, 0})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({5, 5, 7}));
}

TEST(RowPositions, CountInEveryPackedSequence) {
  Tensor<double> result = compute<double>(
      "(%s: tensor<?xi32>, %p: tensor<?xi32>) -> tensor<?xi32>",
      "%0 = tenon.row_positions %s past(%p) : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>\nreturn %0 : "
      "tensor<?xi32>",
      {ints({4}, {0, 2, 2, 5}), ints({3}, {10, 20, 30})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({10, 11, 30, 31, 32}));
}

TEST(Embed, TheFirstPositionIsZeros) {
  Tensor<double> result =
      compute<double>("(%i: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<2x2xf32>) -> tensor<?x2xf32>",
                      "%0 = tenon.embed %i, %t positions(%p) : (tensor<?xi32>, tensor<2x2xf32>, tensor<?xi32>) -> "
                      "tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>",
                      {ints({3}, {1, 1, 0}), ints({3}, {0, 1, 2}), tensor({2, 2}, {1, 2, 3, 4})});
  EXPECT_EQ(values(result), (std::vector<double>{0, 0, 3, 4, 1, 2}));
}

TEST(CachedAttention, KeysOfAnotherSequenceAreAsManyAsItHas) {
  // One head of one component; page 0 has the keys 0 to 15 with values 0, 1, 2, ...: equal scores, so that the result
  // is the mean of the values of the first keys, none of them behind the query's position 5.
  std::vector<double> cache(32, 0);
  for (int token = 0; token < 16; ++token)
    cache[16 + token] = token;
  Tensor<double> result = compute<double>(
      "(%q: tensor<?x?x1xf32>, %c: tensor<?x32xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>, %k: "
      "tensor<?xi32>) -> tensor<?x?x1xf32>",
      "%0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) lengths(%k) {heads = 1 : i64, key_value_heads = "
      "1 : i64, head_size = 1 : i64, scale = 1.0 : f64} : (tensor<?x?x1xf32>, tensor<?x32xf32>, tensor<?xi32>, "
      "tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?x1xf32>\nreturn %0 : tensor<?x?x1xf32>",
      {tensor({3, 1, 1}, {1, 1, 1}), tensor({1, 32}, cache), ints({3}, {1, 1, 1}), ints({3}, {5, 100, 0}),
       ints({3, 1}, {0, 0, 0}), ints({3}, {3, 16, 0})});
  EXPECT_EQ(values(result), (std::vector<double>{1, 7.5, 0}));
}

} // namespace
