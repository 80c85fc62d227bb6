//===- TensorBuilder.h - Tensor IR of rows ----------------------*- C++ -*-===//

#ifndef TENON_PASSES_TENSORBUILDER_H
#define TENON_PASSES_TENSORBUILDER_H

#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"

namespace tenon {

/// Makes operations of tensor IR on rows, B×T×W, with the parameters that operations of model IR are bound to.
class TensorBuilder {
public:
  /// `columns` is the number of rows of the longest sequence, kDynamic where callers decide.
  TensorBuilder(ModelOp model, mlir::OpBuilder &builder, int64_t columns)
      : builder(builder), location(model.getLoc()), model(model), columns(columns) {}

  mlir::RankedTensorType rowsType(int64_t features);

  /// The parameter that `op` is bound to as `role`, of the current layer where it has layers; null where it has no such
  /// role. `picked` rows of it make the result.
  mlir::Value weight(ParameterizedOpInterface op, const llvm::Twine &role, llvm::ArrayRef<int64_t> picked = {});
  /// With the parameters `role`.weight and, where there is one, `role`.bias.
  mlir::Value linear(ParameterizedOpInterface op, const llvm::Twine &role, mlir::Value rows);
  mlir::Value norm(NormAttr kind, ParameterizedOpInterface op, const llvm::Twine &role, mlir::Value rows);
  /// The rows themselves where `kind` is null.
  mlir::Value headNorm(std::optional<HeadNormAttr> kind, ParameterizedOpInterface op, const llvm::Twine &role,
                       int64_t heads, mlir::Value rows);
  mlir::Value product(mlir::Value rows, mlir::Value matrix, mlir::Value bias);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value scale(mlir::Value value, mlir::FloatAttr factor);
  mlir::Value activation(mlir::Value rows, ActivationFunction function);
  mlir::Value rotate(mlir::Value rows, RotaryAttr rotary, int64_t headSize, mlir::Value positions);
  mlir::Value positionTable(PositionsAttr positions, TableFunction function, int64_t tableColumns);
  mlir::Value pool(PoolFunction function, mlir::Value rows, mlir::Value lengths, mlir::Value skips = {});
  /// The vector that `op` makes of each sequence; `skips` may be null.
  mlir::Value pooledVector(PoolingOp op, mlir::Value rows, mlir::Value lengths, mlir::Value skips);

  mlir::OpBuilder &builder;
  mlir::Location location;
  mlir::Value layer; ///< The current layer's number; null outside of layers.

private:
  mlir::RankedTensorType parameterType(llvm::ArrayRef<int64_t> shape);
  mlir::Value poolingLayers(PoolingOp op, mlir::ArrayAttr layers, const llvm::Twine &prefix, mlir::Value rows);
  mlir::Value dense(PoolingOp op, DenseAttr layer, const llvm::Twine &role, mlir::Value rows);

protected:
  ModelOp model;
  int64_t columns;
};

} // namespace tenon

#endif // TENON_PASSES_TENSORBUILDER_H
