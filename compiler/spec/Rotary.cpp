//===- Rotary.cpp ---------------------------------------------------------===//

#include "spec/Rotary.h"
#include <algorithm>
#include <cmath>
#include <numbers>

using namespace tenon::spec;

std::optional<Rotary> tenon::spec::rotaryOf(const Stack &stack, const AttentionSublayer &attention) {
  const Positions &positions = stack.input.positions;
  std::optional<Rotary> rotary;
  if (!attention.hasOwnKeys())
    return rotary; // Queries turn with the keys of their own stack.
  if (attention.ownRotary)
    rotary = attention.rotary;
  else if (positions.kind == PositionKind::Rotary)
    rotary = Rotary{positions.base, positions.dims, positions.interleaved, positions.scaling};
  if (rotary && rotary->dims == 0)
    rotary->dims = attention.headSize;
  return rotary;
}

/// The base that makes the longest wavelength `length` / `originalLength` times as long, as far as `factor` goes.
static double stretchedBase(const Rotary &rotary, int64_t length) {
  const RotaryScaling &scaling = rotary.scaling;
  double ratio = double(std::max(length, scaling.originalLength)) / scaling.originalLength;
  // With one pair there is only the angle 1, which no base changes.
  return rotary.dims <= 2 ? rotary.base
                          : rotary.base * std::pow(scaling.factor * ratio - (scaling.factor - 1),
                                                   double(rotary.dims) / (rotary.dims - 2));
}

/// Llama 3: slow pairs are divided by the factor, fast ones are kept, those between are mixed.
static double llama3Frequency(const RotaryScaling &scaling, double frequency) {
  double turns = scaling.originalLength * frequency / (2 * std::numbers::pi);
  double low = scaling.lowFrequencyFactor, high = scaling.highFrequencyFactor;
  double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
  return kept * frequency + (1 - kept) * frequency / scaling.factor;
}

/// YaRN: a ramp over the pairs' numbers, from those that are kept to those that are divided by the factor.
static double yarnFrequency(const Rotary &rotary, int64_t pair, double frequency) {
  const RotaryScaling &scaling = rotary.scaling;
  auto pairWithTurns = [&](double turns) {
    return rotary.dims * std::log(scaling.originalLength / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(rotary.base));
  };
  double first = pairWithTurns(scaling.betaFast), last = pairWithTurns(scaling.betaSlow);
  if (scaling.truncate) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  first = std::max(first, 0.0);
  last = std::min(last, double(rotary.dims - 1));
  if (first == last)
    last += 0.001; // As transformers does, so that there is a ramp.
  double divided = std::clamp((pair - first) / (last - first), 0.0, 1.0);
  return divided * frequency / scaling.factor + (1 - divided) * frequency;
}

std::vector<double> tenon::spec::rotaryFrequencies(const Rotary &rotary, int64_t length) {
  const RotaryScaling &scaling = rotary.scaling;
  double base = scaling.kind == ScalingKind::DynamicNtk ? stretchedBase(rotary, length) : rotary.base;
  std::vector<double> frequencies;
  for (int64_t pair = 0; pair < rotary.dims / 2; ++pair) {
    double frequency = std::pow(base, -2.0 * pair / rotary.dims);
    if (scaling.kind == ScalingKind::Linear)
      frequency /= scaling.factor;
    else if (scaling.kind == ScalingKind::Llama3)
      frequency = llama3Frequency(scaling, frequency);
    else if (scaling.kind == ScalingKind::Yarn)
      frequency = yarnFrequency(rotary, pair, frequency);
    frequencies.push_back(frequency);
  }
  return frequencies;
}

double tenon::spec::yarnAttentionFactor(double factor) { return factor <= 1 ? 1.0 : 0.1 * std::log(factor) + 1.0; }

double tenon::spec::rotaryFactor(const Rotary &rotary) {
  return rotary.scaling.kind == ScalingKind::Yarn ? rotary.scaling.attentionFactor : 1.0;
}
