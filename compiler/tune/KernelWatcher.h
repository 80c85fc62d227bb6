//===- KernelWatcher.h - What drivers call, seen ----------------*- C++ -*-===//

#ifndef TENON_TUNE_KERNELWATCHER_H
#define TENON_TUNE_KERNELWATCHER_H

#include "tenon/library.h"
#include "runtime/src/Manifest.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tenon::tune {

/// What a kernel is called with.
struct KernelShapes {
  /// Extents of each argument and result, outermost first.
  std::vector<std::vector<int64_t>> shapes;
  /// What arguments that are lists of integers hold: lengths, starts; empty for others.
  std::vector<std::vector<int32_t>> numbers;
};

KernelShapes shapesOf(void **arguments, size_t count);

/// Stands between a driver and its kernels while it lives; drivers call kernels from one thread, and one watcher lives
/// at a time.
class KernelWatcher {
public:
  KernelWatcher() { current = this; }
  virtual ~KernelWatcher() { current = nullptr; }
  KernelWatcher(const KernelWatcher &) = delete;

  /// Most kernels that one library may have to be watched.
  static constexpr size_t kMostKernels = 1024;
  /// A table of functions that tell the watcher.
  static const tenon_kernel_fn *table();

  virtual void enter(const runtime::Entry &, const std::vector<int64_t> &) {}
  /// Through generated code nothing may be thrown.
  bool ranOutOfMemory = false;

protected:
  /// Calls kernel `index`, and gives what it returns.
  virtual int32_t call(size_t index, void **arguments) = 0;

private:
  template <size_t Index> static int32_t called(void **arguments);
  template <size_t... Indices> static auto tableOf(std::index_sequence<Indices...>);

  static inline KernelWatcher *current = nullptr;
};

} // namespace tenon::tune

#endif // TENON_TUNE_KERNELWATCHER_H
