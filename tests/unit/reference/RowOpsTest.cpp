//===- RowOpsTest.cpp - Operations on rows against their formulas ---------===//

#include "Interpreter.h"

#include <cmath>
#include <complex>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

using namespace tenon::reference;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Embed, PicksRowsFromOffsetAndClampsIntoTheTable) {
  Tensor<double> result = compute<double>(
      "(%ids: tensor<?x?xi32>, %t: tensor<4x2xf32>) -> tensor<?x?x2xf32>",
      "%0 = tenon.embed %ids, %t {offset = 1 : i64} : (tensor<?x?xi32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>\n"
      "return %0 : tensor<?x?x2xf32>",
      {ints({2, 3}, {0, 2, 1, 3, -7, 2147483647}), tensor({4, 2}, {0, 1, 10, 11, 20, 21, 30, 31})});
  EXPECT_EQ(result.shape(), llvm::ArrayRef<int64_t>({2, 3, 2}));
  EXPECT_EQ(values(result), (std::vector<double>{10, 11, 30, 31, 20, 21, 30, 31, 0, 1, 30, 31}));
}

std::vector<double> product(const std::vector<double> &rows, const std::vector<double> &weight,
                            const std::vector<double> &bias, size_t inputs) {
  std::vector<double> result;
  for (size_t r = 0; r * inputs < rows.size(); ++r)
    for (size_t n = 0; n < bias.size(); ++n)
      result.push_back(
          static_cast<double>(std::inner_product(rows.begin() + r * inputs, rows.begin() + (r + 1) * inputs,
                                                 weight.begin() + n * inputs, (long double)bias[n])));
  return result;
}

TEST(Linear, AwkwardSizesWithBias) {
  auto rows = randomValues(15 * 7, 1), weight = randomValues(11 * 7, 2), bias = randomValues(11, 3);
  Tensor<double> result =
      compute<double>("(%x: tensor<?x?x7xf32>, %w: tensor<11x7xf32>, %b: tensor<11xf32>) -> tensor<?x?x11xf32>",
                      "%0 = tenon.linear %x, %w, %b : (tensor<?x?x7xf32>, tensor<11x7xf32>, tensor<11xf32>) -> "
                      "tensor<?x?x11xf32>\nreturn %0 : tensor<?x?x11xf32>",
                      {tensor({3, 5, 7}, rows), tensor({11, 7}, weight), tensor({11}, bias)});
  EXPECT_EQ(result.shape(), llvm::ArrayRef<int64_t>({3, 5, 11}));
  expectNear(values(result), product(rows, weight, bias, 7), 1e-14);
}

TEST(Linear, PanelsHoldColumnsSideBySide) {
  auto rows = randomValues(3 * 2, 1), weight = randomValues(5 * 2, 2);
  std::vector<double> panels(2 * 2 * 3, 99); // columns past 5 are not read
  for (int n = 0; n < 5; ++n)
    for (int k = 0; k < 2; ++k)
      panels[(n / 3 * 2 + k) * 3 + n % 3] = weight[n * 2 + k];
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x2xf32>, %w: tensor<2x2x3xf32>) -> tensor<?x5xf32>",
      "%0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<2x2x3xf32>) -> tensor<?x5xf32>\nreturn %0 : tensor<?x5xf32>",
      {tensor({3, 2}, rows), tensor({2, 2, 3}, panels)});
  expectNear(values(result), product(rows, weight, std::vector<double>(5, 0), 2), 1e-15);
}

template <typename Scalar> double sumOf(const std::vector<double> &terms) {
  return values(compute<Scalar>("(%x: tensor<?x3xf32>, %w: tensor<1x3xf32>) -> tensor<?x1xf32>",
                                "%0 = tenon.linear %x, %w : (tensor<?x3xf32>, tensor<1x3xf32>) -> tensor<?x1xf32>\n"
                                "return %0 : tensor<?x1xf32>",
                                {tensor<Scalar>({1, 3}, terms), tensor<Scalar>({1, 3}, {1, 1, 1})}))
      .front();
}

TEST(Linear, SumsInAscendingOrderAndFloatReallyRounds) {
  EXPECT_EQ(sumOf<double>({1e8, 1, -1e8}), 1);
  EXPECT_EQ(sumOf<float>({1e8, 1, -1e8}), 0);
  EXPECT_EQ(sumOf<float>({1e8, -1e8, 1}), 1);
}

TEST(Linear, NoRowsGiveNoRows) {
  EXPECT_EQ(compute<double>("(%x: tensor<?x3xf32>, %w: tensor<2x3xf32>) -> tensor<?x2xf32>",
                            "%0 = tenon.linear %x, %w : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>\n"
                            "return %0 : tensor<?x2xf32>",
                            {tensor({0, 3}, {}), tensor({2, 3}, {1, 2, 3, 4, 5, 6})})
                .shape(),
            llvm::ArrayRef<int64_t>({0, 2}));
}

