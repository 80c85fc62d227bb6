//===- Together.cpp - Threads that work at the same time ------------------===//

#include "machine/Together.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <sched.h>
#include <thread>
#include <vector>

/// Each thread stays on a processor of its own, as far as there are as many: short runs end before the system has
/// moved two threads apart that began on one.
static void stayOn(unsigned thread) {
  cpu_set_t mine, one;
  if (sched_getaffinity(0, sizeof mine, &mine) != 0)
    return;
  auto left = thread % static_cast<unsigned>(CPU_COUNT(&mine));
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &mine) && left-- == 0) {
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      sched_setaffinity(0, sizeof one, &one);
      return;
    }
}

/// From when all threads are ready until the last is done.
static double unitsPerSecond(unsigned threads, const tenon::machine::Work &work) {
  using Clock = std::chrono::steady_clock;
  std::atomic<unsigned> ready{0};
  std::atomic<bool> start{false};
  std::vector<double> units(threads);
  std::vector<Clock::time_point> ends(threads);
  std::vector<std::thread> pool;
  pool.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread)
    pool.emplace_back([&, thread] {
      stayOn(thread);
      ++ready;
      while (!start)
        ;
      units[thread] = work(thread);
      ends[thread] = Clock::now();
    });
  while (ready != threads)
    std::this_thread::yield();
  Clock::time_point begin = Clock::now();
  start = true;
  for (std::thread &thread : pool)
    thread.join();
  std::chrono::duration<double> seconds = *std::max_element(ends.begin(), ends.end()) - begin;
  return std::accumulate(units.begin(), units.end(), 0.0) / seconds.count();
}

double tenon::machine::mostPerSecond(unsigned threads, unsigned runs, const Work &work) {
  double most = 0;
  for (unsigned run = 0; run < runs; ++run)
    most = std::max(most, unitsPerSecond(threads, work));
  return most;
}
