//===- LoadedKernel.h - Kernels compiled, linked and called -----*- C++ -*-===//

#ifndef TENON_TESTS_LOADEDKERNEL_H
#define TENON_TESTS_LOADEDKERNEL_H

#include "kernels/Kernels.h"
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tenon::kernels::test {

/// A dense array of floats or of ints with its shape, outermost dimension first.
struct Array {
  std::vector<int64_t> shape;
  std::variant<std::vector<float>, std::vector<int32_t>> data;

  Array(std::vector<int64_t> shape, std::vector<float> values) : shape(std::move(shape)), data(std::move(values)) {}
  Array(std::vector<int64_t> shape, std::vector<int32_t> values) : shape(std::move(shape)), data(std::move(values)) {}
  explicit Array(std::vector<int64_t> shape);

  std::vector<float> &floats() { return std::get<0>(data); }
  const std::vector<float> &floats() const { return std::get<0>(data); }
  float *pointer() { return floats().data(); }
};

/// Runs the parallel loops of every kernel on this many threads from here on.
void setThreads(int threads);

/// Tasks that the parallel loops of kernels had since the last call of this.
int64_t takeTaskCount();

/// Lets the `first`-th request for scratch memory from here on find none, and where `persistent` all that follow.
void failScratch(int64_t first, bool persistent);
/// Lets them all succeed again; returns whether one was refused.
bool stopFailingScratch();
/// Blocks of scratch memory that kernels hold.
int64_t scratchInUse();

/// A kernel in a shared library with the Halide runtime.
class LoadedKernel {
public:
  /// Throws std::runtime_error with the compiler's or the linker's words.
  LoadedKernel(const KernelDescription &description, const Schedule &schedule);
  /// What compileKernel makes, or another object of that convention.
  LoadedKernel(const std::string &object, const std::string &symbol);
  ~LoadedKernel();
  LoadedKernel(const LoadedKernel &) = delete;

  /// Calls the kernel; the arrays are its arguments, then its results. Returns its status.
  int operator()(const std::vector<Array *> &arrays) const;

private:
  template <typename Function> bool install(const char *setterName, Function *function) const;

  void *library = nullptr;
  int (*function)(void **) = nullptr;
};

/// Whether this CPU runs kernels for the target.
bool cpuHas(const std::string &target);

} // namespace tenon::kernels::test

#endif // TENON_TESTS_LOADEDKERNEL_H
