//===- Interfaces.td - What passes ask of an operation -----*- tablegen -*-===//

#ifndef TENON_INTERFACES
#define TENON_INTERFACES

include "mlir/IR/OpBase.td"

/// How an operation's results depend on its operands: one of `tenon::Locality`.
class Tenon_HasLocality<string locality> : ParamNativeOpTrait<"HasLocality", "::tenon::Locality::" # locality> {
  let cppNamespace = "::tenon";
}

def Tenon_ComputeOpInterface : OpInterface<"ComputeOpInterface"> {
  let cppNamespace = "::tenon";
  let description = [{
    An operation of tensor IR that a kernel may contain: fusion asks how its results depend on its operands, outlining
    how large they are, and code generation for its description.
  }];
  let methods = [
    InterfaceMethod<"How a result's elements depend on the operands'.", "::tenon::Locality", "getLocality", (ins), "", [{
        return ConcreteOp::kLocality;
      }]>,
    InterfaceMethod<[{
        The operand and dimension that a dynamic dimension of a result equals. A null value where no operand has it.
      }], "::tenon::DimensionSource", "getDimensionSource", (ins "unsigned":$result, "unsigned":$dimension), "", [{
        return {$_op->getOperand(0), dimension};
      }]>,
    InterfaceMethod<[{
        The operation as plain data for the kernel generator: its name without the dialect and its attributes. Operands
        and result types are the caller's work.
      }], "::tenon::kernels::Operation", "describe", (ins), "", [{
        return ::tenon::describeOperation($_op);
      }]>,
  ];
}

/// An operation that a kernel may contain: with all others, the table of kinds that the kernel generator goes by (see
/// KernelOperations.td), which calls it by its own name.
class Tenon_KernelOperation<string mnemonic, string locality> {
  string kernelKind = mnemonic;
  string kernelLocality = "Locality::" # locality;
  dag arguments;
  bits<8> kernelOperands = !foldl(0, !range(!size(arguments)), count, i,
                              !if(!initialized(!getdagarg<TypeConstraint>(arguments, i)), !add(count, 1), count));
}

def Tenon_ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let cppNamespace = "::tenon";
  let description = [{
    The reference semantics: plain loops in the order that the operation's description states, in float64, or in float32
    as the yardstick of rounding error. Implemented in compiler/reference.
  }];
  let methods = [
    InterfaceMethod<"Computes the results in float64 from operands that `state` holds.", "::llvm::LogicalResult",
      "evaluateInDouble", (ins "::tenon::reference::State<double> &":$state)>,
    InterfaceMethod<"The same in float32.", "::llvm::LogicalResult", "evaluateInFloat",
      (ins "::tenon::reference::State<float> &":$state)>,
  ];
}

def Tenon_ChoiceAttrInterface : AttrInterface<"ChoiceAttrInterface"> {
  let cppNamespace = "::tenon";
  let description = "An attribute that holds one of an enumeration's cases: to kernels, its text.";
  let methods = [
    InterfaceMethod<"The case as the assembly spells it.", "::llvm::StringRef", "getText", (ins), "", [{
        return stringifyEnum($_attr.getValue());
      }]>,
  ];
}

def Tenon_InputOpInterface : OpInterface<"InputOpInterface"> {
  let cppNamespace = "::tenon";
  let description = "What a stack reads: the operation of model IR that its body begins with.";
  let methods = [
    InterfaceMethod<"How the stack knows positions.", "::tenon::PositionsAttr", "getPositions">,
    InterfaceMethod<"Whether what the first layer reads is normalised.", "bool", "getNorm">,
    InterfaceMethod<"The factor on what is embedded.", "::mlir::FloatAttr", "getScaleAttr">,
  ];
}

#endif // TENON_INTERFACES
