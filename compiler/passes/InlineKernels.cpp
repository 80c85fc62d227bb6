//===- InlineKernels.cpp - Kernels back into tensor IR --------------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_INLINEKERNELS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

struct InlineKernels : tenon::impl::InlineKernelsBase<InlineKernels> {
  void runOnOperation() override {
    getOperation().walk([](KernelOp kernel) {
      OpBuilder builder(kernel);
      IRMapping mapping;
      mapping.map(kernel.getBody().front().getArguments(), kernel.getInputs());
      for (Operation &op : kernel.getBody().front().without_terminator())
        builder.clone(op, mapping);
      for (auto [result, yielded] : llvm::zip(kernel.getResults(), kernel.getYield().getOperands()))
        result.replaceAllUsesWith(mapping.lookup(yielded));
      kernel.erase();
    });
  }
};

} // namespace
