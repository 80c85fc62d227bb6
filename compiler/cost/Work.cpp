//===- Work.cpp - What a call of a kernel computes and moves --------------===//

#include "cost/Work.h"
#include "cost/Cost.h"

#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::cost;

uint64_t Work::bytes() const {
  return std::accumulate(argumentBytes.begin(), argumentBytes.end(),
                         std::accumulate(resultBytes.begin(), resultBytes.end(), uint64_t(0)));
}

/// What operations read of a value: the most that one of them does, of views what theirs do.
static FailureOr<uint64_t> readBytes(Value value, Call &call) {
  uint64_t most = 0;
  for (Operation *user : llvm::SetVector<Operation *>(value.user_begin(), value.user_end())) {
    FailureOr<uint64_t> bytes = 0;
    if (auto compute = dyn_cast<ComputeOpInterface>(user); compute && compute.getLocality() == Locality::View) {
      for (Value view : user->getResults()) {
        FailureOr<uint64_t> part = readBytes(view, call);
        if (failed(part))
          return failure();
        *bytes += *part;
      }
    } else if (auto model = dyn_cast<CostOpInterface>(user)) {
      bytes = model.countReadBytes(value, call);
    } else {
      bytes = call.bytes(value);
    }
    if (failed(bytes))
      return failure();
    most = std::max(most, *bytes);
  }
  return most;
}

static FailureOr<uint64_t> writtenBytes(Value result, Call &call) {
  if (auto model = result.getDefiningOp<CostOpInterface>())
    return model.countWrittenBytes(result, call);
  return call.bytes(result);
}

FailureOr<Work> tenon::cost::workOf(KernelOp kernel, const KernelSizes &sizes) {
  KernelCall call(kernel, sizes);
  Block &body = kernel.getBody().front();
  FailureOr<uint64_t> products = multiplyAdds(body, call);
  if (failed(products))
    return failure();
  Work work;
  work.multiplyAdds = *products;
  for (BlockArgument argument : body.getArguments()) {
    FailureOr<uint64_t> bytes = readBytes(argument, call);
    if (failed(bytes))
      return failure();
    work.argumentBytes.push_back(*bytes);
  }
  for (Value result : body.getTerminator()->getOperands()) {
    FailureOr<uint64_t> bytes = writtenBytes(result, call);
    if (failed(bytes))
      return failure();
    work.resultBytes.push_back(*bytes);
  }
  return work;
}
