//===- Race.cpp - Measurements that decide --------------------------------===//

#include "tune/Race.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace tenon;
using namespace tenon::tune;

/// Of a field's first round; every further one has twice as many.
static constexpr unsigned kFirstTurns = 3;

unsigned tune::runsThatTake(double seconds, const Timed &timed) {
  constexpr double most = 1000;
  timed(1); // Pages and caches are touched.
  double once = timed(1);
  return once > 0 ? static_cast<unsigned>(std::clamp(std::ceil(seconds / once), 1.0, most)) : 1;
}

std::vector<Turn> tune::takeTurns(const Timed &challenger, const Timed &incumbent, unsigned runs, unsigned turns,
                                  const std::function<bool()> &stop, const OnSample &onChallenger,
                                  const OnSample &onIncumbent) {
  auto measure = [&](const Timed &timed, const OnSample &onSample) {
    double seconds = timed(runs) / runs;
    if (onSample && !std::isnan(seconds))
      onSample(seconds);
    return seconds;
  };
  std::vector<Turn> taken;
  while (taken.size() < turns && !(stop && stop())) {
    double first = measure(challenger, onChallenger);
    double between = measure(incumbent, onIncumbent);
    between += measure(incumbent, onIncumbent);
    Turn turn{first + measure(challenger, onChallenger), between};
    if (std::isnan(turn.challenger) || std::isnan(turn.incumbent))
      break;
    taken.push_back(turn);
  }
  return taken;
}

std::vector<double> tune::race(const std::vector<Entrant> &field, const Entrant &pacer, unsigned runs, size_t survivors,
                               const std::function<bool()> &stop) {
  std::vector<double> ratios(field.size(), std::numeric_limits<double>::infinity());
  std::vector<std::vector<Turn>> turns(field.size());
  std::vector<size_t> left(field.size());
  std::iota(left.begin(), left.end(), 0);
  for (unsigned count = kFirstTurns; !left.empty(); count *= 2) {
    for (size_t index : left) {
      std::vector<Turn> more =
          takeTurns(field[index].timed, pacer.timed, runs, count, stop, field[index].onSample, pacer.onSample);
      turns[index].insert(turns[index].end(), more.begin(), more.end());
      if (!turns[index].empty())
        ratios[index] = medianRatio(turns[index]);
    }
    if (left.size() <= survivors || (stop && stop()))
      break;
    std::sort(left.begin(), left.end(),
              [&](size_t a, size_t b) { return std::pair(ratios[a], a) < std::pair(ratios[b], b); });
    left.resize(std::max(survivors, left.size() / 2));
  }
  return ratios;
}
