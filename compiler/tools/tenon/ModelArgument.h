//===- ModelArgument.h - The model that a command reads ---------*- C++ -*-===//

#ifndef TENON_TOOLS_MODELARGUMENT_H
#define TENON_TOOLS_MODELARGUMENT_H

#include "import/Import.h"
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tenon::tools {

/// Adds MODEL, which can be `also` (", .mlir file") too, and what may be left out of one.
void addModelArgument(CLI::App &command, std::string &model, import::ImportOptions &options,
                      const std::string &also = "");

/// Opens a model and writes what the user should know to standard error.
import::ImportedModel openModel(const std::string &model, const import::ImportOptions &options);

/// Writes notes to standard error.
void writeNotes(const std::vector<std::string> &notes);

} // namespace tenon::tools

#endif // TENON_TOOLS_MODELARGUMENT_H
