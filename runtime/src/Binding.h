//===- Binding.h - A caller's tensors against the manifest ------*- C++ -*-===//

#ifndef TENON_RUNTIME_BINDING_H
#define TENON_RUNTIME_BINDING_H

#include "Manifest.h"

#include <cstdint>
#include <vector>

namespace tenon::runtime {

class Model;

/// One tensor of a call: its type from the manifest and the caller's memory for it.
struct BoundTensor {
  const TensorType *type = nullptr;
  std::vector<int64_t> shape;
  size_t bytes = 0;
  void *data = nullptr; ///< nullptr: an input to be zeros, an output that nobody wants or that the session holds
  tenon_tensor *output = nullptr; ///< where to report an output
};

/// A call whose tensors agree with the manifest and with each other.
struct Binding {
  std::vector<int64_t> dims; ///< values of the entry point's dims
  std::vector<BoundTensor> inputs;
  std::vector<BoundTensor> outputs;
};

/// Checks names, types, ranks, extents, alignment and sizes, and the token ids, types and lengths against the limits.
Binding bind(const Model &model, const Entry &entry, const tenon_tensor *inputs, size_t inputCount,
             tenon_tensor *outputs, size_t outputCount);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_BINDING_H
