//===- VerifyInputs.h - Inputs that kernels are compared on -----*- C++ -*-===//

#ifndef TENON_DRIVER_VERIFYINPUTS_H
#define TENON_DRIVER_VERIFYINPUTS_H

#include "reference/Reference.h"
#include "tenon/Dialect.h"

#include "llvm/ADT/StringMap.h"
#include <random>

namespace tenon {

/// Sequences of one length. More rows than a sequence may have are those of more sequences.
struct BatchShape {
  int64_t length = 1, sequences = 1;

  bool operator==(const BatchShape &) const = default;
};

/// Inputs of an entry point: a batch of sequences of several lengths, none among them, or of a given shape. Some go on
/// from cached tokens. What an argument is, and whose, its attributes say.
class InputMaker {
public:
  explicit InputMaker(mlir::func::FuncOp function, std::optional<BatchShape> shape = {});

  llvm::SmallVector<reference::Tensor<double>> inputs();
  /// Sequences.
  int64_t batch() const { return static_cast<int64_t>(lengths.size()); }
  /// Of packed rows as `starts` lay them out, which of them somebody reads.
  std::vector<bool> packedRows(RowStartsOp starts);

private:
  /// What callers know of a stack.
  struct Limits {
    int64_t vocab = 2, types = 1, positions = 0;
  };

  llvm::StringRef textOf(unsigned argument, llvm::StringRef attribute);
  std::optional<EntryRole> roleOf(unsigned argument);
  /// Whether an argument is about the stack that the entry point's first one is about.
  bool isOwn(unsigned argument);
  Limits limitsOf(unsigned argument);
  /// How many rows of its stack an argument is about, at most.
  int64_t rowsOf(unsigned argument);
  std::vector<int32_t> lengthsOf(unsigned argument);
  void nameSizes();
  reference::Tensor<double> input(unsigned argument);
  std::vector<int32_t> randomIds(int64_t count, int64_t limit);
  /// Pages of a pool that no table has yet, in no order.
  std::vector<int32_t> takePages(llvm::StringRef pool, int64_t count);

  mlir::func::FuncOp function;
  int64_t length = 37; ///< Rows of the longest sequence of the entry point's own.
  std::vector<int32_t> lengths, past;
  llvm::StringMap<int64_t> sizes; ///< Of named dimensions.
  llvm::StringMap<std::vector<int32_t>> pools;
  std::mt19937 random{20170612};
};

} // namespace tenon

#endif // TENON_DRIVER_VERIFYINPUTS_H