Tensor<double> binary(const std::string &name, std::vector<double> a, std::vector<double> b) {
  return compute<double>("(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32>",
                         "%0 = tenon." + name + " %a, %b : tensor<?xf32>\nreturn %0 : tensor<?xf32>",
                         {tensor({static_cast<int64_t>(a.size())}, a), tensor({static_cast<int64_t>(b.size())}, b)});
}

TEST(Elementwise, AddAndMultiply) {
  EXPECT_EQ(values(binary("add", {1, -2, 1e30}, {0.5, 2, 1e30})), (std::vector<double>{1.5, 0, 2e30}));
  EXPECT_EQ(values(binary("multiply", {1, -2, 1e30}, {0.5, 3, 1e30})), (std::vector<double>{0.5, -6, 1e30 * 1e30}));
}

template <typename Scalar> std::vector<double> unary(const std::string &op, const std::vector<double> &x) {
  std::string type = "tensor<?x" + std::to_string(x.size()) + "xf32>";
  return values(compute<Scalar>("(%x: " + type + ") -> " + type,
                                "%0 = tenon." + op + " : " + type + "\nreturn %0 : " + type,
                                {tensor<Scalar>({1, static_cast<int64_t>(x.size())}, x)}));
}

TEST(Scale, FactorIsRoundedToFloat32First) {
  EXPECT_EQ(unary<double>("scale %x, 1.0e-1", {3}), std::vector<double>{3.0 * static_cast<double>(0.1f)});
}

const std::vector<double> kExtremes = {0,  -0.0, 1e-30, -1e-30, 0.5, -0.5, 1,     -1,   3,
                                       -3, 6,    -6,    20,     -20, 1000, -1000, 1e30, -1e30};

void checkActivation(const std::string &name, long double (*formula)(long double)) {
  std::vector<double> expected;
  for (double x : kExtremes)
    expected.push_back(static_cast<double>(formula(x)));
  expectNear(unary<double>("activation " + name + " %x", kExtremes), expected, 1e-15);
  std::vector<double> inFloat;
  for (double x : kExtremes)
    inFloat.push_back(static_cast<float>(x));
  for (size_t i = 0; i < inFloat.size(); ++i)
    expected[i] = static_cast<double>(formula(inFloat[i]));
  std::vector<double> actual = unary<float>("activation " + name + " %x", kExtremes);
  expectNear(actual, expected, 1e-6);
  EXPECT_NE(actual, unary<double>("activation " + name + " %x", inFloat)) << "float arithmetic rounds";
}

TEST(Activation, Gelu) {
  checkActivation("gelu", [](long double x) { return x * std::erfc(-x / std::sqrt(2.0L)) / 2; });
}
TEST(Activation, GeluTanh) {
  checkActivation("gelu_tanh", [](long double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846L) * (x + 0.044715L * x * x * x)));
  });
}
TEST(Activation, Silu) {
  checkActivation("silu", [](long double x) { return x < -1e4L ? -0.0L : x / (1 + std::exp(-x)); });
}
TEST(Activation, Tanh) {
  checkActivation("tanh", [](long double x) { return std::tanh(x); });
}
TEST(Activation, Relu) {
  EXPECT_EQ(unary<double>("activation relu %x", {-2, 0, 3, -1e30, 1e30}), (std::vector<double>{0, 0, 3, 0, 1e30}));
}
TEST(Activation, NaNStaysNaN) {
  for (std::string name : {"gelu", "gelu_tanh", "relu", "silu", "tanh"})
    EXPECT_TRUE(std::isnan(unary<double>("activation " + name + " %x", {kNaN}).front())) << name;
}

/// Two-pass formulas in long double.
std::vector<double> normalised(const std::string &function, const std::vector<double> &x, long double epsilon) {
  long double width = x.size(), mean = 0, squares = 0;
  if (function == "layernorm")
    mean = std::accumulate(x.begin(), x.end(), 0.0L) / width;
  for (double value : x)
    squares += (value - mean) * (value - mean);
  long double divisor = function == "l2" ? std::max(std::sqrt(squares), epsilon) : std::sqrt(squares / width + epsilon);
  std::vector<double> result;
  for (double value : x)
    result.push_back(static_cast<double>((value - mean) / divisor));
  return result;
}

TEST(Norm, EveryFunctionOnAwkwardAndExtremeRows) {
  std::vector<std::vector<double>> rows = {
      randomValues(7, 1), {3}, {0, 0, 0}, randomValues(13, 2, 1e15), {1e4, 1e4 + 1, 1e4 - 1}};
  for (std::string function : {"layernorm", "rmsnorm", "l2"})
    for (const auto &row : rows)
      expectNear(unary<double>("norm " + function + " %x epsilon 1.0e-5", row), normalised(function, row, 1e-5L),
                 1e-12);
}

