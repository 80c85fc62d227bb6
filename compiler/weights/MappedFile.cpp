//===- MappedFile.cpp -----------------------------------------------------===//

#include "weights/MappedFile.h"
#include "runtime/support/CheckedSize.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon::weights;

static llvm::Error readError(llvm::StringRef path, int number) {
  std::error_code code(number, std::generic_category());
  return llvm::createStringError(code, "cannot read '" + path + "': " + code.message());
}

llvm::Expected<std::unique_ptr<MappedFile>> MappedFile::map(llvm::StringRef path, int descriptor) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    return readError(path, errno);
  if (!S_ISREG(status.st_mode))
    return llvm::createStringError("cannot read '" + path + "': it is " +
                                   (S_ISDIR(status.st_mode) ? "a directory" : "not a regular file"));
  std::optional<size_t> size = CheckedSize(status.st_size).as<size_t>();
  if (!size)
    return readError(path, EFBIG);
  if (*size == 0) // An empty mapping is not allowed.
    return std::unique_ptr<MappedFile>(new MappedFile(nullptr, 0));
  void *data = ::mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED)
    return readError(path, errno);
  ::madvise(data, *size, MADV_SEQUENTIAL);
  return std::unique_ptr<MappedFile>(new MappedFile(static_cast<const uint8_t *>(data), *size));
}

llvm::Expected<std::unique_ptr<MappedFile>> MappedFile::open(llvm::StringRef path) {
  // Opening a pipe would wait for somebody who writes to it.
  int descriptor = -1;
  do
    descriptor = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0)
    return readError(path, errno);
  llvm::Expected<std::unique_ptr<MappedFile>> file = map(path, descriptor);
  ::close(descriptor);
  return file;
}

MappedFile::~MappedFile() {
  if (data)
    ::munmap(const_cast<uint8_t *>(data), size);
}

void MappedFile::release(llvm::ArrayRef<uint8_t> part) const {
  static const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  uintptr_t begin = llvm::alignTo(reinterpret_cast<uintptr_t>(part.begin()), page);
  uintptr_t end = llvm::alignDown(reinterpret_cast<uintptr_t>(part.end()), page);
  if (begin >= end)
    return;
  size_t skipped = begin - reinterpret_cast<uintptr_t>(part.begin());
  ::madvise(const_cast<uint8_t *>(part.begin() + skipped), end - begin, MADV_DONTNEED);
}
