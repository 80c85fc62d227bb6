//===- RunCorpus.cpp - A fuzzing target as a plain test -------------------===//

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// Gives every file of the directory to the target, which aborts where it finds a fault.
int main(int argc, char **argv) {
  if (argc != 2) {
    llvm::errs() << "usage: " << argv[0] << " CORPUS\n";
    return 2;
  }
  std::error_code code;
  unsigned files = 0;
  for (llvm::sys::fs::directory_iterator entry(argv[1], code), end; entry != end && !code; entry.increment(code)) {
    auto buffer = llvm::MemoryBuffer::getFile(entry->path(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer) {
      llvm::errs() << "cannot read '" << entry->path() << "': " << buffer.getError().message() << "\n";
      return 1;
    }
    // A copy of just its size, so that a read past the end is seen.
    llvm::StringRef text = (*buffer)->getBuffer();
    std::unique_ptr<uint8_t[]> copy(new uint8_t[text.size()]);
    std::copy(text.bytes_begin(), text.bytes_end(), copy.get());
    LLVMFuzzerTestOneInput(copy.get(), text.size());
    ++files;
  }
  if (code || files == 0) {
    llvm::errs() << "no corpus in '" << argv[1] << "'\n";
    return 1;
  }
  llvm::outs() << files << " inputs\n";
  return 0;
}
