//===- YamlFile.h - The text of a YAML file ---------------------*- C++ -*-===//

#ifndef TENON_SPEC_YAMLFILE_H
#define TENON_SPEC_YAMLFILE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace tenon::spec {

/// The text of the regular file at `path`, which is `what` in messages, as "a spec"; of at most maximumSpecBytes.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readYamlFile(llvm::StringRef path, llvm::StringRef what);

} // namespace tenon::spec

#endif // TENON_SPEC_YAMLFILE_H
