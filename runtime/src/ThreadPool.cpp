//===- ThreadPool.cpp - The threads of a session --------------------------===//

#include "ThreadPool.h"

#include "Cpu.h"
#include "Failure.h"
#include "Placement.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <csignal>
#include <linux/futex.h>
#include <pthread.h>
#include <span>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tenon::runtime {
namespace {

/// Longer than the serial stretch between two kernels, and about what falling asleep and waking costs.
constexpr std::chrono::microseconds spinTime{50};
/// Spins between looks at the clock, which costs as much as several of them.
constexpr int spinsPerLook = 32;
/// Claims per thread that a region is cut into at first: the rest shrinks with what is left, down to single tasks.
constexpr uint32_t claimsPerThread = 4;
/// What waking takes at most, also of a CPU of a virtual machine that is halted; and between two moves of a thread, so
/// that what moves cost is nothing where they do not help.
constexpr std::chrono::microseconds wakeTime{200};
constexpr std::chrono::milliseconds longestPatience{50}, timeOfStay{10};

thread_local unsigned currentThreadIndex = 0;

/// Threads of all sessions that are in a call, to compare with the CPUs there are.
std::atomic<unsigned> busyThreads{0};

std::atomic<uint64_t> generation{1};

void pauseSpin() {
#if defined(__x86_64__)
  _mm_pause();
#else
  asm volatile("yield");
#endif
}

uint32_t remaining(uint64_t ticket) { return uint32_t(ticket); }

void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  // Every return, be it a wake, another value or a signal, leads to another look at the condition.
  (void)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futexWake(std::atomic<uint32_t> &word, unsigned count) {
  (void)syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, int(std::min<unsigned>(count, INT_MAX)), nullptr, nullptr, 0);
}

/// Blocks signals while threads start, so that the host program's handlers run on its own threads.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

} // namespace

uint64_t forkGeneration() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] {
    generation.fetch_add(1, std::memory_order_relaxed);
    // The sessions in a call belong to threads that this process does not have.
    busyThreads.store(0, std::memory_order_relaxed);
  });
  (void)registered;
  return generation.load(std::memory_order_relaxed);
}

ThreadPool::ThreadPool(unsigned threads) : threadCount(std::max(1u, threads)), cpus(availableCpus()) {}

ThreadPool::~ThreadPool() { stop(); }

unsigned ThreadPool::currentThread() { return currentThreadIndex; }

bool ThreadPool::lostInFork() const { return startedIn != 0 && startedIn != forkGeneration(); }

void ThreadPool::start() {
  if (startedIn != 0)
    return;
  SignalsBlocked blocked;
  startedIn = forkGeneration();
  for (unsigned thread = 1; thread < threadCount; ++thread) {
    Worker &worker = workers.emplace_back(this, thread);
    int code = pthread_create(&worker.handle, nullptr, &ThreadPool::runWorker, &worker);
    if (code == 0)
      continue;
    workers.pop_back();
    stop();
    fail(TENON_ERROR_THREADS, "thread ", thread + 1, " of ", threadCount,
         " could not be started: ", std::generic_category().message(code));
  }
}

void ThreadPool::stop() {
  // After a fork there is nobody to wake and nothing to join.
  if (!lostInFork()) {
    stopping.store(true);
    wakeWorkers(threadCount);
    for (Worker &worker : workers)
      pthread_join(worker.handle, nullptr);
    stopping.store(false);
  }
  workers.clear();
  startedIn = 0;
}

void *ThreadPool::runWorker(void *startInfo) {
  auto *worker = static_cast<Worker *>(startInfo);
  worker->pool->workerLoop(*worker);
  return nullptr;
}

ThreadPool::CallScope::CallScope(ThreadPool &pool) : pool(pool) {
  if (pool.threadCount > 1)
    pool.start();
  busyThreads.fetch_add(pool.threadCount, std::memory_order_relaxed);
  if (pool.maySpin() && pool.sleepers.load() != 0) {
    pool.wakeWorkers(pool.threadCount);
    pool.expectWorkers(pool.threadCount);
  }
}

