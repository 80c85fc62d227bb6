//===- LoadedKernel.cpp - Kernels compiled, linked and called -------------===//

#include "LoadedKernel.h"

#include <HalideRuntime.h>
#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

namespace tenon::kernels::test {

namespace {

using Task = int (*)(void *, int, uint8_t *);

/// Threads that take the indices of one loop at a time, in another order each time they race. They wait for the next
/// loop awake for a while, as a program's pool should.
class Pool {
public:
  ~Pool() { resize(1); }

  void resize(int threads) {
    stopping = true;
    ++generation;
    generation.notify_all();
    for (std::thread &worker : workers)
      worker.join();
    workers.clear();
    stopping = false;
    for (int i = 1; i < threads; ++i)
      workers.emplace_back([this, seen = generation.load()] { serve(seen); });
  }

  int run(void *context, Task task, int first, int count, uint8_t *closure) {
    if (workers.empty() || count == 1 || inside)
      return serially(context, task, first, count, closure);
    loop = {context, task, first, count, closure};
    next = status = 0;
    busy = static_cast<int>(workers.size());
    ++generation;
    generation.notify_all();
    take();
    while (busy)
      std::this_thread::yield();
    return status;
  }

private:
  struct Loop {
    void *context;
    Task task;
    int first, count;
    uint8_t *closure;
  };

  static int serially(void *context, Task task, int first, int count, uint8_t *closure) {
    for (int i = first; i < first + count; ++i)
      if (int failed = task(context, i, closure))
        return failed;
    return 0;
  }

  void take() {
    inside = true;
    for (int i = next++; i < loop.count; i = next++)
      if (int failed = loop.task(loop.context, loop.first + i, loop.closure))
        status = failed;
    inside = false;
  }

  void serve(unsigned seen) {
    while (true) {
      for (int spin = 0; spin < 20000 && generation == seen; ++spin)
        __builtin_ia32_pause();
      generation.wait(seen);
      seen = generation;
      if (stopping)
        return;
      take();
      --busy;
    }
  }

  static thread_local bool inside;
  std::vector<std::thread> workers;
  std::atomic<unsigned> generation{0};
  std::atomic<int> next{0}, status{0}, busy{0};
  std::atomic<bool> stopping{false};
  Loop loop{};
};
thread_local bool Pool::inside = false;

Pool &pool() {
  static Pool threads;
  return threads;
}

std::atomic<int64_t> taskCount{0};

int parallelFor(void *context, Task task, int first, int count, uint8_t *closure) {
  taskCount += count;
  return pool().run(context, task, first, count, closure);
}

/// As a program's runtime should: scratch memory is kept by the thread that gave it back.
struct ScratchCache {
  struct Block {
    void *memory;
    size_t bytes;
  };
  std::vector<Block> free;
  ~ScratchCache() {
    for (Block &block : free)
      std::free(block.memory);
  }
};
thread_local ScratchCache scratch;
constexpr size_t kAlignment = 128;

/// Requests until one is refused; all are granted while it is negative, and where refusals persist all are refused at 0.
std::atomic<int64_t> requestsLeft{-1};
std::atomic<bool> refusesOn{false}, refused{false};
std::atomic<int64_t> blocksHeld{0};

bool isRefused() {
  int64_t left = requestsLeft;
  while (left > 0 || (left == 0 && !refusesOn))
    if (requestsLeft.compare_exchange_weak(left, left - 1))
      break;
  if (left != 0)
    return false;
  refused = true;
  return true;
}

void *scratchBlock(size_t bytes) {
  for (size_t i = 0; i < scratch.free.size(); ++i)
    if (scratch.free[i].bytes >= bytes) {
      void *memory = scratch.free[i].memory;
      scratch.free.erase(scratch.free.begin() + static_cast<std::ptrdiff_t>(i));
      return static_cast<char *>(memory) + kAlignment;
    }
  size_t capacity = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void *memory = std::aligned_alloc(kAlignment, capacity + kAlignment);
  if (!memory)
    return nullptr;
  *static_cast<size_t *>(memory) = capacity;
  return static_cast<char *>(memory) + kAlignment;
}

void *allocateScratch(void *context, size_t bytes) {
  void *memory = isRefused() ? nullptr : scratchBlock(bytes);
  blocksHeld += memory != nullptr;
  return memory;
}

void releaseScratch(void *context, void *pointer) {
  if (!pointer)
    return;
  --blocksHeld;
  void *memory = static_cast<char *>(pointer) - kAlignment;
  scratch.free.push_back({memory, *static_cast<size_t *>(memory)});
}

/// The status that a kernel returns is enough; Halide's own handler ends the process.
void ignoreMessage(void *, const char *) {}

void writeFile(const std::filesystem::path &path, const std::string &bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush())
    throw std::runtime_error("cannot write " + path.string());
}

const std::string &runtimeObject() {
  static const std::string object = [] {
    std::string bytes, error;
    if (!compileRuntime(bytes, error))
      throw std::runtime_error(error);
    return bytes;
  }();
  return object;
}

void link(const std::filesystem::path &directory) {
  std::vector<std::string> words = {
      TENON_LLD, "-shared", "-o", directory / "kernel.so", directory / "kernel.o", directory / "runtime.o"};
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t process;
  int status = 1;
  if (posix_spawn(&process, TENON_LLD, nullptr, nullptr, arguments.data(), environ) ||
      waitpid(process, &status, 0) != process || status)
    throw std::runtime_error("the linker ends with status " + std::to_string(status));
}

template <typename T> size_t elementCount(const T &shape) {
  size_t count = 1;
  for (int64_t extent : shape)
    count *= static_cast<size_t>(extent);
  return count;
}

} // namespace

