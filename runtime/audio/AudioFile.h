//===- AudioFile.h - Sounds as samples --------------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_AUDIO_AUDIOFILE_H
#define TENON_RUNTIME_AUDIO_AUDIOFILE_H

#include "Sound.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tenon::runtime {

/// A sound file at `rate` samples per second, its channels averaged, read as it is asked for. Reads as far as the file
/// goes, whatever its header promises, since programs that write to a pipe cannot know the length; a header that
/// promises too much is refused before anything is read. Fails where there is no sample or one is not a finite number.
std::unique_ptr<Sound> openAudio(const char *path, int64_t rate);

/// All of its samples.
std::vector<float> readAudio(const char *path, int64_t rate);

/// The same of samples in memory: `frames` times one of each of `channels`.
std::vector<float> convertAudio(std::span<const float> interleaved, int64_t channels, int64_t from, int64_t to);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_AUDIOFILE_H
