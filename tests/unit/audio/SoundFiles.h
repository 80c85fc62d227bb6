//===- SoundFiles.h - WAV files written byte by byte ------------*- C++ -*-===//

#ifndef TENON_TESTS_AUDIO_SOUNDFILES_H
#define TENON_TESTS_AUDIO_SOUNDFILES_H

#include "Failure.h"
#include "audio/AudioFile.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace tenon::runtime::test {

/// Sample types of WAV: bits, and whether they are floats.
struct SampleType {
  int bits;
  bool isFloat;
};

inline void put(std::string &bytes, uint64_t value, int count) {
  for (int i = 0; i < count; ++i)
    bytes += char(value >> (8 * i));
}

inline void putSample(std::string &bytes, double value, SampleType type) {
  if (type.isFloat && type.bits == 32)
    return put(bytes, std::bit_cast<uint32_t>(float(value)), 4);
  if (type.isFloat)
    return put(bytes, std::bit_cast<uint64_t>(value), 8);
  auto integer = std::llround(value * std::ldexp(1.0, type.bits - 1));
  integer = std::min(integer, (1LL << (type.bits - 1)) - 1);
  put(bytes, uint64_t(type.bits == 8 ? integer + 128 : integer), type.bits / 8);
}

/// The bytes of a WAV file of interleaved samples.
inline std::string wav(const std::vector<double> &samples, int channels, uint32_t rate, SampleType type) {
  std::string data;
  for (double sample : samples)
    putSample(data, sample, type);
  std::string bytes = "RIFF";
  put(bytes, 36 + data.size(), 4);
  bytes += "WAVEfmt ";
  put(bytes, 16, 4);
  put(bytes, type.isFloat ? 3 : 1, 2);
  put(bytes, uint64_t(channels), 2);
  put(bytes, rate, 4);
  put(bytes, uint64_t(rate) * uint64_t(channels * type.bits / 8), 4);
  put(bytes, uint64_t(channels * type.bits / 8), 2);
  put(bytes, uint64_t(type.bits), 2);
  bytes += "data";
  put(bytes, data.size(), 4);
  return bytes + data;
}

/// A file that goes away with the object.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &bytes) {
    std::string name = testing::TempDir() + "soundXXXXXX";
    int descriptor = mkstemp(name.data());
    EXPECT_GE(descriptor, 0);
    close(descriptor);
    path = name;
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { unlink(path.c_str()); }
  TemporaryFile(const TemporaryFile &) = delete;

  std::string path;
};

inline std::vector<double> sine(double hertz, double rate, size_t count, double amplitude = 0.5) {
  std::vector<double> samples;
  for (size_t i = 0; i < count; ++i)
    samples.push_back(amplitude * std::sin(2 * M_PI * hertz * double(i) / rate));
  return samples;
}

inline std::vector<float> read(const std::string &bytes, int64_t rate = 16000) {
  TemporaryFile file(bytes);
  return readAudio(file.path.c_str(), rate);
}

/// The message of a file that cannot be read, with the path taken out.
inline std::string refusal(const std::string &bytes) {
  TemporaryFile file(bytes);
  try {
    readAudio(file.path.c_str(), 16000);
  } catch (const Failure &failure) {
    std::string message = failure.message;
    if (size_t at = message.find(file.path); at != std::string::npos)
      message.replace(at, file.path.size(), "FILE");
    return std::string(tenon_status_name(failure.status)) + ": " + message;
  }
  return "read";
}

} // namespace tenon::runtime::test

#endif // TENON_TESTS_AUDIO_SOUNDFILES_H
