//===- YamlFile.cpp - The text of a YAML file -----------------------------===//

#include "spec/YamlFile.h"

#include "spec/YamlTree.h"
#include "llvm/Support/FileSystem.h"

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> tenon::spec::readYamlFile(llvm::StringRef path,
                                                                              llvm::StringRef what) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot read '" + path + "': " + code.message());
  // Not opened before this is known, because opening a pipe can wait for ever.
  if (!llvm::sys::fs::is_regular_file(status))
    return llvm::createStringError("cannot read '" + path + "': it is not a regular file");
  if (status.getSize() > maximumSpecBytes)
    return llvm::createStringError("cannot read '" + path + "': it has " + llvm::Twine(status.getSize()) + " bytes; " +
                                   what + " has at most " + llvm::Twine(maximumSpecBytes));
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/true,
                                            /*IsVolatile=*/true);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  return std::move(*buffer);
}
