//===- LayoutOpsTest.cpp - How a batch is laid out ------------------------===//

#include "Interpreter.h"

#include <gtest/gtest.h>

using namespace tenon::reference;

namespace {

TEST(PositionIds, CountFromZeroInEverySequence) {
  Tensor<double> result = compute<double>(
      "(%ids: tensor<?x?xi32>) -> tensor<?x?xi32>",
      "%0 = tenon.position_ids %ids : (tensor<?x?xi32>) -> tensor<?x?xi32>\nreturn %0 : tensor<?x?xi32>",
      {ints({2, 3}, {9, 9, 9, 9, 9, 9})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0, 1, 2, 0, 1, 2}));
}

TEST(PositionIds, PadTokensHaveNoPosition) {
  Tensor<double> result = compute<double>(
      "(%ids: tensor<?x?xi32>) -> tensor<?x?xi32>",
      "%0 = tenon.position_ids %ids {pad = 1 : i64} : (tensor<?x?xi32>) -> tensor<?x?xi32>\nreturn %0 : "
      "tensor<?x?xi32>",
      {ints({2, 5}, {1, 9, 1, 1, 8, 7, 0, 1, 2, 1})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({-1, 0, -1, -1, 1, 0, 1, -1, 2, -1}));
}

TEST(RowPositions, PadTokensHaveNoPosition) {
  Tensor<double> result = compute<double>(
      "(%n: tensor<?xi32>, %ids: tensor<?xi32>) -> tensor<?xi32>",
      "%s = tenon.row_starts %n tile 2 : tensor<?xi32> -> tensor<?xi32>\n"
      "%0 = tenon.row_positions %s tokens(%ids) {pad = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>\n"
      "return %0 : tensor<?xi32>",
      {ints({2}, {3, 2}), ints({6}, {9, 1, 8, 0, 1, 7})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0, -1, 1, 2, -1, 0}));
}

TEST(RowStarts, LengthsAreRoundedUpToTiles) {
  Tensor<double> result =
      compute<double>("(%n: tensor<?xi32>) -> tensor<?xi32>",
                      "%0 = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>\nreturn %0 : tensor<?xi32>",
                      {ints({5}, {0, 1, 16, 17, 15})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0, 0, 16, 32, 64, 80}));
}

TEST(RowStarts, OfNoSequences) {
  Tensor<double> result = compute<double>(
      "(%n: tensor<?xi32>) -> tensor<?xi32>",
      "%0 = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>\nreturn %0 : tensor<?xi32>", {ints({0}, {})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0}));
}

const char *const kPack = "%s = tenon.row_starts %n tile 2 : tensor<?xi32> -> tensor<?xi32>\n";

TEST(PackRows, PaddingOfTilesIsZero) {
  std::string body = std::string(kPack) +
                     "%0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x2xf32>, "
                     "tensor<?xi32>, tensor<?xi32>) -> tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>";
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>) -> tensor<?x2xf32>", body,
      {tensor({3, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7, 8, 9, 7, 7, 7, 7}), ints({3}, {3, 0, 1})});
  EXPECT_EQ(result.shape(), llvm::ArrayRef<int64_t>({6, 2}));
  EXPECT_EQ(values(result), (std::vector<double>{1, 2, 3, 4, 5, 6, 0, 0, 8, 9, 0, 0}));
}

TEST(PackRows, Integers) {
  std::string body = std::string(kPack) + "%0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?xi32>, "
                                          "tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>\nreturn %0 : tensor<?xi32>";
  Tensor<double> result = compute<double>("(%x: tensor<?x?xi32>, %n: tensor<?xi32>) -> tensor<?xi32>", body,
                                          {ints({2, 3}, {1, 2, 3, 4, 5, 6}), ints({2}, {1, 3})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({1, 0, 4, 5, 6, 0}));
}

TEST(UnpackRows, UndoesPackingAndZeroesPadding) {
  std::string body =
      std::string(kPack) +
      "%p = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x1x2xf32>, tensor<?xi32>, tensor<?xi32>) -> "
      "tensor<?x1x2xf32>\n"
      "%0 = tenon.unpack_rows %p starts(%s) lengths(%n) like %ids : (tensor<?x1x2xf32>, tensor<?xi32>, "
      "tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x1x2xf32>\nreturn %0 : tensor<?x?x1x2xf32>";
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x?x1x2xf32>, %n: tensor<?xi32>, %ids: tensor<?x?xi32>) -> tensor<?x?x1x2xf32>", body,
      {tensor({2, 3, 1, 2}, {1, 2, 3, 4, 9, 9, 5, 6, 9, 9, 9, 9}), ints({2}, {2, 1}),
       ints({2, 3}, {0, 0, 0, 0, 0, 0})});
  EXPECT_EQ(result.shape(), llvm::ArrayRef<int64_t>({2, 3, 1, 2}));
  EXPECT_EQ(values(result), (std::vector<double>{1, 2, 3, 4, 0, 0, 5, 6, 0, 0, 0, 0}));
}

TEST(PositionIds, CountFromWhatIsCached) {
  Tensor<double> result = compute<double>("(%ids: tensor<?x?xi32>, %p: tensor<?xi32>) -> tensor<?x?xi32>",
                                          "%0 = tenon.position_ids %ids past(%p) : (tensor<?x?xi32>, tensor<?xi32>) -> "
                                          "tensor<?x?xi32>\nreturn %0 : tensor<?x?xi32>",
                                          {ints({2, 3}, {9, 9, 9, 9, 9, 9}), ints({2}, {0, 17})});
  EXPECT_EQ(result.ints(), llvm::ArrayRef<int32_t>({0, 1, 2, 17, 18, 19}));
}

} // namespace
