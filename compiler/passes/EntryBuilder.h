//===- EntryBuilder.h - The function that an entry point becomes -*- C++ -*-===//

#ifndef TENON_PASSES_ENTRYBUILDER_H
#define TENON_PASSES_ENTRYBUILDER_H

#include "passes/TensorBuilder.h"

namespace tenon {

/// The sublayers of each kind of layer: one list, or one for each of the blocks that layers take in turn.
llvm::SmallVector<mlir::Block *> blocksOf(StackOp stack);

/// Builds a function of one stack: arguments first, then `begin`, its body, results, and `finish`.
class EntryBuilder : public TensorBuilder {
protected:
  using TensorBuilder::TensorBuilder;

  /// What a sublayer keeps of the tokens that it, or the stack that it attends to, has read.
  struct Cache {
    std::string name;
    mlir::RankedTensorType type;
    mlir::Value value;
  };

  /// The state of a sublayer: `cache.NAME`, or `source.NAME` for the keys and values of another stack.
  static std::string cacheName(mlir::Operation *sublayer);

  /// What an argument is to the caller.
  struct Role {
    EntryRole kind;
    StackOp stack = {};        ///< Whose rows it is about; that of the entry point where null.
    llvm::StringRef pool = {}; ///< Of a page table: the name of the pool.
  };

  /// `dims` names the dimensions, those of static size among them.
  void addArgument(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::Type element,
                   llvm::ArrayRef<llvm::StringRef> dims, Role role);
  /// One state for each sublayer whose cache's name begins with `kind`; its pages are those of `pool`.
  void addCaches(llvm::SmallVectorImpl<Cache> &list, llvm::StringRef kind, llvm::StringRef pool);
  /// An argument after `begin`, or null.
  mlir::Value argument(llvm::StringRef name);

  /// Makes the function; what is built from then on is its body.
  void begin(llvm::StringRef name, mlir::DictionaryAttr limits);
  /// A result that is named for its role.
  void addResult(EntryRole role, mlir::Value value);
  /// Returns what was added, and the states.
  void finish();

  llvm::SmallVector<Cache> caches, sources;

private:
  using Attributes = llvm::SmallVector<mlir::NamedAttribute>;

  std::optional<int64_t> windowOf(mlir::Operation *sublayer);
  Attributes nameAttributes(llvm::StringRef name);
  void appendRole(Attributes &attributes, Role role);
  void addTensor(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::Type element,
                 llvm::ArrayRef<llvm::StringRef> dims);

  llvm::SmallVector<std::string> argumentNames;
  llvm::SmallVector<mlir::Type> argumentTypes;
  llvm::SmallVector<Attributes> argumentAttributes;
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<mlir::DictionaryAttr> resultAttributes;
  mlir::func::FuncOp function;
};

} // namespace tenon

#endif // TENON_PASSES_ENTRYBUILDER_H
