//===- KernelCache.h - Compiled kernels, by content -------------*- C++ -*-===//

#ifndef TENON_CODEGEN_KERNELCACHE_H
#define TENON_CODEGEN_KERNELCACHE_H

#include "kernels/Kernels.h"
#include "support/ScratchDirectory.h"
#include "llvm/Support/Error.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace tenon {

/// A directory of object files, each named for the hash of all that determines it: the kernel's description, its
/// schedule (with the target) and the generator's version. Processes may share it: an object appears whole or not at all.
/// What is there is checked before it is used, and made anew where it is not what was put there.
class KernelCache {
public:
  /// Uses `directory`, or where it is empty TENON_CACHE_DIR, XDG_CACHE_HOME/tenon or ~/.cache/tenon. It is made where it
  /// is missing, and refused where others can write to it: its contents end up in programs. Without a `directory` given,
  /// one that cannot be used is no error: then nothing is kept, as note() says.
  static llvm::Expected<KernelCache> open(llvm::StringRef directory);

  KernelCache(KernelCache &&other)
      : directory(std::move(other.directory)), problem(std::move(other.problem)), scratch(std::move(other.scratch)) {}

  /// Why compiled kernels are not kept; empty where they are.
  std::string note() const;

  /// The name of the function that `kernel` compiles to under `schedule`.
  static std::string symbol(const kernels::KernelDescription &kernel, const kernels::Schedule &schedule);

  /// The path of the object with that function, compiled if it is not there. May be called from several threads.
  llvm::Expected<std::string> object(const kernels::KernelDescription &kernel, const kernels::Schedule &schedule);

  /// The path of the object with the Halide runtime.
  llvm::Expected<std::string> runtimeObject();

  /// Objects that had to be compiled.
  unsigned misses() const { return missCount; }

private:
  explicit KernelCache(std::string directory) : directory(std::move(directory)) {}
  llvm::Expected<std::string> store(llvm::StringRef name, llvm::function_ref<bool(std::string &, std::string &)> make);

  llvm::Expected<std::string> writeToScratch(llvm::StringRef name, llvm::StringRef object);
  void giveUp(llvm::Error error);

  std::string directory; ///< Empty where nothing can be kept.
  std::atomic<unsigned> missCount = 0;
  mutable std::mutex mutex;
  std::string problem;
  std::unique_ptr<ScratchDirectory> scratch; ///< Of objects that could not be kept; gone with this object.
};

} // namespace tenon

#endif // TENON_CODEGEN_KERNELCACHE_H
