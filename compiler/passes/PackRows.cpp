//===- PackRows.cpp - Padded batches to packed rows -----------------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_PACKROWS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// Rows of the longest sequence that a padded batch's second dimension stands for: dynamic, or 1 where every sequence
/// has one row.
struct Padding {
  int64_t time;

  /// B×T of integers, B×T×… of anything. Floats of rank 2 are a padded batch only where T cannot be a row's width.
  bool matches(Type type) const {
    auto tensor = dyn_cast<RankedTensorType>(type);
    int64_t least = tensor && tensor.getElementType().isF32() && !ShapedType::isDynamic(time) ? 3 : 2;
    return tensor && tensor.getRank() >= least && tensor.isDynamicDim(0) && tensor.getDimSize(1) == time;
  }

  Type packed(Type type) const {
    if (!matches(type))
      return type;
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape{ShapedType::kDynamic};
    llvm::append_range(shape, tensor.getShape().drop_front(2));
    return RankedTensorType::get(shape, tensor.getElementType());
  }
};

/// The second dimension of the first argument, if that is a padded batch.
std::optional<Padding> paddingOf(func::FuncOp function) {
  if (function.isExternal() || function.getNumArguments() < 2)
    return std::nullopt;
  auto first = dyn_cast<RankedTensorType>(function.getArgument(0).getType());
  if (!first || first.getRank() < 2)
    return std::nullopt;
  Padding padding{first.getDimSize(1)};
  if ((!ShapedType::isDynamic(padding.time) && padding.time != 1) || !padding.matches(first))
    return std::nullopt;
  return padding;
}

bool isLengths(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) && tensor.getElementType().isInteger(32);
}

class RowPacker {
public:
  RowPacker(func::FuncOp function, Padding padding, int64_t tile)
      : function(function), padding(padding), builder(function.getContext()), location(function.getLoc()),
        tile(ShapedType::isDynamic(padding.time) ? tile : padding.time) {}

  void run() {
    auto operations = llvm::to_vector(llvm::make_pointer_range(function.getBody().front()));
    builder.setInsertionPointToStart(&function.getBody().front());
    padded = function.getArgument(0);
    lengths = function.getArgument(1);
    starts = rowStarts();
    nameDimensions(padded, {"batch", "length"});
    nameDimensions(lengths, {"batch"});
    for (BlockArgument argument : function.getArguments())
      if (isBatch(argument)) {
        nameDimensions(argument, {"batch", "length"});
        packUses(argument);
      }
    for (Operation *op : operations)
      convert(op);
  }

private:
  /// Says which dimensions of the arguments are one: callers are held to it.
  void nameDimensions(Value value, ArrayRef<StringRef> names) {
    auto argument = cast<BlockArgument>(value);
    auto dynamic = cast<RankedTensorType>(argument.getType()).getNumDynamicDims();
    if (!function.getArgAttr(argument.getArgNumber(), kDims))
      function.setArgAttr(argument.getArgNumber(), kDims, builder.getStrArrayAttr(names.take_front(dynamic)));
  }

  /// Whether an argument's rows are those of the first: it has the shape, and no names that say otherwise.
  bool isBatch(BlockArgument argument) {
    if (!padding.matches(argument.getType()))
      return false;
    auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDims);
    auto first = function.getArgAttrOfType<ArrayAttr>(0, kDims);
    return !names || names.getValue().take_front(first.size()) == first.getValue();
  }

  /// Lets everything but the padded readers of a padded value read its packed form.
  void packUses(Value value) {
    auto pack = PackRowsOp::create(builder, location, padding.packed(value.getType()), value, starts, lengths);
    value.replaceUsesWithIf(
        pack.getResult(), [&](OpOperand &use) { return use.getOwner() != pack && !isa<UnpackRowsOp>(use.getOwner()); });
    if (pack.use_empty())
      pack.erase();
  }

  Value rowStarts() { return RowStartsOp::create(builder, location, lengths.getType(), lengths, tile); }

  /// Rows that are left of a sequence have starts and lengths of their own: those of all operations that follow.
  void convertUnfold(UnfoldOp op) {
    op.getStartsMutable().assign(starts);
    builder.setInsertionPoint(op);
    if (int64_t step = op.getStride(); step > 1) {
      lengths = stridedLengths(op, step);
      starts = rowStarts();
      stride *= step;
    }
    op.getResultStartsMutable().assign(starts);
    op.getResultLengthsMutable().assign(lengths);
  }

  Value stridedLengths(UnfoldOp op, int64_t step) {
    for (Operation *user : op.getLengths().getUsers())
      if (auto known = dyn_cast<StridedLengthsOp>(user))
        if (static_cast<int64_t>(known.getStride()) == step && known->getBlock() == op->getBlock() &&
            known->isBeforeInBlock(op))
          return known;
    return StridedLengthsOp::create(builder, location, lengths.getType(), lengths, step);
  }

  void convertPositions(PositionIdsOp op) {
    Value rows = RowPositionsOp::create(builder, location, padding.packed(op.getType()), starts, op.getPast(),
                                        op.getPad() ? op.getLike() : Value(), op.getPadAttr());
    op.getResult().replaceAllUsesWith(rows);
    op.erase();
  }

  void convert(Operation *op) {
    builder.setInsertionPointAfter(op);
    if (auto positions = dyn_cast<PositionIdsOp>(op))
      return convertPositions(positions);
    llvm::TypeSwitch<Operation *>(op)
        .Case<AttentionOp, CachedAttentionOp, CacheAppendOp, ScanOp, AppendRowsOp, PoolOp>(
            [&](auto sequences) { sequences.getStartsMutable().assign(starts); })
        .Case([&](UnfoldOp unfold) { convertUnfold(unfold); });
    if (isa<func::ReturnOp>(op))
      return unpackResults(op);
    for (Region &region : op->getRegions())
      for (Block &block : region) {
        for (BlockArgument argument : block.getArguments())
          argument.setType(padding.packed(argument.getType()));
        for (Operation &inner : llvm::make_early_inc_range(block))
          convert(&inner);
      }
    for (Value result : op->getResults())
      result.setType(padding.packed(result.getType()));
  }

  void unpackResults(Operation *op) {
    builder.setInsertionPoint(op);
    for (auto [operand, type] : llvm::zip(op->getOpOperands(), function.getResultTypes()))
      if (padding.matches(type))
        operand.set(UnpackRowsOp::create(builder, location, type, operand.get(), starts, lengths, padded, stride));
  }

  static constexpr StringRef kDims = "tenon.dims";

  func::FuncOp function;
  Padding padding;
  OpBuilder builder;
  Location location;
  int64_t tile;
  Value padded, lengths, starts; ///< Lengths and starts are those of the rows that the next operation computes on.
  int64_t stride = 1;            ///< How many rows of `padded` one of them stands for.
};

struct PackRows : tenon::impl::PackRowsBase<PackRows> {
  using PackRowsBase::PackRowsBase;
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    std::optional<Padding> padding = paddingOf(function);
    if (!padding || !isLengths(function.getArgument(1).getType()) || !function.getOps<RowStartsOp>().empty())
      return;
    RowPacker(function, *padding, tile).run();
  }
};

} // namespace
