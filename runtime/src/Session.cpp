//===- Session.cpp - One caller's working memory --------------------------===//

#include "Session.h"

#include "Cpu.h"
#include "Failure.h"

#include <algorithm>
#include <cstring>
#include <exception>

namespace tenon::runtime {
namespace {

/// Most bytes of a kernel's message that are kept.
constexpr size_t errorLimit = 1024;

Session *sessionOf(void *context) { return static_cast<Session *>(context); }

int doParFor(void *context, int (*task)(void *, int, uint8_t *), int min, int size, uint8_t *closure) {
  return sessionOf(context)->parallelFor(task, min, size, closure);
}

void *allocateScratch(void *context, size_t bytes) {
  return context ? sessionOf(context)->allocateScratch(bytes) : ScratchCache::allocateUncached(bytes);
}

void releaseScratch(void *context, void *memory) {
  context ? sessionOf(context)->releaseScratch(memory) : ScratchCache::freeUncached(memory);
}

void recordError(void *context, const char *message) {
  if (context)
    sessionOf(context)->recordError(message);
}

unsigned threadsFor(unsigned wanted) {
  if (wanted > TENON_MAX_THREADS)
    fail(TENON_ERROR_OUT_OF_RANGE, "session of ", wanted, " threads, expected at most ", TENON_MAX_THREADS);
  return wanted ? wanted : std::min<unsigned>(availableCpus(), TENON_MAX_THREADS);
}

/// Halide's messages end with a full stop or a line break; ours do not.
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.' || text.back() == ' '))
    text.remove_suffix(1);
  return text;
}

} // namespace

const KernelHooks &sessionHooks() {
  static const KernelHooks hooks = {doParFor, runtime::allocateScratch, runtime::releaseScratch, runtime::recordError};
  return hooks;
}

Session::Session(std::shared_ptr<const Model> model, unsigned wantedThreads)
    : shared(std::move(model)), threadCount(threadsFor(wantedThreads)), scratch(new ScratchCache[threadCount]),
      pool(threadCount) {
  error.reserve(errorLimit);
}

void Session::recordError(const char *message) {
  std::lock_guard lock(errorMutex);
  // Within what the constructor reserved: nothing may be thrown into a kernel.
  if (error.empty() && message)
    error.assign(trimmed(message).substr(0, errorLimit));
}

void Session::refuseAfterFork() const {
  if (pool.lostInFork())
    fail(TENON_ERROR_FORKED, "the session ran before this process was forked, and its threads are not here; create a "
                             "session after the fork");
}

void *Session::zeros(size_t bytes) {
  if (bytes > zeroBytes) {
    void *memory = zeroInputs.reserve(bytes);
    if (!memory)
      fail(TENON_ERROR_NO_MEMORY, "no memory for ", bytes, " bytes of inputs that were left out");
    std::memset(memory, 0, bytes);
    zeroBytes = bytes;
  }
  return zeroInputs.reserve(bytes);
}

void Session::placeOutput(BoundTensor &output, size_t index) {
  if (!output.output || output.data)
    return;
  if (ownOutputs.size() <= index)
    ownOutputs.resize(index + 1);
  output.data = ownOutputs[index].reserve(output.bytes);
  if (!output.data)
    fail(TENON_ERROR_NO_MEMORY, "no memory for ", output.bytes, " bytes of output ", output.type->name);
}

void *Session::reserve(size_t bytes) {
  workingBytes = bytes;
  return working.reserve(bytes);
}

