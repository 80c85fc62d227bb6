//===- Elementary.cpp - Elementary functions for vectors -------------------===//

#include "kernels/Elementary.h"

#include <initializer_list>
#include <map>
#include <numbers>

using namespace Halide;

namespace tenon::kernels {

namespace {

constexpr float kLog2E = std::numbers::log2e_v<float>;

/// Horner's scheme, the highest coefficient first.
Expr polynomial(Expr x, std::initializer_list<float> coefficients) {
  Expr value;
  for (float coefficient : coefficients)
    value = value.defined() ? value * x + coefficient : Expr(coefficient);
  return value;
}

/// |x|, at most `limit`.
Expr magnitude(Expr x, float limit) { return min(abs(x), limit); }

/// max(x, 0) - |x| * tail is x * (1 - tail) for x > 0 and x * tail for x < 0: an activation whose tail is that of
/// |x| without a cancellation on either side. The product is limited so that infinity times zero does not occur.
Expr withTail(Expr x, Expr tail, float limit) { return max(x, 0.0f) - magnitude(x, limit) * tail; }

/// e / (1 + e) with e = exp(-2 * halfArgument): the logistic function of -2 * halfArgument >= 0.
Expr logisticTail(Expr exponent) {
  Expr e = exp2Negative(exponent);
  return e / (1.0f + e);
}

/// x * Phi(x). The upper tail Phi(-|x|) is 2 to a polynomial in |x|, fitted on [0, 6] for the least absolute error of
/// the tail; beyond, the polynomial falls faster than it need, where the product is under 1e-8.
Expr geluExact(Expr x) {
  constexpr float limit = 10.0f;
  Expr tail = exp2Negative(polynomial(
      magnitude(x, limit), {1.524354615867196e-07f, -3.831776211882243e-06f, 3.7952951970510185e-05f,
                            -0.00015917835116852075f, -0.00022287321917247027f, 0.007185912225395441f,
                            -0.05258132889866829f, -0.45918115973472595f, -1.1511083841323853f, -0.9999999403953552f}));
  return withTail(x, tail, limit);
}

/// 0.5 * (1 + tanh(u)) is the logistic function of 2u with u = sqrt(2/pi) * (x + 0.044715 x^3).
Expr geluTanh(Expr x) {
  constexpr float limit = 20.0f;
  constexpr float scale = 2.0f * 0.79788456080286536f * kLog2E;
  Expr a = magnitude(x, limit);
  return withTail(x, logisticTail(-(a * (scale + scale * 0.044715f * (a * a)))), limit);
}

Expr silu(Expr x) {
  constexpr float limit = 128.0f;
  return withTail(x, logisticTail(magnitude(x, limit) * -kLog2E), limit);
}

/// 1 / (1 + e^-x), without a cancellation on either side.
Expr sigmoid(Expr x) {
  Expr e = exp2Negative(magnitude(x, 128.0f) * -kLog2E);
  return select(x < 0.0f, e, 1.0f) / (1.0f + e);
}

/// x times the logistic function of 1.702 x.
Expr quickGelu(Expr x) {
  constexpr float limit = 80.0f;
  return withTail(x, logisticTail(magnitude(x, limit) * (-1.702f * kLog2E)), limit);
}

Expr reluSquared(Expr x) {
  Expr positive = max(x, 0.0f);
  return positive * positive;
}

/// (1 - e) / (1 + e) with e = exp(-2|x|), and near zero, where that cancels, Cephes' odd polynomial.
Expr hyperbolicTangent(Expr x) {
  Expr a = magnitude(x, 20.0f);
  Expr e = exp2Negative(a * (-2.0f * kLog2E));
  Expr far = (1.0f - e) / (1.0f + e);
  Expr square = x * x;
  Expr near = x + x * square *
                      polynomial(square, {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f,
                                          -3.33332819422e-1f});
  return select(a < 0.625f, near, select(x < 0.0f, -far, far));
}

} // namespace

Expr exp2Negative(Expr x) {
  // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits. Where x is a product, it is not one with the sum,
  // since it is looked at too.
  constexpr float shifter = 12582912.0f;
  using Internal::Call;
  Expr shifted = Call::make(x.type(), Call::strict_add, {x, shifter}, Call::PureIntrinsic);
  // Minimax coefficients of 2^f on [-1/2, 1/2], error under 2e-9.
  Expr fraction = polynomial(x - (shifted - shifter), {1.5353362e-4f, 1.3398874e-3f, 9.6184372e-3f, 5.5503324e-2f,
                                                       2.4022648e-1f, 6.9314720e-1f, 1.0f});
  // The power is multiplied, not added to the exponent's bits, since NaN must stay NaN; where x is too low for it, it
  // is not looked at. The comparison is strict since it would be inverted otherwise, which is the same but for NaN.
  Expr power = reinterpret<float>((reinterpret<int32_t>(shifted) << 23) + (127 << 23));
  return select(strict_float(x < -126.0f), 0.0f, fraction * power);
}

static Expr relu(Expr x) { return max(x, 0.0f); }

static const std::map<std::string, Expr (*)(Expr)> &activations() {
  static const std::map<std::string, Expr (*)(Expr)> table = {
      {"gelu", geluExact}, {"gelu_tanh", geluTanh},       {"quick_gelu", quickGelu},
      {"relu", relu},      {"relu_squared", reluSquared}, {"sigmoid", sigmoid},
      {"silu", silu},      {"tanh", hyperbolicTangent}};
  return table;
}

std::set<std::string> activationNames() {
  std::set<std::string> names;
  for (const auto &[name, function] : activations())
    names.insert(name);
  return names;
}

Expr keepNaN(Expr x, Expr value) {
  // Without its sign, a NaN is above infinity.
  return select((reinterpret<uint32_t>(x) << 1) > Expr(0x7f800000u << 1), x, value);
}

Expr activation(const std::string &function, Expr x) { return keepNaN(x, activations().at(function)(x)); }

} // namespace tenon::kernels
