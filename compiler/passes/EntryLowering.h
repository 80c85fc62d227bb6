//===- EntryLowering.h - One entry point of a graph of stacks ---*- C++ -*-===//

#ifndef TENON_PASSES_ENTRYLOWERING_H
#define TENON_PASSES_ENTRYLOWERING_H

#include "passes/StackBuilder.h"

#include <map>
#include <memory>

namespace tenon {

/// Builds one function of a model, which runs a stack and what it needs of others.
class EntryLowering : public EntryBuilder {
public:
  using EntryBuilder::EntryBuilder;

  /// From the inputs of a stack, and of those that it reads, to its last hidden state and what becomes of it.
  void encode(StackOp root, llvm::StringRef name);
  /// From other stacks' last hidden states, or their inputs, to what a growing stack keeps of them; nothing where it
  /// keeps nothing.
  void start(StackOp root, llvm::StringRef name);
  /// From new tokens, and what was kept, to the last hidden state.
  void step(StackOp root, llvm::StringRef name);
  /// From the tokens of a stack's prefix to what it keeps of them.
  void prefix(StackOp root, llvm::StringRef name);

private:
  //===--------------------------------------------------------------------===//
  // Arguments (EntryArguments.cpp)
  //===--------------------------------------------------------------------===//

  /// A state that is to be an argument.
  struct PendingState {
    StackOp stack;
    SublayerOpInterface op;
    SublayerState state;
    std::string pool;
  };

  template <typename Op> Op findOf(StackOp stack) {
    for (Op op : model.getBody().getOps<Op>())
      if (op.getStack() == stack.getSymName())
        return op;
    return Op();
  }

  void addInputs(StackOp stack, llvm::StringRef prefix);
  void addSourceRows(StackOp stack);
  std::string poolOf(StackOp stack, const SublayerState &state);
  /// The states of the chain, those with own rows first; or only those with rows of other stacks.
  void collectStates(bool ofSources);
  bool holds(PendingState &pending, StackOp rows);
  /// A table for each pool that has rows of the stack.
  void addPageTables(StackOp rows, llvm::StringRef name, llvm::StringRef slots);
  void addStates();
  llvm::SmallVector<mlir::NamedAttribute> entryAttributes(StackOp root, bool limited);

  /// What a name gets where there are several stacks that it could be about.
  std::string suffix(StackOp source) {
    return sources.size() + measured.size() > 1 ? ("." + source.getSymName()).str() : "";
  }

  //===--------------------------------------------------------------------===//
  // The graph
  //===--------------------------------------------------------------------===//

  StackOp stackNamed(llvm::StringRef name) { return model.lookupSymbol<StackOp>(name); }
  /// A growing stack with its last part, that one's, and so on, which comes first; and the stacks that they read.
  void findChain(StackOp root);
  /// A whole stack and those that it needs, each behind those that it needs itself.
  void collectNeeded(StackOp stack);
  bool runs(StackOp source) { return llvm::is_contained(whole, source); }

  //===--------------------------------------------------------------------===//
  // Computation
  //===--------------------------------------------------------------------===//

  /// Adds the arguments of `step`, begins its function and runs the stacks of the chain.
  mlir::Value runChain(StackOp root, llvm::StringRef name, bool prefix);
  StackBuilder &builderOf(StackOp stack, llvm::SmallVector<StackPart> parts);
  /// The sequences of a stack as its readers see them.
  StackPart &sourcePart(StackOp source);
  /// The stack whose rows positions behind the stack `name` count: joined rows that none of the chain reads are as many
  /// as those of their last part.
  StackOp countedStack(llvm::StringRef name);
  /// What positions of a stack's rows begin with; null for 0.
  mlir::Value offsetOf(StackOp stack);
  /// The parts of a concat input that are whole, each with its place in the whole; `length` is that of all of them.
  llvm::SmallVector<StackPart> wholeParts(StackOp stack, mlir::Value &length);
  mlir::Value addLengths(mlir::Value first, mlir::Value more);
  SourceRows read(StackOp reader, SourceAttr source, int64_t layer);

  /// Runs a whole stack, all of whose sources and parts have been run, up to its final norm.
  mlir::Value runWhole(StackOp stack);
  llvm::SmallVector<mlir::Value> runLayers(StackBuilder &stack, llvm::SmallVector<mlir::Value> rows);
  /// What a growing stack keeps of the sources of which it reads the last hidden state.
  void keepLast(StackBuilder &reader);
  /// What a growing stack keeps of its input's whole parts.
  void keepParts(StackBuilder &reader);
  void returnResults(StackBuilder &root, mlir::Value hidden);
  mlir::Value score(StackBuilder &root, HeadOp head, mlir::Value rows);

  /// A sublayer of a growing stack that reads the state which enters a layer: its own layer is so many further.
  struct Tap {
    StackBuilder *reader;
    llvm::StringRef sublayer;
    SourceAttr source;
    int64_t distance;
    bool operator==(const Tap &) const = default;
  };
  llvm::SmallVector<Tap> tapsAt(StackOp source, int64_t layer);
  void keepAt(StackBuilder &source, const Tap &tap, int64_t number, mlir::Value rows);

  llvm::SmallVector<StackOp> chain;    ///< Of growing stacks; the one that tokens enter is the first.
  llvm::SmallVector<StackOp> sources;  ///< The stacks that the chain reads.
  llvm::SmallVector<StackOp> measured; ///< Those that sources' positions begin behind.
  llvm::SmallVector<StackOp> whole;    ///< Those that run in the entry point, before the chain.
  llvm::SmallVector<PendingState> pending;
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<StackBuilder>> builders;
  std::map<mlir::Operation *, StackPart> sourceParts;  ///< Where they are not those that the stack computes on.
  llvm::DenseMap<mlir::Operation *, mlir::Value> last; ///< Last hidden states.
  llvm::DenseMap<std::pair<mlir::Operation *, int64_t>, mlir::Value> entering; ///< States that whole stacks read.
};

} // namespace tenon

#endif // TENON_PASSES_ENTRYLOWERING_H
