#include "ThreadPool.h"

#include <climits>
#include <functional>
#include <gtest/gtest.h>
#include <set>
#include <thread>

namespace tenon::runtime {
namespace {

/// Runs a function of the task's index in a region.
int forEach(ThreadPool &pool, int min, int size, std::function<int(int)> body) {
  return pool.parallelFor(
      nullptr,
      [](void *, int index, uint8_t *closure) {
        return (*reinterpret_cast<std::function<int(int)> *>(closure))(index);
      },
      min, size, reinterpret_cast<uint8_t *>(&body));
}

class Pools : public testing::TestWithParam<unsigned> {};

TEST_P(Pools, EveryTaskRunsOnce) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  for (int size : {1, 2, 3, 7, 64, 1000}) {
    std::vector<std::atomic<int>> runs((size_t(size)));
    EXPECT_EQ(forEach(pool, -5, size, [&](int index) { return runs[size_t(index + 5)]++, 0; }), 0);
    for (int index = 0; index < size; ++index)
      ASSERT_EQ(runs[size_t(index)], 1) << size << " " << index;
  }
}

TEST_P(Pools, ManyRegionsOneAfterTheOther) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  // Not atomic: each region must see what the one before it wrote.
  std::vector<int> values(5, 0);
  for (int region = 0; region < 20000; ++region)
    ASSERT_EQ(forEach(pool, 0, 5, [&](int index) { return values[size_t(4 - index)] += index % 2 ? 1 : 2, 0; }), 0);
  for (size_t index = 0; index < 5; ++index)
    EXPECT_EQ(values[index], (4 - index) % 2 ? 20000 : 40000);
}

TEST_P(Pools, RegionsAfterPausesLongerThanSpinning) {
  ThreadPool pool(GetParam());
  for (int repeat = 0; repeat < 20; ++repeat) {
    ThreadPool::CallScope call(pool);
    std::atomic<int> runs = 0;
    EXPECT_EQ(forEach(pool, 0, 10, [&](int) { return runs++, 0; }), 0);
    EXPECT_EQ(runs, 10);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST_P(Pools, EmptyRegions) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  EXPECT_EQ(forEach(pool, 0, 0, [](int) { return 1; }), 0);
  EXPECT_EQ(forEach(pool, 0, -3, [](int) { return 1; }), 0);
  EXPECT_EQ(forEach(pool, INT_MIN, INT_MIN, [](int) { return 1; }), 0);
}

TEST_P(Pools, IndicesAtTheEndOfTheirRange) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  std::atomic<int> last = 0;
  EXPECT_EQ(forEach(pool, INT_MAX - 9, 10, [&](int index) { return index == INT_MAX ? (last++, 0) : 0; }), 0);
  EXPECT_EQ(last, 1);
}

TEST_P(Pools, ErrorStopsTheRestAndIsReturned) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  for (int failing : {0, 1, 50, 99}) {
    std::atomic<int> runs = 0;
    EXPECT_EQ(forEach(pool, 0, 100000, [&](int index) { return runs++, index == failing ? -7 : 0; }), -7);
    EXPECT_LT(runs, 100000);
    // The next region starts clean.
    EXPECT_EQ(forEach(pool, 0, 100, [](int) { return 0; }), 0);
  }
}

TEST_P(Pools, RegionsWithinRegions) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  for (int outer : {1, 2, 9}) {
    std::atomic<int> runs = 0;
    EXPECT_EQ(forEach(pool, 0, outer,
                      [&](int) {
                        return forEach(pool, 0, 20,
                                       [&](int) { return forEach(pool, 0, 2, [&](int) { return runs++, 0; }); });
                      }),
              0);
    EXPECT_EQ(runs, outer * 40);
    EXPECT_EQ(forEach(pool, 0, outer,
                      [&](int) { return forEach(pool, 0, 20, [&](int index) { return index == 3 ? 5 : 0; }); }),
              5);
  }
}

TEST_P(Pools, ThreadsKnowWhichTheyAre) {
  ThreadPool pool(GetParam());
  ThreadPool::CallScope call(pool);
  std::vector<std::atomic<int>> seen(GetParam());
  EXPECT_EQ(ThreadPool::currentThread(), 0u);
  // A task waits until all threads have one, so each number is seen.
  std::atomic<unsigned> arrived = 0;
  int result = forEach(pool, 0, int(GetParam()), [&](int) {
    unsigned thread = ThreadPool::currentThread();
    if (thread >= GetParam())
      return 1;
    seen[thread]++;
    arrived++;
    while (arrived < GetParam())
      std::this_thread::yield();
    return 0;
  });
  EXPECT_EQ(result, 0);
  for (unsigned thread = 0; thread < GetParam(); ++thread)
    EXPECT_EQ(seen[thread], 1);
}

TEST_P(Pools, SeveralPoolsAtOnce) {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([] {
      ThreadPool pool(GetParam());
      for (int call = 0; call < 20; ++call) {
        ThreadPool::CallScope scope(pool);
        std::atomic<int> runs = 0;
        for (int region = 0; region < 50; ++region)
          ASSERT_EQ(forEach(pool, 0, 8, [&](int) { return runs++, 0; }), 0);
        ASSERT_EQ(runs, 400);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

INSTANTIATE_TEST_SUITE_P(Threads, Pools, testing::Values(1u, 2u, 3u, 8u));

TEST(ThreadPool, IdlePoolsComeAndGo) {
  for (int repeat = 0; repeat < 50; ++repeat) {
    ThreadPool unused(4);
    ThreadPool used(3);
    ThreadPool::CallScope call(used);
  }
}

} // namespace
} // namespace tenon::runtime
