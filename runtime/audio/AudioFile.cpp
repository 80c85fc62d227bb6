//===- AudioFile.cpp - Sounds as samples ----------------------------------===//

#include "AudioFile.h"

#include "Failure.h"
#include "LogMel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sndfile.h>
#include <soxr.h>
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

/// Appends the mean of the channels, summed in float64, so that it does not overflow.
void appendMono(std::span<const float> interleaved, int64_t channels, std::vector<float> &mono) {
  for (size_t at = 0; at + size_t(channels) <= interleaved.size(); at += size_t(channels)) {
    double sum = 0;
    for (int64_t channel = 0; channel < channels; ++channel)
      sum += double(interleaved[at + size_t(channel)]);
    mono.push_back(float(sum / double(channels)));
  }
}

struct SoxrCloser {
  void operator()(soxr *state) const { soxr_delete(state); }
};

void requireSoxr(soxr_error_t error, int64_t from, int64_t to) {
  if (error)
    fail(TENON_ERROR_INTERNAL, "converting audio from ", from, " to ", to, " samples a second: ", error);
}

std::vector<float> resampled(std::vector<float> samples, int64_t from, int64_t to) {
  if (from == to)
    return samples;
  soxr_error_t error = nullptr;
  soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  std::unique_ptr<soxr, SoxrCloser> state(soxr_create(double(from), double(to), 1, &error, nullptr, &quality, nullptr));
  requireSoxr(error, from, to);
  // Samples of the last instant that is within the sound.
  auto wanted = size_t((int64_t(samples.size()) * to + from - 1) / from);
  std::vector<float> converted(wanted);
  constexpr size_t block = 1 << 16;
  size_t taken = 0, given = 0;
  while (given < wanted) {
    size_t count = std::min(block, samples.size() - taken), room = std::min(block, wanted - given);
    size_t used = 0, made = 0;
    // A null input says that the sound has ended.
    requireSoxr(soxr_process(state.get(), count ? samples.data() + taken : nullptr, count, &used,
                             converted.data() + given, room, &made),
                from, to);
    taken += used;
    given += made;
    if (used == 0 && made == 0)
      break; // The rest is silence.
  }
  return converted;
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

} // namespace

std::vector<float> readAudio(const char *path, int64_t rate) {
  checkRate("what is asked for", rate);
  SF_INFO info{};
  std::unique_ptr<SNDFILE, SndFileCloser> file(sf_open_fd(openRegular(path), SFM_READ, &info, SF_TRUE));
  if (!file)
    fail(TENON_ERROR_AUDIO, path, ": expected a sound file, such as WAV or FLAC; libsndfile says: ", reason(nullptr));
  checkRate(path, info.samplerate);
  if (info.channels < 1 || info.channels > mostChannels)
    fail(TENON_ERROR_AUDIO, path, " has ", info.channels, " channels, expected 1 to ", mostChannels);
  int64_t blockFrames = std::max<int64_t>(1, (1 << 16) / info.channels);
  std::vector<float> block(size_t(blockFrames * info.channels)), mono;
  for (;;) {
    sf_count_t count = sf_readf_float(file.get(), block.data(), blockFrames);
    if (count <= 0)
      break;
    appendMono(std::span(block).first(size_t(count * info.channels)), info.channels, mono);
    checkLength(path, int64_t(mono.size()), info.samplerate);
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR)
    fail(TENON_ERROR_AUDIO, path, ": after ", mono.size(), " samples libsndfile says: ", reason(file.get()));
  if (mono.empty())
    fail(TENON_ERROR_AUDIO, path, " has 0 samples, expected at least 1");
  try {
    checkSamples(mono);
  } catch (const Failure &failure) {
    fail(TENON_ERROR_AUDIO, path, ": ", failure.message);
  }
  return resampled(std::move(mono), info.samplerate, rate);
}

std::vector<float> convertAudio(std::span<const float> interleaved, int64_t channels, int64_t from, int64_t to) {
  checkRate("the audio", from);
  checkRate("what is asked for", to);
  if (channels < 1 || channels > mostChannels)
    fail(TENON_ERROR_OUT_OF_RANGE, "the audio has ", channels, " channels, expected 1 to ", mostChannels);
  checkLength("the audio", int64_t(interleaved.size()) / channels, from);
  checkSamples(interleaved);
  std::vector<float> mono;
  mono.reserve(interleaved.size() / size_t(channels));
  appendMono(interleaved, channels, mono);
  return resampled(std::move(mono), from, to);
}

} // namespace tenon::runtime
