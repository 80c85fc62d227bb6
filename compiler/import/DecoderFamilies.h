//===- DecoderFamilies.h - How checkpoints lay out decoders -----*- C++ -*-===//

#ifndef TENON_IMPORT_DECODERFAMILIES_H
#define TENON_IMPORT_DECODERFAMILIES_H

#include "spec/Spec.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace tenon::import {

/// Which rows of a checkpoint's module are a module of the spec.
enum class ModulePart {
  Whole,
  Stacked,    ///< All queries, all keys, all values.
  Grouped,    ///< For every key head: its queries, its key, its value.
  KeysValues, ///< All keys, all values.
  GateHalf,
  UpHalf
};

/// A module of the spec and where a checkpoint may have it; of several entries for one module the first is taken whose
/// tensors are there.
struct DecoderModule {
  llvm::StringRef module;     ///< After the name of the stack; "head" for the model's head.
  llvm::StringRef checkpoint; ///< After the prefix of the model; the head's has no prefix.
  ModulePart part = ModulePart::Whole;
  bool transposed = false; ///< Whether matrices are [in, out].
};

/// A layout of tensors.
struct DecoderLayout {
  llvm::StringRef embedding; ///< The module of the token embedding, by which the prefix is found.
  llvm::StringRef layers;    ///< What stands before a layer's number.
  llvm::ArrayRef<DecoderModule> modules;
};

enum class DecoderPositions { Learned, Rotary, Alibi };

/// Whether attention and MLP read the same state.
enum class DecoderResidual {
  Serial,
  Parallel,
  ByKey ///< As the key `parallelKey` of the configuration says.
};

/// The keys of the configuration that say whether modules have a bias, of which `noBias` is a class that never has one
/// and an empty one a class whose checkpoints tell. A bias that is stored all the same is not used.
struct BiasKeys {
  llvm::StringRef queryKeyValue, output, mlp;
};
inline constexpr llvm::StringRef noBias = "no bias";

/// A value of config.json's `model_type`. What its class takes for keys that are missing is in ConfigDefaults.inc.
struct DecoderType {
  llvm::StringRef name;
  const DecoderLayout &layout;
  llvm::StringRef width, layers, heads, hidden, length, epsilon, activation;
  spec::NormKind norm = spec::NormKind::RMSNorm;
  DecoderPositions positions = DecoderPositions::Rotary;
  BiasKeys bias = {};
  int64_t positionOffset = 0; ///< Rows of a learned table before that of position 0.
  DecoderResidual residual = DecoderResidual::Serial;
  llvm::StringRef parallelKey = "";
  llvm::StringRef parallelMlpNorm = ""; ///< The MLP's own norm in parallel layers; empty where one norm serves both.
  bool isGemma = false; ///< Norms' weights count from 1, and embeddings are scaled by the root of the width.
  bool scalesRotary = true; ///< Whether its class takes scalings of rotary positions that are supported.
  /// Whether every layer attends to an encoder too, between its attention and its MLP.
  bool attends = false;
  llvm::StringRef usualActivation = ""; ///< Of a class that has no key for it.
  llvm::ArrayRef<llvm::StringRef> otherModes = {}; ///< What the names of tensors begin with that read no text.
};

llvm::ArrayRef<DecoderType> decoderTypes();
const DecoderType *findDecoderType(llvm::StringRef name);

/// Whether a module belongs to the attention to an encoder.
inline bool isCross(const DecoderModule &module) { return module.module.contains(".cross."); }
/// "gpt2, ...": the model types of decoders that can attend to an encoder.
std::string attendingTypeNames();
/// The type `name` as one that attends, nothing where it cannot.
std::optional<DecoderType> findAttendingType(llvm::StringRef name);

} // namespace tenon::import

#endif // TENON_IMPORT_DECODERFAMILIES_H
