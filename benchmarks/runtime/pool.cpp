//===- pool.cpp - What parallel regions cost ------------------------------===//
//
// tenon-bench-pool [THREADS]: times regions of the runtime's thread pool. "hot" is a region of empty tasks behind
// another. The other lines are of regions with 20 microseconds of work for each thread: after so long a pause of the
// caller, with how often two threads worked on one CPU, or the caller alone; and in turns of 20 milliseconds, after 30
// asleep, beside nothing and beside another program's thread that never sleeps, whose CPU the scheduler may not want to
// wake a worker on.
//
//===----------------------------------------------------------------------===//

#include "runtime/src/ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tenon::runtime;
using Clock = std::chrono::steady_clock;

namespace {

constexpr double kWorkMicroseconds = 20;
constexpr int kTasksPerThread = 4;

double microsecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

/// Multiplications that wait for one another: as long in whatever state the caches are.
volatile double sink;
void work(long steps) {
  double value = 1;
  for (long step = 0; step < steps; ++step)
    value = value * 0.999999 + 1e-9;
  sink = value;
}

/// Steps of one task, so that a thread's tasks take kWorkMicroseconds.
long stepsOfTask() {
  constexpr long kSteps = 100000;
  double least = 1e30;
  for (int run = 0; run < 20; ++run) {
    auto begin = Clock::now();
    work(kSteps);
    least = std::min(least, microsecondsSince(begin));
  }
  return static_cast<long>(kSteps * kWorkMicroseconds / kTasksPerThread / least);
}

double percentile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1))];
}

struct Region {
  long steps;
  std::vector<int> cpus; ///< Of each thread, where its last task ended; -1 without one.
};

int runTask(void *context, int, uint8_t *) {
  auto &region = *static_cast<Region *>(context);
  work(region.steps);
  region.cpus[ThreadPool::currentThread()] = sched_getcpu();
  return 0;
}

bool haveOneCpu(std::vector<int> cpus) {
  std::erase(cpus, -1);
  std::ranges::sort(cpus);
  return std::ranges::adjacent_find(cpus) != cpus.end();
}

void benchHot(ThreadPool &pool, unsigned threads) {
  constexpr int kRegions = 2000;
  std::vector<double> times;
  ThreadPool::CallScope call(pool);
  for (int turn = 0; turn < 50; ++turn) {
    auto begin = Clock::now();
    for (int region = 0; region < kRegions; ++region)
      pool.parallelFor(
          nullptr, [](void *, int, uint8_t *) { return 0; }, 0, static_cast<int>(threads), nullptr);
    times.push_back(microsecondsSince(begin) / kRegions);
  }
  std::printf("%-12s least %7.2f, median %7.2f us\n", "hot", percentile(times, 0), percentile(times, 0.5));
}

/// `pause` in microseconds, asleep where it is long.
void benchAfter(ThreadPool &pool, unsigned threads, int pause, long steps) {
  std::vector<double> times;
  int together = 0, alone = 0, count = pause >= 10000 ? 100 : 400;
  Region region{steps, std::vector<int>(threads)};
  for (int turn = 0; turn < count; ++turn) {
    auto begin = Clock::now();
    if (pause >= 1000)
      std::this_thread::sleep_for(std::chrono::microseconds(pause));
    else
      while (microsecondsSince(begin) < pause) {
      }
    region.cpus.assign(threads, -1);
    begin = Clock::now();
    ThreadPool::CallScope call(pool);
    pool.parallelFor(&region, runTask, 0, static_cast<int>(threads) * kTasksPerThread, nullptr);
    times.push_back(microsecondsSince(begin));
    together += haveOneCpu(region.cpus);
    alone += std::ranges::count(region.cpus, -1) == static_cast<long>(threads) - 1;
  }
  std::printf("after %5d us least %6.1f, median %6.1f, 9 of 10 %6.1f, 99 of 100 %7.1f us; on one CPU %3d, alone %3d of %d\n",
              pause, percentile(times, 0), percentile(times, 0.5), percentile(times, 0.9), percentile(times, 0.99),
              together, alone, count);
}

/// Another program's thread. It is there for as long as this one lives.
class Neighbour {
public:
  Neighbour() : process(fork()) {
    if (process != 0)
      return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
      work(1000000);
  }
  ~Neighbour() {
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
  }
  Neighbour(const Neighbour &) = delete;
  Neighbour &operator=(const Neighbour &) = delete;

private:
  pid_t process;
};

void benchTurns(const char *name, ThreadPool &pool, unsigned threads, long steps) {
  constexpr int kTurns = 100;
  std::vector<double> means;
  int alone = 0;
  Region region{steps, std::vector<int>(threads)};
  for (int turn = 0; turn < kTurns; ++turn) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    int regions = 0, ofCaller = 0;
    auto begin = Clock::now();
    for (; microsecondsSince(begin) < 20000; ++regions) {
      region.cpus.assign(threads, -1);
      ThreadPool::CallScope call(pool);
      pool.parallelFor(&region, runTask, 0, static_cast<int>(threads) * kTasksPerThread, nullptr);
      ofCaller += std::ranges::count(region.cpus, -1) == static_cast<long>(threads) - 1;
    }
    means.push_back(microsecondsSince(begin) / regions);
    alone += 2 * ofCaller > regions;
  }
  std::printf("turns %-7s median %6.1f, 3 of 4 %6.1f, 9 of 10 %6.1f, most %6.1f us a region; mostly alone %3d of %d\n", name,
              percentile(means, 0.5), percentile(means, 0.75), percentile(means, 0.9), percentile(means, 1), alone, kTurns);
}

} // namespace

int main(int count, char **words) {
  int threads = count > 1 ? std::atoi(words[1]) : 2;
  if (count > 2 || threads < 1) {
    std::fprintf(stderr, "usage: tenon-bench-pool [THREADS]\n");
    return 2;
  }
  ThreadPool pool(static_cast<unsigned>(threads));
  long steps = stepsOfTask();
  std::printf("%d threads, %.0f us of work for each\n", threads, kWorkMicroseconds);
  benchHot(pool, static_cast<unsigned>(threads));
  for (int pause : {0, 20, 100, 400, 1000, 5000, 20000})
    benchAfter(pool, static_cast<unsigned>(threads), pause, steps);
  benchTurns("", pool, static_cast<unsigned>(threads), steps);
  Neighbour neighbour;
  benchTurns("beside", pool, static_cast<unsigned>(threads), steps);
  return 0;
}
