//===- State.h - What the interpreter knows while it runs -------*- C++ -*-===//

#ifndef TENON_REFERENCE_STATE_H
#define TENON_REFERENCE_STATE_H

#include "reference/Reference.h"
#include "tenon/Dialect.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::reference {

template <typename Scalar> class State {
public:
  explicit State(const Options<Scalar> &options) : options(options) {}

  const Tensor<Scalar> &get(mlir::Value value) const {
    auto found = tensors.find(value);
    assert(found != tensors.end() && "operands are evaluated before their users");
    return found->second;
  }

  /// The tensor of an optional operand, null where it is absent.
  const Tensor<Scalar> *find(mlir::Value value) const { return value ? &get(value) : nullptr; }

  /// Fails with a diagnostic at `owner` where the shape is not one of the value's type.
  mlir::LogicalResult set(mlir::Operation *owner, mlir::Value value, Tensor<Scalar> tensor);

  int64_t getIndex(mlir::Value value) const { return indices.lookup(value); }
  void setIndex(mlir::Value value, int64_t index) { indices[value] = index; }

  /// The tensors of an operation's operands, those of type index left out.
  Tensors<Scalar> get(mlir::ValueRange values) const;

  /// A layer's concatenated parameters in the layout of the operation's type. Each is built once per evaluation.
  mlir::FailureOr<Tensor<Scalar>> getParameters(WeightOp op);

  /// Runs the operations of a block, whose arguments are set, and gives what its terminator returns or yields.
  mlir::FailureOr<Tensors<Scalar>> run(mlir::Block &block);

  /// Sets the arguments of the block, runs it, and forgets its values.
  mlir::FailureOr<Tensors<Scalar>> run(mlir::Operation *owner, mlir::Block &block,
                                       llvm::ArrayRef<Tensor<Scalar>> arguments);

  const Options<Scalar> &getOptions() const { return options; }

private:
  const Options<Scalar> &options;
  llvm::DenseMap<mlir::Value, Tensor<Scalar>> tensors;
  llvm::DenseMap<mlir::Value, int64_t> indices;
  llvm::DenseMap<std::pair<mlir::Attribute, int64_t>, Tensor<Scalar>> parameters;
};

extern template class State<float>;
extern template class State<double>;

} // namespace tenon::reference

#endif // TENON_REFERENCE_STATE_H
