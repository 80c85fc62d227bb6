//===- Cost.cpp -----------------------------------------------------------===//

#include "cost/Cost.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::cost;

#include "cost/CostInterface.cpp.inc"

/// Whether an element takes more than its own row, so that there are products to be added up.
static bool mustSay(ComputeOpInterface op) {
  switch (op.getLocality()) {
  case Locality::Product:
  case Locality::Sequence:
    return true;
  case Locality::View:
  case Locality::Elementwise:
  case Locality::Row:
  case Locality::Gather:
  case Locality::Update:
    return false;
  }
  llvm_unreachable("locality of no kind");
}

static FailureOr<uint64_t> costOf(Operation &op, Call &call);

FailureOr<uint64_t> tenon::cost::multiplyAdds(Block &block, Call &call) {
  uint64_t sum = 0;
  for (Operation &op : block) {
    FailureOr<uint64_t> cost = costOf(op, call);
    if (failed(cost))
      return failure();
    sum = llvm::SaturatingAdd(sum, *cost);
  }
  return sum;
}

static FailureOr<uint64_t> costOf(Operation &op, Call &call) {
  if (auto kernel = dyn_cast<KernelOp>(op))
    return multiplyAdds(kernel.getBody().front(), call);
  if (auto repeat = dyn_cast<RepeatOp>(op)) {
    FailureOr<uint64_t> once = multiplyAdds(repeat.getBody().front(), call);
    return failed(once) ? once : llvm::SaturatingMultiply<uint64_t>(*once, repeat.getCount());
  }
  if (auto model = dyn_cast<CostOpInterface>(op))
    return model.countMultiplyAdds(call);
  auto compute = dyn_cast<ComputeOpInterface>(op);
  if (!compute || !mustSay(compute))
    return 0;
  return op.emitError() << "does not say what it computes: compiler/cost has no model of it";
}

FailureOr<uint64_t> tenon::cost::multiplyAdds(func::FuncOp function, Call &call,
                                              function_ref<bool(unsigned result)> wanted) {
  Block &block = function.getBody().front();
  llvm::DenseSet<Operation *> needed;
  uint64_t sum = 0;
  for (Operation &op : llvm::reverse(block)) {
    bool isNeeded = llvm::any_of(op.getUses(), [&](OpOperand &use) {
      Operation *user = block.findAncestorOpInBlock(*use.getOwner());
      return user == block.getTerminator() ? wanted(use.getOperandNumber()) : needed.contains(user);
    });
    if (!isNeeded)
      continue;
    needed.insert(&op);
    FailureOr<uint64_t> cost = costOf(op, call);
    if (failed(cost))
      return failure();
    sum = llvm::SaturatingAdd(sum, *cost);
  }
  return sum;
}
