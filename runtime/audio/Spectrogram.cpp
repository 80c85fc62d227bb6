//===- Spectrogram.cpp - Windows of a sound's spectrogram -----------------===//

#include "Spectrogram.h"

#include <algorithm>
#include <cmath>

namespace tenon::runtime {

Spectrogram::Spectrogram(const LogMel &mel, Sound &sound)
    : mel(mel), sound(sound), around(size_t(mel.format().window)), block(1 << 15) {}

void Spectrogram::readUpTo(int64_t sample) {
  while (!ended && heardBegin + int64_t(heard.size()) < sample) {
    size_t count = sound.read(block);
    ended = count < block.size();
    heard.insert(heard.end(), block.begin(), block.begin() + ptrdiff_t(count));
  }
}

bool Spectrogram::addRow() {
  const AudioFormat &format = mel.format();
  int64_t half = format.window / 2, begin = rowsEnd * format.hop - half, end = begin + format.window;
  readUpTo(std::max(end, half + 1));
  int64_t heardEnd = heardBegin + int64_t(heard.size());
  for (int64_t i = 0; i < format.window; ++i) {
    int64_t at = std::abs(begin + i); // What is before the sound is its beginning, reflected.
    around[size_t(i)] = at < heardEnd ? heard[size_t(at - heardBegin)] : 0;
  }
  rows.resize(rows.size() + size_t(format.bins));
  mel.row(around, scratch, rows.data() + rows.size() - size_t(format.bins));
  ++rowsEnd;
  // Samples go a block at a time.
  if (int64_t passed = begin + format.hop - heardBegin; begin >= 0 && passed >= int64_t(block.size())) {
    heard.erase(heard.begin(), heard.begin() + ptrdiff_t(std::min(passed, int64_t(heard.size()))));
    heardBegin += std::min(passed, heardEnd - heardBegin);
  }
  return begin < heardEnd;
}

void Spectrogram::restart() {
  sound.restart();
  heard.clear();
  rows.clear();
  heardBegin = rowsBegin = rowsEnd = 0;
  ended = false;
}

bool Spectrogram::survey(const std::function<bool()> &cancelled) {
  const AudioFormat &format = mel.format();
  int64_t kept = format.frames + format.window / format.hop + 2; // Some see the last samples of a window from behind.
  for (bool sees = true; sees;) {
    if (cancelled())
      return false;
    if (rowsEnd - rowsBegin == kept) { // It does not fit into one window.
      rows.clear();
      rowsBegin = rowsEnd;
    }
    sees = addRow();
    loudest = std::max(loudest, *std::max_element(rows.end() - ptrdiff_t(format.bins), rows.end()));
  }
  sampleCount = heardBegin + int64_t(heard.size());
  frameCount = sampleCount / format.hop;
  if (rowsBegin != 0)
    restart();
  return true;
}

void Spectrogram::window(int64_t first, float *features) {
  const AudioFormat &format = mel.format();
  int64_t end = std::min(first + format.frames, frameCount);
  while (rowsEnd < end)
    addRow();
  rows.erase(rows.begin(), rows.begin() + ptrdiff_t((first - rowsBegin) * format.bins));
  rowsBegin = first;
  auto values = size_t((end - first) * format.bins);
  LogMel::normalize(std::span(rows).first(values), loudest, features);
  std::fill(features + values, features + format.frames * format.bins, 0.0F);
}

} // namespace tenon::runtime
