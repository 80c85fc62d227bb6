//===- CostModelTest.cpp - What is expected before it is measured ---------===//

#include "tune/CostModel.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

using namespace tenon;
using namespace tenon::tune;
using kernels::kDynamic;
using kernels::KernelDescription;
using kernels::NestSchedule;
using kernels::ScheduleSpace;
using kernels::TensorType;

namespace {

constexpr kernels::ElementType kF32 = kernels::ElementType::F32;

/// A product of any number of rows with a matrix in panels of 48 columns.
KernelDescription product(int64_t depth, int64_t width, int64_t rowTile) {
  TensorType rows{kF32, {kDynamic, depth}}, weights{kF32, {(width + 47) / 48, depth, 48}},
      result{kF32, {kDynamic, width}};
  return {{rows, weights}, {{"linear", {0, 1}, {result}, {}}}, {2}, rowTile};
}

/// A machine of two cores: 100 GFLOP/s each in vectors of 512 bits, half of it in those of 256.
machine::Limits limits() {
  machine::Limits limits;
  limits.threads = 2;
  limits.caches = {48 << 10, 2 << 20, 32 << 20};
  limits.avx2 = {100, 90, 80};
  limits.avx512 = machine::Arithmetic{200, 180, 160};
  limits.read = {500, 200, 40, 20, 20};
  return limits;
}

class Product : public testing::Test {
protected:
  explicit Product(int64_t rowTile = 16) : kernel(product(768, 3072, rowTile)) {
    std::string error;
    space = *kernels::scheduleSpace(kernel, target(), error);
  }

  static const kernels::TargetModel &target(const char *name = "x86-64-v4") { return *kernels::findTarget(name); }

  /// Seconds with some parameters in the place of the default's.
  double seconds(const std::map<std::string, int64_t> &changes, const CostedCall &call,
                 const machine::Limits &given = limits()) const {
    std::vector<NestSchedule> nests = kernels::chosenSchedule("", space).cases[0].nests;
    for (const auto &[name, value] : changes)
      nests[0].parameters[name] = value;
    EXPECT_FALSE(kernels::faultOf({"", {{{}, nests}}}, space));
    return CostModel(kernel, target(), given).seconds(nests, call);
  }

  KernelDescription kernel;
  ScheduleSpace space;
};

const CostedCall kMany = {1024, 8, 128, 12};

TEST_F(Product, IsNoFasterThanTheMachine) {
  double least = 2.0 * 1024 * 768 * 3072 / 200e9;
  EXPECT_GT(seconds({}, kMany), least);
  EXPECT_LT(seconds({}, kMany), 1.5 * least);
  machine::Limits faster = limits();
  faster.avx512->registers *= 2;
  EXPECT_LT(seconds({}, kMany, faster), seconds({}, kMany));
}

TEST_F(Product, TilesThatRegistersDoNotHoldAreSlow) {
  double chosen = seconds({}, kMany); // 8 rows of three vectors
  EXPECT_GT(seconds({{"rows", 16}}, kMany), 1.3 * chosen);
  // Nor do few sums keep the units busy, nor is a value used often enough.
  EXPECT_GT(seconds({{"rows", 1}}, kMany), 2 * chosen);
  EXPECT_GT(seconds({{"rows", 2}}, kMany), 1.2 * chosen);
}

TEST_F(Product, TasksAreThereForAllCoresAndAreWorthStarting) {
  CostedCall few = {16, 1, 16, 12};
  EXPECT_GT(seconds({{"grain", 16}, {"tiles", 8}}, {16, 1, 16, 1}), 0);
  std::string error;
  kernel = product(768, 96, 16); // two panels
  space = *kernels::scheduleSpace(kernel, target(), error);
  EXPECT_GT(seconds({{"grain", 2}, {"tiles", 2}}, few), 1.4 * seconds({{"grain", 1}, {"tiles", 2}}, few));
  kernel = product(16, 3072, 16); // little to do for each panel
  space = *kernels::scheduleSpace(kernel, target(), error);
  EXPECT_GT(seconds({{"grain", 1}, {"tiles", 2}}, few), 1.5 * seconds({{"grain", 16}, {"tiles", 2}}, few));
}

class RowProduct : public Product {
protected:
  RowProduct() : Product(1) {}
};

TEST_F(RowProduct, TakesAsLongAsItsWeightsToArrive) {
  CostedCall one = {1, 1, 128, 12}; // 113 MB
  double bytes = 768 * 3072 * 4;
  EXPECT_GT(seconds({}, one), bytes / 20e9);
  EXPECT_LT(seconds({}, one), 1.4 * bytes / 20e9);
  CostedCall warm = one, cold = one;
  warm.weights = 1; // in the last cache
  cold.weights = INFINITY;
  EXPECT_LT(seconds({}, warm), 0.75 * seconds({}, one));
  EXPECT_EQ(seconds({}, cold), seconds({}, one));
  EXPECT_GT(seconds({{"prefetch_bytes", 0}, {"prefetch_panels", 0}}, warm), seconds({}, warm));
}

TEST_F(RowProduct, NarrowerVectorsComputeLess) {
  // With enough rows that arithmetic decides.
  CostedCall rows = {16, 16, 128, 1};
  std::string error;
  ScheduleSpace narrow = *kernels::scheduleSpace(kernel, target("x86-64-v3"), error);
  double wide = seconds({}, rows);
  double other = CostModel(kernel, target("x86-64-v3"), limits())
                     .seconds(kernels::chosenSchedule("", narrow).cases[0].nests, rows);
  EXPECT_GT(other, 1.5 * wide);
}

TEST(CostModel, KnowsEveryFamilyOfNests) {
  std::vector<std::string> known = CostModel::families();
  for (const kernels::FamilyDefinition &family : kernels::familyDefinitions())
    EXPECT_EQ(std::count(known.begin(), known.end(), family.name), 1) << family.name;
  EXPECT_EQ(known.size(), kernels::familyDefinitions().size());
}

} // namespace
