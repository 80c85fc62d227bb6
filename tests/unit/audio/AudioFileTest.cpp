//===- AudioFileTest.cpp --------------------------------------------------===//

#include "SoundFiles.h"

#include <gmock/gmock.h>
#include <limits>
#include <random>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon::runtime;
using namespace tenon::runtime::test;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace {

constexpr SampleType types[] = {{8, false}, {16, false}, {24, false}, {32, false}, {32, true}, {64, true}};

double largestDifference(const std::vector<float> &found, const std::vector<double> &expected) {
  EXPECT_EQ(found.size(), expected.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    largest = std::max(largest, std::abs(double(found[i]) - expected[i]));
  return largest;
}

TEST(AudioFile, everySampleTypeIsRead) {
  std::vector<double> samples = sine(440, 16000, 1000);
  for (SampleType type : types) {
    // Half a step of the type, and the rounding of float32.
    double tolerance = (type.isFloat ? 0 : std::ldexp(0.5, 1 - type.bits)) + 1e-7;
    EXPECT_LE(largestDifference(read(wav(samples, 1, 16000, type)), samples), tolerance) << type.bits;
  }
}

TEST(AudioFile, channelsAreAveraged) {
  for (int channels : {1, 2, 3, 8}) {
    std::vector<double> samples, means;
    std::mt19937 random(1);
    for (int frame = 0; frame < 100; ++frame) {
      double sum = 0;
      for (int channel = 0; channel < channels; ++channel) {
        samples.push_back(double(random() % 1000) / 1000 - 0.5);
        sum += samples.back();
      }
      means.push_back(sum / channels);
    }
    EXPECT_LE(largestDifference(read(wav(samples, channels, 16000, {32, true})), means), 1e-7) << channels;
  }
}

/// A sine sampled at another rate is the same sine: the mid part, since a filter rings at both ends.
TEST(AudioFile, everyRateIsConverted) {
  for (uint32_t rate : {1000, 8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000}) {
    std::vector<float> found = read(wav(sine(200, rate, rate), 1, rate, {32, true}));
    ASSERT_EQ(found.size(), 16000U) << rate;
    std::vector<double> expected = sine(200, 16000, 16000);
    for (size_t i = 4000; i < 12000; ++i)
      ASSERT_NEAR(found[i], expected[i], 1e-4) << rate << " Hz, sample " << i;
  }
}

/// 10 kHz do not fit into 16000 samples a second: nothing of them may come back as another tone.
TEST(AudioFile, whatIsTooHighForTheRateIsLeftOut) {
  std::vector<float> found = read(wav(sine(10000, 48000, 48000), 1, 48000, {32, true}));
  for (size_t i = 4000; i < 12000; ++i)
    ASSERT_NEAR(found[i], 0, 1e-4) << i;
}

TEST(AudioFile, lengthsOfConvertedSoundsAreRoundedUp) {
  EXPECT_EQ(read(wav({0.5}, 1, 48000, {16, false})).size(), 1U);
  EXPECT_EQ(read(wav({0.5}, 1, 8000, {16, false})).size(), 2U);
  EXPECT_EQ(read(wav(sine(100, 44100, 100000), 1, 44100, {16, false})).size(), 36282U);
}

TEST(AudioFile, aFileThatEndsEarlyIsReadAsFarAsItGoes) {
  std::vector<double> samples = sine(440, 16000, 1000);
  std::string bytes = wav(samples, 1, 16000, {16, false});
  EXPECT_EQ(read(bytes.substr(0, 44 + 300)).size(), 150U);
  // As programs write that do not know how long it will be.
  for (uint32_t size : {0x7ffff000U, 0xffffffffU}) {
    std::string unknown = bytes;
    for (int i = 0; i < 4; ++i)
      unknown[size_t(40 + i)] = unknown[size_t(4 + i)] = char(size >> (8 * i));
    EXPECT_EQ(read(unknown).size(), 1000U);
  }
}

TEST(AudioFile, whatIsNoSoundIsRefused) {
  EXPECT_THAT(refusal(""),
              HasSubstr("TENON_ERROR_AUDIO: FILE: expected a sound file, such as WAV or FLAC; libsndfile says"));
  EXPECT_THAT(refusal("This is text about the sound of rain.\n"), HasSubstr("expected a sound file"));
  EXPECT_THAT(refusal(wav({0.1}, 1, 16000, {16, false}).substr(0, 20)), HasSubstr("expected a sound file"));
  EXPECT_THAT(refusal(std::string("\x89PNG\r\n\x1a\n", 8) + std::string(100, '\0')),
              HasSubstr("expected a sound file"));
}

TEST(AudioFile, aSoundWithoutSamplesIsRefused) {
  EXPECT_EQ(refusal(wav({}, 1, 16000, {16, false})), "TENON_ERROR_AUDIO: FILE has 0 samples, expected at least 1");
}

TEST(AudioFile, samplesThatAreNotNumbersAreRefused) {
  double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(wav({0, 0.1, nan}, 1, 16000, {32, true})),
            "TENON_ERROR_AUDIO: FILE: sample 2 of the audio is not a number, expected finite numbers");
  EXPECT_EQ(refusal(wav({0, infinity}, 1, 16000, {32, true})),
            "TENON_ERROR_AUDIO: FILE: sample 1 of the audio is infinite, expected finite numbers");
}

TEST(AudioFile, ratesBeyondReasonAreRefused) {
  EXPECT_EQ(refusal(wav({0.1}, 1, 999, {16, false})),
            "TENON_ERROR_OUT_OF_RANGE: FILE has 999 samples a second, expected 1000 to 1000000");
  EXPECT_EQ(refusal(wav({0.1}, 1, 2000000, {16, false})),
            "TENON_ERROR_OUT_OF_RANGE: FILE has 2000000 samples a second, expected 1000 to 1000000");
}

TEST(AudioFile, whatIsNoRegularFileIsRefusedWithoutWaiting) {
  std::string fifo = testing::TempDir() + "sound.fifo";
  unlink(fifo.c_str());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string &path : {fifo, std::string("/")})
    try {
      readAudio(path.c_str(), 16000);
      FAIL() << path;
    } catch (const Failure &failure) {
      EXPECT_EQ(failure.message, path + " is not a regular file");
    }
  unlink(fifo.c_str());
  try {
    readAudio("/nowhere/a.wav", 16000);
    FAIL();
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.message, "/nowhere/a.wav: No such file or directory");
  }
}

