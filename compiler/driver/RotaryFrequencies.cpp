//===- RotaryFrequencies.cpp - Angles of scaled rotary positions ----------===//

#include "driver/RotaryFrequencies.h"

#include <algorithm>
#include <cmath>

namespace tenon {

namespace {

constexpr double kPi = 3.14159265358979323846;

/// Su et al., "RoFormer": base^(-2i/dims).
std::vector<double> plain(double base, int64_t dims) {
  std::vector<double> frequencies;
  for (int64_t i = 0; i < dims / 2; ++i)
    frequencies.push_back(std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dims)));
  return frequencies;
}

/// "NTK-aware" scaling of the base, for inputs longer than those of the first training.
double dynamicBase(const spec::Rotary &rotary, int64_t dims, int64_t length) {
  const spec::RotaryScaling &scaling = rotary.scaling;
  if (scaling.originalLength == 0 || length <= scaling.originalLength || dims <= 2)
    return rotary.base;
  double stretch = static_cast<double>(length) / static_cast<double>(scaling.originalLength);
  double factor = scaling.factor * stretch - (scaling.factor - 1);
  return rotary.base * std::pow(factor, static_cast<double>(dims) / static_cast<double>(dims - 2));
}

/// Llama 3.1: long waves are stretched by the factor, short ones stay, those between are blended.
double llama3(double frequency, const spec::RotaryScaling &scaling) {
  double turns = static_cast<double>(scaling.originalLength) * frequency / (2 * kPi);
  if (turns < scaling.lowFrequencyFactor)
    return frequency / scaling.factor;
  if (turns > scaling.highFrequencyFactor)
    return frequency;
  double kept = (turns - scaling.lowFrequencyFactor) / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
  return (1 - kept) * frequency / scaling.factor + kept * frequency;
}

/// The pair, as a real number, that turns `turns` times within the original length.
double pairOfTurns(double turns, const spec::Rotary &rotary, int64_t dims) {
  double length = static_cast<double>(rotary.scaling.originalLength);
  return static_cast<double>(dims) * std::log(length / (turns * 2 * kPi)) / (2 * std::log(rotary.base));
}

/// Peng et al., "YaRN": pairs that turn often keep their angle, those that turn rarely are stretched.
void yarn(std::vector<double> &frequencies, const spec::Rotary &rotary, int64_t dims) {
  const spec::RotaryScaling &scaling = rotary.scaling;
  double low = pairOfTurns(scaling.betaFast, rotary, dims), high = pairOfTurns(scaling.betaSlow, rotary, dims);
  if (scaling.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dims - 1));
  if (low == high)
    high += 0.001; // As the paper's code does: a ramp has some width.
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / scaling.factor * stretched + frequencies[i] * (1 - stretched);
  }
}

} // namespace

std::vector<double> rotaryFrequencies(const spec::Rotary &rotary, int64_t dims, int64_t length) {
  const spec::RotaryScaling &scaling = rotary.scaling;
  std::vector<double> frequencies = plain(rotary.base, dims);
  switch (scaling.kind) {
  case spec::ScalingKind::None:
    break;
  case spec::ScalingKind::Linear:
    for (double &frequency : frequencies)
      frequency /= scaling.factor;
    break;
  case spec::ScalingKind::DynamicNtk:
    frequencies = plain(dynamicBase(rotary, dims, length), dims);
    break;
  case spec::ScalingKind::Llama3:
    for (double &frequency : frequencies)
      frequency = llama3(frequency, scaling);
    break;
  case spec::ScalingKind::Yarn:
    yarn(frequencies, rotary, dims);
    break;
  }
  return frequencies;
}

} // namespace tenon
