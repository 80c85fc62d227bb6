//===- Sublayers.h - What model IR says of its operations -------*- C++ -*-===//

#ifndef TENON_SUBLAYERS_H
#define TENON_SUBLAYERS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"

#include <string>

namespace tenon {

/// A tensor that an operation of model IR needs.
struct Parameter {
  std::string role;                    ///< What it is to the operation, such as `query.weight`.
  llvm::SmallVector<int64_t, 2> shape; ///< Of one layer. Matrices of linear maps are [out, in].
};

/// The parameters of one operation, in the order of the computation.
struct ParameterList : llvm::SmallVector<Parameter> {
  void add(const llvm::Twine &role, llvm::ArrayRef<int64_t> shape) {
    push_back({role.str(), llvm::SmallVector<int64_t, 2>(shape)});
  }
  /// A weight, and with `bias` a bias.
  void addLinear(const llvm::Twine &role, int64_t outputs, int64_t inputs, bool bias) {
    add(role + ".weight", {outputs, inputs});
    if (bias)
      add(role + ".bias", outputs);
  }
  void addNorm(const llvm::Twine &role, int64_t components, bool bias) {
    add(role + ".weight", components);
    if (bias)
      add(role + ".bias", components);
  }
};

/// What a sublayer keeps of rows that were read: a page for every 16 of them.
struct SublayerState {
  std::string name;
  int64_t pageFloats = 0;
  llvm::SmallVector<llvm::StringRef> sources; ///< The stacks whose rows it holds, beside its own.
  bool holdsOwn = true;                       ///< Whether it holds rows of its own stack.

  bool operator==(const SublayerState &) const = default;
};

} // namespace tenon

#endif // TENON_SUBLAYERS_H
