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

/// Sequences whose rows come in one padded argument or more.
struct Batch {
  BlockArgument padded;  ///< The first of them; its lengths are the argument behind it.
  Value lengths, starts; ///< Those of the rows that the next operation computes on.
  int64_t stride = 1;    ///< How many rows of `padded` one of them stands for.
};

class RowPacker {
public:
  RowPacker(func::FuncOp function, Padding padding, int64_t tile)
      : function(function), padding(padding), builder(function.getContext()), location(function.getLoc()),
        tile(ShapedType::isDynamic(padding.time) ? tile : padding.time) {}

  void run() {
    auto operations = llvm::to_vector(llvm::make_pointer_range(function.getBody().front()));
    builder.setInsertionPointToStart(&function.getBody().front());
    findBatches();
    for (BlockArgument argument : function.getArguments())
      if (Batch *batch = batchOf(argument))
        packUses(argument, *batch);
    for (Operation *op : operations)
      convert(op);
  }

private:
  /// A batch begins with an argument of its shape and names, behind which its lengths stand.
  void findBatches() {
    for (BlockArgument argument : function.getArguments()) {
      if (!padding.matches(argument.getType()) || isPageTable(argument))
        continue;
      Batch *batch = llvm::find_if(batches, [&](const Batch &each) { return haveSameRows(each.padded, argument); });
      if (batch == batches.end()) {
        unsigned next = argument.getArgNumber() + 1;
        if ((!batches.empty() && argument.use_empty()) || next == function.getNumArguments() ||
            !isLengths(function.getArgument(next).getType()))
          continue;
        Value lengths = function.getArgument(next);
        nameDimensions(argument, {"batch", "length"});
        nameDimensions(lengths, {"batch"});
        batch = &batches.emplace_back(Batch{argument, lengths, rowStarts(lengths)});
      }
      nameDimensions(argument, {"batch", "length"});
      numbers[argument] = batch - batches.begin();
    }
  }

