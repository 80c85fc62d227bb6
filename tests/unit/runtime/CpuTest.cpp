#include "Cpu.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <thread>

namespace tenon::runtime {
namespace {

TEST(Cpu, QuotaOfCgroupV2) {
  EXPECT_EQ(cpusOfQuota("max 100000"), 0u);
  EXPECT_EQ(cpusOfQuota("200000 100000"), 2u);
  EXPECT_EQ(cpusOfQuota("150000 100000"), 2u);
  EXPECT_EQ(cpusOfQuota("1 100000"), 1u);
  EXPECT_EQ(cpusOfQuota("9223372036854775807 1"), 1024u);
}

TEST(Cpu, QuotaThatIsNone) {
  for (const char *text : {"", "max", "100000", "a b", "100000 0", "-1 100000", "0 100000", "100000 -5",
                           "99999999999999999999 1", "100000 100000x"})
    EXPECT_EQ(cpusOfQuota(text), 0u) << text;
}

TEST(Cpu, QuotaOfCgroupV1) {
  EXPECT_EQ(cpusOfQuota(-1, 100000), 0u);
  EXPECT_EQ(cpusOfQuota(250000, 100000), 3u);
}

TEST(Cpu, AffinityLimitsTheCpus) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  unsigned all = availableCpus();
  EXPECT_GE(all, 1u);
  EXPECT_LE(all, unsigned(CPU_COUNT(&before)));
  int first = 0;
  while (!CPU_ISSET(first, &before))
    ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(availableCpus(), 1u);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Cpu, LevelsAreDescribed) {
  EXPECT_EQ(describeLevel(3), "x86-64-v3 (AVX2, FMA, BMI2)");
  EXPECT_EQ(describeLevel(7), "x86-64-v7");
}

} // namespace
} // namespace tenon::runtime
