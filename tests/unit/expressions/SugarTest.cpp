//===- SugarTest.cpp - Masks and scores that have a name in the spec ------===//

#include "expressions/Sugar.h"
#include "expressions/Evaluate.h"
#include <gtest/gtest.h>

using namespace tenon::expressions;

namespace {

TEST(Sugar, Texts) {
  EXPECT_EQ(causal().print(), "k <= q");
  EXPECT_EQ(window(4096).print(), "k <= q && q - k < 4096");
  EXPECT_EQ(window(1).print(), "k <= q && q - k < 1");
  EXPECT_EQ(prefix(7).print(), "k <= q || k < 7");
  EXPECT_EQ(prefix(0).print(), "k <= q || k < 0");
  EXPECT_EQ(softcap(50).print(), "50.0 * tanh(s / 50.0)");
  EXPECT_EQ(softcap(0.3f).print(), "0.3 * tanh(s / 0.3)");
  EXPECT_EQ(softcap(1e20f).print(), "1e+20 * tanh(s / 1e+20)");
  EXPECT_EQ(alibi(1, AlibiStyle::Bloom).print(), "s + 0.00390625 * float(k - q)");
  EXPECT_EQ(alibi(3, AlibiStyle::Mpt).print(),
            "s + select(h < 1, 0.0625, select(h < 2, 0.00390625, 0.25)) * float(k - q)");
}

TEST(Sugar, TextsAreCanonical) {
  for (const Expression &expression : {causal(), window(16), prefix(16), softcap(30), alibi(12, AlibiStyle::Bloom)})
    EXPECT_EQ(*parse(expression.print(), expression.kind()), expression);
}

/// What build_alibi_tensor and build_mpt_alibi_tensor of transformers 4 give (position 1, and with alibi_bias_max 4).
TEST(Sugar, SlopesOfTransformers) {
  auto expectSlopes = [](const std::vector<float> &found, std::vector<float> expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_FLOAT_EQ(found[i], expected[i]) << "head " << i << " of " << found.size();
  };
  std::vector<float> one = {0.00390625f}, three = {0.0625f, 0.00390625f, 0.25f};
  std::vector<float> six = {0.25f, 0.0625f, 0.015625f, 0.00390625f, 0.5f, 0.125f};
  std::vector<float> twelve = {0.5f,
                               0.25f,
                               0.125f,
                               0.0625f,
                               0.03125f,
                               0.015625f,
                               0.0078125f,
                               0.00390625f,
                               0.7071068f,
                               0.35355338f,
                               0.1767766773700714f,
                               0.0883883386850357f};
  for (const std::vector<float> &expected : {one, three, six, twelve}) {
    expectSlopes(alibiSlopes(expected.size(), AlibiStyle::Bloom), expected);
    expectSlopes(alibiSlopes(expected.size(), AlibiStyle::Mpt), expected);
  }
  expectSlopes(alibiSlopes(6, AlibiStyle::Mpt, 4), {0.5f, 0.25f, 0.125f, 0.0625f, 0.70710677f, 0.35355338f});
}

TEST(Sugar, EveryNumberOfHeadsFitsTheLimits) {
  for (AlibiStyle style : {AlibiStyle::Bloom, AlibiStyle::Mpt})
    for (unsigned heads = 1; heads <= maximumAlibiHeads; ++heads) {
      std::vector<float> slopes = alibiSlopes(heads, style);
      Expression expression = alibi(heads, style);
      Evaluator<double> evaluator(expression);
      for (int32_t h = 0; h < static_cast<int32_t>(heads); ++h)
        ASSERT_EQ(evaluator.score({9, 4, h, 0, 0.5}), 0.5 - 5 * double(slopes[h])) << h << " of " << heads;
    }
}

} // namespace
