//===- EntryBuilder.h - The function that an entry point becomes -*- C++ -*-===//

#ifndef TENON_PASSES_ENTRYBUILDER_H
#define TENON_PASSES_ENTRYBUILDER_H

#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"

namespace tenon {

/// The sublayers of each kind of layer: one list, or one for each of the blocks that layers take in turn.
llvm::SmallVector<mlir::Block *> blocksOf(StackOp stack);

/// Builds a function of a model: arguments first, then `begin`, its body, results, and `finish`.
class EntryBuilder {
public:
  /// `columns` is the number of rows of the longest sequence, kDynamic where callers decide.
  EntryBuilder(ModelOp model, mlir::OpBuilder &builder, int64_t columns)
      : builder(builder), location(model.getLoc()), columns(columns), model(model) {}

  /// What an argument is to the caller.
  struct Role {
    EntryRole kind;
    StackOp stack;         ///< Whose rows it is about.
    std::string pool = {}; ///< Of a page table: the name of the pool.

    bool operator==(const Role &) const = default;
  };

  /// What a sublayer keeps of rows that were read, in pages of a pool.
  struct State {
    StackOp stack;
    std::string sublayer; ///< As the sublayer calls it.
    std::string name;     ///< As callers do.
    std::string pool;
    bool holdsOwn = true; ///< Whether rows of its own stack are added to it.
    mlir::RankedTensorType type = {};
    mlir::Value value = {}; ///< As it is where the next operation is built.
  };

  /// `dims` names the dimensions, those of static size among them.
  void addArgument(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::Type element,
                   llvm::ArrayRef<llvm::StringRef> dims, Role role);
  /// A number for each sequence.
  void addCounts(llvm::StringRef name, Role role);
  /// A table of pages with a row for each sequence.
  void addPageTable(llvm::StringRef name, llvm::StringRef slots, Role role);
  /// A state, of all layers of its stack.
  void addState(State state, int64_t pageFloats, std::optional<int64_t> window);

  /// Makes the function; what is built from then on is its body.
  void begin(llvm::StringRef name, llvm::ArrayRef<mlir::NamedAttribute> attributes);
  /// An argument after `begin`, or null.
  mlir::Value argument(const Role &role);
  State &stateOf(StackOp stack, llvm::StringRef sublayer);
  /// A result that is named for its role.
  void addResult(EntryRole role, StackOp stack, mlir::Value value);
  /// Returns what was added, and the states.
  void finish();

  mlir::OpBuilder &builder;
  mlir::Location location;
  const int64_t columns;
  llvm::SmallVector<State> states;

protected:
  ModelOp model;

private:
  using Attributes = llvm::SmallVector<mlir::NamedAttribute>;
  struct Argument {
    std::optional<Role> role; ///< Nothing for a state.
    mlir::Type type;
    Attributes attributes;
  };

  Attributes nameAttributes(llvm::StringRef name);
  void appendRole(Attributes &attributes, Role role);
  Argument &addTensor(llvm::StringRef name, mlir::RankedTensorType type, llvm::ArrayRef<llvm::StringRef> dims);

  llvm::SmallVector<Argument> arguments;
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<mlir::DictionaryAttr> resultAttributes;
  mlir::func::FuncOp function;
};

} // namespace tenon

#endif // TENON_PASSES_ENTRYBUILDER_H
