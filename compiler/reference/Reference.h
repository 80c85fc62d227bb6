//===- Reference.h - The reference interpreter ------------------*- C++ -*-===//
//
// Evaluates tensor IR and the bodies of kernels (whose schedules it ignores) with plain loops: in double, as the oracle
// of what compiled code computes, and in float, as the yardstick of how far rounding alone may take it from the oracle.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_REFERENCE_REFERENCE_H
#define TENON_REFERENCE_REFERENCE_H

#include "reference/Tensor.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <functional>

namespace mlir {
class Block;
class DialectRegistry;
class Operation;
namespace func {
class FuncOp;
} // namespace func
} // namespace mlir

namespace tenon {
class KernelOp;
} // namespace tenon

namespace tenon::reference {

/// Gives the parameter of a name as the spec has it (N×K for a matrix), the layer's number in place of `*`. A failure
/// has been reported to the user, or is reported by the interpreter as a missing parameter.
using ParameterProvider = std::function<mlir::FailureOr<FloatTensor>(llvm::StringRef name)>;

template <typename Scalar> struct Options {
  /// What `tenon.weight` reads. Code without that operation needs none.
  ParameterProvider parameters;

  /// Called after each `tenon.kernel` that has run, once per layer within `tenon.repeat`.
  std::function<void(KernelOp kernel, llvm::ArrayRef<Tensor<Scalar>> inputs, llvm::ArrayRef<Tensor<Scalar>> outputs)>
      onKernel;

  /// Called after each operation with `ComputeOpInterface`, inside of kernels and outside.
  std::function<void(mlir::Operation *op, llvm::ArrayRef<Tensor<Scalar>> inputs,
                     llvm::ArrayRef<Tensor<Scalar>> outputs)>
      onOp;
};

template <typename Scalar> using Tensors = llvm::SmallVector<Tensor<Scalar>>;

/// Attaches `ReferenceOpInterface` to the operations of tensor IR. The functions below need it.
void registerReferenceModels(mlir::DialectRegistry &registry);

/// The results of a function. An argument of type index is given as an integer tensor of one element. What is wrong
/// with the inputs or the code becomes a diagnostic. `Scalar` is float or double.
template <typename Scalar>
mlir::FailureOr<Tensors<Scalar>> evaluate(mlir::func::FuncOp function, llvm::ArrayRef<Tensor<Scalar>> inputs,
                                          const Options<Scalar> &options = {});

/// The results of one kernel.
template <typename Scalar>
mlir::FailureOr<Tensors<Scalar>> evaluateKernel(KernelOp kernel, llvm::ArrayRef<Tensor<Scalar>> inputs,
                                                const Options<Scalar> &options = {});

/// The operands of the terminator of a block that reads nothing but its arguments.
template <typename Scalar>
mlir::FailureOr<Tensors<Scalar>> evaluateBlock(mlir::Block &block, llvm::ArrayRef<Tensor<Scalar>> inputs,
                                               const Options<Scalar> &options = {});

} // namespace tenon::reference

#endif // TENON_REFERENCE_REFERENCE_H
