//===- PlanMemory.cpp - Place buffers in one arena ------------------------===//

#include "passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

#include <array>

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Passes.h.inc"
} // namespace tenon

namespace {

/// A span of operations, in the order in which they stand.
struct Lifetime {
  size_t begin = SIZE_MAX, end = 0;

  void include(size_t position) {
    begin = std::min(begin, position);
    end = std::max(end, position);
  }
  bool overlaps(const Lifetime &other) const { return begin <= other.end && other.begin <= end; }
};

/// Positions of operations and lifetimes of buffers in one function.
class Liveness {
public:
  explicit Liveness(func::FuncOp function) {
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { first[op] = next++; });
    function.walk<WalkOrder::PostOrder>([&](Operation *op) {
      size_t end = first[op];
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (Operation &inner : block)
            end = std::max(end, last[&inner]);
      last[op] = end;
    });
    function.walk<WalkOrder::PreOrder>([&](func::CallOp call) { steps.push_back(call); });
  }

  /// Calls of kernels, in the order in which they stand.
  ArrayRef<func::CallOp> calls() const { return steps; }

  /// The number of calls before a lifetime, and before what follows it.
  std::array<int64_t, 2> stepsOf(const Lifetime &lifetime) const {
    auto before = [&](size_t position) {
      return llvm::count_if(steps, [&](func::CallOp call) { return first.lookup(call) < position; });
    };
    return {before(lifetime.begin), before(lifetime.end + 1)};
  }

  /// From a buffer's first use to its last. A use in a loop reaches over the whole loop, unless the loop has all uses
  /// and begins by writing the buffer: then no iteration sees what another left there.
  Lifetime lifetime(memref::AllocOp alloc) const {
    SmallVector<OpOperand *> uses = llvm::to_vector(llvm::make_pointer_range(alloc->getUses()));
    Lifetime lifetime;
    for (OpOperand *use : uses)
      lifetime.include(first.lookup(use->getOwner()));
    for (OpOperand *use : uses) {
      Operation *loop = outermostLoop(use->getOwner(), alloc);
      if (!loop)
        continue;
      bool alone = llvm::all_of(uses, [&](OpOperand *other) { return loop->isProperAncestor(other->getOwner()); });
      if (alone && beginsWithWrite(uses))
        continue;
      lifetime.include(first.lookup(loop));
      lifetime.include(last.lookup(loop));
    }
    return lifetime;
  }

  Operation *lastUser(memref::AllocOp alloc) const {
    return *llvm::max_element(alloc->getUsers(),
                              [&](Operation *a, Operation *b) { return first.lookup(a) < first.lookup(b); });
  }

private:
  static Operation *outermostLoop(Operation *op, memref::AllocOp alloc) {
    Operation *loop = nullptr;
    for (Operation *parent = op; parent != alloc->getParentOp(); parent = parent->getParentOp())
      if (isa<LoopLikeOpInterface>(parent))
        loop = parent;
    return loop;
  }

  /// Whether the first use, among straight-line code of one loop body, is as a kernel's result.
  bool beginsWithWrite(ArrayRef<OpOperand *> uses) const {
    OpOperand *begin = *std::min_element(uses.begin(), uses.end(), [&](OpOperand *a, OpOperand *b) {
      return first.lookup(a->getOwner()) < first.lookup(b->getOwner());
    });
    auto call = dyn_cast<func::CallOp>(begin->getOwner());
    if (!call || !isa<LoopLikeOpInterface>(call->getParentOp()))
      return false;
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
    auto results = callee ? callee->getAttrOfType<IntegerAttr>("tenon.results") : IntegerAttr();
    if (!results)
      return false;
    unsigned inputs = call.getNumOperands() - results.getInt();
    return llvm::none_of(uses,
                         [&](OpOperand *use) { return use->getOwner() == call && use->getOperandNumber() < inputs; });
  }

  size_t next = 0;
  llvm::DenseMap<Operation *, size_t> first, last;
  SmallVector<func::CallOp> steps;
};

/// Part of the arena that buffers share one after another.
struct Slot {
  SmallVector<memref::AllocOp> buffers;
  SmallVector<Lifetime> lifetimes;

  bool isFree(const Lifetime &lifetime) const {
    return llvm::none_of(lifetimes, [&](const Lifetime &other) { return other.overlaps(lifetime); });
  }
};

int64_t staticElements(MemRefType type) {
  int64_t elements = 1;
  for (int64_t size : type.getShape())
    elements *= ShapedType::isDynamic(size) ? 1 : size;
  return elements;
}

/// How well a buffer fits a slot: the same dynamic sizes, and little difference in the static ones.
int64_t misfit(memref::AllocOp buffer, const Slot &slot) {
  memref::AllocOp other = slot.buffers.front();
  int64_t difference = std::abs(staticElements(buffer.getType()) - staticElements(other.getType()));
  return llvm::equal(buffer.getDynamicSizes(), other.getDynamicSizes()) ? difference : INT32_MAX + difference;
}

SmallVector<Slot> assignSlots(ArrayRef<memref::AllocOp> buffers, const Liveness &liveness) {
  SmallVector<std::pair<Lifetime, memref::AllocOp>> ordered;
  for (memref::AllocOp buffer : buffers)
    ordered.push_back({liveness.lifetime(buffer), buffer});
  // The largest first: they decide the slots' sizes, the smaller ones fill what is free between them.
  auto order = [](const auto &a, const auto &b) {
    int64_t first = staticElements(memref::AllocOp(a.second).getType());
    int64_t second = staticElements(memref::AllocOp(b.second).getType());
    return first != second ? first > second : a.first.begin < b.first.begin;
  };
  llvm::sort(ordered, order);
  SmallVector<Slot> slots;
  for (auto &[lifetime, buffer] : ordered) {
    Slot *best = nullptr;
    for (Slot &slot : slots)
      if (slot.isFree(lifetime) && (!best || misfit(buffer, slot) < misfit(buffer, *best)))
        best = &slot;
    if (!best)
      best = &slots.emplace_back();
    best->buffers.push_back(buffer);
    best->lifetimes.push_back(lifetime);
  }
  return slots;
}

