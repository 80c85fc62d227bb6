//===- LogMel.h - The spectrogram that Whisper hears ------------*- C++ -*-===//
//
// As the feature extractors of Whisper compute it, with float64 inside.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_AUDIO_LOGMEL_H
#define TENON_RUNTIME_AUDIO_LOGMEL_H

#include "Format.h"

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

template <typename scalar_t> class kissfft;

namespace tenon::runtime {

/// Fails (TENON_ERROR_OUT_OF_RANGE) unless spectrograms of the format can be made.
void checkAudioFormat(const AudioFormat &format);

/// Fails (TENON_ERROR_INVALID_ARGUMENT) where a sample is not a finite number; the first of these has that index.
void checkSamples(std::span<const float> samples, int64_t first = 0);

/// Makes spectrograms. One may be used by several threads.
class LogMel {
public:
  explicit LogMel(const AudioFormat &format);
  ~LogMel();

  const AudioFormat &format() const { return audio; }

  /// Features [frames, bins] of the first windowSamples() samples, behind which there is silence.
  void compute(std::span<const float> samples, float *features) const;

  /// What rows are computed in.
  struct Scratch {
    std::vector<double> windowed;
    std::vector<std::complex<double>> spectrum;
  };
  /// One row [bins] of logarithms of power: of the format's `window` samples, which lie around the frame's place.
  void row(std::span<const float> around, Scratch &scratch, double *row) const;
  /// Of silence.
  static constexpr double quietest = -10;
  /// Features of such rows, of which `loudest` is the largest.
  static void normalize(std::span<const double> logs, double loudest, float *features);

private:
  /// A triangle over the bins of a spectrum.
  struct Band {
    int64_t first;
    std::vector<double> weights;
  };

  void makeBands();

  AudioFormat audio;
  std::unique_ptr<kissfft<double>> transform;
  std::vector<double> hann;
  std::vector<Band> bands;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_LOGMEL_H
