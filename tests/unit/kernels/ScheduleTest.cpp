//===- ScheduleTest.cpp - Every schedule computes the same -----------------===//

#include "Checks.h"

#include <gtest/gtest.h>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Schedules : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Schedules, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

/// Each value of each parameter, the others at their defaults.
void checkEveryValue(const KernelDescription &kernel, const std::string &target, const std::vector<Array> &arguments,
                     int64_t resultRows, const std::vector<bool> &compared) {
  if (!cpuHas(target))
    return;
  const TargetModel &model = *findTarget(target);
  std::string error;
  std::optional<ScheduleSpace> space = scheduleSpace(kernel, model, error);
  ASSERT_TRUE(space) << error;
  for (const auto &[name, values] : *space)
    for (int64_t value : values) {
      Schedule schedule = scheduleOf(kernel, model);
      schedule.parameters[name] = value;
      SCOPED_TRACE(schedule.text());
      expectAccurate(kernel, arguments, run(kernel, target, arguments, resultRows, &schedule), compared);
    }
}

TEST_P(Schedules, linear) {
  Batch batch({90, 5});
  RegionBuilder region;
  int x = region.rows(21), gamma = region.array({21}), w = region.array({4, 21, 48});
  int normed = region.operation("norm", {x, gamma}, 21, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}});
  KernelDescription kernel = region.yield({region.operation("linear", {normed, w}, 150)});
  checkEveryValue(kernel, GetParam(),
                  {randomRows(batch, 21, 1), randomArray({21}, 2), inPanels(randomArray({150, 21}, 3), 48)},
                  batch.rows(), realRows(batch));
}

/// Lines of assembly that ask for `level`'s share of weights.
int requests(const KernelDescription &kernel, const Schedule &schedule, const std::string &level) {
  std::string text, error;
  EXPECT_TRUE(compileKernel(kernel, schedule, "kernel", Output::Assembly, text, error)) << error;
  int found = 0;
  for (size_t at = 0; (at = text.find("prefetch" + level + "\t", at)) != std::string::npos; ++at)
    ++found;
  return found;
}

TEST_P(Schedules, weightsOfFewRowsAreAskedForBeforeTheyAreRead) {
  const TargetModel &model = *findTarget(GetParam());
  for (bool packed : {true, false}) {
    RegionBuilder region;
    int x = region.rows(64), w = packed ? region.array({4, 64, 48}) : region.array({192, 64});
    KernelDescription kernel = region.oneByOne().yield({region.operation("linear", {x, w}, 192)});
    Schedule schedule = scheduleOf(kernel, model);
    schedule.parameters["rows"] = 1;
    // Four rows of weights an iteration, each of three lines; nothing looks ahead in weights that are rearranged first.
    EXPECT_EQ(requests(kernel, schedule, "t0"), packed ? 12 : 0);
    EXPECT_EQ(requests(kernel, schedule, "t1"), packed ? 12 : 0);
    schedule.parameters["prefetch_panels"] = 0;
    EXPECT_EQ(requests(kernel, schedule, "t1"), 0);
    schedule.parameters["prefetch_bytes"] = 0;
    EXPECT_EQ(requests(kernel, schedule, "t0"), 0);
  }
}

TEST_P(Schedules, attention) {
  Batch batch({21, 1, 50});
  RegionBuilder region;
  int q = region.rows(57), k = region.rows(19), v = region.rows(19), starts = region.indices();
  int lengths = region.indices();
  KernelDescription kernel = region.yield({region.operation("attention", {q, starts, lengths, k, v}, 57,
                                                            {{"heads", int64_t(3)},
                                                             {"key_value_heads", int64_t(1)},
                                                             {"head_size", int64_t(19)},
                                                             {"scale", 0.25},
                                                             {"segments", ownRows}})});
  checkEveryValue(kernel, GetParam(),
                  {randomRows(batch, 57, 1), randomRows(batch, 19, 2), randomRows(batch, 19, 3), batch.startsArray(),
                   batch.lengthsArray()},
                  batch.rows(), realRows(batch));
}

