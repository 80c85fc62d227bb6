//===- Format.h - What a manifest says of sounds ----------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_FORMAT_H
#define TENON_RUNTIME_AUDIO_FORMAT_H

#include <cstdint>

namespace tenon::runtime {

/// What a model hears.
struct AudioFormat {
  int64_t rate = 16000;  ///< samples per second
  int64_t window = 400;  ///< samples of one spectrum
  int64_t hop = 160;     ///< samples from one spectrum to the next
  int64_t bins = 80;     ///< mel bands
  int64_t frames = 3000; ///< spectra that the model takes at once

  int64_t windowSamples() const { return frames * hop; }
};

/// The tokens by which a model writes times.
struct TimestampTokens {
  int32_t begin = 0;  ///< means the start of the window; those behind it the steps from there
  int32_t none = 0;   ///< at the start of an answer without times
  double step = 0.02; ///< seconds
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_FORMAT_H
