//===- ConfigDefaults.h - What a config.json leaves out ---------*- C++ -*-===//

#ifndef TENON_IMPORT_CONFIGDEFAULTS_H
#define TENON_IMPORT_CONFIGDEFAULTS_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace tenon::import {

/// Makes of a config.json what transformers' class of its `model_type` makes of it, in the objects inside too: keys
/// that are missing have that class's defaults, older names of keys and values have become today's, and keys that only
/// other classes know are gone. One whose model type has no class here stays as it is. The error lists every key that is
/// null where that class has no null. `assumed` gets the sizes that were missing: "hidden_size (4096)".
llvm::Error completeConfig(llvm::json::Object &config, llvm::StringRef path, std::vector<std::string> &assumed);

} // namespace tenon::import

#endif // TENON_IMPORT_CONFIGDEFAULTS_H
