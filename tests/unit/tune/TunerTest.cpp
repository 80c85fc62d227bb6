//===- TunerTest.cpp ------------------------------------------------------===//

#include "tune/Tuner.h"

#include <gtest/gtest.h>

using namespace tenon;

namespace {

TEST(Tuner, WeightsThatTheLastCacheDoesNotHoldComeFromMemory) {
  machine::Caches caches{48 << 10, 2 << 20, 256 << 20};
  EXPECT_FALSE(tune::comeFromMemory(90 << 20, caches)); // each kernel's stay there from call to call
  EXPECT_TRUE(tune::comeFromMemory(540 << 20, caches));
  EXPECT_FALSE(tune::comeFromMemory(540 << 20, {48 << 10, 2 << 20, 0})); // the system does not say
}

} // namespace
