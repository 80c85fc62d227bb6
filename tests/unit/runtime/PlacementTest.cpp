#include "Placement.h"
#include "ThreadPool.h"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace tenon::runtime {
namespace {

/// The CPUs that a thread may be on.
std::vector<int> cpusOf(pid_t thread) {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(thread, sizeof(set), &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set))
        cpus.push_back(cpu);
  return cpus;
}

void bindTo(const std::vector<int> &cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu : cpus)
    CPU_SET(cpu, &set);
  ASSERT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

/// Of this process.
std::vector<pid_t> threads() {
  std::vector<pid_t> found;
  for (const auto &entry : std::filesystem::directory_iterator("/proc/self/task"))
    found.push_back(std::stoi(entry.path().filename()));
  return found;
}

TEST(Placement, AThreadLeavesABusyCpuAndMayComeBack) {
  std::vector<int> before = cpusOf(0);
  if (before.size() < 2)
    GTEST_SKIP() << "this process may use one CPU";
  // The system may take it back at once, though hardly each time.
  int left = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    int busy[] = {currentCpu(), -1};
    EXPECT_TRUE(moveThread(gettid(), busy));
    left += currentCpu() != busy[0];
    EXPECT_EQ(cpusOf(0), before);
  }
  EXPECT_GT(left, 0);
}

TEST(Placement, NoThreadMovesWhereAllOfItsCpusAreBusy) {
  std::vector<int> before = cpusOf(0);
  EXPECT_FALSE(moveThread(gettid(), before));
  EXPECT_EQ(cpusOf(0), before);
  std::thread([&] {
    bindTo({before[0]});
    EXPECT_FALSE(moveThread(gettid(), std::vector{before[0]}));
    EXPECT_EQ(cpusOf(0), std::vector{before[0]});
  }).join();
}

TEST(Placement, NumbersThatAreNoCpusAreNotBusy) {
  std::vector<int> before = cpusOf(0), none = {-1, -5, CPU_SETSIZE, 1 << 30};
  EXPECT_TRUE(moveThread(gettid(), none));
  EXPECT_TRUE(moveThread(gettid(), {}));
  EXPECT_EQ(cpusOf(0), before);
  EXPECT_FALSE(moveThread(-1, none));
}

/// The caller goes after its worker from CPU to CPU, and has it beside itself again each time.
TEST(Placement, WorkersLeaveTheCallersCpuAndAreBoundToNone) {
  std::vector<int> before = cpusOf(0);
  if (before.size() < 2)
    GTEST_SKIP() << "this process may use one CPU";
  std::thread([&] {
    ThreadPool pool(2);
    ThreadPool::CallScope call(pool);
    struct Seen {
      std::atomic<int> cpus[2] = {-1, -1};
    } seen;
    auto region = [&] {
      return pool.parallelFor(
          &seen,
          [](void *context, int, uint8_t *) {
            for (volatile int step = 0; step < 2000; step = step + 1) {
            }
            static_cast<Seen *>(context)->cpus[ThreadPool::currentThread()] = currentCpu();
            return 0;
          },
          0, 16, nullptr);
    };
    int apart = 0;
    for (int turn = 0; turn < 5; ++turn) {
      for (int attempt = 0; attempt < 1000 && seen.cpus[1] < 0; ++attempt)
        ASSERT_EQ(region(), 0);
      if (seen.cpus[1] < 0)
        continue;
      bindTo({seen.cpus[1]}); // The worker was started before: it may be on all CPUs.
      bool isApart = false;
      for (int attempt = 0; attempt < 2000 && !isApart; ++attempt) {
        seen.cpus[0] = seen.cpus[1] = -1;
        ASSERT_EQ(region(), 0);
        isApart = seen.cpus[1] >= 0 && seen.cpus[1] != seen.cpus[0];
      }
      apart += isApart;
    }
    EXPECT_GT(apart, 0);
    bindTo(before);
    for (pid_t thread : threads())
      EXPECT_EQ(cpusOf(thread), before);
  }).join();
}

} // namespace
} // namespace tenon::runtime
