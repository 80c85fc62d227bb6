//===- FuseKernels.cpp - Group operations into kernels --------------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_FUSEKERNELS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// The operand whose rows an operation computes on.
Value rowsOf(Operation *op) {
  if (auto append = dyn_cast<CacheAppendOp>(op))
    return append.getKey();
  auto append = dyn_cast<AppendRowsOp>(op);
  return append ? append.getRows() : op->getOperand(0);
}

/// The value whose rows are those that an operation makes.
Value tiledBy(Operation *op) {
  auto unfold = dyn_cast<UnfoldOp>(op);
  return unfold && unfold.getResultStarts() ? unfold.getResultStarts() : rowsOf(op);
}

/// What the number of rows of a value is known to be a multiple of: the tile of packed rows, 1 for others.
int64_t rowTileOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    unsigned result = cast<OpResult>(value).getResultNumber();
    if (auto starts = dyn_cast<RowStartsOp>(op))
      return static_cast<int64_t>(starts.getTile());
    if (isa<PoolOp>(op))
      return 1;
    if (auto pack = dyn_cast<PackRowsOp>(op))
      value = pack.getStarts();
    else if (auto positions = dyn_cast<RowPositionsOp>(op))
      value = positions.getStarts();
    else if (auto unfold = dyn_cast<UnfoldOp>(op))
      value = tiledBy(unfold);
    else if (auto kernel = dyn_cast<KernelOp>(op))
      value = kernel.getDimensionSource(result, 0).value;
    else if (auto repeat = dyn_cast<RepeatOp>(op))
      value = repeat.getInits()[result];
    else if (isa<ComputeOpInterface>(op))
      value = rowsOf(op);
    else
      return 1;
    if (!value)
      return 1;
  }
  auto argument = cast<BlockArgument>(value);
  auto repeat = dyn_cast<RepeatOp>(argument.getOwner()->getParentOp());
  return repeat ? rowTileOf(repeat.getInits()[argument.getArgNumber() - 1]) : 1;
}

/// Operations of one block that become a kernel.
using Group = llvm::SetVector<Operation *>;

class BlockFuser {
public:
  explicit BlockFuser(Block &block) {
    for (Operation &op : block)
      if (isa<ComputeOpInterface>(op))
        operations.push_back(&op);
  }

  /// From the most demanding operations to the least, so that each takes what it profits from most.
  void grow() {
    for (Operation *op : operations)
      if (locality(op) == Locality::Product) {
        Group &group = start(op);
        takeProducers(group, [](Operation *producer) {
          Locality kind = locality(producer);
          return kind == Locality::View || kind == Locality::Elementwise || kind == Locality::Row;
        });
        takeConsumers(group, [](Operation *consumer) { return locality(consumer) == Locality::Elementwise; });
      }
    for (Operation *op : operations)
      if ((locality(op) == Locality::Sequence || locality(op) == Locality::Update) && !groupOf.contains(op)) {
        Group &group = start(op);
        takeProducers(group, [](Operation *producer) {
          auto headNorm = dyn_cast<NormOp>(producer);
          return locality(producer) == Locality::View || isa<RotaryOp>(producer) ||
                 (headNorm && headNorm.getGroups() > 1);
        });
        takeConsumers(group, [](Operation *consumer) { return isa<NormOp>(consumer); });
      }
    for (Operation *op : llvm::reverse(operations))
      if (!groupOf.contains(op))
        takeProducers(start(op), [](Operation *producer) {
          Locality kind = locality(producer);
          return kind != Locality::Product && kind != Locality::Sequence && kind != Locality::Update;
        });
  }

  void growSingles() {
    for (Operation *op : operations)
      start(op);
  }

  void outline() {
    for (Group &group : groups)
      outline(group);
  }

private:
  static Locality locality(Operation *op) { return cast<ComputeOpInterface>(op).getLocality(); }

  Group &start(Operation *op) {
    groupOf[op] = groups.size();
    groups.emplace_back().insert(op);
    return groups.back();
  }

  bool isFree(Operation *op, Operation *near) const {
    return op && isa<ComputeOpInterface>(op) && op->getBlock() == near->getBlock() && !groupOf.contains(op);
  }

