//===- UnusedTensors.h - What a model leaves of its file --------*- C++ -*-===//

#ifndef TENON_IMPORT_UNUSEDTENSORS_H
#define TENON_IMPORT_UNUSEDTENSORS_H

#include "import/Import.h"

namespace tenon::import {

/// Looks for tensors of the file that no parameter has. Those that change nothing (`idleTensors`, and what has the
/// numbers of a tensor that is used) go to the notes; others are an error that names them, and with `ignore` notes too.
/// Where parameters do not have the tensors that they need, nothing is said here: whoever reads them lists all at once.
llvm::Error checkUnusedTensors(ImportedModel &imported, bool ignore);

/// An error that names tensors which nothing uses though they could change the result, or with `ignore` a note.
llvm::Error judgeUnused(const std::vector<std::string> &names, llvm::StringRef path, bool ignore,
                        std::vector<std::string> &notes);

/// "'a', 'b'", of many the first.
std::string quotedNames(llvm::ArrayRef<std::string> names);

} // namespace tenon::import

#endif // TENON_IMPORT_UNUSEDTENSORS_H
