//===- ParameterOpsTest.cpp - Parameters and tables -----------------------===//

#include "Interpreter.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace tenon::reference;

namespace {

TEST(Weight, ConcatenatesAlongRows) {
  Tensor<double> result = compute<double>(
      "() -> tensor<3x2xf32>",
      "%0 = tenon.weight [\"a\", \"b\"] {part_rows = array<i64: 1, 2>} : tensor<3x2xf32>\nreturn %0 : tensor<3x2xf32>",
      {}, {{"a", tensor<float>({1, 2}, {1, 2})}, {"b", tensor<float>({2, 2}, {3, 4, 5, 6})}});
  EXPECT_EQ(values(result), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Weight, PanelsPadTheLastColumns) {
  Tensor<double> result = compute<double>(
      "() -> tensor<2x2x2xf32>",
      "%0 = tenon.weight [\"a\", \"b\"] {part_rows = array<i64: 1, 2>, panel = 2 : i64} : tensor<2x2x2xf32>\n"
      "return %0 : tensor<2x2x2xf32>",
      {}, {{"a", tensor<float>({1, 2}, {1, 2})}, {"b", tensor<float>({2, 2}, {3, 4, 5, 6})}});
  EXPECT_EQ(values(result), (std::vector<double>{1, 3, 2, 4, 5, 0, 6, 0}));
}

TEST(Weight, LayerIsPickedByAnIndexArgument) {
  Tensor<double> result = compute<double>("(%layer: index) -> tensor<1xf32>",
                                          "%0 = tenon.weight [\"l.*.b\"][%layer] of 3 : tensor<1xf32>\n"
                                          "return %0 : tensor<1xf32>",
                                          {ints({}, {2})}, {{"l.2.b", tensor<float>({1}, {7})}});
  EXPECT_EQ(values(result), std::vector<double>{7});
}

TEST(Weight, IsReadOncePerLayer) {
  Outcome<double> outcome = run<double>("func.func @f(%x: tensor<1xf32>) -> tensor<1xf32> {\n"
                                        "  %0 = tenon.repeat 3 inits(%x) : tensor<1xf32> {\n"
                                        "  ^bb0(%layer: index, %h: tensor<1xf32>):\n"
                                        "    %a = tenon.weight [\"l.*.a\"][%layer] of 3 : tensor<1xf32>\n"
                                        "    %again = tenon.weight [\"l.*.a\"][%layer] of 3 : tensor<1xf32>\n"
                                        "    %shared = tenon.weight [\"s\"] : tensor<1xf32>\n"
                                        "    %1 = tenon.add %h, %a : tensor<1xf32>\n"
                                        "    %2 = tenon.add %1, %again : tensor<1xf32>\n"
                                        "    %3 = tenon.add %2, %shared : tensor<1xf32>\n"
                                        "    tenon.yield %3 : tensor<1xf32>\n"
                                        "  }\n"
                                        "  return %0 : tensor<1xf32>\n}",
                                        {tensor({1}, {0.5})},
                                        {{"l.0.a", tensor<float>({1}, {1})},
                                         {"l.1.a", tensor<float>({1}, {10})},
                                         {"l.2.a", tensor<float>({1}, {100})},
                                         {"s", tensor<float>({1}, {1000})}});
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), std::vector<double>{3222.5});
  EXPECT_EQ(outcome.reads, (std::map<std::string, int>{{"l.0.a", 1}, {"l.1.a", 1}, {"l.2.a", 1}, {"s", 1}}));
}

std::vector<double> table(const std::string &function, const std::string &type) {
  return values(
      compute<double>("() -> " + type,
                      "%0 = tenon.position_table " + function + " base 1.0e4 : " + type + "\nreturn %0 : " + type, {}));
}

float rounded(double value) { return static_cast<float>(value); }

TEST(PositionTable, SinesThenCosines) { // as fairseq and Marian: frequencies reach 1/base with the last pair
  auto values = table("sinusoidal", "tensor<3x6xf32>");
  for (int p = 0; p < 3; ++p)
    for (int i = 0; i < 3; ++i) {
      double angle = p * std::exp(-i * std::log(1e4) / 2);
      EXPECT_FLOAT_EQ(values[p * 6 + i], std::sin(angle));
      EXPECT_FLOAT_EQ(values[p * 6 + 3 + i], std::cos(angle));
    }
}

TEST(PositionTable, OneSinusoidalPairHasFrequencyOne) {
  EXPECT_EQ(table("sinusoidal", "tensor<2x2xf32>"),
            (std::vector<double>{0, 1, rounded(std::sin(1.0)), rounded(std::cos(1.0))}));
}

TEST(PositionTable, SinesAndCosinesInTurn) {
  auto values = table("sinusoidal_interleaved", "tensor<5x4xf32>");
  for (int p = 0; p < 5; ++p)
    for (int i = 0; i < 2; ++i) {
      EXPECT_FLOAT_EQ(values[p * 4 + 2 * i], std::sin(p / std::pow(1e4, 2.0 * i / 4)));
      EXPECT_FLOAT_EQ(values[p * 4 + 2 * i + 1], std::cos(p / std::pow(1e4, 2.0 * i / 4)));
    }
}

TEST(PositionTable, RotaryIsRoundedOnceToFloat32) {
  auto cosines = table("rotary_cosine", "tensor<600x3xf32>"), sines = table("rotary_sine", "tensor<600x3xf32>");
  for (int p : {0, 1, 599})
    for (int i = 0; i < 3; ++i) {
      EXPECT_FLOAT_EQ(cosines[p * 3 + i], std::cos(p * std::pow(1e4, -i / 3.0)));
      EXPECT_FLOAT_EQ(sines[p * 3 + i], std::sin(p * std::pow(1e4, -i / 3.0)));
    }
  for (double value : cosines)
    EXPECT_EQ(value, rounded(value));
}

TEST(PositionTable, FrequenciesAndMagnitudeOfItsOwn) {
  for (bool sine : {false, true}) {
    Tensor<double> result = compute<double>(
        "() -> tensor<4x2xf32>",
        std::string("%0 = tenon.position_table ") + (sine ? "rotary_sine" : "rotary_cosine") +
            " base 1.0e4 {frequencies = array<f64: 0.5, 0.03>, magnitude = 1.25 : f64} : tensor<4x2xf32>\n"
            "return %0 : tensor<4x2xf32>",
        {});
    for (int p = 0; p < 4; ++p)
      for (int i = 0; i < 2; ++i) {
        double angle = p * (i == 0 ? 0.5 : 0.03);
        EXPECT_FLOAT_EQ(result.row(p)[i], 1.25 * (sine ? std::sin(angle) : std::cos(angle)));
      }
  }
}

} // namespace
