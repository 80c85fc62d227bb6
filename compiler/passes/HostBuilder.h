//===- HostBuilder.h - Loops over the memory of a batch ---------*- C++ -*-===//

#ifndef TENON_PASSES_HOSTBUILDER_H
#define TENON_PASSES_HOSTBUILDER_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tenon {

/// Writes the code of a driver: arithmetic on indices, loops, and the operations on a batch's layout as loops over
/// memrefs. Everything is made where `builder` stands.
class HostBuilder {
public:
  HostBuilder(mlir::OpBuilder &builder, mlir::Location location) : builder(builder), location(location) {}

  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value multiply(mlir::Value a, mlir::Value b);
  mlir::Value divideUp(mlir::Value value, int64_t divisor);
  mlir::Value roundUp(mlir::Value value, int64_t tile);

  mlir::Value dimension(mlir::Value buffer, unsigned index);
  mlir::Value load(mlir::Value buffer, mlir::ValueRange indices);
  void store(mlir::Value value, mlir::Value buffer, mlir::ValueRange indices);
  /// Elements of i32 as indices.
  mlir::Value loadIndex(mlir::Value buffer, mlir::Value index);
  void storeIndex(mlir::Value value, mlir::Value buffer, mlir::ValueRange indices);

  /// A loop from 0 to `end`.
  void loop(mlir::Value end, llvm::function_ref<void(mlir::Value)> body);
  /// Runs `body` unless the caller passed no memory for any of `wanted`.
  void ifWanted(llvm::ArrayRef<mlir::Value> wanted, llvm::function_ref<void()> body);

  // As tenon.row_starts, tenon.strided_lengths, tenon.zero_lengths, tenon.position_ids and tenon.row_positions (`past`
  // and `tokens` may be null), tenon.pack_rows and tenon.unpack_rows say.
  void writeRowStarts(mlir::Value lengths, int64_t tile, mlir::Value starts);
  void writeStridedLengths(mlir::Value lengths, int64_t stride, mlir::Value result);
  void writeZeros(mlir::Value result);
  /// result[b] = lhs[b] + rhs[b].
  void writeSums(mlir::Value lhs, mlir::Value rhs, mlir::Value result);
  void writePositions(mlir::Value like, mlir::Value past, std::optional<int64_t> pad, mlir::Value result);
  void writeRowPositions(mlir::Value starts, mlir::Value past, mlir::Value tokens, std::optional<int64_t> pad,
                         mlir::Value result);
  void packRows(mlir::Value input, mlir::Value starts, mlir::Value lengths, mlir::Value result);
  void unpackRows(mlir::Value input, mlir::Value starts, mlir::Value lengths, mlir::Value result);

private:
  /// Positions from `first` on of `count` tokens: `place` gives the indices of a token, in `tokens` and in `result`.
  void countPositions(mlir::Value first, mlir::Value count, mlir::Value tokens, std::optional<int64_t> pad,
                      mlir::Value result, llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value)> place);

  /// Loops over the trailing dimensions that padded and packed rows share.
  void forEachElement(llvm::ArrayRef<int64_t> shape, llvm::SmallVectorImpl<mlir::Value> &element,
                      llvm::function_ref<void(mlir::ValueRange)> body);

  mlir::OpBuilder &builder;
  mlir::Location location;
};

} // namespace tenon

#endif // TENON_PASSES_HOSTBUILDER_H
