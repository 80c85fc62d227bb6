//===- Resampler.cpp - Samples at another rate ----------------------------===//

#include "Resampler.h"

#include "Failure.h"

#include <algorithm>
#include <soxr.h>

namespace tenon::runtime {
namespace {

constexpr size_t blockSamples = 1 << 16;

void requireSoxr(soxr_error_t error, int64_t from, int64_t to) {
  if (error)
    fail(TENON_ERROR_INTERNAL, "converting audio from ", from, " to ", to, " samples a second: ", error);
}

} // namespace

void Resampler::Closer::operator()(soxr *state) const { soxr_delete(state); }

Resampler::Resampler(int64_t from, int64_t to, Pull pull) : from(from), to(to), pull(std::move(pull)) {
  if (from == to)
    return;
  soxr_error_t error = nullptr;
  soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  state.reset(soxr_create(double(from), double(to), 1, &error, nullptr, &quality, nullptr));
  requireSoxr(error, from, to);
  block.resize(blockSamples);
}

void Resampler::fill() {
  taken = 0;
  filled = pull(block);
  pulled += int64_t(filled);
  ended = filled < block.size();
}

size_t Resampler::read(std::span<float> samples) {
  if (!state)
    return pull(samples);
  size_t done = 0;
  while (done < samples.size()) {
    if (taken == filled && !ended)
      fill();
    size_t room = samples.size() - done;
    // Behind the last sample only those of instants that are within the sound are wanted.
    if (ended)
      room = std::min(room, size_t((pulled * to + from - 1) / from - given));
    if (room == 0)
      break;
    size_t count = filled - taken, used = 0, made = 0;
    // A null input says that the sound has ended.
    requireSoxr(soxr_process(state.get(), count ? block.data() + taken : nullptr, count, &used, samples.data() + done,
                             room, &made),
                from, to);
    if (ended && used == 0 && made == 0) { // The rest is silence.
      std::fill_n(samples.begin() + ptrdiff_t(done), room, 0.0F);
      made = room;
    }
    taken += used;
    done += made;
    given += int64_t(made);
  }
  return done;
}

} // namespace tenon::runtime
