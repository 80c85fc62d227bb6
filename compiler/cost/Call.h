//===- Call.h - The sizes of one call ---------------------------*- C++ -*-===//

#ifndef TENON_COST_CALL_H
#define TENON_COST_CALL_H

#include "tenon/Dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace tenon::cost {

/// A call that operations of tensor IR are part of: how large their values are in it.
class Call {
public:
  virtual ~Call() = default;

  llvm::FailureOr<int64_t> size(mlir::Value tensor, unsigned dimension);
  /// The product of all dimensions but the last.
  llvm::FailureOr<int64_t> rows(mlir::Value tensor);
  llvm::FailureOr<uint64_t> bytes(mlir::Value tensor);
  /// What an integer tensor holds that has a number for each sequence.
  virtual llvm::FailureOr<llvm::SmallVector<int64_t>> numbers(mlir::Value counts) = 0;

protected:
  static llvm::FailureOr<int64_t> unknown(mlir::Operation *at, unsigned dimension);
  llvm::FailureOr<int64_t> sizeAt(DimensionSource source, mlir::Operation *user);

  /// The value that another has the size of.
  virtual mlir::Value origin(mlir::Value value) { return value; }
  virtual llvm::FailureOr<int64_t> argumentSize(mlir::BlockArgument argument, unsigned dimension) = 0;
  virtual llvm::FailureOr<int64_t> resultSize(mlir::OpResult result, unsigned dimension);
  /// The number of rows where sequences have these starts.
  virtual llvm::FailureOr<int64_t> packedRows(mlir::Value starts, mlir::Operation *user) = 0;
};

/// A call of a function of kernel IR with one sequence. Sizes of values follow from what the caller gives, as the
/// operations in between have it; of packed rows, those count that are a token's.
class EntryCall : public Call {
public:
  /// What an argument that counts rows holds: its role, and the stack whose rows these are ("" where there is one).
  using Given = std::function<int64_t(EntryRole role, llvm::StringRef stack)>;

  explicit EntryCall(Given given) : given(std::move(given)) {}

  llvm::FailureOr<llvm::SmallVector<int64_t>> numbers(mlir::Value counts) override;

private:
  mlir::Value origin(mlir::Value value) override;
  llvm::FailureOr<int64_t> argumentSize(mlir::BlockArgument argument, unsigned dimension) override;
  llvm::FailureOr<int64_t> resultSize(mlir::OpResult result, unsigned dimension) override;
  llvm::FailureOr<int64_t> packedRows(mlir::Value starts, mlir::Operation *user) override;
  /// The only one of `numbers`; 0 for no value.
  llvm::FailureOr<int64_t> number(mlir::Value counts);

  Given given;
  llvm::DenseMap<mlir::Value, int64_t> known;
};

/// What a kernel was called with.
struct KernelSizes {
  /// Extents of each argument, outermost first; results may follow.
  std::vector<std::vector<int64_t>> shapes;
  /// What arguments that are lists of integers hold; empty for others.
  std::vector<std::vector<int32_t>> numbers;
};

/// A call of one kernel with any number of sequences; rows are those that it computes, which may be more than there are
/// tokens.
class KernelCall : public Call {
public:
  KernelCall(KernelOp kernel, const KernelSizes &sizes) : kernel(kernel), sizes(sizes) {}

  llvm::FailureOr<llvm::SmallVector<int64_t>> numbers(mlir::Value counts) override;

private:
  llvm::FailureOr<int64_t> argumentSize(mlir::BlockArgument argument, unsigned dimension) override;
  llvm::FailureOr<int64_t> packedRows(mlir::Value starts, mlir::Operation *user) override;

  KernelOp kernel;
  const KernelSizes &sizes;
};

} // namespace tenon::cost

#endif // TENON_COST_CALL_H