ThreadPool::CallScope::~CallScope() { busyThreads.fetch_sub(pool.threadCount, std::memory_order_relaxed); }

bool ThreadPool::maySpin() const { return busyThreads.load(std::memory_order_relaxed) <= cpus; }

/// Waits for the condition while spinning is worth it; false if it has not come true.
template <typename Condition> bool ThreadPool::spinUntil(Condition condition) const {
  if (condition())
    return true;
  auto end = std::chrono::steady_clock::now() + spinTime;
  while (maySpin()) {
    for (int spin = 0; spin < spinsPerLook; ++spin) {
      if (condition())
        return true;
      pauseSpin();
    }
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  return condition();
}

void ThreadPool::workerLoop(Worker &worker) {
  FloatingPointScope floatingPoint;
  currentThreadIndex = worker.thread;
  worker.id.store(gettid(), std::memory_order_relaxed);
  auto somethingToDo = [this] {
    return remaining(ticket.load(std::memory_order_acquire)) != 0 || stopping.load(std::memory_order_relaxed);
  };
  while (!stopping.load()) {
    int cpu = currentCpu();
    worker.cpu.store(cpu, std::memory_order_relaxed);
    if (cpu >= 0 && cpu == callerCpu.load(std::memory_order_relaxed))
      moveFromOthers(worker);
    claimTasks(false);
    if (!spinUntil(somethingToDo))
      sleepUntilRegion(worker);
  }
}

void ThreadPool::sleepUntilRegion(Worker &worker) {
  worker.cpu.store(-1, std::memory_order_relaxed);
  uint32_t seen = signal.load();
  sleepers.fetch_add(1);
  // Whoever publishes looks for sleepers after that: either it sees this one, or this one sees the region.
  if (remaining(ticket.load()) == 0 && !stopping.load())
    futexWait(signal, seen);
  sleepers.fetch_sub(1);
}

void ThreadPool::wakeWorkers(unsigned count) {
  signal.fetch_add(1);
  futexWake(signal, count);
}

/// The caller has woken so many.
void ThreadPool::expectWorkers(unsigned woken) {
  if (areLate || woken + 1 < threadCount)
    return;
  areLate = true;
  lateSince = std::chrono::steady_clock::now();
  patience = wakeTime;
}

/// CPUs where the caller and workers other than `except` are.
static std::span<const int> busyCpus(const auto &workers, int callerCpu, const void *except,
                                     std::array<int, TENON_MAX_THREADS> &cpus) {
  size_t count = 0;
  cpus[count++] = callerCpu;
  for (const auto &worker : workers)
    if (&worker != except && count < cpus.size())
      cpus[count++] = worker.cpu.load(std::memory_order_relaxed);
  return {cpus.data(), count};
}

/// On behalf of the caller, which is in a region.
void ThreadPool::moveLateWorkers() {
  auto now = std::chrono::steady_clock::now();
  if (!areLate || now < lateSince + patience || !maySpin())
    return;
  std::array<int, TENON_MAX_THREADS> cpus;
  for (Worker &worker : workers)
    if (pid_t id = worker.id.load(std::memory_order_relaxed); id != 0 && worker.cpu.load(std::memory_order_relaxed) < 0)
      (void)moveThread(id, busyCpus(workers, currentCpu(), &worker, cpus));
  lateSince = now;
  patience = std::min<std::chrono::steady_clock::duration>(2 * patience, longestPatience);
}

/// On behalf of the worker, which is on the caller's CPU.
void ThreadPool::moveFromOthers(Worker &worker) {
  auto now = std::chrono::steady_clock::now();
  // With a region there is also everything that the caller did before it.
  if (now < worker.staysUntil || !maySpin() || remaining(ticket.load(std::memory_order_acquire)) == 0)
    return;
  std::array<int, TENON_MAX_THREADS> cpus;
  (void)moveThread(worker.id.load(std::memory_order_relaxed),
                   busyCpus(workers, callerCpu.load(std::memory_order_relaxed), &worker, cpus));
  worker.cpu.store(currentCpu(), std::memory_order_relaxed);
  worker.staysUntil = now + timeOfStay;
}

void ThreadPool::publish(void *newContext, Task newTask, int newMin, int newSize, uint8_t *newClosure) {
  context.store(newContext, std::memory_order_relaxed);
  task.store(newTask, std::memory_order_relaxed);
  closure.store(newClosure, std::memory_order_relaxed);
  min.store(newMin, std::memory_order_relaxed);
  size.store(uint32_t(newSize), std::memory_order_relaxed);
  error.store(0, std::memory_order_relaxed);
  finished.store(0, std::memory_order_relaxed);
  callerCpu.store(currentCpu(), std::memory_order_relaxed);
  uint64_t region = (ticket.load(std::memory_order_relaxed) >> 32) + 1;
  ticket.store(region << 32 | uint32_t(newSize));
  if (sleepers.load() == 0) {
    areLate = false;
    return;
  }
  unsigned wanted = std::min(unsigned(newSize) - 1, threadCount - 1);
  wakeWorkers(wanted);
  expectWorkers(wanted);
}

void ThreadPool::claimTasks(bool asCaller) {
  uint64_t seen = ticket.load(std::memory_order_acquire);
  while (uint32_t left = remaining(seen)) {
    uint32_t all = size.load(std::memory_order_relaxed);
    uint32_t count = std::max(1u, left / (claimsPerThread * threadCount));
    // Fails if another thread claimed or the region is over, so that `all` may be another's.
    if (!ticket.compare_exchange_weak(seen, seen - count, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    runTasks(all - left, count, all);
    if (asCaller && sleepers.load(std::memory_order_relaxed) != 0)
      moveLateWorkers();
    seen = ticket.load(std::memory_order_acquire);
  }
}

void ThreadPool::runTasks(uint32_t first, uint32_t count, uint32_t all) {
  Task run = task.load(std::memory_order_relaxed);
  void *with = context.load(std::memory_order_relaxed);
  uint8_t *data = closure.load(std::memory_order_relaxed);
  int from = min.load(std::memory_order_relaxed);
  for (uint32_t index = first; index < first + count && error.load(std::memory_order_relaxed) == 0; ++index)
    if (int result = run(with, int(int64_t(from) + index), data)) {
      int none = 0;
      error.compare_exchange_strong(none, result, std::memory_order_relaxed);
    }
  if (finished.fetch_add(count) + count == all && callerSleeps.load() != 0)
    futexWake(finished, 1);
}

void ThreadPool::waitForOthers(uint32_t all) {
  if (spinUntil([this, all] { return finished.load(std::memory_order_acquire) == all; }))
    return;
  callerSleeps.store(1);
  for (uint32_t done; (done = finished.load()) != all;)
    futexWait(finished, done);
  callerSleeps.store(0);
}

int ThreadPool::parallelFor(void *newContext, Task newTask, int newMin, int newSize, uint8_t *newClosure) {
  bool alone = newSize <= 1 || workers.empty() || lostInFork();
  if (alone || occupied.exchange(true, std::memory_order_acquire)) {
    for (int64_t index = newMin; index < int64_t(newMin) + newSize; ++index)
      if (int result = newTask(newContext, int(index), newClosure))
        return result;
    return 0;
  }
  publish(newContext, newTask, newMin, newSize, newClosure);
  claimTasks(true);
  waitForOthers(uint32_t(newSize));
  int result = error.load(std::memory_order_relaxed);
  occupied.store(false, std::memory_order_release);
  return result;
}

} // namespace tenon::runtime
