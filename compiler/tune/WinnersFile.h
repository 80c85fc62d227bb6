//===- WinnersFile.h - Winners as text --------------------------*- C++ -*-===//
//
// What `tenon tune --export` writes: the winners of a database, to be read, reviewed and kept beside sources. The file
// that ships with tenon is one. docs/tuning.md describes the form.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TUNE_WINNERSFILE_H
#define TENON_TUNE_WINNERSFILE_H

#include "tune/Database.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace tenon::tune {

/// The winners that are faster than their defaults, in an order that depends on nothing else.
std::string writeWinners(std::vector<Winner> winners);

/// The error has all that is wrong, each with its place.
llvm::Expected<std::vector<Winner>> readWinners(llvm::MemoryBufferRef buffer);

/// Those of a file.
llvm::Expected<std::vector<Winner>> readWinnersFile(llvm::StringRef path);

/// Whether a file is text, and so no database: what is no regular file, or cannot be read, is none.
bool isWinnersFile(llvm::StringRef path);

/// The text that ships with tenon.
llvm::StringRef shippedWinners();

} // namespace tenon::tune

#endif // TENON_TUNE_WINNERSFILE_H