TEST(Norm, ScaleAndBiasFollow) {
  std::string types = "tensor<?x3xf32>";
  auto x = randomValues(6, 4);
  Tensor<double> result =
      compute<double>("(%x: tensor<?x3xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<?x3xf32>",
                      "%0 = tenon.norm layernorm %x scale %s : tensor<3xf32> bias %b : tensor<3xf32> epsilon 1.0e-12 : "
                      "tensor<?x3xf32>\n"
                      "return %0 : tensor<?x3xf32>",
                      {tensor({2, 3}, x), tensor({3}, {2, -1, 0.5}), tensor({3}, {10, 20, 30})});
  std::vector<double> expected;
  for (int r = 0; r < 2; ++r) {
    auto row = normalised("layernorm", {x.begin() + 3 * r, x.begin() + 3 * r + 3}, 1e-12L);
    expected.insert(expected.end(), {row[0] * 2 + 10, -row[1] + 20, row[2] * 0.5 + 30});
  }
  expectNear(values(result), expected, 1e-13);
}

TEST(Norm, NaNStaysInItsRow) {
  Tensor<double> result =
      compute<double>("(%x: tensor<?x2xf32>) -> tensor<?x2xf32>",
                      "%0 = tenon.norm layernorm %x epsilon 0.0 : tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>",
                      {tensor({2, 2}, {kNaN, 1, -1, 1})});
  expectNear(values(result), {kNaN, kNaN, -1, 1}, 1e-15);
}

/// Turns pairs as complex numbers.
std::vector<double> turned(std::vector<double> x, const std::vector<int32_t> &positions, int headSize, int dims,
                           bool interleaved, double base) {
  int columns = static_cast<int>(x.size() / positions.size());
  for (size_t r = 0; r < positions.size(); ++r)
    for (int head = 0; head < columns; head += headSize)
      for (int i = 0; i < dims / 2; ++i) {
        double &a = x[r * columns + head + (interleaved ? 2 * i : i)];
        double &b = x[r * columns + head + (interleaved ? 2 * i + 1 : i + dims / 2)];
        std::complex<double> value =
            std::complex<double>(a, b) * std::polar(1.0, positions[r] * std::pow(base, -2.0 * i / dims));
        a = value.real();
        b = value.imag();
      }
  return x;
}

TEST(Rotary, BothPairingsTurnTheFirstDimsOfEachHead) {
  auto x = randomValues(3 * 2 * 7, 5);
  std::vector<int32_t> positions = {0, 4, 8};
  for (bool interleaved : {false, true}) {
    std::string attribute =
        interleaved ? "dims = 6 : i64, head_size = 7 : i64, interleaved" : "dims = 6 : i64, head_size = 7 : i64";
    Tensor<double> result = compute<double>("(%x: tensor<?x14xf32>, %p: tensor<?xi32>) -> tensor<?x14xf32>",
                                            "%c = tenon.position_table rotary_cosine base 1.0e2 : tensor<9x3xf32>\n"
                                            "%s = tenon.position_table rotary_sine base 1.0e2 : tensor<9x3xf32>\n"
                                            "%0 = tenon.rotary %x, %p, %c, %s {" +
                                                attribute +
                                                "} : (tensor<?x14xf32>, tensor<?xi32>, tensor<9x3xf32>, "
                                                "tensor<9x3xf32>) -> tensor<?x14xf32>\nreturn %0 : tensor<?x14xf32>",
                                            {tensor({3, 14}, x), ints({3}, positions)});
    expectNear(values(result), turned(x, positions, 7, 6, interleaved, 100), 2e-7); // the tables are float32
  }
}

TEST(Split, ConsecutiveColumns) {
  Outcome<double> outcome =
      run<double>("func.func @f(%x: tensor<?x5xf32>) -> (tensor<?x1xf32>, tensor<?x3xf32>, tensor<?x1xf32>) {\n"
                  "%0:3 = tenon.split %x : tensor<?x5xf32> to tensor<?x1xf32>, tensor<?x3xf32>, tensor<?x1xf32>\n"
                  "return %0#0, %0#1, %0#2 : tensor<?x1xf32>, tensor<?x3xf32>, tensor<?x1xf32>\n}",
                  {tensor({2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})});
  ASSERT_EQ(outcome.results.size(), 3u);
  EXPECT_EQ(values(outcome.results[0]), (std::vector<double>{0, 5}));
  EXPECT_EQ(values(outcome.results[1]), (std::vector<double>{1, 2, 3, 6, 7, 8}));
  EXPECT_EQ(values(outcome.results[2]), (std::vector<double>{4, 9}));
}

