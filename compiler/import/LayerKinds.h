//===- LayerKinds.h - Which layers see all keys -----------------*- C++ -*-===//

#ifndef TENON_IMPORT_LAYERKINDS_H
#define TENON_IMPORT_LAYERKINDS_H

#include "import/RotaryConfig.h"

namespace tenon::import {

/// Blocks of the longest cycle that a spec can have.
inline constexpr size_t maximumCycle = 64;

/// The kind of every layer: by `layer_types`, or by the older keys of the model type.
std::vector<LayerKind> layerKinds(Config &config, llvm::StringRef modelType, int64_t layers);

/// The least number of layers after which their kinds repeat.
size_t periodOf(llvm::ArrayRef<LayerKind> kinds);

/// Falcon's bias on scores, which it adds before it multiplies them by `scale`: BLOOM's with slopes of bfloat16.
std::string scaledAlibi(int64_t heads, double scale);

} // namespace tenon::import

#endif // TENON_IMPORT_LAYERKINDS_H