void Session::run(const Entry &entry, const std::vector<void *> &arguments, const std::vector<int64_t> &dims) {
  tenon_call call{};
  call.weights = shared->weights();
  call.kernels = otherKernels ? otherKernels : shared->target().kernels;
  call.context = this;
  call.reserve = [](void *context, size_t bytes) -> void * { return sessionOf(context)->reserve(bytes); };
  call.arguments = arguments.data();
  call.dims = dims.data();

  if (onEntry)
    onEntry(entry, dims);
  error.clear();
  workingBytes = 0;
  int32_t code;
  {
    ThreadPool::CallScope threads(pool);
    FloatingPointScope floatingPoint;
    code = shared->code(entry)(&call);
  }
  if (code == TENON_KERNEL_NO_MEMORY)
    fail(TENON_ERROR_NO_MEMORY, "no scratch memory for a kernel of ", entry.name);
  if (code == TENON_DRIVER_TOO_LARGE)
    fail(TENON_ERROR_OUT_OF_RANGE, "tensors of ", entry.name, " would have more than ", INT32_MAX,
         " elements: give it fewer rows at once");
  if (code == TENON_DRIVER_NO_MEMORY)
    fail(TENON_ERROR_NO_MEMORY, "no memory for the ", workingBytes, " bytes that ", entry.name, " works in");
  if (code != 0)
    fail(TENON_ERROR_KERNEL, "a kernel of ", entry.name, " returned ", code, ": ",
         error.empty() ? "it gave no message" : error);
}

void Session::spread(size_t count, const std::function<void(size_t)> &task) {
  struct Work {
    const std::function<void(size_t)> &task;
    std::mutex mutex;
    std::exception_ptr thrown;
  } work{task, {}, {}};
  auto runOne = [](void *, int index, uint8_t *closure) {
    auto &work = *reinterpret_cast<Work *>(closure);
    try {
      work.task(size_t(index));
      return 0;
    } catch (...) {
      std::lock_guard lock(work.mutex);
      work.thrown = std::current_exception();
      return 1;
    }
  };
  ThreadPool::CallScope threads(pool);
  FloatingPointScope floatingPoint;
  if (pool.parallelFor(this, runOne, 0, int(count), reinterpret_cast<uint8_t *>(&work)) != 0)
    std::rethrow_exception(work.thrown);
}

Sequence &Session::sequence() {
  if (!cached) {
    std::span<const std::shared_ptr<PagePool>> pools = shared->pools();
    std::vector<std::shared_ptr<PagePool>> own;
    for (size_t pool : shared->manifest().ownPools)
      own.push_back(pools[pool]);
    cached.emplace(own);
  }
  return *cached;
}

std::unique_ptr<Session> Session::fork() {
  auto forked = std::make_unique<Session>(shared, threadCount);
  forked->cached = sequence();
  return forked;
}

void Session::call(const char *name, const tenon_tensor *inputs, size_t inputCount, tenon_tensor *outputs,
                   size_t outputCount) {
  refuseAfterFork();
  const Entry &entry = shared->entry(name);
  if (!entry.states.empty())
    fail(TENON_ERROR_INVALID_ARGUMENT, "entry point ", entry.name,
         " keeps a cache, which belongs to sessions: use tenon_session_prefill or tenon_decode");
  Binding binding = bind(*shared, entry, inputs, inputCount, outputs, outputCount);
  size_t omitted = 0;
  for (const BoundTensor &input : binding.inputs)
    omitted = input.data ? omitted : std::max(omitted, input.bytes);
  void *zero = omitted ? zeros(omitted) : nullptr;
  std::vector<void *> arguments;
  arguments.reserve(binding.inputs.size() + binding.outputs.size());
  for (const BoundTensor &input : binding.inputs)
    arguments.push_back(input.data ? input.data : zero);
  for (size_t index = 0; index < binding.outputs.size(); ++index) {
    placeOutput(binding.outputs[index], index);
    arguments.push_back(binding.outputs[index].data);
  }
  run(entry, arguments, binding.dims);
  for (const BoundTensor &output : binding.outputs) {
    if (!output.output)
      continue;
    output.output->type = output.type->type;
    output.output->rank = uint32_t(output.shape.size());
    std::copy(output.shape.begin(), output.shape.end(), output.output->shape);
    output.output->data = output.data;
    output.output->bytes = output.bytes;
  }
}

} // namespace tenon::runtime
