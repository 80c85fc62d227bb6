//===- TempDirectory.h - A directory that a test fills ----------*- C++ -*-===//

#ifndef TENON_TESTS_SUPPORT_TEMPDIRECTORY_H
#define TENON_TESTS_SUPPORT_TEMPDIRECTORY_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace tenon::test {

/// An empty directory that goes away with the object.
class TempDirectory {
public:
  TempDirectory() {
    llvm::SmallString<128> name;
    if (llvm::sys::fs::createUniqueDirectory("tenon-test", name))
      std::abort();
    directory = name.str().str();
  }
  ~TempDirectory() { llvm::sys::fs::remove_directories(directory); }
  TempDirectory(const TempDirectory &) = delete;
  TempDirectory &operator=(const TempDirectory &) = delete;

  const std::string &path() const { return directory; }
  std::string path(const std::string &name) const { return directory + "/" + name; }

  /// Writes a file and returns its path.
  std::string write(const std::string &name, const std::string &contents) const {
    std::ofstream(path(name), std::ios::binary) << contents;
    return path(name);
  }
  std::string read(const std::string &name) const {
    std::ostringstream contents;
    contents << std::ifstream(path(name), std::ios::binary).rdbuf();
    return contents.str();
  }
  /// How many entries the directory has.
  size_t entries() const {
    size_t count = 0;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator entry(directory, code), end; entry != end && !code; entry.increment(code))
      ++count;
    return count;
  }

private:
  std::string directory;
};

} // namespace tenon::test

#endif // TENON_TESTS_SUPPORT_TEMPDIRECTORY_H
