//===- StackGraph.h - What the stacks of a model have of each other -------===//

#ifndef TENON_STACKGRAPH_H
#define TENON_STACKGRAPH_H

#include "tenon/Dialect.h"

namespace tenon {

/// Sources, parts and positions name stacks of the model whose states are there when they are read.
mlir::LogicalResult verifyStackGraph(ModelOp model);

/// The cached stack that a stack grows with as its last part; null where it grows by itself, or not at all.
StackOp growingReaderOf(StackOp stack);

} // namespace tenon

#endif // TENON_STACKGRAPH_H
