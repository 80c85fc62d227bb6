//===- SignTest.cpp - Whether one of two is better ------------------------===//

#include "tune/SignTest.h"

#include <algorithm>
#include <cmath>

using namespace tenon;
using namespace tenon::tune;

double tune::signTest(unsigned wins, unsigned trials) {
  double sum = 0;
  // In logarithms: of a thousand throws no single outcome is a double.
  for (unsigned heads = wins; heads <= trials; ++heads)
    sum += std::exp(std::lgamma(trials + 1.0) - std::lgamma(heads + 1.0) - std::lgamma(trials - heads + 1.0) -
                    trials * std::log(2.0));
  return std::min(sum, 1.0);
}

bool tune::isFaster(const std::vector<Turn> &turns) {
  unsigned wins = 0, trials = 0;
  for (const Turn &turn : turns) {
    wins += turn.challenger < turn.incumbent;
    trials += turn.challenger != turn.incumbent;
  }
  return signTest(wins, trials) <= kSignificance;
}

double tune::medianRatio(const std::vector<Turn> &turns) {
  std::vector<double> ratios;
  for (const Turn &turn : turns)
    ratios.push_back(turn.challenger / turn.incumbent);
  return ratios.empty() ? 1 : median(std::move(ratios));
}

double tune::median(std::vector<double> values) {
  size_t middle = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