/// Every buffer starts on a cache line.
constexpr int64_t kAlignment = 64;

class ArenaBuilder {
public:
  ArenaBuilder(OpBuilder &builder, Location location) : builder(builder), location(location) {}

  Value constant(int64_t value) { return builder.createOrFold<arith::ConstantIndexOp>(location, value); }

  Value bytes(memref::AllocOp buffer) {
    int64_t width = buffer.getType().getElementTypeBitWidth() / 8;
    Value size = constant(staticElements(buffer.getType()) * width);
    for (Value dynamic : buffer.getDynamicSizes())
      size = builder.createOrFold<arith::MulIOp>(location, size, dynamic);
    Value bumped = builder.createOrFold<arith::AddIOp>(location, size, constant(kAlignment - 1));
    Value lines = builder.createOrFold<arith::DivUIOp>(location, bumped, constant(kAlignment));
    return builder.createOrFold<arith::MulIOp>(location, lines, constant(kAlignment));
  }

  Value bytes(const Slot &slot) {
    Value most;
    for (memref::AllocOp buffer : slot.buffers)
      most = most ? builder.createOrFold<arith::MaxUIOp>(location, most, bytes(buffer)) : bytes(buffer);
    return most;
  }

  void build(ArrayRef<Slot> slots) {
    SmallVector<Value> offsets;
    Value total = constant(0);
    for (const Slot &slot : slots) {
      offsets.push_back(total);
      total = builder.createOrFold<arith::AddIOp>(location, total, bytes(slot));
    }
    auto type = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    auto arena = memref::AllocOp::create(builder, location, type, total, builder.getI64IntegerAttr(kAlignment));
    arena->setAttr("tenon.arena", builder.getUnitAttr());
    for (auto [slot, offset] : llvm::zip(slots, offsets))
      for (memref::AllocOp buffer : slot.buffers) {
        Value view =
            memref::ViewOp::create(builder, location, buffer.getType(), arena, offset, buffer.getDynamicSizes());
        buffer.replaceAllUsesWith(view);
        buffer.erase();
      }
  }

private:
  OpBuilder &builder;
  Location location;
};

/// A buffer, as `tenon.memory` shows it: its name and type, what its dynamic sizes are called, the calls of kernels from
/// the first to the one behind the last during which it is needed, and which kernel uses it last, unless the driver does.
Attribute describe(memref::AllocOp buffer, const Liveness &liveness) {
  Builder builder(buffer.getContext());
  std::array<int64_t, 2> steps = liveness.stepsOf(liveness.lifetime(buffer));
  SmallVector<NamedAttribute> parts{builder.getNamedAttr("type", TypeAttr::get(buffer.getType())),
                                    builder.getNamedAttr("steps", builder.getDenseI64ArrayAttr(steps))};
  if (Attribute of = buffer->getAttr("tenon.of"))
    parts.push_back(builder.getNamedAttr("of", of));
  if (Attribute sizes = buffer->getAttr("tenon.sizes"))
    parts.push_back(builder.getNamedAttr("sizes", sizes));
  if (!buffer->use_empty())
    if (auto call = dyn_cast<func::CallOp>(liveness.lastUser(buffer)))
      parts.push_back(builder.getNamedAttr("until", builder.getStringAttr(call.getCallee())));
  return builder.getDictionaryAttr(parts);
}

Attribute describe(ArrayRef<Slot> slots, const Liveness &liveness) {
  SmallVector<Attribute> list;
  for (const Slot &slot : slots) {
    auto buffers = llvm::map_to_vector(
        slot.buffers, [&](memref::AllocOp buffer) -> Attribute { return describe(buffer, liveness); });
    list.push_back(ArrayAttr::get(slots.front().buffers.front()->getContext(), buffers));
  }
  return ArrayAttr::get(slots.front().buffers.front()->getContext(), list);
}

struct PlanMemory : tenon::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    SmallVector<memref::AllocOp> buffers;
    for (auto alloc : function.getOps<memref::AllocOp>())
      if (!alloc->hasAttr("tenon.arena"))
        buffers.push_back(alloc);
    if (buffers.empty())
      return;
    // Allocations stand together, so that the last of them sees every size, and no buffer is used ahead of it.
    for (memref::AllocOp buffer : buffers)
      for (Operation *user : buffer->getUsers())
        if (!buffers.back()->isBeforeInBlock(function.getBody().front().findAncestorOpInBlock(*user))) {
          buffer.emitOpError() << "is used before the last allocation, expected allocations ahead of what uses them";
          return signalPassFailure();
        }
    Liveness liveness(function);
    SmallVector<Slot> slots = assignSlots(buffers, liveness);
    OpBuilder builder(function.getContext());
    function->setAttr("tenon.memory", describe(slots, liveness));
    auto callees = llvm::map_to_vector(liveness.calls(), [](func::CallOp call) { return call.getCallee(); });
    function->setAttr("tenon.memory_steps", builder.getStrArrayAttr(callees));
    builder.setInsertionPointAfter(buffers.back());
    ArenaBuilder(builder, function.getLoc()).build(slots);
  }
};

} // namespace
