//===- ThreadPool.h - The threads of a session ------------------*- C++ -*-===//
//
// One pool belongs to one session. Its caller is one of its threads; the others are started by the first region that
// has work for them and live as long as the pool. A region is published by a single store and its tasks are claimed
// with one compare-and-swap per chunk, so that kernels of microseconds may follow each other.
//
// Workers wait for the next region by spinning for a bounded time, and only while the threads of all sessions that are
// in a call fit the CPUs of this process; then they sleep in the kernel.
//
// While those threads fit, each should have a CPU of its own. The scheduler wakes a worker on the caller's CPU where the
// others are busy at that moment, and there it waits for a caller that never sleeps; so a worker that is late, or finds
// itself on the caller's CPU, is moved, once and then rarely, to another. No thread is bound to a CPU.
//
// A region within a region runs on the thread that asks for it, unless the outer one has a single task: that runs
// without becoming a region, so that the inner one has all threads.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_THREADPOOL_H
#define TENON_RUNTIME_THREADPOOL_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <pthread.h>
#include <sys/types.h>

namespace tenon::runtime {

class ThreadPool {
public:
  using Task = int (*)(void *context, int index, uint8_t *closure);

  /// `threads` counts the caller.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  unsigned threads() const { return threadCount; }

  /// Runs task(context, i, closure) for every i in [min, min + size). Once one returns other than 0, tasks that have
  /// not begun do not run, and that value is returned.
  int parallelFor(void *context, Task task, int min, int size, uint8_t *closure);

  /// Whether the workers were started by a process of which this one is a fork, and so do not exist here.
  bool lostInFork() const;

  /// Which of its session's threads the current one is: 0 for callers, 1 to threads() - 1 for workers.
  static unsigned currentThread();

  /// Between a session's first region and its last: starts the workers if need be, wakes them ahead of the first region
  /// and counts the session's threads as busy.
  class CallScope {
  public:
    explicit CallScope(ThreadPool &pool);
    ~CallScope();
    CallScope(const CallScope &) = delete;
    CallScope &operator=(const CallScope &) = delete;

  private:
    ThreadPool &pool;
  };

private:
  struct Worker {
    Worker(ThreadPool *pool, unsigned thread) : pool(pool), thread(thread) {}

    ThreadPool *pool;
    unsigned thread;
    pthread_t handle{};
    std::atomic<pid_t> id{0};  ///< For the system; 0 before it runs.
    std::atomic<int> cpu{-1}; ///< Where it last looked for tasks; -1 while it sleeps.
    std::chrono::steady_clock::time_point staysUntil{};
  };

  void start();
  void stop();
  static void *runWorker(void *startInfo);
  void workerLoop(Worker &worker);
  void publish(void *context, Task task, int min, int size, uint8_t *closure);
  void claimTasks(bool asCaller);
  void runTasks(uint32_t first, uint32_t count, uint32_t size);
  void waitForOthers(uint32_t size);
  bool maySpin() const;
  template <typename Condition> bool spinUntil(Condition condition) const;
  void sleepUntilRegion(Worker &worker);
  void wakeWorkers(unsigned count);
  void expectWorkers(unsigned woken);
  void moveLateWorkers();
  void moveFromOthers(Worker &worker);

  const unsigned threadCount;
  const unsigned cpus;
  std::deque<Worker> workers;
  uint64_t startedIn = 0; ///< fork generation; 0 before the workers are started
  std::atomic<bool> occupied{false};

  /// The region. Its fields change only while `ticket` shows no task left to claim and none is running; whoever reads
  /// them then claims with a compare-and-swap on `ticket`, which succeeds only if they were still those of that region.
  std::atomic<void *> context{nullptr};
  std::atomic<Task> task{nullptr};
  std::atomic<uint8_t *> closure{nullptr};
  std::atomic<int> min{0};
  std::atomic<uint32_t> size{0};
  std::atomic<int> error{0};

  /// Number of the region in the high half, tasks left to claim in the low half.
  alignas(128) std::atomic<uint64_t> ticket{0};
  alignas(128) std::atomic<uint32_t> finished{0};
  std::atomic<uint32_t> callerSleeps{0};
  alignas(128) std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> signal{0};
  std::atomic<bool> stopping{false};
  std::atomic<int> callerCpu{-1};

  /// What the caller knows of its workers: whether all were woken of whom some still sleep, when they were or had help,
  /// and how long it waits before it helps them.
  bool areLate = false;
  std::chrono::steady_clock::time_point lateSince{};
  std::chrono::steady_clock::duration patience{};
};

/// Counts the forks that led to this process; at least 1.
uint64_t forkGeneration();

} // namespace tenon::runtime

#endif // TENON_RUNTIME_THREADPOOL_H
