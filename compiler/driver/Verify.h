//===- Verify.h - Compiled kernels against the reference --------*- C++ -*-===//

#ifndef TENON_DRIVER_VERIFY_H
#define TENON_DRIVER_VERIFY_H

#include "driver/Accuracy.h"
#include "driver/LibraryOptions.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <string>
#include <vector>

namespace tenon {

struct VerifyOptions : LibraryOptions {
  bool operations = true; ///< Whether each operation is compiled and compared by itself too.
  std::function<void(llvm::StringRef step, uint64_t done, uint64_t total)> progress;
};

struct VerifyReport {
  std::string target;
  std::vector<KernelError> operations; ///< Each operation compiled as a kernel of its own, by kind.
  std::vector<KernelError> kernels;    ///< The library's own kernels.
  bool passes() const;
};

/// Runs the entry points in the float64 reference on pseudo-random inputs (ragged batches among them, and such as have
/// the sizes of each case of a schedule), and every kernel on the inputs that it has there.
llvm::Expected<VerifyReport> verify(const VerifyOptions &options);

} // namespace tenon

#endif // TENON_DRIVER_VERIFY_H
