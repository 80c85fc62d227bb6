//===- SignTest.h - Whether one of two is better ----------------*- C++ -*-===//

#ifndef TENON_TUNE_SIGNTEST_H
#define TENON_TUNE_SIGNTEST_H

#include <vector>

namespace tenon::tune {

/// The probability that of `trials` throws of a fair coin at least `wins` show heads.
double signTest(unsigned wins, unsigned trials);

/// What a challenger and an incumbent took in one turn of the two.
struct Turn {
  double challenger, incumbent;
};

/// Above this probability of a draw having done it nobody wins.
inline constexpr double kSignificance = 0.01;

/// Whether the challengers' times are shorter in more turns than chance has it. Equal times are nobody's.
bool isFaster(const std::vector<Turn> &turns);

/// The median of the challenger's times as parts of the incumbent's; 1 of no turns.
double medianRatio(const std::vector<Turn> &turns);

/// The middle one; of an even number the mean of two. There is one at least.
double median(std::vector<double> values);

} // namespace tenon::tune

#endif // TENON_TUNE_SIGNTEST_H
