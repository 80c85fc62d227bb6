//===- StackBuilder.h - Tensor IR of one stack ------------------*- C++ -*-===//

#ifndef TENON_PASSES_STACKBUILDER_H
#define TENON_PASSES_STACKBUILDER_H

#include "passes/EntryBuilder.h"
#include "passes/TensorBuilder.h"

#include <functional>

namespace tenon {

/// Sequences that a stack computes on: those of its input, or of one part of it.
struct StackPart {
  StackOp stack;              ///< Whose rows they are.
  mlir::Value lengths;        ///< How many of each sequence are computed on, or are there where `isThere`.
  mlir::Value past = {};      ///< How many were read by calls before; null where all are computed on at once.
  mlir::Value offset = {};    ///< What their positions begin with; null for 0.
  bool isThere = false;       ///< Whether their keys are there already, and no row of them is computed on.
  mlir::Value counted = {};   ///< What has the rows that positions count.
  mlir::Value positions = {}; ///< Made by the first who asks.
  mlir::Value zeros = {};     ///< Likewise.
};

/// Rows of another stack that sublayers read.
struct SourceRows {
  mlir::Value rows;
  StackPart *part = nullptr;
};

/// Builds a stack's input and layers in an entry point, and is what its sublayers are lowered with.
class StackBuilder : public TensorBuilder {
public:
  StackBuilder(EntryBuilder &entry, StackOp stack, llvm::SmallVector<StackPart> parts)
      : TensorBuilder(stack->getParentOfType<ModelOp>(), entry.builder, entry.columns), stack(stack),
        parts(std::move(parts)), entry(entry) {}

  //===--------------------------------------------------------------------===//
  // What sublayers ask for
  //===--------------------------------------------------------------------===//

  /// The parts that rows are computed of, one for each of the values that sublayers get.
  llvm::SmallVector<StackPart *> computed();
  llvm::SmallVector<mlir::Value> each(mlir::ValueRange rows, llvm::function_ref<mlir::Value(mlir::Value)> build);
  /// A part's positions, of its computed rows.
  mlir::Value positionIds(StackPart &part);
  /// 0 for each sequence of a part; made outside of loops first.
  mlir::Value zeros(StackPart &part);

  /// Whether the entry point has the stack's states.
  bool hasStates() { return stack.getCached(); }
  /// The current layer's part of a sublayer's one state.
  mlir::Value readState(SublayerOpInterface op);
  void writeState(SublayerOpInterface op, mlir::Value slice);
  /// The table of the pages of a sublayer's state that hold rows of `rows`.
  mlir::Value pages(SublayerOpInterface op, StackOp rows);
  /// What is read of another stack at the current layer; no rows where they are in pages already.
  SourceRows source(SourceAttr source);

  //===--------------------------------------------------------------------===//
  // What entry points ask for
  //===--------------------------------------------------------------------===//

  /// What the first layer reads of a part, from its tokens, features or another stack's rows.
  mlir::Value input(StackPart &part, mlir::Value given, mlir::Value types);

  /// Builds one layer. `number` is the layer's in the first turn of the loop; later ones are so many turns further.
  using LayerBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(int64_t number, llvm::SmallVector<mlir::Value>)>;
  /// Which states a loop changes: they go through it.
  using StateFilter = llvm::function_ref<bool(const EntryBuilder::State &state)>;
  /// Layers `first` to `last` as a loop of turns of `perTurn` layers, and another of those that are left.
  llvm::SmallVector<mlir::Value> layers(llvm::SmallVector<mlir::Value> rows, int64_t first, int64_t last,
                                        int64_t perTurn, StateFilter changed, LayerBody build);
  /// Makes the positions that sublayers ask for, outside of the loops.
  void preparePositions();
  /// All layers as they are.
  llvm::SmallVector<mlir::Value> allLayers(llvm::SmallVector<mlir::Value> rows);
  /// The sublayers of one layer.
  llvm::SmallVector<mlir::Value> sublayers(int64_t number, llvm::SmallVector<mlir::Value> rows);
  /// Lets a sublayer put what it keeps of a source's rows into its state.
  void keepSource(SublayerOpInterface op, SourceAttr source, mlir::Value rows, StackPart &part);
  /// The block of a layer.
  mlir::Block &blockOf(int64_t number);
  /// The number of the layer that is `distance` behind the current one.
  mlir::Value layerBehind(int64_t distance);
  /// What others read of the stack: its rows behind its final norm.
  mlir::Value finished(mlir::Value rows);

  StackOp stack;
  llvm::SmallVector<StackPart> parts;
  bool readsPrefix = false; ///< Whether the rows are those of the stack's prefix.
  /// What other stacks give to be read at once, where `layer` of this one reads it.
  std::function<SourceRows(SourceAttr source, int64_t layer)> sources;

private:
  llvm::SmallVector<mlir::Value> sublayer(mlir::Operation &op, llvm::SmallVector<mlir::Value> state);
  llvm::SmallVector<mlir::Value> result(SublayerOpInterface op, mlir::ValueRange rows);
  llvm::SmallVector<mlir::Value> loop(llvm::SmallVector<mlir::Value> rows, int64_t first, int64_t turns,
                                      int64_t perTurn, StateFilter changed, LayerBody build);
  mlir::Value convolve(FeatureInputOp op, StackPart &part, mlir::Value rows);
  mlir::Value embed(TokenInputOp op, StackPart &part, mlir::Value tokens, mlir::Value types);
  mlir::Value embedRows(mlir::Value ids, mlir::Value table, int64_t offset = 0, mlir::Value idsOfFirst = {});
  mlir::Value addPositions(InputOpInterface op, StackPart &part, mlir::Value sum);
  mlir::Value makePositions(const StackPart &part, mlir::IntegerAttr pad);

  EntryBuilder &entry;
  mlir::Value turn;        ///< Of the current loop.
  int64_t unit = 1;        ///< Layers of one turn of it.
  int64_t layerOfTurn = 0; ///< The current layer's number where the turn is 0.
};

} // namespace tenon

#endif // TENON_PASSES_STACKBUILDER_H