  /// A table of pages has the shape of a batch of ids.
  static bool isPageTable(Value value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      return llvm::TypeSwitch<Operation *, bool>(user)
          .Case<CacheAppendOp, AppendRowsOp, ScanOp, DepthwiseOp>([&](auto op) { return op.getPages() == value; })
          .Case([&](AttentionOp op) {
            return llvm::any_of(op.getKeySegments(), [&](const KeySegment &segment) { return segment.pages == value; });
          })
          .Default([](Operation *) { return false; });
    });
  }

  /// Says which dimensions of the arguments are one: callers are held to it.
  void nameDimensions(Value value, ArrayRef<StringRef> names) {
    auto argument = cast<BlockArgument>(value);
    auto dynamic = cast<RankedTensorType>(argument.getType()).getNumDynamicDims();
    if (!function.getArgAttr(argument.getArgNumber(), kDims))
      function.setArgAttr(argument.getArgNumber(), kDims, builder.getStrArrayAttr(names.take_front(dynamic)));
  }

  /// Whether an argument's rows are those of another of the same shape: no names say otherwise.
  bool haveSameRows(BlockArgument first, BlockArgument argument) {
    auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDims);
    auto firstNames = function.getArgAttrOfType<ArrayAttr>(first.getArgNumber(), kDims);
    return !names || names.getValue().take_front(firstNames.size()) == firstNames.getValue();
  }

  Batch *batchOf(Value value) {
    auto found = numbers.find(value);
    return found == numbers.end() ? nullptr : &batches[found->second];
  }

  /// That of an operation's rows: of the first operand that has one.
  std::optional<unsigned> numberOf(ValueRange values) {
    for (Value value : values)
      if (auto found = numbers.find(value); found != numbers.end())
        return found->second;
    return std::nullopt;
  }

  /// Lets everything but the padded readers of a padded value read its packed form.
  void packUses(Value value, const Batch &batch) {
    auto pack =
        PackRowsOp::create(builder, location, padding.packed(value.getType()), value, batch.starts, batch.lengths);
    numbers[pack] = numbers[value];
    value.replaceUsesWithIf(
        pack.getResult(), [&](OpOperand &use) { return use.getOwner() != pack && !isa<UnpackRowsOp>(use.getOwner()); });
    if (pack.use_empty()) {
      numbers.erase(pack);
      pack.erase();
    }
  }

  Value rowStarts(Value lengths) { return RowStartsOp::create(builder, location, lengths.getType(), lengths, tile); }

  /// Rows that are left of a sequence have starts and lengths of their own: those of all operations that follow.
  void convertUnfold(UnfoldOp op, Batch &batch) {
    op.getStartsMutable().assign(batch.starts);
    builder.setInsertionPoint(op);
    if (int64_t step = op.getStride(); step > 1) {
      batch.lengths = stridedLengths(op, batch, step);
      batch.starts = rowStarts(batch.lengths);
      batch.stride *= step;
    }
    op.getResultStartsMutable().assign(batch.starts);
    op.getResultLengthsMutable().assign(batch.lengths);
  }

  Value stridedLengths(UnfoldOp op, const Batch &batch, int64_t step) {
    for (Operation *user : op.getLengths().getUsers())
      if (auto known = dyn_cast<StridedLengthsOp>(user))
        if (static_cast<int64_t>(known.getStride()) == step && known->getBlock() == op->getBlock() &&
            known->isBeforeInBlock(op))
          return known;
    return StridedLengthsOp::create(builder, location, batch.lengths.getType(), batch.lengths, step);
  }

  void convertPositions(PositionIdsOp op, unsigned number) {
    Value rows = RowPositionsOp::create(builder, location, padding.packed(op.getType()), batches[number].starts,
                                        op.getPast(), op.getPad() ? op.getLike() : Value(), op.getPadAttr());
    numbers[rows] = number;
    op.getResult().replaceAllUsesWith(rows);
    op.erase();
  }

  /// Keys of other sequences start where their own batch has them.
  void convertAttention(AttentionOp op, const Batch &batch) {
    op.getStartsMutable().assign(batch.starts);
    SmallVector<KeySegment> segments = op.getKeySegments();
    for (KeySegment &segment : segments)
      if (Batch *keys = segment.isInPages() || segment.isOwn() ? nullptr : batchOf(segment.key))
        segment.starts = keys->starts;
    op.setKeySegments(segments);
  }

  void convert(Operation *op) {
    builder.setInsertionPointAfter(op);
    std::optional<unsigned> number = numberOf(op->getOperands());
    if (isa<func::ReturnOp>(op))
      return unpackResults(op);
    if (number) {
      if (auto positions = dyn_cast<PositionIdsOp>(op))
        return convertPositions(positions, *number);
      Batch &batch = batches[*number];
      llvm::TypeSwitch<Operation *>(op)
          .Case<CacheAppendOp, ScanOp, DepthwiseOp, AppendRowsOp, PoolOp>(
              [&](auto sequences) { sequences.getStartsMutable().assign(batch.starts); })
          .Case([&](AttentionOp attention) { convertAttention(attention, batch); })
          .Case([&](UnfoldOp unfold) { convertUnfold(unfold, batch); });
    }
    for (Region &region : op->getRegions())
      for (Block &block : region)
        convertBlock(op, block);
    for (auto [index, result] : llvm::enumerate(op->getResults()))
      if (padding.matches(result.getType())) {
        std::optional<unsigned> own = isa<RepeatOp>(op) ? numberOf(op->getOperand(index)) : number;
        setPacked(result, own);
      }
  }

  /// The block of a repeat: its arguments are the turn, and what the operation's operands begin with.
  void convertBlock(Operation *op, Block &block) {
    for (BlockArgument argument : block.getArguments())
      if (padding.matches(argument.getType()))
        setPacked(argument, numberOf(op->getOperand(argument.getArgNumber() - 1)));
    for (Operation &inner : llvm::make_early_inc_range(block))
      convert(&inner);
  }

  void setPacked(Value value, std::optional<unsigned> number) {
    value.setType(padding.packed(value.getType()));
    if (number)
      numbers[value] = *number;
  }

  void unpackResults(Operation *op) {
    builder.setInsertionPoint(op);
    for (auto [operand, type] : llvm::zip(op->getOpOperands(), function.getResultTypes()))
      if (Batch *batch = padding.matches(type) ? batchOf(operand.get()) : nullptr)
        operand.set(UnpackRowsOp::create(builder, location, type, operand.get(), batch->starts, batch->lengths,
                                         batch->padded, batch->stride));
  }

  static constexpr StringRef kDims = "tenon.dims";

  func::FuncOp function;
  Padding padding;
  OpBuilder builder;
  Location location;
  int64_t tile;
  SmallVector<Batch> batches;
  DenseMap<Value, unsigned> numbers; ///< The batch of each value that has rows.
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
