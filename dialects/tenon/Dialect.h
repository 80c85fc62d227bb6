//===- Dialect.h - The tenon dialect ----------------------------*- C++ -*-===//

#ifndef TENON_DIALECT_H
#define TENON_DIALECT_H

#include "kernels/KernelDescription.h"
#include "kernels/OperationKinds.h"
#include "kernels/Schedule.h"
#include "tenon/KeySegment.h"
#include "tenon/Sublayers.h"
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

using kernels::Locality;

/// The trait by which ODS says an operation's locality; `ComputeOpInterface` asks it.
template <Locality locality> struct HasLocality {
  template <typename Op> struct Impl : mlir::OpTrait::TraitBase<Op, Impl> {
    static constexpr Locality kLocality = locality;
  };
};

struct DimensionSource {
  mlir::Value value;
  unsigned dimension = 0;
};

/// In place of a dimension of row starts: the number of packed rows that they say.
constexpr unsigned kPackedRows = ~0u;

/// The operation's name without the dialect, result types and attributes.
kernels::Operation describeOperation(mlir::Operation *op);

/// The type of a kernel's value as plain data.
kernels::TensorType describeType(mlir::Type type);

/// What names of an operation's parameters begin with where none says otherwise, `*` standing for the layer.
std::string parameterPath(mlir::Operation *op);

namespace reference {
template <typename Scalar> class State;
} // namespace reference

/// What sublayers are lowered with (compiler/passes/StackBuilder.h).
class StackBuilder;
struct StackPart;

} // namespace tenon

#include "tenon/Dialect.h.inc"
#include "tenon/Enums.h.inc"

#include "tenon/AttrInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tenon/Attributes.h.inc"

#include "tenon/Interfaces.h.inc"

namespace tenon {
// The assembly of an attention's segments, for the code that ODS makes.
mlir::ParseResult parseSegments(mlir::OpAsmParser &parser,
                                llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &operands,
                                mlir::ArrayAttr &segments);
void printSegments(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::OperandRange operands,
                   mlir::ArrayAttr segments);
} // namespace tenon

#define GET_OP_CLASSES
#include "tenon/Ops.h.inc"

namespace tenon {

/// All that an operation reads: with what it declares, for a sublayer, the norms that its stack puts around it.
ParameterList parametersOf(ParameterizedOpInterface op);

} // namespace tenon

#endif // TENON_DIALECT_H
