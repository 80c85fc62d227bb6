//===- KernelCall.h - Calls of compiled kernels -----------------*- C++ -*-===//

#ifndef TENON_CODEGEN_KERNELCALL_H
#define TENON_CODEGEN_KERNELCALL_H

#include "tenon/library.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tenon {

/// A dense row-major argument of a kernel; the memory is the caller's.
struct KernelBuffer {
  void *data;
  llvm::ArrayRef<int64_t> shape;
  bool isFloat; ///< float32, otherwise int32
};

/// A library opened for its kernels alone: no session, one thread. Its Halide runtime is told so, which takes the library
/// away from sessions in this process.
class KernelLibrary {
public:
  /// The library must be one that the runtime accepts or that this process has just linked.
  static llvm::Expected<KernelLibrary> open(llvm::StringRef path);
  KernelLibrary(KernelLibrary &&other) : handle(std::exchange(other.handle, nullptr)), table(other.table) {}
  ~KernelLibrary();

  /// The kernels of a target, or null.
  const tenon_kernel_fn *kernels(llvm::StringRef target) const;
  /// Runs a kernel on its inputs and outputs, in the order of the region.
  llvm::Error call(tenon_kernel_fn kernel, llvm::ArrayRef<KernelBuffer> buffers) const;

private:
  KernelLibrary(void *handle, const tenon_library *table) : handle(handle), table(table) {}
  void *handle;
  const tenon_library *table;
};

} // namespace tenon

#endif // TENON_CODEGEN_KERNELCALL_H
