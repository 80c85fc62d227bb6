//===- Call.h - The sizes of one call of an entry point ---------*- C++ -*-===//

#ifndef TENON_COST_CALL_H
#define TENON_COST_CALL_H

#include "tenon/Dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace tenon::cost {

/// A call of a function of kernel IR with one sequence. Sizes of values follow from what the caller gives, as the
/// operations in between have it.
class Call {
public:
  /// What an argument that counts rows holds: its role, and the stack whose rows these are ("" where there is one).
  using Given = std::function<int64_t(EntryRole role, llvm::StringRef stack)>;

  explicit Call(Given given) : given(std::move(given)) {}

  /// The size of one dimension; of packed rows, those that are a token's.
  llvm::FailureOr<int64_t> size(mlir::Value tensor, unsigned dimension);
  /// The product of all dimensions but the last.
  llvm::FailureOr<int64_t> rows(mlir::Value tensor);
  /// What an integer tensor with a number for each sequence holds; 0 for no value.
  llvm::FailureOr<int64_t> number(mlir::Value counts);

private:
  llvm::FailureOr<int64_t> argumentSize(mlir::BlockArgument argument, unsigned dimension);
  llvm::FailureOr<int64_t> resultSize(mlir::OpResult result, unsigned dimension);
  llvm::FailureOr<int64_t> sizeAt(DimensionSource source, mlir::Operation *user);
  /// The number of tokens that `tenon.row_starts` packs.
  llvm::FailureOr<int64_t> packedRows(mlir::Value starts, mlir::Operation *user);

  Given given;
  llvm::DenseMap<mlir::Value, int64_t> numbers;
};

} // namespace tenon::cost

#endif // TENON_COST_CALL_H
