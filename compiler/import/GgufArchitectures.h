//===- GgufArchitectures.h - What a GGUF file leaves unsaid -----*- C++ -*-===//

#ifndef TENON_IMPORT_GGUFARCHITECTURES_H
#define TENON_IMPORT_GGUFARCHITECTURES_H

#include "spec/Spec.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tenon::import {

/// Where a model has the positions of its tokens.
enum class GgufPositions {
  Table,       ///< Learned vectors.
  Halves,      ///< Rotary; component i turns with i + dims/2.
  Interleaved, ///< Rotary; component 2i turns with 2i + 1.
  Alibi        ///< A bias on the scores, from the distance.
};

/// Whether attention and MLP read the same state.
enum class GgufResidual {
  Serial,
  Parallel,
  ByKey ///< Where `use_parallel_residual` says so.
};

/// A value of `general.architecture`: what tensors and keys do not tell.
struct GgufArchitecture {
  llvm::StringRef name;
  spec::NormKind norm;
  GgufPositions positions;
  spec::Activation activation;
  GgufResidual residual = GgufResidual::Serial;
  bool scaledEmbedding = false; ///< By the root of the width.
  double scoreSoftcap = 0;      ///< Where the file has no `attn_logit_softcapping`; 0 for none.
  double logitSoftcap = 0;      ///< Where the file has no `final_logit_softcapping`; 0 for none.
  int64_t window = 0;           ///< Where the file has no `attention.sliding_window`; 0 for none.
  int64_t windowPeriod = 1;     ///< Of so many layers the last sees all keys, unless it is the only one.
  double windowBase = 0;        ///< Rotary base of the layers with a window; 0 for that of all.
  int64_t largeLayers = 0;      ///< With as many layers, scores are scaled by the root of width / heads.
};

/// Null where there is none of that name.
const GgufArchitecture *findGgufArchitecture(llvm::StringRef name);
/// "llama, qwen2, ...", for messages.
std::string ggufArchitectureNames();

} // namespace tenon::import

#endif // TENON_IMPORT_GGUFARCHITECTURES_H
