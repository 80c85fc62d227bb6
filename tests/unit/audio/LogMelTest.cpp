//===- LogMelTest.cpp -----------------------------------------------------===//

#include "audio/LogMel.h"
#include "Failure.h"
#include "Hum.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace tenon::runtime;
using test::hum;

namespace {

std::vector<float> features(const std::vector<float> &samples, const AudioFormat &format) {
  std::vector<float> values(size_t(format.frames * format.bins));
  LogMel(format).compute(samples, values.data());
  return values;
}

struct Row {
  int64_t frame;
  double values[6]; ///< of the bins below
};

/// What WhisperFeatureExtractor of transformers 5.24 (its NumPy way) finds in 20000 samples of the hum.
TEST(LogMel, equalsTheFeatureExtractorOfTransformers) {
  AudioFormat format;
  std::vector<float> found = features(hum(20000), format);
  const Row rows[] = {{0, {0.9847307, 0.9881617, 1.307543, 0.4600453, 0.04879445, -0.04914463}},
                      {1, {0.4858579, 0.47641, 1.165104, 0.1208856, 0.03887165, 0.0297057}},
                      {2, {0.06866646, 0.04662031, 1.16008, 0.1790556, -0.05406868, 0.01567173}},
                      {60, {0.04308593, -0.04654968, 1.159988, -0.04255414, -0.03215754, -0.01271904}},
                      {124, {0.3063133, 0.3449547, 1.163034, 0.00983578, 0.08900142, -0.01414156}},
                      {125, {0.8325355, 0.8354236, 1.181397, 0.3069215, -0.1212955, -0.02721238}},
                      {126, {0.3191428, 0.3235334, 0.3588752, -0.2259901, -0.5611371, -0.5611371}},
                      {2999, {-0.5611371, -0.5611371, -0.5611371, -0.5611371, -0.5611371, -0.5611371}}};
  for (const Row &row : rows)
    for (int i = 0; i < 6; ++i) {
      const int64_t bins[] = {0, 1, 9, 40, 77, 79};
      EXPECT_NEAR(found[size_t(row.frame * 80 + bins[i])], row.values[i], 1e-6) << row.frame << ", " << bins[i];
    }
}

TEST(LogMel, has128BinsToo) {
  AudioFormat format;
  format.bins = 128;
  std::vector<float> found = features(hum(20000), format);
  const Row rows[] = {{0, {0.9089715, 1.006536, 1.077286, 0.7309839, 0.2336524, -0.01528311}},
                      {60, {-0.03267324, 0.06489116, -0.01230204, 0.1133949, 0.1256914, 0.01631266}},
                      {126, {0.2433836, 0.340948, 0.378204, 0.08504444, -0.4200554, -0.5139807}}};
  for (const Row &row : rows)
    for (int i = 0; i < 6; ++i) {
      const int64_t bins[] = {0, 1, 9, 40, 77, 127};
      EXPECT_NEAR(found[size_t(row.frame * 128 + bins[i])], row.values[i], 1e-6) << row.frame << ", " << bins[i];
    }
}

/// Straight from the definitions, in another order.
std::vector<double> plainly(const std::vector<float> &samples, const AudioFormat &format) {
  auto mel = [](double hertz) {
    return hertz < 1000 ? 3 * hertz / 200 : 15 + 27 * std::log(hertz / 1000) / std::log(6.4);
  };
  int64_t total = format.windowSamples(), spectrum = format.window / 2 + 1;
  std::vector<double> padded;
  for (int64_t i = -format.window / 2; i < total + format.window / 2; ++i) {
    int64_t at = i < 0 ? -i : i >= total ? 2 * (total - 1) - i : i;
    padded.push_back(at < int64_t(samples.size()) ? double(samples[size_t(at)]) : 0);
  }
  // The corners of the triangles in Hz, by bisection of the scale.
  std::vector<double> corners;
  for (int64_t i = 0; i < format.bins + 2; ++i) {
    double wanted = mel(double(format.rate) / 2) * double(i) / double(format.bins + 1);
    double low = 0, high = double(format.rate);
    for (int step = 0; step < 200; ++step)
      (mel((low + high) / 2) < wanted ? low : high) = (low + high) / 2;
    corners.push_back(high);
  }
  std::vector<double> logs;
  double loudest = -10;
  for (int64_t frame = 0; frame < format.frames; ++frame) {
    std::vector<double> power;
    for (int64_t k = 0; k < spectrum; ++k) {
      double real = 0, imaginary = 0;
      for (int64_t n = 0; n < format.window; ++n) {
        double angle = 2 * M_PI * double(n) / double(format.window), window = std::pow(std::sin(angle / 2), 2);
        double sample = window * padded[size_t(frame * format.hop + n)];
        real += sample * std::cos(angle * double(k));
        imaginary -= sample * std::sin(angle * double(k));
      }
      power.push_back(real * real + imaginary * imaginary);
    }
    for (int64_t bin = 0; bin < format.bins; ++bin) {
      double energy = 0, left = corners[size_t(bin)], top = corners[size_t(bin) + 1], right = corners[size_t(bin) + 2];
      for (int64_t k = 0; k < spectrum; ++k) {
        double hertz = double(k * format.rate) / double(format.window);
        double height = hertz <= top ? (hertz - left) / (top - left) : (right - hertz) / (right - top);
        energy += std::max(height, 0.0) * 2 / (right - left) * power[size_t(k)];
      }
      logs.push_back(std::log10(std::max(energy, 1e-10)));
      loudest = std::max(loudest, logs.back());
    }
  }
  for (double &value : logs)
    value = (std::max(value, loudest - 8) + 4) / 4;
  return logs;
}

void expectAsDefined(const std::vector<float> &samples, const AudioFormat &format) {
  std::vector<float> found = features(samples, format);
  std::vector<double> expected = plainly(samples, format);
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], 1e-6)
        << "frame " << i / size_t(format.bins) << ", bin " << i % size_t(format.bins);
}

