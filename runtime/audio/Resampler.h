//===- Resampler.h - Samples at another rate --------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_RESAMPLER_H
#define TENON_RUNTIME_AUDIO_RESAMPLER_H

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

struct soxr;

namespace tenon::runtime {

/// Converts samples as they are asked for, so that memory does not grow with the length of a sound.
class Resampler {
public:
  /// Gives the next samples; fewer than asked for only where they end.
  using Pull = std::function<size_t(std::span<float>)>;

  Resampler(int64_t from, int64_t to, Pull pull);

  /// The same at the new rate: all samples of instants that are within the sound.
  size_t read(std::span<float> samples);

private:
  struct Closer {
    void operator()(soxr *state) const;
  };

  void fill();

  int64_t from, to;
  Pull pull;
  std::unique_ptr<soxr, Closer> state; ///< none where the rates are the same
  std::vector<float> block;            ///< those from `taken` to `filled` are still to be converted
  size_t taken = 0, filled = 0;
  int64_t pulled = 0, given = 0;
  bool ended = false;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_RESAMPLER_H
