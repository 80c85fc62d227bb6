//===- TargetsTest.cpp - What is known of targets --------------------------===//

#include "FamilyExamples.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

TargetModel readOf(const std::string &text) {
  std::string error;
  std::optional<TargetModel> target = readTarget(text, error);
  EXPECT_TRUE(target) << error;
  return target.value_or(TargetModel{});
}

std::string errorOf(const std::string &text) {
  std::string error;
  EXPECT_FALSE(readTarget(text, error)) << text;
  return error;
}

/// CPUs as small and as large as texts can say, and some between.
std::vector<TargetModel> manyCpus(const std::string &name) {
  std::vector<TargetModel> cpus;
  for (const char *figures : {"", "+l1=1+l2=1+cores=1", "+l1=1024M+l2=1024M+cores=4096", "+l2=512K", "+l2=2M+cores=3",
                              "+l1=48K+l2=1280K+cores=6", "+cores=64"})
    cpus.push_back(readOf(name + figures));
  return cpus;
}

ScheduleSpace spaceOf(const KernelDescription &kernel, const TargetModel &target) {
  std::string error;
  std::optional<ScheduleSpace> space = scheduleSpace(kernel, target, error);
  EXPECT_TRUE(space) << error;
  return space.value_or(ScheduleSpace{});
}

/// A product with packed weights, of many rows or of rows that come one by one.
KernelDescription product(int64_t depth, int64_t panels, bool rowByRow) {
  RegionBuilder region;
  int x = region.rows(depth), w = region.array({panels, depth, 48});
  KernelDescription kernel = region.yield({region.operation("linear", {x, w}, panels * 48)});
  kernel.rowTile = rowByRow ? 1 : 16;
  return kernel;
}

int64_t chosen(const KernelDescription &kernel, const std::string &target, const std::string &parameter) {
  ScheduleSpace space = spaceOf(kernel, readOf(target));
  const Parameter *found = space.nests.at(0).find(parameter);
  return found ? found->chosen : -1;
}

} // namespace

TEST(Targets, aNameAloneHasWhatIsSoundForItsInstructions) {
  for (const std::string &name : targetNames()) {
    EXPECT_EQ(readOf(name), *findTarget(name));
    EXPECT_EQ(textOf(*findTarget(name)), name);
  }
}

TEST(Targets, figuresTakeThePlaceOfThose) {
  TargetModel target = readOf("x86-64-v4+l2=2M+l1=48K+cores=8");
  EXPECT_EQ(target.name, "x86-64-v4");
  EXPECT_EQ(target.level1Bytes, 48 * 1024);
  EXPECT_EQ(target.level2Bytes, 2 * 1024 * 1024);
  EXPECT_EQ(target.cores, 8);
  EXPECT_EQ(target.vectorBytes, findTarget("x86-64-v4")->vectorBytes);
  EXPECT_EQ(textOf(target), "x86-64-v4+l1=48K+l2=2M+cores=8");
  EXPECT_EQ(readOf(textOf(target)), target);
  EXPECT_EQ(textOf(readOf("x86-64-v4+l1=32768+l2=1000000")), "x86-64-v4+l2=1000000");
}

TEST(Targets, otherTextsAreNoTargets) {
  EXPECT_EQ(errorOf("x86-64-v9+l2=2M"), unknownTarget("x86-64-v9"));
  EXPECT_EQ(errorOf(""), unknownTarget(""));
  EXPECT_EQ(errorOf("x86-64-v3+l4=2M"), "target 'x86-64-v3+l4=2M': figure 'l4' is not known; known: l1, l2, cores");
  EXPECT_EQ(errorOf("x86-64-v3+"), "target 'x86-64-v3+': figure '' is not known; known: l1, l2, cores");
  EXPECT_EQ(errorOf("x86-64-v3+l2=2M+l2=2M"), "target 'x86-64-v3+l2=2M+l2=2M': figure 'l2' is given twice");
  for (const char *figure : {"l2", "l2=", "l2=0", "l2=-1", "l2=2G", "l2=2MB", "l2=M", "l2=1025M", "l2=1048577K",
                             "l2=99999999999999999999", "l2=2 M", "l2=1073741825"})
    EXPECT_EQ(errorOf(std::string("x86-64-v3+") + figure),
              std::string("target 'x86-64-v3+") + figure +
                  "': expected l2=NUMBER, bytes as 512K or 2M from 1 to 1024M, found '" + figure + "'");
  for (const char *figure : {"cores=0", "cores=4097", "cores=2K", "cores=1.5"})
    EXPECT_EQ(errorOf(std::string("x86-64-v3+") + figure),
              std::string("target 'x86-64-v3+") + figure + "': expected cores=NUMBER, from 1 to 4096, found '" + figure +
                  "'");
}

/// Nothing but the choice depends on the CPU, so every schedule of one is a schedule of all, whose values are the same.
TEST(Targets, everyCpuChoosesFromTheSameSchedules) {
  for (const std::string &name : targetNames())
    for (const FamilyExample &example : familyExamples()) {
      SCOPED_TRACE(example.name + " for " + name);
      ScheduleSpace known = spaceOf(example.kernel, *findTarget(name));
      for (const TargetModel &target : manyCpus(name)) {
        SCOPED_TRACE(textOf(target));
        ScheduleSpace space = spaceOf(example.kernel, target);
        EXPECT_FALSE(faultOf(chosenSchedule(name, space), known));
        ASSERT_EQ(space.nests.size(), known.nests.size());
        for (size_t nest = 0; nest < space.nests.size(); ++nest)
          for (const Parameter &parameter : space.nests[nest].parameters)
            EXPECT_EQ(parameter.values, known.nests[nest].find(parameter.name)->values) << parameter.name;
      }
    }
}

TEST(Targets, panelsAreAskedForAheadWhereTheSecondCacheHasRoom) {
  // A panel has 288 KB, tiles of rows 96 KB each.
  KernelDescription few = product(1536, 16, true), many = product(1536, 8, false), single = product(1536, 8, true);
  EXPECT_EQ(chosen(few, "x86-64-v4+l2=512K", "prefetch_panels"), 0);
  EXPECT_EQ(chosen(few, "x86-64-v4+l2=1M", "prefetch_panels"), 1);
  EXPECT_EQ(chosen(few, "x86-64-v4+l2=1M", "panels"), 2);
  // The next panel is the next task's, whoever takes that.
  EXPECT_EQ(chosen(single, "x86-64-v4+l2=1024M", "panels"), 1);
  EXPECT_EQ(chosen(single, "x86-64-v4+l2=1024M", "prefetch_panels"), 0);
  EXPECT_EQ(chosen(many, "x86-64-v4+l2=512K", "tiles"), 2);
  EXPECT_EQ(chosen(many, "x86-64-v4+l2=512K", "prefetch_panels"), 0);
  EXPECT_EQ(chosen(many, "x86-64-v4+l2=2M", "tiles"), 8);
  EXPECT_EQ(chosen(many, "x86-64-v4+l2=2M", "prefetch_panels"), 1);
}

TEST(Targets, moreCoresHaveMoreTasks) {
  KernelDescription few = product(576, 64, true), many = product(576, 64, false);
  EXPECT_EQ(chosen(few, "x86-64-v4+cores=2", "panels"), 8);
  EXPECT_EQ(chosen(few, "x86-64-v4+cores=16", "panels"), 1);
  EXPECT_EQ(chosen(many, "x86-64-v4+cores=2", "least_tasks"), 32);
  EXPECT_EQ(chosen(many, "x86-64-v4+cores=6", "least_tasks"), 128);
}
