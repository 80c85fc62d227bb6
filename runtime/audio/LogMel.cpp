//===- LogMel.cpp - The spectrogram that Whisper hears --------------------===//

#include "LogMel.h"

#include "Failure.h"

#include <algorithm>
#include <cmath>
#include <kissfft.hh>
#include <numbers>

namespace tenon::runtime {
namespace {

constexpr double floorOfPower = 1e-10;
constexpr double range = 8; ///< powers of ten from the faintest to the loudest

/// Slaney's mel scale: even steps up to 1000 Hz, even ratios from there.
constexpr double hertzPerMel = 200.0 / 3, firstRatioHertz = 1000, firstRatioMel = firstRatioHertz / hertzPerMel;
const double ratioPerMel = std::log(6.4) / 27;

double hertzToMel(double hertz) {
  return hertz < firstRatioHertz ? hertz / hertzPerMel
                                 : firstRatioMel + std::log(hertz / firstRatioHertz) / ratioPerMel;
}

double melToHertz(double mel) {
  return mel < firstRatioMel ? mel * hertzPerMel : firstRatioHertz * std::exp(ratioPerMel * (mel - firstRatioMel));
}

void requireWithin(int64_t value, int64_t least, int64_t most, const char *name) {
  if (value < least || value > most)
    fail(TENON_ERROR_OUT_OF_RANGE, name, " of the audio is ", value, ", expected ", least, " to ", most);
}

} // namespace

void checkAudioFormat(const AudioFormat &format) {
  requireWithin(format.rate, 1000, 1'000'000, "rate");
  requireWithin(format.window, 2, 65536, "window");
  if (format.window % 2 != 0)
    fail(TENON_ERROR_OUT_OF_RANGE, "window of the audio is ", format.window, ", expected an even number");
  requireWithin(format.hop, 1, format.window, "hop");
  requireWithin(format.bins, 1, 4096, "bins");
  requireWithin(format.frames, 1, 1 << 20, "frames");
  if (format.windowSamples() <= format.window / 2)
    fail(TENON_ERROR_OUT_OF_RANGE, "frames of the audio are ", format.frames, ", expected more than the ",
         format.window / 2 / format.hop, " that half a window covers");
}

void checkSamples(std::span<const float> samples, int64_t first) {
  auto bad = std::find_if(samples.begin(), samples.end(), [](float sample) { return !std::isfinite(sample); });
  if (bad != samples.end())
    fail(TENON_ERROR_INVALID_ARGUMENT, "sample ", first + (bad - samples.begin()), " of the audio is ",
         std::isnan(*bad) ? "not a number" : "infinite", ", expected finite numbers");
}

LogMel::LogMel(const AudioFormat &format) : audio(format) {
  checkAudioFormat(format);
  transform = std::make_unique<kissfft<double>>(size_t(audio.window / 2), false);
  hann.resize(size_t(audio.window));
  for (int64_t i = 0; i < audio.window; ++i)
    hann[size_t(i)] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * double(i) / double(audio.window));
  makeBands();
}

LogMel::~LogMel() = default;

void LogMel::makeBands() {
  double top = hertzToMel(double(audio.rate) / 2);
  auto corner = [&](int64_t index) { return melToHertz(top * double(index) / double(audio.bins + 1)); };
  for (int64_t bin = 0; bin < audio.bins; ++bin) {
    double low = corner(bin), middle = corner(bin + 1), high = corner(bin + 2);
    Band band{0, {}};
    for (int64_t k = 0; k <= audio.window / 2; ++k) {
      double hertz = double(k) * double(audio.rate) / double(audio.window);
      double height = std::min((hertz - low) / (middle - low), (high - hertz) / (high - middle));
      if (height <= 0)
        continue;
      if (band.weights.empty())
        band.first = k;
      band.weights.push_back(height * 2 / (high - low)); // All bands have the same area.
    }
    bands.push_back(std::move(band));
  }
}

void LogMel::row(std::span<const float> around, Scratch &scratch, double *row) const {
  if (std::all_of(around.begin(), around.end(), [](float sample) { return sample == 0; })) {
    std::fill_n(row, audio.bins, quietest);
    return;
  }
  auto &[windowed, spectrum] = scratch;
  auto half = size_t(audio.window / 2);
  windowed.resize(size_t(audio.window) + 1);
  spectrum.resize(half);
  for (size_t i = 0; i < around.size(); ++i)
    windowed[i] = double(around[i]) * hann[i];
  transform->transform_real(windowed.data(), spectrum.data());
  auto &power = windowed; // Its values are in the spectrum now.
  power[0] = spectrum[0].real() * spectrum[0].real();
  power[half] = spectrum[0].imag() * spectrum[0].imag();
  for (size_t k = 1; k < half; ++k)
    power[k] = std::norm(spectrum[k]);
  for (int64_t bin = 0; bin < audio.bins; ++bin) {
    const Band &band = bands[size_t(bin)];
    double energy = 0;
    for (size_t k = 0; k < band.weights.size(); ++k)
      energy += power[size_t(band.first) + k] * band.weights[k];
    row[bin] = std::log10(std::max(energy, floorOfPower));
  }
}

void LogMel::normalize(std::span<const double> logs, double loudest, float *features) {
  for (size_t i = 0; i < logs.size(); ++i)
    features[i] = float((std::max(logs[i], loudest - range) + 4) / 4);
}

void LogMel::compute(std::span<const float> samples, float *features) const {
  samples = samples.first(std::min(samples.size(), size_t(audio.windowSamples())));
  checkSamples(samples);
  std::vector<float> around(size_t(audio.window));
  std::vector<double> logs(size_t(audio.frames * audio.bins));
  Scratch scratch;
  int64_t last = audio.windowSamples() - 1;
  for (int64_t frame = 0; frame < audio.frames; ++frame) {
    for (int64_t i = 0; i < audio.window; ++i) {
      int64_t at = std::abs(frame * audio.hop - audio.window / 2 + i); // What is outside is the inside, reflected.
      at = at > last ? 2 * last - at : at;
      around[size_t(i)] = at < int64_t(samples.size()) ? samples[size_t(at)] : 0;
    }
    row(around, scratch, logs.data() + frame * audio.bins);
  }
  normalize(logs, std::max(quietest, *std::max_element(logs.begin(), logs.end())), features);
}

} // namespace tenon::runtime
