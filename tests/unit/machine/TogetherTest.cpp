//===- TogetherTest.cpp - Work of several threads -------------------------===//

#include "machine/Together.h"
#include "machine/Limits.h"

#include "gtest/gtest.h"

#include <array>
#include <atomic>

using namespace tenon::machine;

TEST(Together, EachThreadWorksOnceInARun) {
  std::array<std::atomic<int>, 3> calls{};
  std::atomic<int> working{0};
  double rate = mostPerSecond(3, 2, [&](unsigned thread) {
    ++calls[thread];
    ++working;
    // Whoever waits for the others is there at the same time as they.
    while (working % 3 != 0)
      ;
    return 1.0;
  });
  EXPECT_GT(rate, 0.0);
  for (const std::atomic<int> &count : calls)
    EXPECT_EQ(count, 2);
}

TEST(Together, NoUnitsAreNoSpeed) {
  EXPECT_EQ(mostPerSecond(2, 1, [](unsigned) { return 0.0; }), 0.0);
  EXPECT_GT(mostPerSecond(2, 1, [](unsigned thread) { return thread == 1 ? 1.0 : 0.0; }), 0.0);
}

TEST(Limits, ArithmeticIsThatOfTheFasterVectors) {
  Limits limits;
  limits.avx2.registers = 100;
  EXPECT_EQ(limits.arithmetic().registers, 100);
  limits.avx512 = Arithmetic{150, 140, 130};
  EXPECT_EQ(limits.arithmetic().secondCache, 130);
  limits.avx512->registers = 90; // Where wide vectors take two steps.
  EXPECT_EQ(limits.arithmetic().registers, 100);
}
