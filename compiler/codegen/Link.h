//===- Link.h - Objects to a library ----------------------------*- C++ -*-===//

#ifndef TENON_CODEGEN_LINK_H
#define TENON_CODEGEN_LINK_H

#include "support/AtomicFile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tenon {

/// Links `hostObject` (the bytes of an object file) and `objects` (paths) into the shared library `output`, which
/// exports the library table alone, and stamps its note. The library is written to a temporary name in the same
/// directory and renamed when it is complete.
llvm::Error linkLibrary(llvm::StringRef hostObject, llvm::ArrayRef<std::string> objects, llvm::StringRef output);

/// The same for a caller that commits `output` together with something else.
llvm::Error linkLibrary(llvm::StringRef hostObject, llvm::ArrayRef<std::string> objects, AtomicFile &output);

} // namespace tenon

#endif // TENON_CODEGEN_LINK_H
