//===- PackRows.cpp - Padded batches to packed rows -----------------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_PACKROWS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

bool isPadded(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() >= 2 && tensor.isDynamicDim(0) && tensor.isDynamicDim(1);
}

Type packedType(Type type) {
  if (!isPadded(type))
    return type;
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType());
}

bool isLengths(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) && tensor.getElementType().isInteger(32);
}

class RowPacker {
public:
  RowPacker(func::FuncOp function, int64_t tile)
      : function(function), builder(function.getContext()), location(function.getLoc()), tile(tile) {}

  void run() {
    auto operations = llvm::to_vector(llvm::make_pointer_range(function.getBody().front()));
    builder.setInsertionPointToStart(&function.getBody().front());
    padded = function.getArgument(0);
    lengths = function.getArgument(1);
    starts = RowStartsOp::create(builder, location, lengths.getType(), lengths, tile);
    for (BlockArgument argument : function.getArguments())
      if (isPadded(argument.getType())) {
        nameDimensions(argument, {"batch", "length"});
        packUses(argument);
      }
    nameDimensions(lengths, {"batch"});
    for (Operation *op : operations)
      convert(op);
  }

private:
  /// Says which dimensions of the arguments are one: callers are held to it.
  void nameDimensions(Value argument, ArrayRef<StringRef> names) {
    function.setArgAttr(cast<BlockArgument>(argument).getArgNumber(), "tenon.dims", builder.getStrArrayAttr(names));
  }

  /// Lets everything but the padded readers of a padded value read its packed form.
  void packUses(Value value) {
    auto pack = PackRowsOp::create(builder, location, packedType(value.getType()), value, starts, lengths);
    value.replaceUsesWithIf(pack.getResult(), [&](OpOperand &use) {
      return use.getOwner() != pack && !isa<PositionIdsOp, UnpackRowsOp>(use.getOwner());
    });
    if (pack.use_empty())
      pack.erase();
  }

  void convert(Operation *op) {
    builder.setInsertionPointAfter(op);
    if (auto positions = dyn_cast<PositionIdsOp>(op))
      return packUses(positions.getResult());
    if (auto attention = dyn_cast<AttentionOp>(op))
      attention.getStartsMutable().assign(starts);
    if (auto pool = dyn_cast<PoolOp>(op))
      pool.getStartsMutable().assign(starts);
    if (isa<func::ReturnOp>(op))
      return unpackResults(op);
    for (Region &region : op->getRegions())
      for (Block &block : region) {
        for (BlockArgument argument : block.getArguments())
          argument.setType(packedType(argument.getType()));
        for (Operation &inner : llvm::make_early_inc_range(block))
          convert(&inner);
      }
    for (Value result : op->getResults())
      result.setType(packedType(result.getType()));
  }

  void unpackResults(Operation *op) {
    builder.setInsertionPoint(op);
    for (auto [operand, type] : llvm::zip(op->getOpOperands(), function.getResultTypes()))
      if (isPadded(type))
        operand.set(UnpackRowsOp::create(builder, location, type, operand.get(), starts, lengths, padded));
  }

  func::FuncOp function;
  OpBuilder builder;
  Location location;
  int64_t tile;
  Value padded, lengths, starts;
};

struct PackRows : tenon::impl::PackRowsBase<PackRows> {
  using PackRowsBase::PackRowsBase;
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || function.getNumArguments() < 2 || !isPadded(function.getArgument(0).getType()) ||
        !isLengths(function.getArgument(1).getType()) || !function.getOps<RowStartsOp>().empty())
      return;
    RowPacker(function, tile).run();
  }
};

} // namespace
