//===- WorkTest.cpp -------------------------------------------------------===//

#include "ParsedModule.h"
#include "cost/Work.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;

namespace {

/// Work of the kernel of a function; nothing where it is refused.
class Worked : public test::ParsedModule {
public:
  Worked(StringRef text, const cost::KernelSizes &sizes) : ParsedModule(text) {
    if (module)
      module->walk([&](KernelOp kernel) { keep(cost::workOf(kernel, sizes), work); });
  }

  std::optional<cost::Work> work;
};

using Bytes = std::vector<uint64_t>;

/// A function around a kernel that gives what `body` yields, without `tenon.yield`.
std::string kernel(const std::vector<std::string> &types, const std::string &result, const std::string &body,
                   const std::string &value) {
  std::string outer, inner, operands, list;
  for (size_t number = 0; number < types.size(); ++number) {
    std::string comma = number ? ", " : "", index = std::to_string(number);
    outer += comma + "%o" + index + ": " + types[number];
    inner += comma + "%" + index + ": " + types[number];
    operands += comma + "%o" + index;
    list += comma + types[number];
  }
  return "func.func @f(" + outer + ") -> " + result + " {\n%r = tenon.kernel \"k\" (" + operands + ") : (" + list +
         ") -> " + result + " {\n^bb0(" + inner + "):\n" + body + "\ntenon.yield " + value + " : " + result +
         "\n}\nreturn %r : " + result + "\n}";
}

TEST(Work, ProductsReadTheirRowsAndAllPanels) {
  Worked worked(kernel({"tensor<?x8xf32>", "tensor<2x8x16xf32>"}, "tensor<?x20xf32>",
                       "%y = tenon.linear %0, %1 : (tensor<?x8xf32>, tensor<2x8x16xf32>) -> tensor<?x20xf32>", "%y"),
                {{{48, 8}, {2, 8, 16}, {48, 20}}, {{}, {}}});
  ASSERT_TRUE(worked.work) << worked.error;
  EXPECT_EQ(worked.work->flops(), 2u * 48 * 8 * 20);
  EXPECT_EQ(worked.work->argumentBytes, (Bytes{48 * 8 * 4, 2 * 8 * 16 * 4}));
  EXPECT_EQ(worked.work->resultBytes, Bytes{48 * 20 * 4});
  EXPECT_EQ(worked.work->bytes(), 48u * 8 * 4 + 2 * 8 * 16 * 4 + 48 * 20 * 4);
}

TEST(Work, TablesCountTheRowsThatArePicked) {
  std::string text = kernel({"tensor<?xi32>", "tensor<50x8xf32>"}, "tensor<?x8xf32>",
                            "%y = tenon.embed %0, %1 : (tensor<?xi32>, tensor<50x8xf32>) -> tensor<?x8xf32>", "%y");
  Worked few(text, {{{16}, {50, 8}}, {{}, {}}});
  ASSERT_TRUE(few.work) << few.error;
  EXPECT_EQ(few.work->argumentBytes, (Bytes{16 * 4, 16 * 8 * 4}));
  EXPECT_EQ(few.work->multiplyAdds, 0u);
  Worked many(text, {{{160}, {50, 8}}, {{}, {}}});
  ASSERT_TRUE(many.work) << many.error;
  EXPECT_EQ(many.work->argumentBytes, (Bytes{160 * 4, 50 * 8 * 4}));
}

TEST(Work, PartsThatNothingReadsAreNotMoved) {
  Worked worked(kernel({"tensor<?x12xf32>"}, "tensor<?x8xf32>",
                       "%p:2 = tenon.split %0 : tensor<?x12xf32> to tensor<?x8xf32>, tensor<?x4xf32>\n"
                       "%y = tenon.activation relu %p#0 : tensor<?x8xf32>",
                       "%y"),
                {{{10, 12}}, {{}}});
  ASSERT_TRUE(worked.work) << worked.error;
  EXPECT_EQ(worked.work->argumentBytes, Bytes{10 * 8 * 4});
  EXPECT_EQ(worked.work->resultBytes, Bytes{10 * 8 * 4});
}

/// Two heads that have their keys in common, of pages.
std::string attention(const std::string &mask) {
  return kernel({"tensor<?x8xf32>", "tensor<?x128xf32>", "tensor<?xi32>", "tensor<?xi32>", "tensor<?xi32>",
                 "tensor<?x?xi32>"},
                "tensor<?x8xf32>",
                "%y = tenon.attention %0 cache(%1) starts(%2) lengths(%3) past(%4) to pages(%5) {heads = 2 : i64, "
                "key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64" +
                    mask +
                    "} : (tensor<?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, "
                    "tensor<?x?xi32>) -> tensor<?x8xf32>",
                "%y");
}

/// Three new rows after five in one sequence, one after twenty in another.
cost::KernelSizes twoSequences() {
  return {{{32, 8}, {4, 128}, {3}, {2}, {2}, {2, 2}}, {{}, {}, {0, 16, 32}, {3, 1}, {5, 20}, {}}};
}

TEST(Work, AttentionReadsTheKeysOfItsSequences) {
  Worked all(attention(""), twoSequences());
  ASSERT_TRUE(all.work) << all.error;
  EXPECT_EQ(all.work->multiplyAdds, (3u * 8 + 21) * 2 * 8);
  EXPECT_EQ(all.work->argumentBytes[1], (8u + 21) * 2 * 4 * 4);

  Worked causal(attention(", mask = \"k <= q\""), twoSequences());
  ASSERT_TRUE(causal.work) << causal.error;
  EXPECT_EQ(causal.work->multiplyAdds, (6u + 7 + 8 + 21) * 2 * 8);
  EXPECT_EQ(causal.work->argumentBytes[1], (8u + 21) * 2 * 4 * 4);
}

TEST(Work, KeysThatNoQuerySeesAreNotRead) {
  Worked window(attention(", mask = \"k <= q && q - k < 4\""), twoSequences());
  ASSERT_TRUE(window.work) << window.error;
  EXPECT_EQ(window.work->multiplyAdds, (3u * 4 + 4) * 2 * 8);
  // Of the first those from 2 to 7, for all three queries together.
  EXPECT_EQ(window.work->argumentBytes[1], (6u + 4) * 2 * 4 * 4);
  Worked oneHead(attention(", mask = \"h == 0 && k == q\""), twoSequences());
  ASSERT_TRUE(oneHead.work) << oneHead.error;
  EXPECT_EQ(oneHead.work->multiplyAdds, (3u + 1) * 8);
}

TEST(Work, CachesAreWrittenWhereNewTokensAre) {
  Worked worked(
      kernel({"tensor<?x128xf32>", "tensor<?x4xf32>", "tensor<?xi32>", "tensor<?xi32>", "tensor<?xi32>",
              "tensor<?x?xi32>"},
             "tensor<?x128xf32>",
             "%y = tenon.cache_append %1, %1 to %0 starts(%2) lengths(%3) past(%4) pages(%5) {key_value_heads = 1 "
             ": i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, "
             "tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>",
             "%y"),
      {{{4, 128}, {32, 4}, {3}, {2}, {2}, {2, 2}}, {{}, {}, {0, 16, 32}, {3, 1}, {5, 20}, {}}});
  ASSERT_TRUE(worked.work) << worked.error;
  EXPECT_EQ(worked.work->argumentBytes[0], 0u);
  EXPECT_EQ(worked.work->resultBytes, Bytes{(3 + 1) * 2 * 4 * 4});
  EXPECT_EQ(worked.work->flops(), 0u);
}

TEST(Work, NumbersThatDoNotFitTheSequencesAreRefused) {
  cost::KernelSizes sizes = twoSequences();
  sizes.numbers[4] = {5};
  Worked worked(attention(""), sizes);
  EXPECT_FALSE(worked.work);
  EXPECT_NE(worked.error.find("expected numbers of 2 sequences, found 1"), std::string::npos) << worked.error;
}

TEST(Work, SizesThatNothingSaysAreRefused) {
  Worked worked(attention(""), {});
  EXPECT_FALSE(worked.work);
  EXPECT_NE(worked.error.find("nothing says"), std::string::npos) << worked.error;
}

} // namespace
