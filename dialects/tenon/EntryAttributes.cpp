//===- EntryAttributes.cpp - Attributes of functions and modules ----------===//
//
// Attributes that passes put on operations of other dialects. IR is edited by hand, and what reads them relies on them.
//
//===----------------------------------------------------------------------===//

#include "tenon/Dialect.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace tenon;

static bool isCount(Attribute attribute) {
  auto number = dyn_cast<IntegerAttr>(attribute);
  return number && number.getType().isInteger(64) && !number.getValue().isNegative();
}

static LogicalResult verifyRole(Operation *op, Attribute role) {
  auto text = dyn_cast<StringAttr>(role);
  if (text && symbolizeEntryRole(text.getValue()))
    return success();
  InFlightDiagnostic message = op->emitOpError() << "tenon.role is " << role << ", expected one of";
  for (uint32_t i = 0; std::optional<EntryRole> known = symbolizeEntryRole(i); ++i)
    message << (i == 0 ? " " : ", ") << stringifyEntryRole(*known);
  return message;
}

/// `tenon.name` names an argument or result, `tenon.role` says what it is to the caller, `tenon.stack` whose rows it is
/// about and `tenon.pool` from which pool a table's pages are. `tenon.dims` names its dynamic dimensions, in turn.
/// `tenon.state` marks an argument that the function updates and the result that is it afterwards; `tenon.window` says
/// how many positions of a cache queries look back.
static LogicalResult verifyTensorAttribute(Operation *op, Type type, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if ((name == "tenon.name" || name == "tenon.stack" || name == "tenon.pool") && !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError() << name << " is " << attribute.getValue() << ", expected a string";
  if (name == "tenon.role")
    return verifyRole(op, attribute.getValue());
  if (attribute.getName() == "tenon.state" && !isa<UnitAttr>(attribute.getValue()))
    return op->emitOpError() << "tenon.state is " << attribute.getValue() << ", expected no value";
  if (attribute.getName() == "tenon.window" && !isCount(attribute.getValue()))
    return op->emitOpError() << "tenon.window is " << attribute.getValue() << ", expected a number of positions";
  if (attribute.getName() != "tenon.dims")
    return success();
  auto names = dyn_cast<ArrayAttr>(attribute.getValue());
  if (!names || !llvm::all_of(names, llvm::IsaPred<StringAttr>))
    return op->emitOpError() << "tenon.dims is " << attribute.getValue() << ", expected strings";
  auto shaped = dyn_cast<ShapedType>(type);
  size_t dynamic = shaped && shaped.hasRank() ? shaped.getNumDynamicDims() : 0;
  if (names.size() != dynamic)
    return op->emitOpError() << "tenon.dims names " << names.size() << " dimensions of " << type << ", which has "
                             << dynamic << " dynamic ones";
  return success();
}

/// A driver takes the weights' bytes, its inputs and its outputs.
static LogicalResult verifyEntry(Operation *op) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || function.getNumArguments() == 0 || function.getNumResults() != 0)
    return op->emitOpError()
           << "is no driver: tenon.entry belongs on functions of the weights and buffers, without results";
  auto bytes = MemRefType::get({ShapedType::kDynamic}, IntegerType::get(op->getContext(), 8));
  if (function.getArgumentTypes()[0] != bytes)
    return op->emitOpError() << "takes " << function.getArgumentTypes()[0] << " first, expected the weights, " << bytes;
  Attribute inputs = op->getAttr("tenon.inputs");
  if (!inputs || !isCount(inputs) || cast<IntegerAttr>(inputs).getInt() >= function.getNumArguments())
    return op->emitOpError() << "needs tenon.inputs, how many of its " << function.getNumArguments() - 1
                             << " buffers are inputs";
  for (unsigned i = 1; i < function.getNumArguments(); ++i) {
    auto buffer = dyn_cast<MemRefType>(function.getArgumentTypes()[i]);
    if (!buffer || !(buffer.getElementType().isF32() || buffer.getElementType().isInteger(32)))
      return op->emitOpError() << "takes " << function.getArgumentTypes()[i] << ", expected memrefs of f32 or i32";
    if (!function.getArgAttr(i, "tenon.dims"))
      return op->emitOpError() << "argument " << i << " has no tenon.dims to name its dimensions";
  }
  return success();
}

