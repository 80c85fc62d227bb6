//===- Names.h - Words of the spec's enumerations ---------------*- C++ -*-===//

#ifndef TENON_SPEC_NAMES_H
#define TENON_SPEC_NAMES_H

#include "support/Bounds.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::spec {

// Each in the order of its enumeration in Spec.h.
inline constexpr llvm::StringRef normKindNames[] = {"layernorm", "rmsnorm"};
inline constexpr llvm::StringRef normPlaceNames[] = {"before", "after", "both"};
inline constexpr llvm::StringRef positionKindNames[] = {"none", "learned", "sinusoidal", "rotary"};
inline constexpr llvm::StringRef spacingNames[] = {"ends", "even"};
inline constexpr llvm::StringRef activationNames[] = {"gelu",         "gelu_tanh",  "relu", "silu",
                                                      "relu_squared", "quick_gelu", "tanh", "sigmoid"};
inline constexpr llvm::StringRef scalingKindNames[] = {"none", "linear", "dynamic_ntk", "llama3", "yarn"};
inline constexpr llvm::StringRef sourceStateNames[] = {"final", "same-layer"}; // Layers is a mapping.
inline constexpr llvm::StringRef mergeNames[] = {"cross", "joint"};
inline constexpr llvm::StringRef parallelNormNames[] = {"one", "each"};
inline constexpr llvm::StringRef poolingKindNames[] = {"mean", "cls", "max", "mean_sqrt", "weighted_mean", "last"};

/// Bounds of lists that are written out where they are used.
inline constexpr size_t maximumPoolings = 16, maximumPoolingLayers = 16, maximumPrompts = 1000;

/// Length of the tables of sinusoidal and rotary positions, which cost memory but hold nothing trained.
inline constexpr int64_t defaultTableLength = 1024;

using tenon::maximumLayers;

/// Bounds of the c in c * tanh(s / c) of scores, which kernels have as a float32.
inline constexpr double leastCap = 1e-3, largestCap = 1e6;

} // namespace tenon::spec

#endif // TENON_SPEC_NAMES_H
