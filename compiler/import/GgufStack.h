//===- GgufStack.h - The structure of a model in a GGUF file ----*- C++ -*-===//

#ifndef TENON_IMPORT_GGUFSTACK_H
#define TENON_IMPORT_GGUFSTACK_H

#include "import/GgufArchitectures.h"
#include "import/GgufKeys.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::import {

/// The tensors of a file by their patterns: `*` for the number of a layer.
class GgufTensors {
public:
  explicit GgufTensors(const weights::GgufFile &file);
  /// Whether there is a tensor of this name, in any layer (one that others lack is missing there, not absent).
  bool has(llvm::StringRef pattern) const { return patterns.contains(pattern); }
  /// The first dimension of the first such tensor; 0 where there is none.
  int64_t rows(llvm::StringRef pattern) const { return patterns.lookup(pattern); }

private:
  llvm::StringMap<int64_t> patterns;
};

/// Width, stack and head of `model`. Errors are left in `keys`.
void readGgufStructure(GgufKeys &keys, const GgufArchitecture &architecture, const GgufTensors &tensors,
                       spec::Model &model);

/// The tensors of the parameters of such a model.
std::vector<spec::TensorName> ggufTensorNames(const spec::Model &model, const GgufTensors &tensors);

/// The scaling that gives the factors of rope_freqs.weight, if Llama 3's does.
std::optional<spec::RotaryScaling> scalingOfFactors(llvm::ArrayRef<float> factors, double base);

} // namespace tenon::import

#endif // TENON_IMPORT_GGUFSTACK_H
