//===- Targets.h - Targets as users name them -------------------*- C++ -*-===//

#ifndef TENON_DRIVER_TARGETS_H
#define TENON_DRIVER_TARGETS_H

#include "kernels/Kernels.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tenon {

/// What `kernels::readTarget` reads, and `native` in it: alone for the best instructions of this machine's CPU with its
/// figures, behind a name, "x86-64-v3+native", for those with its figures. What the system does not say of it is as for
/// all CPUs with these instructions.
llvm::Expected<kernels::TargetModel> readTargetText(llvm::StringRef text);

/// The same of several, none of them twice.
llvm::Expected<std::vector<kernels::TargetModel>> readTargetTexts(llvm::ArrayRef<std::string> texts);

/// The name of the target that such a text is about; empty for an empty one.
llvm::Expected<std::string> targetName(llvm::StringRef text);

} // namespace tenon

#endif // TENON_DRIVER_TARGETS_H