/// A buffer of the arena: a memref, and a name for each of its dynamic sizes, or none.
static bool isBuffer(Attribute attribute) {
  auto buffer = dyn_cast<DictionaryAttr>(attribute);
  auto type = buffer ? buffer.getAs<TypeAttr>("type") : TypeAttr();
  auto memref = type ? dyn_cast<MemRefType>(type.getValue()) : MemRefType();
  if (!memref)
    return false;
  auto steps = buffer.getAs<DenseI64ArrayAttr>("steps");
  if (steps && !(steps.size() == 2 && 0 <= steps[0] && steps[0] <= steps[1]))
    return false;
  auto sizes = buffer.getAs<ArrayAttr>("sizes");
  return !sizes || (llvm::all_of(sizes, llvm::IsaPred<StringAttr>) &&
                    sizes.size() == static_cast<size_t>(memref.getNumDynamicDims()));
}

static bool isSlot(Attribute attribute) {
  auto buffers = dyn_cast<ArrayAttr>(attribute);
  return buffers && llvm::all_of(buffers, isBuffer);
}

LogicalResult TenonDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == "tenon.entry")
    return verifyEntry(op);
  if ((name == "tenon.behind" || name == "tenon.prefix") && !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError() << name << " is " << attribute.getValue() << ", expected the name of a stack";
  if (name == "tenon.source" && !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError() << "tenon.source is " << attribute.getValue() << ", expected the path of a model";
  if ((name == "tenon.width" || name == "tenon.inputs" || name == "tenon.results") && !isCount(attribute.getValue()))
    return op->emitOpError() << name << " is " << attribute.getValue() << ", expected a number that is not negative";
  auto slots = dyn_cast<ArrayAttr>(attribute.getValue());
  if (name == "tenon.targets" &&
      (!isa<ModuleOp>(op) || !slots || !llvm::all_of(slots, llvm::IsaPred<StringAttr>)))
    return op->emitOpError() << "tenon.targets is " << attribute.getValue() << ", expected targets of a module";
  if (name == "tenon.memory" && (!slots || !llvm::all_of(slots, isSlot)))
    return op->emitOpError() << "tenon.memory is " << attribute.getValue() << ", expected lists of buffers";
  if (name == "tenon.memory_steps" && (!slots || !llvm::all_of(slots, llvm::IsaPred<StringAttr>)))
    return op->emitOpError() << "tenon.memory_steps is " << attribute.getValue() << ", expected names of kernels";
  auto sizes = dyn_cast<DictionaryAttr>(attribute.getValue());
  if (name == "tenon.sizes" && isa<FunctionOpInterface>(op) &&
      (!sizes ||
       !llvm::all_of(sizes, [](NamedAttribute size) { return isa<DictionaryAttr>(size.getValue()); })))
    return op->emitOpError() << "tenon.sizes is " << attribute.getValue() << ", expected how each follows from others";
  auto limits = dyn_cast<DictionaryAttr>(attribute.getValue());
  if (name == "tenon.limits" &&
      (!limits || !llvm::all_of(limits, [](NamedAttribute limit) { return isCount(limit.getValue()); })))
    return op->emitOpError() << "tenon.limits is " << attribute.getValue()
                             << ", expected numbers that are not negative";
  return success();
}

LogicalResult TenonDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned argument,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  return verifyTensorAttribute(op, function ? function.getArgumentTypes()[argument] : Type(), attribute);
}

LogicalResult TenonDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned result,
                                                        NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  return verifyTensorAttribute(op, function ? function.getResultTypes()[result] : Type(), attribute);
}
