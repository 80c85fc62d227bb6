//===- SpecReader.h - YAML to spec ------------------------------*- C++ -*-===//

#ifndef TENON_SPEC_SPECREADER_H
#define TENON_SPEC_SPECREADER_H

#include "spec/Spec.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace tenon::spec {

/// Reads a spec; docs/spec.md describes the form. The buffer's identifier is the path in messages. The error holds
/// every mistake that was found, each as "path:line:column: error: ..." with the line and a caret.
llvm::Expected<Model> readSpec(llvm::MemoryBufferRef buffer);

/// Reads the spec in the file at `path`.
llvm::Expected<Model> readSpecFile(llvm::StringRef path);

/// Why `path`, which a file names, cannot be opened relative to that file's directory, or an empty string. It must be
/// relative and must not leave the directory.
std::string whyUnsafePath(llvm::StringRef path);

} // namespace tenon::spec

#endif // TENON_SPEC_SPECREADER_H