  void take(Group &group, Operation *op) {
    groupOf[op] = &group - groups.data();
    group.insert(op);
  }

  /// Takes in producers that only the group reads, and a copy of a view that others read too: nothing is computed
  /// twice.
  void takeProducers(Group &group, llvm::function_ref<bool(Operation *)> wanted) {
    for (size_t i = 0; i < group.size(); ++i)
      for (Value operand : group[i]->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (!isFree(producer, group[i]) || !wanted(producer))
          continue;
        auto isInside = [&](OpOperand &use) { return group.contains(use.getOwner()); };
        if (llvm::all_of(producer->getUses(), isInside)) {
          take(group, producer);
        } else if (locality(producer) == Locality::View && !mayJoin(producer, group)) {
          Operation *copy = OpBuilder(producer).clone(*producer);
          for (auto [result, copied] : llvm::zip(producer->getResults(), copy->getResults()))
            result.replaceUsesWithIf(copied, isInside);
          take(group, copy);
        }
      }
  }

  /// Whether readers of `producer` outside the group may still become part of it: operations on rows that the group's
  /// own operations read.
  bool mayJoin(Operation *producer, const Group &group) const {
    return llvm::any_of(producer->getUsers(), [&](Operation *user) {
      return !group.contains(user) && isFree(user, producer) &&
             llvm::all_of(user->getUsers(), [&](Operation *reader) { return group.contains(reader); });
    });
  }

  /// Takes in the chain of consumers that alone read what the group makes.
  void takeConsumers(Group &group, llvm::function_ref<bool(Operation *)> wanted) {
    Operation *tail = group[0];
    while (tail->getNumResults() == 1 && llvm::hasSingleElement(tail->getUsers())) {
      Operation *consumer = *tail->user_begin();
      if (!isFree(consumer, tail) || !wanted(consumer))
        return;
      take(group, consumer);
      tail = consumer;
    }
  }

  static void outline(Group &group) {
    auto ordered = group.takeVector();
    llvm::sort(ordered, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    llvm::SmallDenseSet<Operation *> members(ordered.begin(), ordered.end());
    llvm::SetVector<Value> inputs;
    SmallVector<Value> outputs;
    for (Operation *op : ordered) {
      for (Value operand : op->getOperands())
        if (!members.contains(operand.getDefiningOp()))
          inputs.insert(operand);
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !members.contains(user); }))
          outputs.push_back(result);
    }

    Operation *last = ordered.back();
    OpBuilder builder(last);
    auto kernel = KernelOp::create(builder, last->getLoc(), TypeRange(ValueRange(outputs)), "", inputs.getArrayRef(),
                                   rowTileOf(tiledBy(ordered.front())), builder.getArrayAttr({}));
    Block &body = kernel.getBody().emplaceBlock();
    IRMapping mapping;
    for (Value input : inputs)
      mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
    builder.setInsertionPointToStart(&body);
    for (Operation *op : ordered)
      builder.clone(*op, mapping);
    YieldOp::create(builder, last->getLoc(),
                    llvm::map_to_vector(outputs, [&](Value output) { return mapping.lookup(output); }));
    for (auto [output, result] : llvm::zip(outputs, kernel.getResults()))
      output.replaceAllUsesWith(result);
    for (Operation *op : llvm::reverse(ordered))
      op->erase();
  }

  SmallVector<Operation *> operations;
  std::vector<Group> groups;
  llvm::DenseMap<Operation *, size_t> groupOf;
};

struct FuseKernels : tenon::impl::FuseKernelsBase<FuseKernels> {
  using FuseKernelsBase::FuseKernelsBase;
  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<KernelOp>(op))
        return WalkResult::skip();
      for (Region &region : op->getRegions())
        llvm::append_range(blocks, llvm::make_pointer_range(region));
      return WalkResult::advance();
    });
    for (Block *block : blocks) {
      BlockFuser fuser(*block);
      if (fuse)
        fuser.grow();
      else
        fuser.growSingles();
      fuser.outline();
    }
  }
};

} // namespace
