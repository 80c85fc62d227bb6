//===- TensorNames.h - Parameters and the tensors that hold them -*- C++ -*-===//

#ifndef TENON_WEIGHTS_TENSORNAMES_H
#define TENON_WEIGHTS_TENSORNAMES_H

#include "spec/Spec.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::weights {

/// The `names` of a spec, looked up by parameters that have the number of a layer in place of `*`.
class TensorNames {
public:
  explicit TensorNames(llvm::ArrayRef<spec::TensorName> names);

  /// What `names` says of a parameter; null where it says nothing, and the tensor has the parameter's own name.
  const spec::TensorName *find(llvm::StringRef parameter) const;
  /// The name of the parameter's tensor.
  std::string tensorName(llvm::StringRef parameter) const;

private:
  llvm::StringMap<spec::TensorName> names; ///< By parameter, with `*` for the layer.
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_TENSORNAMES_H
