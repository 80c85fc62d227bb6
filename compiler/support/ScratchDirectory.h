//===- ScratchDirectory.h - Files that nobody keeps -------------*- C++ -*-===//
//
// Plain C++, so that the libraries over LLVM and the one over Halide can both use it.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_SCRATCHDIRECTORY_H
#define TENON_SUPPORT_SCRATCHDIRECTORY_H

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {

/// Whether this process now holds an open file or directory, which is still there. As long as its descriptor is open
/// nobody else does, whatever ends the process. File systems that know no locks grant it to everybody.
inline bool holdAgainstOthers(int descriptor) {
  struct stat status;
  bool granted = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  return granted && ::fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

/// The same of what somebody may have left behind: true only where it is certain that nobody holds it.
inline bool isLeftBehind(int descriptor) {
  struct stat status;
  return ::fstat(descriptor, &status) == 0 && status.st_uid == ::geteuid() &&
         ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

/// A directory in the folder for temporary files, gone with this object. What a process that was killed left is removed
/// by the next one that makes one.
class ScratchDirectory {
public:
  /// Nothing where none can be made; errno says why.
  static std::optional<ScratchDirectory> create() {
    std::error_code code;
    std::filesystem::path parent = std::filesystem::temp_directory_path(code);
    if (code) {
      errno = code.value();
      return std::nullopt;
    }
    sweepOnce(parent);
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::string path = (parent / (std::string(prefix) + "XXXXXX")).string();
      if (!::mkdtemp(path.data()))
        return std::nullopt;
      int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (descriptor >= 0 && holdAgainstOthers(descriptor))
        return ScratchDirectory(std::move(path), descriptor);
      // Another process took it for a leftover between the two calls.
      if (descriptor >= 0)
        ::close(descriptor);
    }
    errno = EAGAIN;
    return std::nullopt;
  }
  ScratchDirectory(ScratchDirectory &&other) noexcept
      : path(std::move(other.path)), descriptor(std::exchange(other.descriptor, -1)) {}
  ScratchDirectory &operator=(ScratchDirectory &&) = delete;
  ~ScratchDirectory() {
    if (descriptor < 0)
      return;
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
    ::close(descriptor);
  }

  std::string file(const std::string &name) const { return path + "/" + name; }

private:
  static constexpr const char *prefix = "tenon-scratch-";

  ScratchDirectory(std::string path, int descriptor) : path(std::move(path)), descriptor(descriptor) {}

  static void sweepOnce(const std::filesystem::path &parent) {
    static std::mutex mutex;
    static std::set<std::string> swept;
    std::lock_guard<std::mutex> lock(mutex);
    if (swept.insert(parent.string()).second)
      sweep(parent);
  }

  static void sweep(const std::filesystem::path &parent) {
    std::error_code code;
    for (auto entry = std::filesystem::directory_iterator(parent, code); !code && entry != end(entry);
         entry.increment(code)) {
      if (entry->path().filename().string().rfind(prefix, 0) != 0)
        continue;
      int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (descriptor < 0)
        continue;
      std::error_code ignored;
      if (isLeftBehind(descriptor))
        std::filesystem::remove_all(entry->path(), ignored);
      ::close(descriptor);
    }
  }

  std::string path;
  int descriptor;
};

} // namespace tenon

#endif // TENON_SUPPORT_SCRATCHDIRECTORY_H