TEST_P(Schedules, linearOfRowsOneByOne) {
  Batch batch({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1);
  RegionBuilder region;
  int x = region.rows(21), gamma = region.array({21}), w = region.array({4, 21, 48});
  int normed = region.operation("norm", {x, gamma}, 21, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}});
  KernelDescription kernel = region.oneByOne().yield({region.operation("linear", {normed, w}, 150)});
  checkEveryValue(kernel, GetParam(),
                  {randomRows(batch, 21, 1), randomArray({21}, 2), inPanels(randomArray({150, 21}, 3), 48)},
                  batch.rows(), realRows(batch));
}

TEST_P(Schedules, attentionOverACache) {
  for (int32_t rowTile : {1, 16}) {
    Batch batch({rowTile == 1 ? 1 : 40, 1}, rowTile);
    Paged paged(batch, {50, 16}, 2, 19);
    RegionBuilder region;
    int q = region.rows(114), cache = region.rows(2 * 2 * 19 * 16), starts = region.indices();
    int lengths = region.indices(), past = region.indices(), pages = region.indexTable();
    KernelDescription kernel =
        region.yield({region.operation("attention", {q, cache, starts, lengths, past, pages}, 114,
                                       {{"heads", int64_t(6)},
                                        {"key_value_heads", int64_t(2)},
                                        {"head_size", int64_t(19)},
                                        {"scale", 0.25},
                                        {"past", int64_t(1)},
                                        {"segments", ownPages},
                                        {"mask", std::string("k <= q")}})});
    kernel.rowTile = rowTile;
    checkEveryValue(kernel, GetParam(),
                    {randomRows(batch, 114, 1), paged.cache, batch.startsArray(), batch.lengthsArray(),
                     paged.pastArray(), paged.tableArray()},
                    batch.rows(), realRows(batch));
  }
}

TEST_P(Schedules, rowwise) {
  Batch batch({21, 1, 50});
  RegionBuilder region;
  KernelDescription kernel = region.yield(
      {region.operation("norm", {region.rows(57)}, 57, {{"function", std::string("layernorm")}, {"epsilon", 1e-5}})});
  checkEveryValue(kernel, GetParam(), {randomRows(batch, 57, 1)}, batch.rows(), realRows(batch));
}

TEST_P(Schedules, pool) {
  Batch batch({21, 1, 50});
  RegionBuilder region;
  int x = region.rows(157), starts = region.indices(), lengths = region.indices();
  KernelDescription kernel =
      region.yield({region.operation("pool", {x, starts, lengths}, 157, {{"function", std::string("mean")}})});
  checkEveryValue(kernel, GetParam(), {randomRows(batch, 157, 1), batch.startsArray(), batch.lengthsArray()}, 3,
                  {true, true, true});
}

TEST(Schedule, aRegionThatNoFamilyComputesHasNeitherSpaceNorDefaults) {
  KernelDescription kernel;
  kernel.operations.push_back({"convolution", {}, {}, {}});
  const TargetModel &model = *findTarget("x86-64-v3");
  std::string error;
  EXPECT_FALSE(defaultSchedule(kernel, model, error));
  EXPECT_TRUE(error.starts_with("operation 0 (convolution): unknown kind")) << error;
  error.clear();
  EXPECT_FALSE(scheduleSpace(kernel, model, error));
  EXPECT_TRUE(error.starts_with("operation 0 (convolution): unknown kind")) << error;
}

TEST_P(Schedules, defaultsAreLegal) {
  RegionBuilder region;
  int x = region.rows(21), w = region.array({4, 21, 48});
  KernelDescription kernel = region.yield({region.operation("linear", {x, w}, 150)});
  const TargetModel &model = *findTarget(GetParam());
  std::string error;
  ScheduleSpace space = scheduleSpace(kernel, model, error).value();
  Schedule schedule = scheduleOf(kernel, model);
  EXPECT_EQ(schedule.target, GetParam());
  ASSERT_EQ(schedule.parameters.size(), space.size());
  for (const auto &[name, value] : schedule.parameters)
    EXPECT_EQ(std::count(space[name].begin(), space[name].end(), value), 1) << name << " = " << value;
}

} // namespace
