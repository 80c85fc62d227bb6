//===- KernelCache.cpp - Compiled kernels, by content ---------------------===//

#include "codegen/KernelCache.h"

#include "support/AtomicFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/xxhash.h"
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

Expected<KernelCache> KernelCache::open(StringRef given) {
  std::string directory = given.empty() ? defaultDirectory() : given.str();
  if (directory.empty())
    return createStringError("there is no home directory to keep compiled kernels in: set TENON_CACHE_DIR");
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
  return KernelCache(std::move(directory));
}

static std::string contentHash(StringRef content) {
  XXH128_hash_t hash = xxh3_128bits(arrayRefFromStringRef(content));
  return utohexstr(hash.high64, /*LowerCase=*/true, 16) + utohexstr(hash.low64, /*LowerCase=*/true, 16);
}

std::string KernelCache::symbol(const kernels::KernelDescription &kernel, const kernels::Schedule &schedule) {
  return "tenon_kernel_" + contentHash(kernels::generatorVersion() + "\n" + kernel.text() + "\n" + schedule.text());
}

Expected<std::string> KernelCache::store(StringRef name, function_ref<bool(std::string &, std::string &)> make) {
  SmallString<128> path(directory);
  sys::path::append(path, name + ".o");
  if (sys::fs::exists(path))
    return std::string(path);
  std::string object, error;
  if (!make(object, error))
    return createStringError(error);
  if (Error failed = writeFileAtomically(path, object))
    return failed;
  ++missCount;
  return std::string(path);
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
