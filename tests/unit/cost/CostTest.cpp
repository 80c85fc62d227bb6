//===- CostTest.cpp -------------------------------------------------------===//

#include "ParsedModule.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;

namespace {

/// Of a sequence of `length` rows after `past`, with sources of 10 rows; nothing where the function is refused.
class Counted : public test::ParsedModule {
public:
  explicit Counted(StringRef text, int64_t length = 6, int64_t past = 0) : ParsedModule(text) {
    if (!module)
      return;
    cost::EntryCall call([=](EntryRole role, StringRef) -> int64_t {
      return role == EntryRole::Past ? past : role == EntryRole::SourceLengths ? 10 : length;
    });
    auto function = *module->getOps<func::FuncOp>().begin();
    keep(cost::multiplyAdds(function, call, [&](unsigned result) { return result == 0; }), count);
  }

  std::optional<uint64_t> count;
};

constexpr char kLengths[] = "%n: tensor<?xi32> {tenon.role = \"lengths\"}";
constexpr char kTokens[] = "%tokens: tensor<?x?xi32> {tenon.role = \"tokens\"}";

std::string function(const std::string &arguments, const std::string &result, const std::string &body) {
  return "func.func @f(" + arguments + ") -> " + result + " {\n" + body + "\n}";
}

/// Packed rows of `tokens`.
constexpr char kRows[] = R"(
  %starts = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
  %ids = tenon.pack_rows %tokens starts(%starts) lengths(%n) : (tensor<?x?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %table = tenon.weight ["t"] : tensor<50x8xf32>
  %x = tenon.embed %ids, %table : (tensor<?xi32>, tensor<50x8xf32>) -> tensor<?x8xf32>
)";

TEST(Cost, ProductsCountTheRowsOfTokensAndColumnsOfTheResult) {
  // 6 rows though 16 are packed, 20 columns though panels have 32; a loop of 3 layers behind.
  Counted counted(function(std::string(kTokens) + ", " + kLengths, "tensor<?x8xf32>", std::string(kRows) + R"(
  %w = tenon.weight ["w"] {panel = 16 : i64, part_rows = array<i64: 20>} : tensor<2x8x16xf32>
  %y = tenon.kernel "a" (%x, %w) : (tensor<?x8xf32>, tensor<2x8x16xf32>) -> tensor<?x20xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<2x8x16xf32>):
    %p = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<2x8x16xf32>) -> tensor<?x20xf32>
    tenon.yield %p : tensor<?x20xf32>
  }
  %v = tenon.weight ["v"] : tensor<8x20xf32>
  %z = tenon.kernel "b" (%y, %v) : (tensor<?x20xf32>, tensor<8x20xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x20xf32>, %b: tensor<8x20xf32>):
    %p = tenon.linear %a, %b : (tensor<?x20xf32>, tensor<8x20xf32>) -> tensor<?x8xf32>
    tenon.yield %p : tensor<?x8xf32>
  }
  %r = tenon.repeat 3 inits(%z) : tensor<?x8xf32> {
  ^bb0(%layer: index, %h: tensor<?x8xf32>):
    %u = tenon.weight ["layers.*.u"][%layer] of 3 : tensor<8x8xf32>
    %k = tenon.kernel "c" (%h, %u) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>, %b: tensor<8x8xf32>):
      %p = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
      tenon.yield %p : tensor<?x8xf32>
    }
    tenon.yield %k : tensor<?x8xf32>
  }
  return %r : tensor<?x8xf32>)"));
  ASSERT_TRUE(counted.count) << counted.error;
  EXPECT_EQ(*counted.count, 6u * 8 * 20 + 6u * 20 * 8 + 3u * 6 * 8 * 8);
}

