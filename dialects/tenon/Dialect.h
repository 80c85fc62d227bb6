//===- Dialect.h - The tenon dialect ----------------------------*- C++ -*-===//

#ifndef TENON_DIALECT_H
#define TENON_DIALECT_H

#include "kernels/KernelDescription.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tenon {

/// How an operation's results depend on its operands: what fusion may put into one kernel.
enum class Locality {
  View,        ///< An element is one of the operand's; nothing is computed.
  Elementwise, ///< An element on the elements at the same place.
  Row,         ///< A row on the same row.
  Gather,      ///< A row on a row of a table.
  Product,     ///< A row on the same row, by way of a matrix product: the work that a kernel is scheduled around.
  Sequence,    ///< A row on rows of the same sequence.
  Update,      ///< Rows become part of a tensor that is updated in place.
};

struct DimensionSource {
  mlir::Value value;
  unsigned dimension = 0;
};

/// In place of a dimension of row starts: the number of packed rows that they say.
constexpr unsigned kPackedRows = ~0u;

/// The operation's name without the dialect, result types and attributes.
kernels::Operation describeOperation(mlir::Operation *op);

/// Tokens of one page of a cache.
constexpr int64_t kPageTokens = 16;

/// The type of a kernel's value as plain data.
kernels::TensorType describeType(mlir::Type type);

namespace reference {
template <typename Scalar> class State;
} // namespace reference

} // namespace tenon

#include "tenon/Dialect.h.inc"
#include "tenon/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tenon/Attributes.h.inc"

#include "tenon/Interfaces.h.inc"

#define GET_OP_CLASSES
#include "tenon/Ops.h.inc"

#endif // TENON_DIALECT_H
