//===- ScheduleTest.cpp - Every schedule computes the same -----------------===//

#include "Checks.h"
#include "FamilyExamples.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Schedules : public testing::TestWithParam<std::tuple<std::string, FamilyExample>> {
protected:
  const std::string &target() const { return std::get<0>(GetParam()); }
  const FamilyExample &example() const { return std::get<1>(GetParam()); }
  const TargetModel &model() const { return *findTarget(target()); }

  /// The results of a call are those of the default schedule, to the bit.
  void expectSameBits(const Schedule &schedule, const std::vector<int32_t> &lengths) {
    SCOPED_TRACE(schedule.text());
    Call call = example().call(lengths);
    std::vector<Array> expected = runInto(example().kernel, target(), call.arguments, call.results);
    std::vector<Array> found = runInto(example().kernel, target(), call.arguments, call.results, &schedule);
    for (size_t i = 0; i < found.size(); ++i) {
      size_t bytes = found[i].floats().size() / call.compared[i].size() * sizeof(float);
      for (size_t row = 0; row < call.compared[i].size(); ++row)
        if (call.compared[i][row])
          ASSERT_EQ(std::memcmp(reinterpret_cast<const char *>(found[i].floats().data()) + row * bytes,
                                reinterpret_cast<const char *>(expected[i].floats().data()) + row * bytes, bytes),
                    0)
              << "row " << row << " of result " << i;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Targets, Schedules,
                         testing::Combine(testing::ValuesIn(targetNames()), testing::ValuesIn(familyExamples())),
                         [](const auto &info) {
                           const std::string &target = std::get<0>(info.param);
                           return std::get<1>(info.param).name + "_" + target.substr(target.size() - 2);
                         });

ScheduleSpace spaceOf(const KernelDescription &kernel, const TargetModel &model) {
  std::string error;
  std::optional<ScheduleSpace> space = scheduleSpace(kernel, model, error);
  EXPECT_TRUE(space) << error;
  return space.value_or(ScheduleSpace{});
}

/// A legal schedule: cases for at most the first and the second size of the example's calls, and one for all others.
Schedule randomSchedule(const FamilyExample &example, const TargetModel &model, std::mt19937 &engine) {
  ScheduleSpace space = spaceOf(example.kernel, model);
  auto pick = [&](const auto &from) { return from[engine() % from.size()]; };
  Schedule schedule{model.name, {}};
  std::string size = pick(space.sizes);
  for (size_t i = 0; i < example.lengths.size(); ++i) {
    ScheduleCase &each = schedule.cases.emplace_back();
    if (i + 1 < example.lengths.size())
      each.when = {{size, example.call(example.lengths[i]).sizes.at(size)}};
    for (const NestSpace &nest : space.nests) {
      NestSchedule &random = each.nests.emplace_back(NestSchedule{nest.family, {}});
      for (const Parameter &parameter : nest.parameters)
        random.parameters[parameter.name] = pick(parameter.values);
    }
  }
  return schedule;
}

TEST_P(Schedules, theDefaultIsAccurate) {
  if (!cpuHas(target()))
    GTEST_SKIP() << "this CPU does not run " << target();
  for (const std::vector<int32_t> &lengths : example().lengths) {
    Call call = example().call(lengths);
    // The oracle knows kernels whose results have one number of rows.
    if (std::adjacent_find(call.compared.begin(), call.compared.end(), std::not_equal_to<>()) == call.compared.end())
      expectAccurate(example().kernel, call.arguments,
                     runInto(example().kernel, target(), call.arguments, call.results), call.compared[0]);
  }
}

/// Each value of each parameter of the family that the kernel is an example of, the others at their defaults.
TEST_P(Schedules, noValueOfAParameterChangesABit) {
  if (!cpuHas(target()))
    GTEST_SKIP() << "this CPU does not run " << target();
  Schedule chosen = scheduleOf(example().kernel, model());
  ScheduleSpace space = spaceOf(example().kernel, model());
  for (size_t i = 0; i < space.nests.size(); ++i)
    for (const Parameter &parameter : space.nests[i].parameters)
      for (int64_t value : parameter.values) {
        if (space.nests[i].family != example().name)
          continue;
        Schedule schedule = chosen;
        schedule.cases[0].nests[i].parameters[parameter.name] = value;
        expectSameBits(schedule, example().lengths.back());
      }
}

TEST_P(Schedules, noRandomScheduleOfSeveralCasesChangesABit) {
  if (!cpuHas(target()))
    GTEST_SKIP() << "this CPU does not run " << target();
  std::mt19937 engine(17);
  for (int i = 0; i < 2; ++i) {
    Schedule schedule = randomSchedule(example(), model(), engine);
    ASSERT_FALSE(faultOf(schedule, spaceOf(example().kernel, model()))) << schedule.text();
    for (const std::vector<int32_t> &lengths : example().lengths)
      expectSameBits(schedule, lengths);
  }
}

TEST_P(Schedules, defaultsAreLegalAndEveryParameterHasItsMeaning) {
  ScheduleSpace space = spaceOf(example().kernel, model());
  Schedule schedule = scheduleOf(example().kernel, model());
  EXPECT_EQ(schedule.target, target());
  EXPECT_FALSE(faultOf(schedule, space));
  EXPECT_EQ(completed(schedule, space), schedule);
  for (const NestSpace &nest : space.nests)
    for (const Parameter &parameter : nest.parameters) {
      EXPECT_TRUE(parameter.meaning.ends_with(".")) << parameter.name;
      EXPECT_TRUE(std::is_sorted(parameter.values.begin(), parameter.values.end())) << parameter.name;
    }
}

/// What documentation lists is what kernels have, and no family goes without a kernel here.
TEST(Schedule, everyFamilyAndParameterIsSeen) {
  std::set<std::string> defined, seen;
  for (const FamilyDefinition &family : familyDefinitions())
    for (const FamilyDefinition::Decision &decision : family.parameters)
      defined.insert(family.name + "." + decision.name);
  for (const FamilyExample &example : familyExamples())
    for (const NestSpace &nest : spaceOf(example.kernel, *findTarget("x86-64-v3")).nests)
      for (const Parameter &parameter : nest.parameters)
        seen.insert(nest.family + "." + parameter.name);
  EXPECT_EQ(seen, defined);
}

TEST(Schedule, text) {
  Schedule schedule{"x86-64-v3",
                    {{{{"rows", 8}, {"sequences", 2}}, {{"rowwise", {}}, {"linear", {{"rows", 4}, {"columns", 24}}}}},
                     {{}, {{"rowwise", {{"tiles", 2}}}, {"linear", {}}}}}};
  EXPECT_EQ(schedule.text(),
            "[{when: rows <= 8 and sequences <= 2, nests: [{rowwise: {}}, {linear: {columns: 24, rows: "
            "4}}]}, {nests: [{rowwise: {tiles: 2}}, {linear: {}}]}]");
}

TEST(Schedule, nestsHaveParametersOfTheirOwn) {
  std::vector<FamilyExample> examples = familyExamples();
  auto found =
      std::find_if(examples.begin(), examples.end(), [](const auto &each) { return each.name == "attention"; });
  ASSERT_NE(found, examples.end());
  ScheduleSpace space = spaceOf(found->kernel, *findTarget("x86-64-v3"));
  ASSERT_EQ(space.nests.size(), 2u);
  EXPECT_EQ(space.nests[0].family, "rowwise");
  EXPECT_EQ(space.nests[1].family, "attention");
  EXPECT_TRUE(space.nests[0].find("tiles"));
  EXPECT_TRUE(space.nests[1].find("tiles"));
  EXPECT_EQ(space.nests[0].find("grain"), nullptr);
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

TEST(Schedule, weightsOfFewRowsAreAskedForBeforeTheyAreRead) {
  for (const std::string &target : targetNames())
    for (bool packed : {true, false}) {
      RegionBuilder region;
      int x = region.rows(64), w = packed ? region.array({4, 64, 48}) : region.array({192, 64});
      KernelDescription kernel = region.oneByOne().yield({region.operation("linear", {x, w}, 192)});
      Schedule schedule = scheduleOf(kernel, *findTarget(target));
      std::map<std::string, int64_t> &parameters = schedule.cases[0].nests[0].parameters;
      parameters["rows"] = 1;
      parameters["prefetch_panels"] = 1;
      // Four rows of weights an iteration, each of three lines; nothing looks ahead in weights that are rearranged
      // first.
      EXPECT_EQ(requests(kernel, schedule, "t0"), packed ? 12 : 0);
      EXPECT_EQ(requests(kernel, schedule, "t1"), packed ? 12 : 0);
      parameters["prefetch_panels"] = 0;
      EXPECT_EQ(requests(kernel, schedule, "t1"), 0);
      parameters["prefetch_bytes"] = 0;
      EXPECT_EQ(requests(kernel, schedule, "t0"), 0);
    }
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

/// Cases are told apart by the tasks that they make of the same rows.
TEST(Schedule, aCallTakesTheFirstCaseThatItsSizesFulfil) {
  RegionBuilder region;
  KernelDescription kernel = region.yield({region.operation("scale", {region.rows(8)}, 8, {{"factor", 2.0}})});
  auto nests = [](int64_t tiles) { return std::vector<NestSchedule>{{"rowwise", {{"tiles", tiles}}}}; };
  Schedule schedule{"x86-64-v3", {{{{"rows", 64}}, nests(1)}, {{{"rows", 128}}, nests(2)}, {{}, nests(16)}}};
  auto tasks = [&](int32_t rows) {
    Batch batch({rows});
    takeTaskCount();
    run(kernel, "x86-64-v3", {randomRows(batch, 8, 1)}, rows, &schedule);
    return takeTaskCount();
  };
  EXPECT_EQ(tasks(16), 1);
  EXPECT_EQ(tasks(64), 4);
  EXPECT_EQ(tasks(80), 3);
  EXPECT_EQ(tasks(128), 4);
  EXPECT_EQ(tasks(144), 1);
  EXPECT_EQ(tasks(512), 2);
}

TEST(Schedule, aCaseMayCompareSeveralSizes) {
  Batch few({128}), many({16, 16, 16, 16, 16, 16, 16, 16});
  RegionBuilder region;
  int x = region.rows(8), starts = region.indices(), lengths = region.indices(), w = region.array({1, 8});
  KernelDescription kernel = region.yield(
      {region.operation("depthwise", {x, w, starts, lengths}, 8, {{"before", int64_t(0)}, {"cached", int64_t(0)}})});
  auto nests = [](int64_t rows) { return std::vector<NestSchedule>{{"depthwise", {{"depthwise_rows", rows}}}}; };
  Schedule schedule{"x86-64-v3", {{{{"rows", 128}, {"sequences", 4}}, nests(16)}, {{}, nests(256)}}};
  auto tasks = [&](const Batch &batch) {
    takeTaskCount();
    run(kernel, "x86-64-v3",
        {randomRows(batch, 8, 1), randomArray({1, 8}, 2), batch.startsArray(), batch.lengthsArray()}, batch.rows(),
        &schedule);
    return takeTaskCount();
  };
  EXPECT_EQ(tasks(few), 8);
  EXPECT_EQ(tasks(many), 1);
}

} // namespace
