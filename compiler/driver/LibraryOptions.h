//===- LibraryOptions.h - Which library a command is about ------*- C++ -*-===//

#ifndef TENON_DRIVER_LIBRARYOPTIONS_H
#define TENON_DRIVER_LIBRARYOPTIONS_H

#include "import/Import.h"

#include <string>

namespace tenon {

/// A library, or what one is to be made of: what verify, tune and explain are about.
struct LibraryOptions {
  std::string model;               ///< Library, or anything that compiles to one.
  import::ImportOptions importing; ///< What may be left out of a checkpoint.
  std::string cacheDirectory;      ///< Of the model's kernels; empty for the user's own.
  std::string target;              ///< Empty for the best that this CPU runs.
};

} // namespace tenon

#endif // TENON_DRIVER_LIBRARYOPTIONS_H
