//===- CallSizesTest.cpp - The sizes of a call that schedules compare -----===//

#include "kernels/CallSizes.h"
#include "FamilyExamples.h"

#include <gtest/gtest.h>

namespace tenon::kernels::test {
namespace {

std::vector<std::vector<int64_t>> shapesOf(const std::vector<Array> &arrays) {
  std::vector<std::vector<int64_t>> shapes;
  for (const Array &array : arrays)
    shapes.push_back(array.shape);
  return shapes;
}

TEST(CallSizes, AreThoseThatCasesMayCompareWhateverTheFamily) {
  for (const FamilyExample &example : familyExamples()) {
    std::string error;
    auto space = scheduleSpace(example.kernel, *findTarget("x86-64-v3"), error);
    ASSERT_TRUE(space) << example.name << ": " << error;
    for (const std::vector<int32_t> &lengths : example.lengths) {
      Call call = example.call(lengths);
      auto sizes = callSizes(example.kernel, shapesOf(call.arguments), error);
      ASSERT_TRUE(sizes) << example.name << ": " << error;
      EXPECT_EQ(sizes->size(), space->sizes.size()) << example.name;
      for (const std::string &size : space->sizes)
        EXPECT_EQ((*sizes)[size], call.sizes.at(size)) << example.name << ": " << size;
      // Shapes of results may stand behind them.
      std::vector<std::vector<int64_t>> more = shapesOf(call.arguments);
      more.push_back({12345});
      EXPECT_EQ(callSizes(example.kernel, more, error), sizes);
    }
  }
}

TEST(CallSizes, NeedTheShapesOfAllArguments) {
  FamilyExample example = familyExamples().front();
  std::string error;
  std::vector<std::vector<int64_t>> shapes = shapesOf(example.call(example.lengths[0]).arguments);
  size_t count = shapes.size();
  shapes.pop_back();
  EXPECT_FALSE(callSizes(example.kernel, shapes, error));
  EXPECT_EQ(error, "expected shapes of " + std::to_string(count) + " arguments, found " + std::to_string(count - 1));
}

} // namespace
} // namespace tenon::kernels::test
