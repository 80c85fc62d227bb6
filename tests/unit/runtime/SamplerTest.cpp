// The expected probabilities are what the logits processors of transformers 5.24 leave of the same scores.

#include "Sampler.h"

#include "Philox.h"
#include "Scores.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace tenon::runtime {
namespace {

const std::vector<float> base = {1, 2, 2, -1, 0.5f, 3, 2.5f, -4};

TEST(Philox, KnownAnswers) {
  // From the Random123 distribution's kat_vectors.
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
  EXPECT_EQ(uniform(0, 0, 0), double(0xe169c58d6627e8d5 >> 11) / double(uint64_t(1) << 53));
}

/// How often each token comes up.
std::vector<double> frequencies(const SamplingOptions &options, const std::vector<int32_t> &history = {0}) {
  Sampler sampler(options);
  Penalties penalties(options, base.size());
  std::vector<double> counts(base.size());
  constexpr int draws = 20000;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<float> scores = base;
    penalties.apply(scores, {}, history);
    int32_t token = sampler.pick(scores, 0, uint64_t(draw));
    counts[size_t(token)] += 1.0 / draws;
  }
  return counts;
}

void expectFrequencies(const SamplingOptions &options, const std::vector<double> &expected,
                       const std::vector<int32_t> &history = {0}) {
  std::vector<double> found = frequencies(options, history);
  for (size_t token = 0; token < expected.size(); ++token) {
    // Five standard deviations, and the rounding of the sum; what has been filtered out never comes.
    double allowed = 5 * std::sqrt(expected[token] * (1 - expected[token]) / 20000) + 1e-9;
    EXPECT_LE(std::abs(found[token] - expected[token]), allowed) << "token " << token << ": " << found[token];
  }
}

TEST(Sampler, TopKKeepsTies) {
  SamplingOptions options{.temperature = 1, .topK = 3};
  expectFrequencies(options, {0, 0.15706, 0.15706, 0, 0, 0.426933, 0.258948, 0});
  options.topK = 4;
  expectFrequencies(options, {0, 0.15706, 0.15706, 0, 0, 0.426933, 0.258948, 0});
}

TEST(Sampler, TopPDropsTheUnlikeliest) {
  expectFrequencies({.temperature = 1, .topP = 0.7}, {0, 0, 0.186324, 0, 0, 0.50648, 0.307196, 0});
  // At least one stays.
  expectFrequencies({.temperature = 1, .topP = 1e-9}, {0, 0, 0, 0, 0, 1, 0, 0});
}

TEST(Sampler, MinPComparesWithTheLikeliest) {
  expectFrequencies({.temperature = 1, .minP = 0.3}, {0, 0.15706, 0.15706, 0, 0, 0.426933, 0.258948, 0});
  expectFrequencies({.temperature = 1, .minP = 1}, {0, 0, 0, 0, 0, 1, 0, 0});
}

TEST(Sampler, AllInTheirOrder) {
  SamplingOptions options{.temperature = 0.8, .topK = 5, .topP = 0.9, .minP = 0.1, .repetitionPenalty = 1.5};
  expectFrequencies(options, {0, 0.205413, 0.205413, 0, 0, 0.205413, 0.383762, 0}, {5, 3, 5});
}

TEST(Sampler, GreedyTakesTheLowestOfEqualIds) {
  Sampler sampler({});
  std::vector<float> scores = {1, 7, 7, 3};
  EXPECT_EQ(sampler.pick(scores, 0, 0), 1);
}

TEST(Sampler, PenaltyCountsATokenOnce) {
  RepetitionPenalty penalty(2, 4);
  for (int repeat = 0; repeat < 2; ++repeat) {
    std::vector<float> scores = {4, -4, 8, 1};
    penalty.apply(scores, std::vector<int32_t>{0, 1, 0, 0, 1});
    EXPECT_EQ(scores, (std::vector<float>{2, -8, 8, 1}));
  }
}

TEST(Sampler, PenaltyOfTheSourceFavoursItsTokens) {
  Penalties penalties({.repetitionPenalty = 4, .sourceRepetitionPenalty = 2}, 4);
  std::vector<float> scores = {4, -4, 8, 1};
  // Those of a larger vocabulary are passed over.
  penalties.apply(scores, std::vector<int32_t>{0, 1, 0, 9}, std::vector<int32_t>{1, 2});
  EXPECT_EQ(scores, (std::vector<float>{8, -8, 2, 1}));
}

TEST(Sampler, WhatIsNotANumberIsNeverPicked) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (double temperature : {0.0, 1.0}) {
    Sampler sampler({.temperature = temperature});
    for (std::vector<float> scores :
         {std::vector<float>{1, nan, 2}, {nan, 1, 2}, {1, infinity, 2}, {-infinity, -infinity, -infinity}})
      EXPECT_EQ(sampler.pick(scores, 0, 0), -1);
    std::vector<float> some = {-infinity, 2, -infinity};
    EXPECT_EQ(sampler.pick(some, 0, 0), 1);
  }
}

TEST(Sampler, LogSumExpIsSafe) {
  EXPECT_NEAR(logSumExp(std::vector<float>{1000, 1000}), 1000 + std::log(2.0), 1e-9);
  EXPECT_NEAR(logSumExp(std::vector<float>{-1000, -2000}), -1000, 1e-9);
}

} // namespace
} // namespace tenon::runtime
