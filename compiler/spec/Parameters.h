//===- Parameters.h - The tensors that a model needs ------------*- C++ -*-===//

#ifndef TENON_SPEC_PARAMETERS_H
#define TENON_SPEC_PARAMETERS_H

#include "spec/Spec.h"
#include "llvm/ADT/SmallVector.h"

namespace tenon::spec {

/// A tensor with trained values. Matrices of linear maps are [out, in].
struct Parameter {
  std::string name;                    ///< With `*` for the layer where `layers` is not 0.
  llvm::SmallVector<int64_t, 2> shape; ///< Of one layer.
  int64_t layers = 0;                  ///< Layers that have one each; 0 for a tensor of which there is one.
};

/// Every parameter of `model`, in the order of the computation.
std::vector<Parameter> parameters(const Model &model);

} // namespace tenon::spec

#endif // TENON_SPEC_PARAMETERS_H