TEST(Cost, WhatNoWantedResultNeedsDoesNotCount) {
  Counted counted(
      function(std::string(kTokens) + ", " + kLengths, "(tensor<?x8xf32>, tensor<?x8xf32>)", std::string(kRows) + R"(
  %w = tenon.weight ["w"] : tensor<8x8xf32>
  %y = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %z = tenon.linear %y, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %y, %z : tensor<?x8xf32>, tensor<?x8xf32>)"));
  ASSERT_TRUE(counted.count) << counted.error;
  EXPECT_EQ(*counted.count, 6u * 8 * 8);
}

std::string attention(const std::string &attributes) {
  return function(std::string(kTokens) + ", " + kLengths, "tensor<?x8xf32>",
                  std::string(kRows) + R"(
  %y = tenon.attention %x starts(%starts) lengths(%n) to rows(%x, %x)
       {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64)" +
                      attributes + R"(}
       : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>)");
}

TEST(Cost, AttentionCountsTheKeysThatItsMaskLeaves) {
  // Two sums of 4 products for each pair and head.
  EXPECT_EQ(Counted(attention("")).count, 6u * 6 * 2 * 8);
  EXPECT_EQ(Counted(attention(", mask = \"k <= q\"")).count, 21u * 2 * 8);
  EXPECT_EQ(Counted(attention(", mask = \"k <= q && q - k < 2\"")).count, 11u * 2 * 8);
  // Head 0 sees all keys, head 1 those of even places.
  EXPECT_EQ(Counted(attention(", mask = \"h == 0 || k % 2 == 0\"")).count, (36u + 18) * 8);
  EXPECT_EQ(Counted(attention(", mask = \"segment > 0\"")).count, 0u);
}

TEST(Cost, AttentionCountsWhatLiesInPages) {
  // One new token after 20, and 10 rows of a source; both in pages.
  std::string text = function("%tokens: tensor<?x1xi32> {tenon.role = \"tokens\"}, " + std::string(kLengths) +
                                  ", %past: tensor<?xi32> {tenon.role = \"past\"}, %pages: tensor<?x?xi32>, %others: "
                                  "tensor<?xi32> {tenon.role = "
                                  "\"source_lengths\"}, %their: tensor<?x?xi32>, %cache: tensor<?x256xf32>",
                              "tensor<?x8xf32>", R"(
  %starts = tenon.row_starts %n tile 1 : tensor<?xi32> -> tensor<?xi32>
  %ids = tenon.pack_rows %tokens starts(%starts) lengths(%n) : (tensor<?x1xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %table = tenon.weight ["t"] : tensor<50x8xf32>
  %x = tenon.embed %ids, %table : (tensor<?xi32>, tensor<50x8xf32>) -> tensor<?x8xf32>
  %y = tenon.attention %x cache(%cache) starts(%starts) lengths(%n) past(%past) offset(%others)
       to pages(%their) lengths(%others), pages(%pages) offset(%others)
       {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64, mask = "segment == 0 || k <= q"}
       : (tensor<?x8xf32>, tensor<?x256xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>,
          tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>)");
  Counted counted(text, /*length=*/1, /*past=*/20);
  ASSERT_TRUE(counted.count) << counted.error;
  EXPECT_EQ(*counted.count, (10u + 21) * 2 * 8);
}

TEST(Cost, RowsBehindAStrideAreFewer) {
  Counted counted(
      function("%x: tensor<?x?x8xf32> {tenon.role = \"features\"}, " + std::string(kLengths), "tensor<?x4xf32>", R"(
  %starts = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
  %p = tenon.pack_rows %x starts(%starts) lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %m = tenon.strided_lengths %n stride 2 : tensor<?xi32>
  %s = tenon.row_starts %m tile 16 : tensor<?xi32> -> tensor<?xi32>
  %u = tenon.unfold %p starts(%starts) lengths(%n) to starts(%s) lengths(%m) {window = 3 : i64, stride = 2 : i64}
       : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  %w = tenon.weight ["w"] : tensor<4x24xf32>
  %y = tenon.linear %u, %w : (tensor<?x24xf32>, tensor<4x24xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>)"),
      /*length=*/7);
  ASSERT_TRUE(counted.count) << counted.error;
  EXPECT_EQ(*counted.count, 4u * 24 * 4);
}

TEST(Cost, ConvolutionsOfOneComponentCountTheRowsThatTheySum) {
  Counted counted(function(std::string(kTokens) + ", " + kLengths, "tensor<?x8xf32>", std::string(kRows) + R"(
  %w = tenon.weight ["w"] : tensor<3x8xf32>
  %r = tenon.kernel "a" (%x, %w, %starts, %n) : (tensor<?x8xf32>, tensor<3x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<3x8xf32>, %s: tensor<?xi32>, %l: tensor<?xi32>):
    %p = tenon.depthwise %a, %b starts(%s) lengths(%l) {before = 1 : i64} : (tensor<?x8xf32>, tensor<3x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
    tenon.yield %p : tensor<?x8xf32>
  }
  return %r : tensor<?x8xf32>)"));
  EXPECT_EQ(counted.error, "");
  EXPECT_EQ(counted.count, 6u * 3 * 8);
}

TEST(Cost, SizesThatNothingSaysAreRefused) {
  Counted counted(function("%x: tensor<?x8xf32>", "tensor<?x8xf32>", R"(
  %w = tenon.weight ["w"] : tensor<8x8xf32>
  %y = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>)"));
  EXPECT_FALSE(counted.count);
  EXPECT_NE(counted.error.find("nothing says how large dimension 0 is"), std::string::npos) << counted.error;
}

} // namespace
