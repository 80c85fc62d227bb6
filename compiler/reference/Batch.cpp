//===- Batch.cpp - Sequences of a batch -----------------------------------===//

#include "reference/Batch.h"

using namespace mlir;

namespace tenon::reference {

FailureOr<SmallVector<Sequence>> getSequences(Operation *op, ArrayRef<int32_t> lengths, ArrayRef<int64_t> paddedShape) {
  int64_t batch = paddedShape[0], time = paddedShape[1];
  if (static_cast<int64_t>(lengths.size()) != batch)
    return op->emitError() << "has " << lengths.size() << " lengths for a batch of " << batch;
  SmallVector<Sequence> sequences;
  for (auto [b, length] : llvm::enumerate(lengths)) {
    if (length < 0 || length > time)
      return op->emitError() << "length " << length << " of sequence " << b << " is not between 0 and " << time;
    int64_t begin = static_cast<int64_t>(b) * time;
    sequences.push_back({begin, begin + time, length});
  }
  return sequences;
}

FailureOr<SmallVector<Sequence>> getSequences(Operation *op, ArrayRef<int32_t> lengths, ArrayRef<int32_t> starts,
                                              int64_t rows) {
  if (starts.size() != lengths.size() + 1)
    return op->emitError() << "has " << starts.size() << " starts for " << lengths.size()
                           << " lengths, expected one more";
  if (starts.front() != 0 || starts.back() != rows)
    return op->emitError() << "starts go from " << starts.front() << " to " << starts.back() << ", expected 0 to "
                           << rows;
  SmallVector<Sequence> sequences;
  for (auto [b, length] : llvm::enumerate(lengths)) {
    int64_t space = static_cast<int64_t>(starts[b + 1]) - starts[b];
    if (length < 0 || length > space)
      return op->emitError() << "length " << length << " of sequence " << b << " is not between 0 and its " << space
                             << " rows";
    sequences.push_back({starts[b], starts[b + 1], length});
  }
  return sequences;
}

} // namespace tenon::reference
