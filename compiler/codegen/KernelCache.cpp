//===- KernelCache.cpp - Compiled kernels, by content ---------------------===//

#include "codegen/KernelCache.h"

#include "runtime/support/ContentHash.h"
#include "support/AtomicFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace tenon;

static std::string defaultDirectory() {
  if (std::optional<std::string> given = sys::Process::GetEnv("TENON_CACHE_DIR"))
    return *given;
  SmallString<128> path;
  if (std::optional<std::string> given = sys::Process::GetEnv("XDG_CACHE_HOME"))
    path = *given;
  else if (!sys::path::home_directory(path))
    return {};
  else
    sys::path::append(path, ".cache");
  sys::path::append(path, "tenon");
  return std::string(path);
}

/// Makes the directory where it is missing, and says what keeps it from being used.
static Error prepareDirectory(const std::string &directory) {
  if (std::error_code error = sys::fs::create_directories(directory, /*IgnoreExisting=*/true, sys::fs::owner_all))
    return createStringError(error, "%s: the cache directory cannot be made: %s", directory.c_str(),
                             error.message().c_str());
  struct stat status;
  if (::stat(directory.c_str(), &status) != 0)
    return errorCodeToError(errnoAsErrorCode());
  if (!S_ISDIR(status.st_mode))
    return createStringError("%s: the cache is not a directory", directory.c_str());
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
    return createStringError("%s: the cache directory can be written by others; expected one that belongs to this user "
                             "with mode 0700",
                             directory.c_str());
  return Error::success();
}

Expected<KernelCache> KernelCache::open(StringRef given) {
  if (!given.empty()) {
    if (Error error = prepareDirectory(given.str()))
      return std::move(error);
    return KernelCache(given.str());
  }
  std::string directory = defaultDirectory();
  Error error = directory.empty() ? createStringError("there is no home directory to keep compiled kernels in")
                                  : prepareDirectory(directory);
  if (!error)
    return KernelCache(std::move(directory));
  KernelCache cache("");
  cache.giveUp(std::move(error));
  return cache;
}

void KernelCache::giveUp(Error error) {
  std::lock_guard<std::mutex> lock(mutex);
  std::string why = toString(std::move(error));
  if (problem.empty())
    problem = "compiled kernels are not kept: " + why;
}

std::string KernelCache::note() const {
  std::lock_guard<std::mutex> lock(mutex);
  return problem;
}

std::string KernelCache::symbol(const kernels::KernelDescription &kernel, const kernels::Schedule &schedule) {
  return "tenon_kernel_" + contentHash(kernels::generatorVersion() + "\n" + kernel.text() + "\n" + schedule.target + "\n" +
                                        schedule.text());
}

/// What stands behind an object in its entry: the checksum of its name and contents. Linkers do not look there.
static std::string sealOf(StringRef name, StringRef object) { return contentHash((name + "\n" + object).str()); }

/// Whether an entry is what was put there: a regular file of this user's with the right checksum. Whatever else it may
/// be, looking at it neither waits nor takes more memory than an object can have.
static bool isIntact(const std::string &path, StringRef name) {
  constexpr off_t largest = off_t(256) << 20;
  constexpr size_t sealBytes = 32;
  int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  struct stat status;
  bool plausible = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
                   status.st_size >= off_t(sealBytes) && status.st_size <= largest;
  bool intact = false;
  if (plausible)
    if (auto entry = MemoryBuffer::getOpenFile(sys::fs::convertFDToNativeFile(descriptor), path,
                                               static_cast<uint64_t>(status.st_size),
                                               /*RequiresNullTerminator=*/false, /*IsVolatile=*/true)) {
      StringRef contents = (*entry)->getBuffer();
      intact = sealOf(name, contents.drop_back(sealBytes)) == contents.take_back(sealBytes);
    }
  ::close(descriptor);
  return intact;
}

/// Puts an object into the directory, in the place of whatever is there under its name.
static Error keep(const std::string &path, StringRef name, StringRef object) {
  struct stat status;
  // A file is replaced in one step; what is none must go first.
  bool isOther = ::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  if (isOther && ::unlink(path.c_str()) != 0 && errno != ENOENT)
    return createStringError(errnoAsErrorCode(), "%s: it cannot be replaced: %s", path.c_str(),
                             errnoAsErrorCode().message().c_str());
  return writeFileAtomically(path, (object + sealOf(name, object)).str());
}

Expected<std::string> KernelCache::store(StringRef name, function_ref<bool(std::string &, std::string &)> make) {
  std::string path = directory + "/" + name.str() + ".o";
  if (!directory.empty() && isIntact(path, name))
    return path;
  std::string object, error;
  if (!make(object, error))
    return createStringError(error);
  ++missCount;
  if (!directory.empty()) {
    Error failed = keep(path, name, object);
    if (!failed)
      return path;
    giveUp(std::move(failed));
  }
  return writeToScratch(name, object);
}

/// For the linker alone, where nothing can be kept.
Expected<std::string> KernelCache::writeToScratch(StringRef name, StringRef object) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!scratch)
    if (auto made = ScratchDirectory::create())
      scratch = std::make_unique<ScratchDirectory>(std::move(*made));
  if (!scratch) {
    std::error_code code = errnoAsErrorCode();
    return createStringError(code, "a temporary directory cannot be made: %s", code.message().c_str());
  }
  std::string path = scratch->file(name.str() + ".o");
  if (Error error = writeFileAtomically(path, object))
    return std::move(error);
  return path;
}

Expected<std::string> KernelCache::object(const kernels::KernelDescription &kernel, const kernels::Schedule &schedule) {
  std::string name = symbol(kernel, schedule);
  return store(name, [&](std::string &object, std::string &error) {
    return kernels::compileKernel(kernel, schedule, name, kernels::Output::Object, object, error);
  });
}

Expected<std::string> KernelCache::runtimeObject() {
  return store("runtime_" + contentHash(kernels::generatorVersion()),
               [](std::string &object, std::string &error) { return kernels::compileRuntime(object, error); });
}