TEST(Embed, PicksRowsOutOfPanels) {
  // Five rows of two columns in panels of three.
  std::vector<double> panels(2 * 2 * 3, 99);
  for (int n = 0; n < 5; ++n)
    for (int k = 0; k < 2; ++k)
      panels[(n / 3 * 2 + k) * 3 + n % 3] = 10 * n + k;
  Tensor<double> result = compute<double>("(%ids: tensor<?xi32>, %t: tensor<2x2x3xf32>) -> tensor<?x2xf32>",
                                          "%0 = tenon.embed %ids, %t : (tensor<?xi32>, tensor<2x2x3xf32>) -> "
                                          "tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>",
                                          {ints({4}, {4, 0, 3, 2}), tensor({2, 2, 3}, panels)});
  EXPECT_EQ(values(result), (std::vector<double>{40, 41, 0, 1, 30, 31, 20, 21}));
}

double activate(const std::string &operation, double x) {
  return values(compute<double>("(%x: tensor<?x1xf32>) -> tensor<?x1xf32>",
                                "%0 = tenon." + operation + " : tensor<?x1xf32>\nreturn %0 : tensor<?x1xf32>",
                                {tensor({1, 1}, {x})}))
      .front();
}

TEST(Activation, SquareOfThePositivePart) {
  for (double x : {-3.0, -0.0, 0.5, 3.0})
    EXPECT_EQ(activate("activation relu_squared %x", x), x > 0 ? x * x : 0) << x;
  EXPECT_TRUE(std::isnan(activate("activation relu_squared %x", kNaN)));
}

TEST(Activation, SigmoidApproximationOfGelu) {
  for (double x : {-4.0, -0.5, 0.0, 0.25, 6.0})
    EXPECT_NEAR(activate("activation quick_gelu %x", x), x / (1 + std::exp(-1.702 * x)), 1e-15) << x;
}

TEST(Softcap, DrawsValuesIntoItsInterval) {
  for (double x : {-1e6, -40.0, -0.25, 0.0, 3.0, 1e6})
    EXPECT_NEAR(activate("softcap %x, 30.0", x), 30 * std::tanh(x / 30), 1e-14) << x;
  double cap = 0.1f; // rounded to float32 first
  EXPECT_EQ(activate("softcap %x, 0.1", 1e3), cap);
}

TEST(Norm, GroupsAreNormalisedEachByItself) {
  auto row = randomValues(6, 1), scale = randomValues(3, 2), bias = randomValues(3, 3);
  for (const std::string function : {"layernorm", "rmsnorm"}) {
    bool centred = function == "layernorm";
    std::vector<Tensor<double>> inputs = {tensor({1, 6}, row), tensor({3}, scale)};
    if (centred)
      inputs.push_back(tensor({3}, bias));
    Tensor<double> result = compute<double>(
        "(%x: tensor<?x6xf32>, %s: tensor<3xf32>" + std::string(centred ? ", %b: tensor<3xf32>" : "") +
            ") -> tensor<?x6xf32>",
        "%0 = tenon.norm " + function + " %x scale %s : tensor<3xf32> " + (centred ? "bias %b : tensor<3xf32> " : "") +
            "epsilon 0.25 {groups = 2 : i64, weight_offset = 1.0 : f64} : tensor<?x6xf32>\nreturn %0 : tensor<?x6xf32>",
        inputs);
    std::vector<double> expected;
    for (int g = 0; g < 2; ++g) {
      const double *x = row.data() + 3 * g;
      double mean = centred ? (x[0] + x[1] + x[2]) / 3 : 0, squares = 0;
      for (int i = 0; i < 3; ++i)
        squares += (x[i] - mean) * (x[i] - mean) / 3;
      for (int i = 0; i < 3; ++i)
        expected.push_back((x[i] - mean) / std::sqrt(squares + 0.25) * (scale[i] + 1) + (centred ? bias[i] : 0));
    }
    expectNear(values(result), expected, 1e-14);
  }
}

TEST(Rotary, PositionsPastTheTableAreItsLast) { // of rows past a sequence's length
  Tensor<double> result = compute<double>(
      "(%x: tensor<?x2xf32>, %p: tensor<?xi32>, %c: tensor<3x1xf32>, %s: tensor<3x1xf32>) -> tensor<?x2xf32>",
      "%0 = tenon.rotary %x, %p, %c, %s {head_size = 2 : i64, dims = 2 : i64} : (tensor<?x2xf32>, tensor<?xi32>, "
      "tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>",
      {tensor({3, 2}, {1, 2, 1, 2, 1, 2}), ints({3}, {3, -1, 2}), tensor({3, 1}, {1, 2, 3}),
       tensor({3, 1}, {0, 0, 0})});
  EXPECT_EQ(values(result), (std::vector<double>{3, 6, 1, 2, 3, 6}));
}

} // namespace
