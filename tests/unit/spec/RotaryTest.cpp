//===- RotaryTest.cpp - Scaled rotary positions ---------------------------===//

#include "spec/Rotary.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

using namespace tenon;

namespace {

struct Case {
  spec::Rotary rotary;
  int64_t length = 0;
  std::vector<double> frequencies;
};

Case parseCase(const std::string &line) {
  static const std::map<std::string, spec::ScalingKind> kinds = {{"linear", spec::ScalingKind::Linear},
                                                                 {"dynamic", spec::ScalingKind::DynamicNtk},
                                                                 {"llama3", spec::ScalingKind::Llama3},
                                                                 {"yarn", spec::ScalingKind::Yarn}};
  Case result;
  spec::RotaryScaling &scaling = result.rotary.scaling;
  std::istringstream words(line);
  std::string kind, colon;
  words >> kind >> result.rotary.base >> result.rotary.dims >> result.length >> scaling.factor >>
      scaling.originalLength >> scaling.lowFrequencyFactor >> scaling.highFrequencyFactor >> scaling.betaFast >>
      scaling.betaSlow >> scaling.truncate >> colon;
  scaling.kind = kinds.at(kind);
  for (double frequency; words >> frequency;)
    result.frequencies.push_back(frequency);
  return result;
}

/// The goldens are of transformers, which computes in float32: each of its few roundings is at most 6e-8.
TEST(RotaryFrequencies, AgreeWithTransformers) {
  std::ifstream file(GOLDEN_FOLDER "/rotary_frequencies.txt");
  std::map<spec::ScalingKind, int> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#'))
      continue;
    Case expected = parseCase(line);
    ASSERT_EQ(static_cast<int64_t>(expected.frequencies.size()), expected.rotary.dims / 2) << line;
    std::vector<double> actual = spec::rotaryFrequencies(expected.rotary, expected.length);
    ASSERT_EQ(actual.size(), expected.frequencies.size()) << line;
    for (size_t i = 0; i < actual.size(); ++i)
      EXPECT_NEAR(actual[i], expected.frequencies[i], 1e-6 * expected.frequencies[i]) << "pair " << i << " of " << line;
    ++cases[expected.rotary.scaling.kind];
  }
  EXPECT_EQ(cases.size(), 4u) << "a kind of scaling is in no golden";
}

TEST(RotaryFrequencies, UnscaledOnesArePowersOfTheBase) {
  spec::Rotary rotary;
  rotary.base = 100;
  rotary.dims = 8;
  std::vector<double> frequencies = spec::rotaryFrequencies(rotary, 64);
  ASSERT_EQ(frequencies.size(), 4u);
  for (size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(frequencies[i], std::pow(10.0, -0.5 * static_cast<double>(i)), 1e-15);
}

TEST(RotaryFrequencies, DynamicScalingOfTheFirstPairAloneIsNone) {
  spec::Rotary rotary;
  rotary.dims = 2;
  rotary.scaling.kind = spec::ScalingKind::DynamicNtk;
  rotary.scaling.factor = 4;
  rotary.scaling.originalLength = 16;
  EXPECT_EQ(spec::rotaryFrequencies(rotary, 64), std::vector<double>{1});
}

} // namespace
