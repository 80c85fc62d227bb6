//===- TensorBuilder.h - Tensor IR of a model's sublayers -------*- C++ -*-===//

#ifndef TENON_PASSES_TENSORBUILDER_H
#define TENON_PASSES_TENSORBUILDER_H

#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"

namespace tenon {

/// Makes operations of tensor IR on the rows of one stack, B×T×W, with the parameters that its names say.
class TensorBuilder {
public:
  /// `length` is that of the longest row, kDynamic where callers decide.
  TensorBuilder(StackOp stack, mlir::OpBuilder &builder, int64_t length);

protected:
  mlir::RankedTensorType rowsType(int64_t features);
  mlir::RankedTensorType parameterType(llvm::ArrayRef<int64_t> shape);

  /// The name of a sublayer, `*` standing for the layer.
  std::string nameOf(mlir::Operation &sublayer);

  /// The parameter of a name, of the current layer where the name has a `*`. `picked` rows of it make the result.
  mlir::Value weight(const llvm::Twine &name, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> picked = {});

  mlir::Value norm(mlir::Value rows, const llvm::Twine &name);
  /// Without parameters where `kind` is null.
  mlir::Value headNorm(mlir::Value rows, std::optional<HeadNormAttr> kind, int64_t heads, const llvm::Twine &name);
  mlir::Value product(mlir::Value rows, mlir::Value matrix, mlir::Value bias);
  mlir::Value linear(mlir::Value rows, const llvm::Twine &name, int64_t outputs, bool hasBias);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value scale(mlir::Value value, mlir::FloatAttr factor);
  mlir::Value activation(mlir::Value rows, ActivationFunction function);
  mlir::Value rotate(mlir::Value rows, RotaryAttr rotary, int64_t headSize, mlir::Value positions);
  mlir::Value positionTable(TableFunction function, int64_t columns);
  mlir::Value mlp(MlpLayerOp op, mlir::Value rows);
  mlir::Value pool(PoolFunction function, mlir::Value rows, mlir::Value lengths, mlir::Value skips = {});
  /// The vector that `op` makes of each sequence; `skips` may be null.
  mlir::Value pooledVector(PoolingOp op, mlir::Value rows, mlir::Value lengths, mlir::Value skips);

  /// The rotary positions of an attention: its own, or the stack's. Those of another stack's keys do not turn.
  RotaryAttr rotaryOf(AttentionLayerOp op);

private:
  mlir::Value poolingLayers(mlir::ArrayAttr layers, const mlir::Twine &prefix, mlir::Value rows);
  mlir::Value dense(DenseAttr layer, const mlir::Twine &name, mlir::Value rows);

protected:
  StackOp stack;
  ModelOp model;
  mlir::OpBuilder &builder;
  mlir::Location location;
  int64_t columns; ///< Rows of the longest sequence, or kDynamic.
  int64_t width;
  mlir::Value layer; ///< The current layer's number; null outside of layers.
};

} // namespace tenon

#endif // TENON_PASSES_TENSORBUILDER_H
