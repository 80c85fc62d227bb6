//===- AudioFile.cpp - Sounds as samples ----------------------------------===//

#include "AudioFile.h"

#include "Failure.h"
#include "LogMel.h"
#include "Resampler.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sndfile.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::runtime {
namespace {

constexpr int64_t leastRate = 1000, mostRate = 1'000'000;
constexpr int64_t mostChannels = 1024; ///< what libsndfile takes
constexpr int64_t mostSeconds = 24 * 60 * 60;

void checkRate(const std::string &whose, int64_t rate) {
  if (rate < leastRate || rate > mostRate)
    fail(TENON_ERROR_OUT_OF_RANGE, whose, " has ", rate, " samples a second, expected ", leastRate, " to ", mostRate);
}

void checkLength(const std::string &whose, int64_t frames, int64_t rate) {
  if (frames > mostSeconds * rate)
    fail(TENON_ERROR_OUT_OF_RANGE, whose, " lasts longer than 24 hours, expected at most these");
}

/// The mean of the channels, summed in float64, so that it does not overflow.
void averageChannels(std::span<const float> interleaved, int64_t channels, std::span<float> mono) {
  for (size_t frame = 0; frame < mono.size(); ++frame) {
    double sum = 0;
    for (int64_t channel = 0; channel < channels; ++channel)
      sum += double(interleaved[frame * size_t(channels) + size_t(channel)]);
    mono[frame] = float(sum / double(channels));
  }
}

template <typename Samples> std::vector<float> readAll(Samples &from) {
  std::vector<float> samples;
  for (size_t count = 0;;) {
    samples.resize(count + (1 << 16));
    size_t more = from.read(std::span(samples).subspan(count));
    count += more;
    if (count < samples.size()) {
      samples.resize(count);
      return samples;
    }
  }
}

/// A descriptor of a regular file. Opening waits for nobody.
int openRegular(const char *path) {
  int descriptor;
  do
    descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0)
    fail(TENON_ERROR_FILE, path, ": ", std::strerror(errno));
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    fail(TENON_ERROR_FILE, path, " is not a regular file");
  }
  return descriptor;
}

struct SndFileCloser {
  void operator()(SNDFILE *file) const { sf_close(file); }
};

/// libsndfile's message without the dot that some of them end with.
std::string reason(SNDFILE *file) {
  std::string text = sf_strerror(file);
  while (!text.empty() && (text.back() == '.' || text.back() == '\n'))
    text.pop_back();
  return text;
}

class AudioFile final : public Sound {
public:
  AudioFile(const char *path, int64_t rate) : path(path), rate(rate) { restart(); }

  size_t read(std::span<float> samples) override { return resampler->read(samples); }
  void restart() override;

private:
  size_t pull(std::span<float> mono);
  void checkHeader() const;

  std::string path;
  int64_t rate;
  SF_INFO info{};
  std::unique_ptr<SNDFILE, SndFileCloser> file;
  std::unique_ptr<Resampler> resampler;
  std::vector<float> interleaved;
  int64_t frames = 0; ///< read so far
};

void AudioFile::checkHeader() const {
  checkRate(path, info.samplerate);
  if (info.channels < 1 || info.channels > mostChannels)
    fail(TENON_ERROR_AUDIO, path, " has ", info.channels, " channels, expected 1 to ", mostChannels);
  if (info.frames != SF_COUNT_MAX) // which stands for a length that nobody knows
    checkLength(path, info.frames, info.samplerate);
}

void AudioFile::restart() {
  info = {};
  file.reset(sf_open_fd(openRegular(path.c_str()), SFM_READ, &info, SF_TRUE));
  if (!file)
    fail(TENON_ERROR_AUDIO, path, ": expected a sound file, such as WAV or FLAC; libsndfile says: ", reason(nullptr));
  checkHeader();
  frames = 0;
  resampler = std::make_unique<Resampler>(info.samplerate, rate, [this](std::span<float> mono) { return pull(mono); });
}

size_t AudioFile::pull(std::span<float> mono) {
  auto blockFrames = std::max<size_t>(1, (1 << 16) / size_t(info.channels));
  interleaved.resize(blockFrames * size_t(info.channels));
  size_t done = 0;
  while (done < mono.size()) {
    sf_count_t count =
        sf_readf_float(file.get(), interleaved.data(), sf_count_t(std::min(blockFrames, mono.size() - done)));
    if (count <= 0)
      break;
    averageChannels(interleaved, info.channels, mono.subspan(done, size_t(count)));
    done += size_t(count);
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR)
    fail(TENON_ERROR_AUDIO, path, ": after ", frames + int64_t(done), " samples libsndfile says: ", reason(file.get()));
  try {
    checkSamples(mono.first(done), frames);
  } catch (const Failure &failure) {
    fail(TENON_ERROR_AUDIO, path, ": ", failure.message);
  }
  frames += int64_t(done);
  if (frames == 0)
    fail(TENON_ERROR_AUDIO, path, " has 0 samples, expected at least 1");
  checkLength(path, frames, info.samplerate);
  return done;
}

} // namespace

std::unique_ptr<Sound> openAudio(const char *path, int64_t rate) {
  checkRate("what is asked for", rate);
  return std::make_unique<AudioFile>(path, rate);
}

std::vector<float> readAudio(const char *path, int64_t rate) {
  std::unique_ptr<Sound> sound = openAudio(path, rate);
  return readAll(*sound);
}

std::vector<float> convertAudio(std::span<const float> interleaved, int64_t channels, int64_t from, int64_t to) {
  checkRate("the audio", from);
  checkRate("what is asked for", to);
  if (channels < 1 || channels > mostChannels)
    fail(TENON_ERROR_OUT_OF_RANGE, "the audio has ", channels, " channels, expected 1 to ", mostChannels);
  size_t frames = interleaved.size() / size_t(channels), done = 0;
  checkLength("the audio", int64_t(frames), from);
  checkSamples(interleaved);
  Resampler resampler(from, to, [&](std::span<float> mono) {
    size_t count = std::min(mono.size(), frames - done);
    averageChannels(interleaved.subspan(done * size_t(channels)), channels, mono.first(count));
    done += count;
    return count;
  });
  return readAll(resampler);
}

} // namespace tenon::runtime
