//===- AtomicFile.cpp -----------------------------------------------------===//

#include "support/AtomicFile.h"
#include "support/ScratchDirectory.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon;

static llvm::Error fileError(llvm::StringRef path, llvm::StringRef what, int number) {
  std::error_code code(number, std::generic_category());
  return llvm::createStringError(code, "cannot " + what + " '" + path + "': " + code.message());
}

/// The file that `path` leads to: itself unless it is a link. Anything but a regular file is refused, because the
/// rename would put a file in the place of a device or a pipe.
static llvm::Expected<std::string> resolveTarget(llvm::StringRef path) {
  llvm::SmallString<256> target(path);
  struct stat status;
  if (::lstat(path.str().c_str(), &status) != 0)
    return std::string(target);
  if (S_ISLNK(status.st_mode)) {
    if (llvm::sys::fs::real_path(path, target))
      return llvm::createStringError("cannot write '" + path + "': it is a link to a file that does not exist");
    if (::stat(target.c_str(), &status) != 0)
      return fileError(path, "write", errno);
  }
  if (S_ISDIR(status.st_mode))
    return llvm::createStringError("cannot write '" + path + "': it is a directory");
  if (!S_ISREG(status.st_mode))
    return llvm::createStringError("cannot write '" + path + "': it is not a regular file");
  return std::string(target);
}

static std::string directoryOf(llvm::StringRef path) {
  llvm::StringRef parent = llvm::sys::path::parent_path(path);
  return parent.empty() ? "." : parent.str();
}

static constexpr llvm::StringRef temporaryPrefix = ".tenon-", temporarySuffix = ".tmp";

/// Removes what writers that were killed left in `directory`, once in a process: temporary files that nobody holds.
static void removeLeftovers(const std::string &directory) {
  static std::mutex mutex;
  static llvm::StringSet<> *swept = new llvm::StringSet<>;
  std::lock_guard<std::mutex> lock(mutex);
  if (!swept->insert(directory).second)
    return;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(directory, code, /*follow_symlinks=*/false), end;
       !code && entry != end; entry.increment(code)) {
    llvm::StringRef name = llvm::sys::path::filename(entry->path());
    if (!name.starts_with(temporaryPrefix) || !name.ends_with(temporarySuffix))
      continue;
    int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0)
      continue;
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && isLeftBehind(descriptor))
      ::unlink(entry->path().c_str());
    ::close(descriptor);
  }
}

llvm::Expected<std::unique_ptr<AtomicFile>> AtomicFile::create(llvm::StringRef path, Mode mode) {
  llvm::StringRef name = llvm::sys::path::filename(path);
  if (path.empty() || path.ends_with("/") || name == "." || name == "..")
    return llvm::createStringError("cannot write '" + path + "': it is not the name of a file");
  llvm::Expected<std::string> target = resolveTarget(path);
  if (!target)
    return target.takeError();
  removeLeftovers(directoryOf(*target));
  mode_t permissions = mode == Mode::Executable ? 0777 : 0666;
  std::random_device random;
  // The temporary's name does not contain the final one, which may already be as long as names can be.
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string suffix = llvm::utohexstr(random(), /*LowerCase=*/true, /*Width=*/8);
    std::string temporary = directoryOf(*target) + "/" + temporaryPrefix.str() + suffix + temporarySuffix.str();
    int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, permissions);
    if (descriptor >= 0) {
      if (!holdAgainstOthers(descriptor)) { // taken for a leftover, between the two calls
        ::close(descriptor);
        continue;
      }
      llvm::sys::RemoveFileOnSignal(temporary);
      return std::unique_ptr<AtomicFile>(new AtomicFile(path.str(), *target, temporary, descriptor));
    }
    if (errno != EEXIST && errno != EINTR)
      return fileError(path, "create", errno);
  }
  return fileError(path, "create", EEXIST);
}

AtomicFile::AtomicFile(std::string path, std::string target, std::string temporary, int descriptor)
    : path(std::move(path)), target(std::move(target)), temporary(std::move(temporary)), descriptor(descriptor) {}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (descriptor >= 0)
    ::close(descriptor);
  descriptor = -1;
  if (temporary.empty())
    return;
  ::unlink(temporary.c_str());
  llvm::sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
}

llvm::Error AtomicFile::failure(llvm::StringRef what) const { return fileError(path, what, errno); }

llvm::Error AtomicFile::append(llvm::ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return failure("write");
    }
    bytes = bytes.drop_front(written);
    bytesAppended += written;
  }
  return llvm::Error::success();
}

llvm::Error AtomicFile::append(llvm::StringRef text) { return append(llvm::arrayRefFromStringRef(text)); }

llvm::Error AtomicFile::overwrite(uint64_t offset, llvm::StringRef text) {
  assert(offset + text.size() <= bytesAppended && "only bytes that were appended can be overwritten");
  while (!text.empty()) {
    ssize_t written = ::pwrite(descriptor, text.data(), text.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return failure("write");
    }
    text = text.drop_front(written);
    offset += written;
  }
  return llvm::Error::success();
}

/// Makes a rename in `directory` last. Some file systems cannot do that and say EINVAL.
static bool syncDirectory(const std::string &directory) {
  int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return errno == EACCES; // A directory that can be written but not listed cannot be opened either.
  bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;
  int number = errno;
  ::close(descriptor);
  errno = number;
  return synced;
}

llvm::Error AtomicFile::commit() {
  if (::fsync(descriptor) != 0)
    return failure("write");
  // Network file systems report what they could not write only when it is closed; the file is held until it has its name.
  int held = ::dup(descriptor);
  int closed = ::close(descriptor);
  descriptor = held;
  if (closed != 0 && errno != EINTR)
    return failure("write");
  if (::rename(temporary.c_str(), target.c_str()) != 0)
    return failure("replace");
  if (descriptor >= 0)
    ::close(descriptor);
  descriptor = -1;
  llvm::sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  if (!syncDirectory(directoryOf(target)))
    return failure("write the directory of");
  return llvm::Error::success();
}

llvm::Error tenon::writeFileAtomically(llvm::StringRef path, llvm::StringRef contents, AtomicFile::Mode mode) {
  llvm::Expected<std::unique_ptr<AtomicFile>> file = AtomicFile::create(path, mode);
  if (!file)
    return file.takeError();
  if (llvm::Error error = (*file)->append(contents))
    return error;
  return (*file)->commit();
}
