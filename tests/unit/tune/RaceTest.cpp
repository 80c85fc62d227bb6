//===- RaceTest.cpp - Races by a clock that is made up --------------------===//

#include "tune/Race.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::tune;

namespace {

/// Runners whose runs take what they say, in a log.
class Runners : public testing::Test {
protected:
  Timed runner(char name, double seconds) {
    return [this, name, seconds](unsigned runs) {
      log += name;
      return seconds * runs * slowdown();
    };
  }
  /// The machine gets slower with every measurement.
  double slowdown() { return 1 + drift * measured++; }

  std::string log;
  double drift = 0;
  unsigned measured = 0;
};

TEST_F(Runners, TurnsAreABBA) {
  takeTurns(runner('a', 1), runner('b', 1), 1, 3, {});
  EXPECT_EQ(log, "abbaabbaabba");
}

TEST_F(Runners, DriftMeetsBothAlike) {
  drift = 0.1;
  for (const Turn &turn : takeTurns(runner('a', 1), runner('b', 1), 1, 20, {}))
    EXPECT_NEAR(turn.challenger, turn.incumbent, 1e-12);
}

TEST_F(Runners, TheFasterWinsUnderDrift) {
  drift = 0.1;
  EXPECT_TRUE(isFaster(takeTurns(runner('a', 0.99), runner('b', 1), 1, 20, {})));
}

TEST_F(Runners, SamplesAreSecondsOfOneRun) {
  std::vector<double> samples;
  takeTurns(runner('a', 2), runner('b', 1), 8, 1, {}, [&](double seconds) { samples.push_back(seconds); });
  EXPECT_EQ(samples, (std::vector<double>{2, 2}));
}

TEST_F(Runners, RunsFillATime) {
  EXPECT_EQ(runsThatTake(1, runner('a', 0.3)), 4u);
  EXPECT_EQ(runsThatTake(1, runner('a', 3)), 1u);
  EXPECT_EQ(runsThatTake(1, runner('a', 0)), 1u);
  EXPECT_EQ(runsThatTake(1, runner('a', 1e-9)), 1000u);
}

TEST_F(Runners, ARaceFindsTheFastestAndMeasuresItMost) {
  std::vector<Entrant> field;
  for (char name = 'a'; name < 'i'; ++name)
    field.push_back({runner(name, 1 + (name == 'e' ? -0.5 : 0.1 * (name - 'a' + 1))), {}});
  std::vector<double> ratios = race(field, {runner('.', 1), {}}, 1, 2, {});
  EXPECT_NEAR(ratios[4], 0.5, 1e-12);
  EXPECT_NEAR(ratios[0], 1.1, 1e-12);
  auto times = [&](char name) { return std::count(log.begin(), log.end(), name); };
  EXPECT_EQ(times('h'), 6);
  EXPECT_EQ(times('e'), 6 + 12 + 24);
}

TEST_F(Runners, OneThatFailsIsOut) {
  Timed broken = [](unsigned) { return std::numeric_limits<double>::quiet_NaN(); };
  std::vector<double> ratios = race({{broken, {}}, {runner('a', 2), {}}}, {runner('.', 1), {}}, 1, 1, {});
  EXPECT_TRUE(std::isinf(ratios[0]));
  EXPECT_EQ(ratios[1], 2);
  EXPECT_FALSE(isFaster(takeTurns(broken, runner('.', 1), 1, 20, {})));
}

TEST_F(Runners, StopsWhereTheTimeIsUp) {
  auto stop = [&] { return log.size() >= 8; };
  EXPECT_EQ(takeTurns(runner('a', 1), runner('b', 1), 1, 20, stop).size(), 2u);
  std::vector<double> ratios = race({{runner('c', 1), {}}}, {runner('d', 1), {}}, 1, 1, stop);
  EXPECT_TRUE(std::isinf(ratios[0]));
}

} // namespace
