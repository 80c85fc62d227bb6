//===- UnusedTensors.h - What a model leaves of its file --------*- C++ -*-===//

#ifndef TENON_IMPORT_UNUSEDTENSORS_H
#define TENON_IMPORT_UNUSEDTENSORS_H

#include "import/Import.h"

namespace tenon::import {

/// Looks for tensors of the file that no parameter has. Those that change nothing (`idleTensors`, and what has the
/// numbers of a tensor that is used) go to the notes; others are an error that names them, and with `ignore` notes too.
/// Where parameters do not have the tensors that they need, nothing is said here: whoever reads them lists all at once.
llvm::Error checkUnusedTensors(ImportedModel &imported, bool ignore);

/// What a file has that a model goes without.
struct LeftOver {
  llvm::StringRef kind = "tensors";
  llvm::StringRef problem = "the model does not use and that could change what it computes";
};

/// An error that names what nothing uses though it could change the result, or with `ignore` a note.
llvm::Error judgeUnused(const std::vector<std::string> &names, llvm::StringRef path, bool ignore,
                        std::vector<std::string> &notes, LeftOver what = {});

/// "'a', 'b'", of many the first.
std::string quotedNames(llvm::ArrayRef<std::string> names);

} // namespace tenon::import

#endif // TENON_IMPORT_UNUSEDTENSORS_H
