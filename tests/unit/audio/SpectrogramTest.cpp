//===- SpectrogramTest.cpp ------------------------------------------------===//

#include "audio/Spectrogram.h"
#include "Hum.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace tenon::runtime;

namespace {

/// From sample 20000 on a thousand times fainter.
std::vector<float> fadingHum(size_t count) {
  std::vector<float> samples = test::hum(count);
  for (size_t i = 20000; i < count; ++i)
    samples[i] *= 1e-3F;
  return samples;
}

/// Counts how often a sound is read from its beginning.
class Counting final : public Sound {
public:
  explicit Counting(std::span<const float> samples) : memory(samples) {}
  size_t read(std::span<float> samples) override { return memory.read(samples); }
  void restart() override {
    ++restarts;
    memory.restart();
  }
  int restarts = 0;

private:
  SamplesInMemory memory;
};

bool goOn() { return false; }

/// Windows of `frames` frames that begin at each of `firsts`, one after the other.
std::vector<std::vector<float>> windowsAt(const std::vector<float> &samples, const std::vector<int64_t> &firsts,
                                          int64_t frames = 3000) {
  AudioFormat format;
  format.frames = frames;
  LogMel mel(format);
  SamplesInMemory sound(samples);
  Spectrogram spectrogram(mel, sound);
  EXPECT_TRUE(spectrogram.survey(goOn));
  EXPECT_EQ(spectrogram.samples(), int64_t(samples.size()));
  EXPECT_EQ(spectrogram.frames(), int64_t(samples.size()) / 160);
  std::vector<std::vector<float>> all;
  for (int64_t first : firsts) {
    all.emplace_back(size_t(frames * format.bins));
    spectrogram.window(first, all.back().data());
  }
  return all;
}

struct Row {
  int64_t frame;
  double values[6]; ///< of the bins below
};

/// whisper.log_mel_spectrogram() of openai-whisper 20250625 with 30 s of padding, float32, of 40000 samples.
const Row rows[] = {{0, {0.9847307, 0.9881617, 1.307543, 0.4600454, 0.04879403, -0.04914451}},
                    {1, {0.4858574, 0.4764102, 1.165104, 0.1208855, 0.03887188, 0.02970523}},
                    {60, {0.04308653, -0.04655075, 1.159988, -0.04255331, -0.03215754, -0.01271999}},
                    {124, {0.3060839, 0.3447568, 1.163031, 0.009804487, 0.08900154, -0.01414227}},
                    {125, {0.8323212, 0.8352039, 1.181268, 0.3067074, -0.1213146, -0.02727425}},
                    {126, {0.3188625, 0.3232828, 0.3543542, -0.2262998, -0.5611371, -0.5611371}},
                    {200, {-0.5611371, -0.5611371, -0.3413421, -0.5611371, -0.5611371, -0.5611371}},
                    {248, {-0.5611371, -0.5611371, -0.3407564, -0.5611371, -0.5611371, -0.5611371}},
                    {249, {-0.5611371, -0.5611371, -0.3377235, -0.5611371, -0.5611371, -0.5611371}}};

TEST(Spectrogram, windowsAreThoseOfTheWholeSoundInTheAuthorsProgram) {
  constexpr int64_t bins[] = {0, 1, 9, 40, 77, 79};
  for (int64_t frames : {3000, 250, 100, 60}) {
    std::vector<int64_t> firsts = {0, 25, 99, 125, 190, 249};
    std::vector<std::vector<float>> found = windowsAt(fadingHum(40000), firsts, frames);
    for (size_t window = 0; window < firsts.size(); ++window)
      for (const Row &row : rows)
        if (int64_t at = row.frame - firsts[window]; at >= 0 && at < frames)
          for (int i = 0; i < 6; ++i)
            EXPECT_NEAR(found[window][size_t(at * 80 + bins[i])], row.values[i], 1e-4)
                << frames << " frames from " << firsts[window] << ", frame " << row.frame << ", bin " << bins[i];
  }
}

TEST(Spectrogram, behindTheSoundThereIsZero) {
  std::vector<float> window = windowsAt(fadingHum(40000), {100})[0];
  for (size_t i = 150 * 80; i < window.size(); ++i)
    ASSERT_EQ(window[i], 0) << i;
  EXPECT_NE(window[150 * 80 - 1], 0);
}

TEST(Spectrogram, onlyWholeHopsAreFrames) {
  for (size_t count : {1, 159, 160, 161, 320, 479999, 480000, 480160})
    windowsAt(fadingHum(count), {});
}

TEST(Spectrogram, aSoundOfOneWindowIsReadOnce) {
  LogMel mel{AudioFormat()};
  for (size_t count : {1, 16000, 480000, 480159, 490000}) {
    std::vector<float> samples = fadingHum(count), features(3000 * 80);
    Counting sound(samples);
    Spectrogram spectrogram(mel, sound);
    ASSERT_TRUE(spectrogram.survey(goOn));
    EXPECT_EQ(sound.restarts, count > 480159 ? 1 : 0) << count;
  }
}

TEST(Spectrogram, theSurveyCanBeCancelled) {
  LogMel mel{AudioFormat()};
  std::vector<float> samples = fadingHum(16000);
  SamplesInMemory sound(samples);
  EXPECT_FALSE(Spectrogram(mel, sound).survey([] { return true; }));
}

} // namespace
