//===- DriverBuffers.h - The memory of a driver's tensors -------*- C++ -*-===//

#ifndef TENON_PASSES_DRIVERBUFFERS_H
#define TENON_PASSES_DRIVERBUFFERS_H

#include "passes/HostBuilder.h"
#include "tenon/Dialect.h"

namespace tenon {

/// Which memref each tensor of a function lies in. All that is allocated stands ahead of everything that uses a buffer,
/// once, in front of any loop: sizes are known from the start.
class DriverBuffers {
public:
  DriverBuffers(mlir::OpBuilder &builder, mlir::Location location, HostBuilder &host)
      : builder(builder), location(location), host(host) {}

  /// The buffer of a tensor; null where it has none yet, or is absent.
  mlir::Value of(mlir::Value tensor) const { return tensor ? buffers.lookup(tensor) : mlir::Value(); }
  void set(mlir::Value tensor, mlir::Value buffer) { buffers[tensor] = buffer; }

  /// Gives `tensor` memory of its own.
  mlir::Value allocate(mlir::Value tensor, mlir::ValueRange sizes);
  /// Memory for a copy of a tensor of this type.
  mlir::Value allocateCopy(mlir::RankedTensorType type, mlir::ValueRange sizes);
  /// The size that is one more than `size`, ahead of allocations.
  mlir::Value oneMore(mlir::Value size);

  /// Counts the packed rows of each layout in `function`, which sizes of packed tensors follow from.
  mlir::LogicalResult countRows(mlir::func::FuncOp function);
  /// The number of rows that row starts lay out, null where they are not of a counted `tenon.row_starts`.
  mlir::Value rowCount(mlir::Value starts) const { return rowCounts.lookup(starts); }

  /// A dimension of a tensor that has a buffer; with kPackedRows, of row starts.
  mlir::Value sizeOf(mlir::Value tensor, unsigned dimension);
  /// Its dynamic dimensions.
  mlir::SmallVector<mlir::Value> sizesOf(mlir::Value tensor);
  /// The dynamic dimensions of a kernel's result.
  mlir::FailureOr<mlir::SmallVector<mlir::Value>> sizesOfResult(KernelOp kernel, unsigned result);

  /// Remembers the first operation that uses a buffer, where the code stands unless `op` is given: allocations go
  /// before it.
  void note(mlir::Operation *op = nullptr);

  /// Of the sizes that are not dimensions of arguments: how they follow from these, by name, for `tenon.sizes`.
  mlir::DictionaryAttr derivedSizes() const { return builder.getDictionaryAttr(derived); }

private:
  /// Runs `make` where allocations go.
  mlir::Value ahead(llvm::function_ref<mlir::Value()> make);
  mlir::Value allocate(mlir::StringRef name, mlir::RankedTensorType type, mlir::ValueRange sizes);
  /// What the plan of the memory calls a size.
  void nameRows(RowStartsOp op, mlir::BlockArgument lengths, int64_t stride);
  void nameDimension(mlir::Value size, mlir::Value buffer, unsigned dimension);
  void nameSize(mlir::Value size, const mlir::Twine &name, mlir::ArrayRef<mlir::NamedAttribute> rule = {});
  mlir::NamedAttribute rule(mlir::StringRef key, int64_t value) {
    return builder.getNamedAttr(key, builder.getI64IntegerAttr(value));
  }

  mlir::OpBuilder &builder;
  mlir::Location location;
  HostBuilder &host;
  mlir::Operation *firstUse = nullptr;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;   // tensors to memrefs
  llvm::DenseMap<mlir::Value, mlir::Value> rowCounts; // row starts to R
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, mlir::Value> argumentSizes;
  llvm::DenseMap<mlir::Value, mlir::StringAttr> sizeNames;
  llvm::SmallVector<mlir::NamedAttribute> derived;
};

} // namespace tenon

#endif // TENON_PASSES_DRIVERBUFFERS_H
