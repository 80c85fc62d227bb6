//===- Spectrogram.h - Windows of a sound's spectrogram ---------*- C++ -*-===//
//
// That of the whole sound, as OpenAI's program makes it: what is loudest anywhere sets the floor everywhere, frames see
// what lies around a window's ends, and what a window has behind the sound's end is 0. Only one window is in memory.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_AUDIO_SPECTROGRAM_H
#define TENON_RUNTIME_AUDIO_SPECTROGRAM_H

#include "LogMel.h"
#include "Sound.h"

#include <functional>

namespace tenon::runtime {

class Spectrogram {
public:
  /// Both outlive this.
  Spectrogram(const LogMel &mel, Sound &sound);

  /// Reads the whole sound, for its length and what is loudest. Stops early, returning false, when it is cancelled.
  bool survey(const std::function<bool()> &cancelled);

  // After that:
  int64_t frames() const { return frameCount; } ///< of whole hops
  int64_t samples() const { return sampleCount; }

  /// Features [format().frames, bins] of the window that begins at frame `first`, which is not before the last one's.
  void window(int64_t first, float *features);

private:
  /// Appends the next frame's row; returns whether it sees any sample.
  bool addRow();
  void readUpTo(int64_t sample);
  void restart();

  const LogMel &mel;
  Sound &sound;
  LogMel::Scratch scratch;
  std::vector<float> around, block;
  std::vector<float> heard; ///< those from sample `heardBegin` on that are still needed
  std::vector<double> rows; ///< those from frame `rowsBegin` on that are still needed
  int64_t heardBegin = 0, rowsBegin = 0, rowsEnd = 0;
  bool ended = false;
  int64_t frameCount = 0, sampleCount = 0;
  double loudest = LogMel::quietest;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_SPECTROGRAM_H
