//===- Session.h - One caller's working memory ------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_SESSION_H
#define TENON_RUNTIME_SESSION_H

#include "Binding.h"
#include "GenerationResults.h"
#include "Memory.h"
#include "Model.h"
#include "Sequence.h"
#include "ThreadPool.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tenon::runtime {

/// Runs entry points of one model. Used by one thread at a time; its kernels' tasks call back from several.
class Session {
public:
  /// `threads` counts the caller; 0 for as many as CPUs are available.
  Session(std::shared_ptr<const Model> model, unsigned threads);

  unsigned threads() const { return threadCount; }
  const Model &model() const { return *shared; }

  /// See tenon_session_call.
  void call(const char *entry, const tenon_tensor *inputs, size_t inputCount, tenon_tensor *outputs,
            size_t outputCount);

  /// Runs an entry point on arguments and dims that are known to be good.
  void run(const Entry &entry, const std::vector<void *> &arguments, const std::vector<int64_t> &dims);
  /// Calls these kernels from now on, in place of the library's own and numbered as they are; nullptr for its own.
  /// `onEntry` is told before each entry point that runs; dims are in its order.
  using OnEntry = std::function<void(const Entry &entry, const std::vector<int64_t> &dims)>;
  void useKernels(const tenon_kernel_fn *table, OnEntry told = {}) {
    otherKernels = table;
    onEntry = std::move(told);
  }
  void refuseAfterFork() const;
  /// Calls task(0) to task(count - 1) on the session's threads; throws what one of them throws.
  void spread(size_t count, const std::function<void(size_t)> &task);

  /// The tokens that this session has cached; fails if the model does not generate.
  Sequence &sequence();
  /// A session with the same cache and as many threads of its own.
  std::unique_ptr<Session> fork();

  /// What the last generation gave.
  GenerationResults results;

  // What kernels call.
  int parallelFor(ThreadPool::Task task, int min, int size, uint8_t *closure) {
    return pool.parallelFor(this, task, min, size, closure);
  }
  void *allocateScratch(size_t bytes) { return scratch[ThreadPool::currentThread()].allocate(bytes); }
  void releaseScratch(void *memory) { scratch[ThreadPool::currentThread()].release(memory); }
  void recordError(const char *message);

private:
  void *zeros(size_t bytes);
  void placeOutput(BoundTensor &output, size_t index);
  void *reserve(size_t bytes);

  std::shared_ptr<const Model> shared;
  const tenon_kernel_fn *otherKernels = nullptr;
  OnEntry onEntry;
  const unsigned threadCount;
  std::unique_ptr<ScratchCache[]> scratch; ///< one per thread; outlives the pool
  ThreadPool pool;
  Arena working;
  size_t workingBytes = 0; ///< asked for by the current call
  Arena zeroInputs;
  size_t zeroBytes = 0;
  std::vector<Arena> ownOutputs; ///< indexed as the entry point's outputs
  std::optional<Sequence> cached;
  std::mutex errorMutex;
  std::string error; ///< of the current call: what the first kernel to fail said
};

/// What to install in every library.
const KernelHooks &sessionHooks();

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SESSION_H
