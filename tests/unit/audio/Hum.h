//===- Hum.h - A sound that has no file --------------------------*- C++ -*-===//

#ifndef TENON_TESTS_AUDIO_HUM_H
#define TENON_TESTS_AUDIO_HUM_H

#include <cmath>
#include <cstdint>
#include <vector>

namespace tenon::runtime::test {

/// 440 Hz and a little noise of a linear congruential generator.
inline std::vector<float> hum(size_t count) {
  std::vector<float> samples;
  uint64_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = (state * 1103515245 + 12345) % (1ULL << 31);
    double noise = double(state) / double(1 << 30) - 1;
    samples.push_back(float(0.5 * std::sin(2 * M_PI * 440 * double(i) / 16000) + 0.01 * noise));
  }
  return samples;
}

} // namespace tenon::runtime::test

#endif // TENON_TESTS_AUDIO_HUM_H
