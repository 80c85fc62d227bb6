//===- KernelTunerTest.cpp - Searches on a machine that is made up --------===//

#include "tune/KernelTuner.h"

#include <gtest/gtest.h>
#include <random>

using namespace tenon::tune;
using tenon::kernels::NestSchedule;
using tenon::kernels::Schedule;
using tenon::kernels::ScheduleSpace;

namespace {

const ScheduleSpace kSpace = {{"rows"},
                              {{"linear", {{"rows", 4, {1, 2, 4, 8, 16}, ""}, {"unroll", 1, {1, 2, 4}, ""}}}}};

/// Seconds of one run are what a function says, times what chance does to them.
class MadeBench : public Bench {
public:
  using Seconds = std::function<double(const NestSchedule &nest, int64_t rows)>;

  MadeBench(std::vector<BenchCall> calls, Seconds seconds, double noise = 0)
      : all(std::move(calls)), seconds(std::move(seconds)), noise(noise) {}

  const std::vector<BenchCall> &calls() const override { return all; }

  llvm::Expected<std::vector<Candidate>> prepare(const std::vector<Schedule> &schedules) override {
    std::vector<Candidate> candidates;
    for (const Schedule &schedule : schedules) {
      Candidate &candidate = candidates.emplace_back();
      prepared.push_back(schedule);
      if (badUnroll && schedule.cases[0].nests[0].parameters.at("unroll") == badUnroll) {
        candidate.problem = "it does not give what the default schedule gives";
        continue;
      }
      for (const BenchCall &call : all)
        candidate.timed.push_back([this, schedule, call](unsigned runs) {
          double factor = 1 + noise * std::uniform_real_distribution<double>(0, 1)(random);
          return runs * factor * seconds(nestsFor(schedule.cases, call.rows)[0], call.rows);
        });
    }
    return candidates;
  }

  std::vector<Schedule> prepared;
  int64_t badUnroll = 0;

private:
  std::vector<BenchCall> all;
  Seconds seconds;
  double noise;
  std::mt19937 random{7};
};

class Tuning : public testing::Test {
protected:
  KernelOutcome tune(Bench &bench) {
    Ranking ranking;
    auto outcome = tuneKernel(task, bench, ranking, watch);
    if (!outcome) {
      ADD_FAILURE() << llvm::toString(outcome.takeError());
      return {};
    }
    return std::move(*outcome);
  }

  static int64_t rowsAt(const Schedule &schedule, int64_t rows) {
    return nestsFor(schedule.cases, rows)[0].parameters.at("rows");
  }

