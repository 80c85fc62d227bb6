//===- Parameters.h - The tensors that a model needs ------------*- C++ -*-===//

#ifndef TENON_SPEC_PARAMETERS_H
#define TENON_SPEC_PARAMETERS_H

#include "spec/Spec.h"
#include "support/Sharing.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::spec {

/// A tensor with trained values. Matrices of linear maps are [out, in].
struct Parameter {
  std::string name;                    ///< With `*` for the layer where `layers` is not 0.
  llvm::SmallVector<int64_t, 2> shape; ///< Of one layer.
  int64_t layers = 0;                  ///< Layers that have one each; 0 for a tensor of which there is one.
};

/// Every parameter of `model` that has a tensor of its own, in the order of the computation. Where all layers share one
/// layer's, its number stands in place of `*`.
std::vector<Parameter> parameters(const Model &model);

/// The same with those that are others by `share`.
std::vector<Parameter> placesOfParameters(const Model &model);

/// Those of the layers of `stack`, had they this block.
std::vector<Parameter> placesOfBlock(const Model &model, const Stack &stack, const Block &block);

/// The rules of the model's `share`.
Sharing sharingOf(const Model &model);

} // namespace tenon::spec

#endif // TENON_SPEC_PARAMETERS_H
