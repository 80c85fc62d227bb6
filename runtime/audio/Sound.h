//===- Sound.h - Samples, one after the other -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_SOUND_H
#define TENON_RUNTIME_AUDIO_SOUND_H

#include <algorithm>
#include <cstddef>
#include <span>

namespace tenon::runtime {

/// Samples of one channel from the first to the last, of which only those that are asked for need to be in memory.
class Sound {
public:
  virtual ~Sound() = default;
  /// Gives the next samples; fewer than asked for only where the sound ends. Returns how many.
  virtual size_t read(std::span<float> samples) = 0;
  /// Goes back to the first sample.
  virtual void restart() = 0;
};

/// Samples that the caller has.
class SamplesInMemory final : public Sound {
public:
  explicit SamplesInMemory(std::span<const float> samples) : all(samples), left(samples) {}
  size_t read(std::span<float> samples) override {
    size_t count = std::min(samples.size(), left.size());
    std::copy_n(left.begin(), count, samples.begin());
    left = left.subspan(count);
    return count;
  }
  void restart() override { left = all; }

private:
  std::span<const float> all, left;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_SOUND_H