  KernelTask task{"linear_0", "x86-64-v4", kSpace, {}, {}, {}, 100, 1, {}, {}};
  std::vector<Sample> samples;
  KernelWatch watch{[] { return false; },
                    [] { return false; },
                    [this](const std::vector<Sample> &kept) {
                      samples.insert(samples.end(), kept.begin(), kept.end());
                      return llvm::Error::success();
                    },
                    {}};
};

/// Few rows are fastest in tiles of 1, many in tiles of 16.
double byRows(const NestSchedule &nest, int64_t rows) {
  auto tile = static_cast<double>(nest.parameters.at("rows"));
  return 1e-4 * (rows < 32 ? 1 + tile / 16 : 2 - tile / 16);
}

TEST_F(Tuning, FindsAScheduleForEachRange) {
  MadeBench bench({{"1x1+128", 1, 4}, {"8x128", 1024, 1}}, byRows, 0.01);
  KernelOutcome outcome = tune(bench);
  EXPECT_TRUE(outcome.isNew);
  ASSERT_EQ(outcome.schedule.cases.size(), 2u);
  EXPECT_EQ(rowsAt(outcome.schedule, 1), 1);
  EXPECT_EQ(rowsAt(outcome.schedule, 1024), 16);
  // (4 * 1.0625 + 1) / (4 * 1.25 + 1.75)
  EXPECT_NEAR(outcome.ratio, 0.778, 0.01);
  EXPECT_EQ(outcome.measured, 14u); // all but the default
}

TEST_F(Tuning, MeasuresFirstWhatTheCostModelPromises) {
  // 6 rows by 2 steps is all that is better, and as far away as can be.
  task.space.nests[0].parameters.push_back({"panels", 1, {1, 2, 4, 8, 16, 32}, ""});
  task.most = 2;
  auto time = [](const NestSchedule &nest, int64_t) {
    bool isBest =
        nest.parameters.at("rows") == 16 && nest.parameters.at("unroll") == 4 && nest.parameters.at("panels") == 32;
    return isBest ? 0.5e-4 : 1e-4;
  };
  task.predicted = [&](const std::vector<NestSchedule> &nests, size_t) { return time(nests[0], 0); };
  MadeBench bench({{"8x128", 1024, 1}}, time, 0.01);
  KernelOutcome outcome = tune(bench);
  EXPECT_TRUE(outcome.isNew);
  EXPECT_NEAR(outcome.ratio, 0.5, 0.01);
}

TEST_F(Tuning, SearchesWhatIsToBeVaried) {
  task.varied = {"unroll"};
  // More rows would help more.
  MadeBench bench({{"8x128", 1024, 1}}, [](const NestSchedule &nest, int64_t rows) {
    return byRows(nest, rows) / static_cast<double>(nest.parameters.at("unroll"));
  });
  KernelOutcome outcome = tune(bench);
  EXPECT_EQ(outcome.searched, 3);
  EXPECT_EQ(outcome.measured, 2u);
  EXPECT_EQ(rowsAt(outcome.schedule, 1024), 4);
  EXPECT_EQ(outcome.schedule.cases[0].nests[0].parameters.at("unroll"), 4);
}

TEST_F(Tuning, ACostModelThatIsWrongDecidesNothing) {
  task.most = 14;
  task.predicted = [](const std::vector<NestSchedule> &nests, size_t) {
    return 1.0 / static_cast<double>(nests[0].parameters.at("rows"));
  };
  MadeBench bench({{"1x1+128", 1, 1}}, byRows, 0.01);
  KernelOutcome outcome = tune(bench);
  EXPECT_TRUE(outcome.isNew);
  EXPECT_EQ(rowsAt(outcome.schedule, 1), 1);
}

TEST_F(Tuning, OneScheduleWhereSizesAreNotTold) {
  task.space.sizes = {};
  MadeBench bench({{"1x1+128", 1, 100}, {"8x128", 1024, 1}}, byRows);
  KernelOutcome outcome = tune(bench);
  ASSERT_EQ(outcome.schedule.cases.size(), 1u);
  EXPECT_EQ(rowsAt(outcome.schedule, 1), 1); // which counts most
}

TEST_F(Tuning, NoiseCrownsNobody) {
  MadeBench bench(
      {{"1x1+128", 1, 1}, {"1x16", 16, 1}, {"8x128", 1024, 1}}, [](const NestSchedule &, int64_t) { return 1e-4; },
      0.5);
  KernelOutcome outcome = tune(bench);
  EXPECT_FALSE(outcome.isNew);
  EXPECT_EQ(outcome.schedule, chosenSchedule("x86-64-v4", kSpace));
  EXPECT_EQ(outcome.ratio, 1);
}

TEST_F(Tuning, WhatGivesOtherBitsIsNotUsed) {
  // The only thing that would help.
  MadeBench bench({{"8x128", 1024, 1}},
                  [](const NestSchedule &nest, int64_t) { return nest.parameters.at("unroll") == 4 ? 1e-5 : 1e-4; });
  bench.badUnroll = 4;
  KernelOutcome outcome = tune(bench);
  EXPECT_FALSE(outcome.isNew);
  ASSERT_EQ(outcome.problems.size(), 5u);
  EXPECT_NE(outcome.problems[0].find("unroll: 4"), std::string::npos);
  EXPECT_NE(outcome.problems[0].find("it does not give what the default schedule gives"), std::string::npos);
}

TEST_F(Tuning, TheIncumbentStaysUnlessItIsBeaten) {
  task.incumbent = Schedule{"x86-64-v4", {{{}, {{"linear", {{"rows", 16}, {"unroll", 1}}}}}}};
  MadeBench bench({{"8x128", 1024, 1}}, byRows, 0.01);
  KernelOutcome outcome = tune(bench);
  EXPECT_FALSE(outcome.isNew);
  EXPECT_EQ(outcome.schedule, *task.incumbent);
  EXPECT_NEAR(outcome.ratio, 1 / 1.75, 0.01);
}

TEST_F(Tuning, TheDefaultTakesThePlaceOfAnIncumbentThatIsSlower) {
  task.incumbent = Schedule{"x86-64-v4", {{{}, {{"linear", {{"rows", 16}, {"unroll", 1}}}}}}};
  MadeBench bench({{"1x1+128", 1, 1}},
                  [](const NestSchedule &nest, int64_t) { return nest.parameters.at("rows") == 4 ? 1e-4 : 2e-4; });
  KernelOutcome outcome = tune(bench);
  EXPECT_TRUE(outcome.isNew);
  EXPECT_EQ(outcome.ratio, 1);
  EXPECT_EQ(rowsAt(outcome.schedule, 1), 4);
}

TEST_F(Tuning, RangesWithinNoiseShareASchedule) {
  // 2 and 1 are alike where there are few rows, and 2 is best where there are more.
  MadeBench bench(
      {{"1x1+128", 1, 1}, {"1x16", 16, 1}},
      [](const NestSchedule &nest, int64_t rows) {
        int64_t tile = nest.parameters.at("rows");
        return 1e-4 * (tile > 2 ? 2 : 1) * (rows == 1 && tile == 2 ? 0.98 : 1);
      },
      0.2);
  EXPECT_EQ(tune(bench).schedule.cases.size(), 1u);
}

TEST_F(Tuning, BeginsWithWhatWonElsewhere) {
  task.starts = {{0, 2}, {4, 1}};
  task.most = 2;
  MadeBench bench({{"8x128", 1024, 1}}, byRows);
  EXPECT_EQ(tune(bench).measured, 2u);
  ASSERT_GE(bench.prepared.size(), 3u);
  EXPECT_EQ(bench.prepared[1].text(), "[{nests: [{linear: {rows: 1, unroll: 4}}]}]");
  EXPECT_EQ(bench.prepared[2].text(), "[{nests: [{linear: {rows: 16, unroll: 2}}]}]");
}

TEST_F(Tuning, DoesNotMeasureWhatIsKnownToBeSlower) {
  SearchSpace space(kSpace);
  for (size_t tile = 0; tile < 5; ++tile)
    task.measured.push_back({tile, 2});
  MadeBench bench({{"8x128", 1024, 1}}, byRows);
  tune(bench);
  for (const Schedule &schedule : bench.prepared)
    EXPECT_NE(schedule.cases[0].nests[0].parameters.at("unroll"), 4);
}

TEST_F(Tuning, MeasuresNoMoreThanItMay) {
  task.most = 5;
  MadeBench bench({{"8x128", 1024, 1}}, byRows);
  EXPECT_EQ(tune(bench).measured, 5u);
}

TEST_F(Tuning, WithoutTimeNothingChanges) {
  watch.stop = watch.searchEnds = [] { return true; };
  MadeBench bench({{"8x128", 1024, 1}}, byRows);
  KernelOutcome outcome = tune(bench);
  EXPECT_FALSE(outcome.isNew);
  EXPECT_EQ(outcome.measured, 0u);
}

TEST_F(Tuning, RawSamplesAreKept) {
  MadeBench bench({{"8x128", 1024, 1}}, byRows);
  tune(bench);
  std::set<std::string> phases, schedules;
  for (const Sample &sample : samples) {
    phases.insert(sample.phase);
    schedules.insert(sample.schedule);
    EXPECT_EQ(sample.call, "8x128");
    EXPECT_EQ(sample.rows, 1024);
    EXPECT_GT(sample.seconds, 0);
  }
  EXPECT_EQ(phases, (std::set<std::string>{"race", "final", "result"}));
  EXPECT_EQ(schedules.size(), 15u);
}

} // namespace