TEST(LogMel, isWhatTheDefinitionSays) {
  AudioFormat format;
  format.frames = 12; // Full of sound, so that both ends are reflected.
  std::vector<float> samples = hum(12 * 160);
  expectAsDefined(samples, format);
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 0.1F);
  for (float &sample : samples)
    sample = normal(random);
  expectAsDefined(samples, format);
  samples.resize(700);
  expectAsDefined(samples, format);
  expectAsDefined({1}, format);
}

TEST(LogMel, otherFormatsAreAsDefinedToo) {
  AudioFormat format;
  format.rate = 8000;
  format.window = 98; // 2 * 7 * 7
  format.hop = 31;
  format.bins = 20;
  format.frames = 9;
  expectAsDefined(hum(9 * 31), format);
}

TEST(LogMel, silenceIsTheFloor) {
  AudioFormat format;
  for (float value : features(std::vector<float>(16000), format))
    ASSERT_EQ(value, -1.5F); // (log10(1e-10) + 4) / 4
}

TEST(LogMel, whatIsBehindTheWindowIsNotHeard) {
  AudioFormat format;
  format.frames = 20;
  std::vector<float> samples = hum(5000), window(samples.begin(), samples.begin() + 3200);
  samples[3200] = NAN;
  EXPECT_EQ(features(samples, format), features(window, format));
}

TEST(LogMel, formatsThatMakeNoSpectrogramAreRefused) {
  auto message = [](auto change) -> std::string {
    AudioFormat format;
    change(format);
    try {
      checkAudioFormat(format);
    } catch (const Failure &failure) {
      return failure.message;
    }
    return "taken";
  };
  EXPECT_EQ(message([](AudioFormat &) {}), "taken");
  EXPECT_EQ(message([](AudioFormat &format) { format.rate = 0; }), "rate of the audio is 0, expected 1000 to 1000000");
  EXPECT_EQ(message([](AudioFormat &format) { format.window = 401; }),
            "window of the audio is 401, expected an even number");
  EXPECT_EQ(message([](AudioFormat &format) { format.hop = 0; }), "hop of the audio is 0, expected 1 to 400");
  EXPECT_EQ(message([](AudioFormat &format) { format.bins = -1; }), "bins of the audio is -1, expected 1 to 4096");
  EXPECT_EQ(message([](AudioFormat &format) { format.frames = 1; }),
            "frames of the audio are 1, expected more than the 1 that half a window covers");
}

} // namespace
