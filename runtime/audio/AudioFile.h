//===- AudioFile.h - Sounds as samples --------------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_AUDIOFILE_H
#define TENON_RUNTIME_AUDIO_AUDIOFILE_H

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::runtime {

/// The samples of a sound file at `rate` per second, its channels averaged. Reads as far as the file goes, whatever its
/// header promises, since programs that write to a pipe cannot know the length. Fails where there is no sample.
std::vector<float> readAudio(const char *path, int64_t rate);

/// The same of samples in memory: `frames` times one of each of `channels`.
std::vector<float> convertAudio(std::span<const float> interleaved, int64_t channels, int64_t from, int64_t to);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_AUDIOFILE_H
