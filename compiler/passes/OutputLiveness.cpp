//===- OutputLiveness.cpp - Which outputs an operation is for -------------===//

#include "passes/OutputLiveness.h"

#include "passes/DriverSignature.h"
#include "tenon/Dialect.h"

using namespace mlir;
using namespace tenon;

OutputLiveness::OutputLiveness(func::FuncOp function) : function(function) {
  Block &block = function.getBody().front();
  Operation *end = block.getTerminator();
  for (Operation &op : llvm::reverse(block)) {
    llvm::SmallSetVector<unsigned, 4> results;
    for (OpOperand &use : op.getUses()) {
      Operation *user = block.findAncestorOpInBlock(*use.getOwner());
      if (user == end)
        results.insert(use.getOperandNumber());
      else
        results.insert_range(reached.lookup(user));
    }
    reached.try_emplace(&op, std::move(results));
  }
}

ArrayRef<unsigned> OutputLiveness::onlyFor(Operation *op) {
  auto found = reached.find(op);
  if (!isa<KernelOp>(op) || found == reached.end() || found->second.size() == function.getNumResults() ||
      llvm::any_of(found->second, [&](unsigned result) { return isState(function, result); }))
    return {};
  return found->second.getArrayRef();
}