Array::Array(std::vector<int64_t> shape) : shape(shape), data(std::vector<float>(elementCount(shape))) {}

int64_t takeTaskCount() { return taskCount.exchange(0); }

void setThreads(int threads) { pool().resize(threads); }

void failScratch(int64_t first, bool persistent) {
  refused = false;
  refusesOn = persistent;
  requestsLeft = first;
}

bool stopFailingScratch() {
  requestsLeft = -1;
  return refused;
}

int64_t scratchInUse() { return blocksHeld; }

static std::string objectOf(const KernelDescription &description, const Schedule &schedule) {
  std::string object, error;
  if (!compileKernel(description, schedule, "kernel", Output::Object, object, error))
    throw std::runtime_error(error);
  return object;
}

LoadedKernel::LoadedKernel(const KernelDescription &description, const Schedule &schedule)
    : LoadedKernel(objectOf(description, schedule), "kernel") {}

LoadedKernel::LoadedKernel(const std::string &object, const std::string &symbol) {
  std::string pattern = (std::filesystem::temp_directory_path() / "tenon-test-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    throw std::runtime_error("cannot make a temporary directory");
  std::filesystem::path directory = pattern;
  writeFile(directory / "kernel.o", object);
  writeFile(directory / "runtime.o", runtimeObject());
  link(directory);
  library = dlopen((directory / "kernel.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  std::filesystem::remove_all(directory);
  if (!library)
    throw std::runtime_error(dlerror());
  function = reinterpret_cast<int (*)(void **)>(dlsym(library, symbol.c_str()));
  if (!function || !install("halide_set_custom_do_par_for", parallelFor) ||
      !install("halide_set_custom_malloc", allocateScratch) || !install("halide_set_custom_free", releaseScratch) ||
      !install("halide_set_error_handler", ignoreMessage))
    throw std::runtime_error("the library lacks the kernel or its runtime");
}

template <typename Function> bool LoadedKernel::install(const char *setterName, Function *function) const {
  auto setter = reinterpret_cast<Function *(*)(Function *)>(dlsym(library, setterName));
  if (setter)
    setter(function);
  return setter;
}

LoadedKernel::~LoadedKernel() {
  if (library)
    dlclose(library);
}

int LoadedKernel::operator()(const std::vector<Array *> &arrays) const {
  std::vector<halide_buffer_t> buffers(arrays.size());
  std::vector<std::vector<halide_dimension_t>> dimensions(arrays.size());
  void *context = nullptr;
  std::vector<void *> arguments = {&context};
  for (size_t i = 0; i < arrays.size(); ++i) {
    Array &array = *arrays[i];
    int32_t stride = 1;
    for (auto extent = array.shape.rbegin(); extent != array.shape.rend(); ++extent) {
      dimensions[i].push_back({0, static_cast<int32_t>(*extent), stride});
      stride *= static_cast<int32_t>(*extent);
    }
    bool isFloat = array.data.index() == 0;
    buffers[i].host = isFloat ? reinterpret_cast<uint8_t *>(std::get<0>(array.data).data())
                              : reinterpret_cast<uint8_t *>(std::get<1>(array.data).data());
    buffers[i].type = isFloat ? halide_type_t(halide_type_float, 32) : halide_type_t(halide_type_int, 32);
    buffers[i].dimensions = static_cast<int32_t>(array.shape.size());
    buffers[i].dim = dimensions[i].data();
    arguments.push_back(&buffers[i]);
  }
  return function(arguments.data());
}

bool cpuHas(const std::string &target) {
  if (target == "x86-64-v4")
    return __builtin_cpu_supports("x86-64-v4");
  return __builtin_cpu_supports("x86-64-v3");
}

} // namespace tenon::kernels::test
