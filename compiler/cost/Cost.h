//===- Cost.h - What a call of an entry point computes ----------*- C++ -*-===//

#ifndef TENON_COST_COST_H
#define TENON_COST_COST_H

#include "cost/Call.h"

#include "mlir/IR/DialectRegistry.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include "cost/CostInterface.h.inc"

namespace tenon::cost {

/// Attaches `CostOpInterface` to the operations of tensor IR, and what it needs of the reference.
void registerCostModels(mlir::DialectRegistry &registry);

/// Multiplications whose products are added up (two floating-point operations each): of matrix products, of attention
/// for the keys that its masks let queries see, and of recurrences. `function` is of kernel IR; operations count that
/// the results which `wanted` names need, by their numbers, those of a loop as often as it runs. What is not known is a
/// diagnostic.
llvm::FailureOr<uint64_t> multiplyAdds(mlir::func::FuncOp function, Call &call,
                                       llvm::function_ref<bool(unsigned result)> wanted);

/// The same of all operations of a block.
llvm::FailureOr<uint64_t> multiplyAdds(mlir::Block &block, Call &call);

} // namespace tenon::cost

#endif // TENON_COST_COST_H
