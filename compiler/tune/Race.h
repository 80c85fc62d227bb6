//===- Race.h - Measurements that decide ------------------------*- C++ -*-===//
//
// On function objects, so that whoever measures brings the clock.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TUNE_RACE_H
#define TENON_TUNE_RACE_H

#include "tune/SignTest.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace tenon::tune {

/// Seconds that so many runs take together, one after the other; NaN where one fails.
using Timed = std::function<double(unsigned runs)>;

/// Told of each measurement: the seconds of one run. May be empty.
using OnSample = std::function<void(double seconds)>;

/// How many runs take `seconds`, by one that is not the first. At least 1.
unsigned runsThatTake(double seconds, const Timed &timed);

/// Measures two in turns, A B B A each, so that what drifts meets both alike; each measurement is of `runs`. Ends early
/// with fewer turns where `stop` says so or a run fails.
std::vector<Turn> takeTurns(const Timed &challenger, const Timed &incumbent, unsigned runs, unsigned turns,
                            const std::function<bool()> &stop, const OnSample &onChallenger = {},
                            const OnSample &onIncumbent = {});

struct Entrant {
  Timed timed;
  OnSample onSample;
};

/// Lets a field run against `pacer`; after each round the slower half is out, until `survivors` are left. Gives for
/// each the median of its times as parts of the pacer's, infinity for one that failed or was never measured.
std::vector<double> race(const std::vector<Entrant> &field, const Entrant &pacer, unsigned runs, size_t survivors,
                         const std::function<bool()> &stop);

} // namespace tenon::tune

#endif // TENON_TUNE_RACE_H
