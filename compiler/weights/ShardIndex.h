//===- ShardIndex.h - Which file holds which tensor -------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_SHARDINDEX_H
#define TENON_WEIGHTS_SHARDINDEX_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace tenon::weights {

/// File names by tensor, from the `weight_map` of model.safetensors.index.json. Every file name is a plain one, without
/// a directory.
llvm::Expected<std::map<std::string, std::string>> readShardIndex(llvm::StringRef json, llvm::StringRef path);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_SHARDINDEX_H
