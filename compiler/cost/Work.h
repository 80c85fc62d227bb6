//===- Work.h - What a call of a kernel computes and moves ------*- C++ -*-===//

#ifndef TENON_COST_WORK_H
#define TENON_COST_WORK_H

#include "cost/Call.h"

namespace tenon::cost {

struct Work {
  /// Multiplications whose products are added up, two floating-point operations each (see `multiplyAdds`).
  uint64_t multiplyAdds = 0;
  /// Bytes of each argument that are read at least once, and of each result that are written: what a kernel moves
  /// however it is scheduled. Of tables those rows that are picked (each counts), of caches those keys and values that
  /// masks let queries see.
  std::vector<uint64_t> argumentBytes, resultBytes;

  uint64_t flops() const { return 2 * multiplyAdds; }
  uint64_t bytes() const;
};

/// Of `kernel`, called with these sizes. Needs `registerCostModels`; what is not known is a diagnostic.
llvm::FailureOr<Work> workOf(KernelOp kernel, const KernelSizes &sizes);

} // namespace tenon::cost

#endif // TENON_COST_WORK_H
