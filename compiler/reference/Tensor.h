//===- Tensor.h - Values of the reference interpreter -----------*- C++ -*-===//

#ifndef TENON_REFERENCE_TENSOR_H
#define TENON_REFERENCE_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cassert>
#include <cstdint>
#include <memory>
#include <vector>

namespace tenon::reference {

/// The number of elements of a shape.
inline int64_t countElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// A dense row-major tensor of `Scalar` (where the IR says f32) or int32_t. Copies share their elements, which nobody
/// changes.
template <typename Scalar> class Tensor {
public:
  Tensor() = default;

  Tensor(llvm::ArrayRef<int64_t> shape, std::vector<Scalar> values)
      : sizes(shape), scalars(std::make_shared<const std::vector<Scalar>>(std::move(values))) {
    assert(countElements(shape) == static_cast<int64_t>(scalars->size()) && "shape and elements differ");
  }

  Tensor(llvm::ArrayRef<int64_t> shape, std::vector<int32_t> values)
      : sizes(shape), integers(std::make_shared<const std::vector<int32_t>>(std::move(values))) {
    assert(countElements(shape) == static_cast<int64_t>(integers->size()) && "shape and elements differ");
  }

  bool isInteger() const { return integers != nullptr; }
  llvm::ArrayRef<int64_t> shape() const { return sizes; }
  int64_t rank() const { return sizes.size(); }
  int64_t dim(unsigned dimension) const { return sizes[dimension]; }
  int64_t size() const { return countElements(sizes); }

  /// The last dimension, and the product of all others.
  int64_t columns() const { return sizes.back(); }
  int64_t rows() const { return countElements(llvm::ArrayRef(sizes).drop_back()); }

  llvm::ArrayRef<Scalar> values() const {
    assert(scalars && "not a tensor of scalars");
    return *scalars;
  }
  llvm::ArrayRef<int32_t> ints() const {
    assert(integers && "not a tensor of integers");
    return *integers;
  }
  llvm::ArrayRef<Scalar> row(int64_t index) const { return values().slice(index * columns(), columns()); }

private:
  llvm::SmallVector<int64_t, 4> sizes;
  std::shared_ptr<const std::vector<Scalar>> scalars;
  std::shared_ptr<const std::vector<int32_t>> integers;
};

using FloatTensor = Tensor<float>;

/// The same tensor with every scalar widened or rounded.
template <typename To, typename From> Tensor<To> convert(const Tensor<From> &tensor) {
  if (tensor.isInteger())
    return Tensor<To>(tensor.shape(), tensor.ints().vec());
  return Tensor<To>(tensor.shape(), std::vector<To>(tensor.values().begin(), tensor.values().end()));
}

} // namespace tenon::reference

#endif // TENON_REFERENCE_TENSOR_H