/// Whatever is wrong with a file: it is read, or refused with a message.
TEST(AudioFile, damagedFilesAreReadOrRefused) {
  std::string good = wav(sine(440, 22050, 200), 2, 22050, {16, false});
  auto holds = [](const std::string &bytes) {
    std::string said = refusal(bytes);
    EXPECT_TRUE(said == "read" || said.starts_with("TENON_ERROR_")) << said;
  };
  for (size_t size = 0; size < 60; ++size)
    holds(good.substr(0, size));
  for (size_t at = 0; at < 44; ++at)
    for (int value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[at] = char(value);
      holds(bytes);
    }
  for (size_t at = 0; at + 4 <= 44; at += 2) {
    std::string bytes = good;
    for (size_t i = 0; i < 4; ++i)
      bytes[at + i] = char(0xff);
    holds(bytes);
  }
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change)
      bytes[random() % 60] = char(random());
    holds(bytes);
  }
}

/// A WAV file of silent 16-bit samples that takes no room on the disk.
std::string sparseFile(uint32_t samples, uint32_t rate) {
  std::string bytes = wav({}, 1, rate, {16, false}), path = testing::TempDir() + "sparse.wav";
  for (size_t i = 0; i < 4; ++i) {
    bytes[4 + i] = char((36 + 2 * samples) >> (8 * i));
    bytes[40 + i] = char((2 * samples) >> (8 * i));
  }
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(truncate(path.c_str(), off_t(bytes.size()) + 2 * off_t(samples)), 0);
  return path;
}

int64_t peakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t(usage.ru_maxrss) * 1024;
}

TEST(AudioFile, aHeaderOfMoreThanADayIsRefusedBeforeAnythingIsRead) {
  std::string path = sparseFile(25 * 60 * 60 * 8000, 8000);
  int64_t before = peakBytes();
  try {
    readAudio(path.c_str(), 8000);
    FAIL();
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.message, path + " lasts longer than 24 hours, expected at most these");
  }
  EXPECT_LT(peakBytes() - before, 16 << 20);
  unlink(path.c_str());
}

TEST(AudioFile, memoryDoesNotGrowWithTheLengthOfASound) {
  std::string path = sparseFile(3 * 60 * 60 * 8000, 8000); // 350 MB of float32
  std::vector<float> block(10'000);
  std::unique_ptr<Sound> sound = openAudio(path.c_str(), 8000);
  int64_t before = peakBytes(), count = 0;
  for (size_t read; (read = sound->read(block)) != 0;)
    count += int64_t(read);
  EXPECT_EQ(count, 3 * 60 * 60 * 8000);
  EXPECT_LT(peakBytes() - before, 16 << 20);
  unlink(path.c_str());
}

TEST(AudioFile, whatIsReadInPiecesIsTheSame) {
  for (uint32_t rate : {8000, 16000, 44100}) {
    TemporaryFile file(wav(sine(300, rate, 30'001), 1, rate, {16, false}));
    std::vector<float> whole = readAudio(file.path.c_str(), 16000), pieces(whole.size() + 1000);
    std::unique_ptr<Sound> sound = openAudio(file.path.c_str(), 16000);
    for (int round = 0; round < 2; ++round) {
      size_t count = 0;
      for (size_t size : {1, 7, 1000, 30, 5000, 100'000})
        count += sound->read(std::span(pieces).subspan(count, std::min(size, pieces.size() - count)));
      EXPECT_EQ(count, whole.size());
      EXPECT_TRUE(std::equal(whole.begin(), whole.end(), pieces.begin())) << rate << ", round " << round;
      sound->restart();
    }
  }
}

TEST(ConvertAudio, samplesInMemoryAreConvertedLikeFiles) {
  std::vector<double> samples = sine(300, 44100, 4410);
  std::vector<float> floats(samples.begin(), samples.end());
  EXPECT_EQ(convertAudio(floats, 2, 44100, 16000), read(wav(samples, 2, 44100, {32, true})));
}

TEST(ConvertAudio, badArgumentsAreRefused) {
  auto message = [](std::vector<float> samples, int64_t channels, int64_t from, int64_t to) -> std::string {
    try {
      convertAudio(samples, channels, from, to);
    } catch (const Failure &failure) {
      return failure.message;
    }
    return "converted";
  };
  EXPECT_EQ(message({0, 0}, 0, 16000, 16000), "the audio has 0 channels, expected 1 to 1024");
  EXPECT_EQ(message({0, 0}, 1, 0, 16000), "the audio has 0 samples a second, expected 1000 to 1000000");
  EXPECT_EQ(message({0, 0}, 1, 16000, -1), "what is asked for has -1 samples a second, expected 1000 to 1000000");
  EXPECT_EQ(message({0, NAN}, 1, 16000, 8000), "sample 1 of the audio is not a number, expected finite numbers");
}

} // namespace
