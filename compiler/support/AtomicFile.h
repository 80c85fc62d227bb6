//===- AtomicFile.h - Files that are whole or not there ---------*- C++ -*-===//

#ifndef TENON_SUPPORT_ATOMICFILE_H
#define TENON_SUPPORT_ATOMICFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <string>

namespace tenon {

/// A file under construction: a temporary one in the directory of the final one, which `commit` renames. Whatever goes
/// wrong before, a file that already stands there stays as it was, and the temporary is removed; where the process is
/// killed, by the next one that writes to the directory. Where the path is a link, the file that it leads to is replaced,
/// not the link.
class AtomicFile {
public:
  enum class Mode { Data, Executable };

  static llvm::Expected<std::unique_ptr<AtomicFile>> create(llvm::StringRef path, Mode mode = Mode::Data);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  llvm::Error append(llvm::ArrayRef<uint8_t> bytes);
  llvm::Error append(llvm::StringRef text);
  /// Writes over bytes that were appended before.
  llvm::Error overwrite(uint64_t offset, llvm::StringRef text);
  /// Where the data is until `commit`.
  llvm::StringRef temporaryPath() const { return temporary; }
  /// Bytes appended.
  uint64_t size() const { return bytesAppended; }

  /// Brings the data to the disk and gives the file its name. The object writes nothing after that.
  llvm::Error commit();

private:
  AtomicFile(std::string path, std::string target, std::string temporary, int descriptor);
  llvm::Error failure(llvm::StringRef what) const;
  void discard();

  std::string path;      ///< As the caller wrote it, for messages.
  std::string target;    ///< With links resolved.
  std::string temporary; ///< Empty when nothing is to be removed.
  int descriptor;
  uint64_t bytesAppended = 0;
};

/// Creates or replaces `path` with `contents` in one step.
llvm::Error writeFileAtomically(llvm::StringRef path, llvm::StringRef contents,
                                AtomicFile::Mode mode = AtomicFile::Mode::Data);

} // namespace tenon

#endif // TENON_SUPPORT_ATOMICFILE_H
