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

def Tenon_ParameterizedOpInterface : OpInterface<"ParameterizedOpInterface"> {
  let cppNamespace = "::tenon";
  let description = [{
    An operation of model IR with trained parameters, each of which has a role in it, such as `query.weight`. Once
    `tenon-bind-parameters` has run, its attribute `parameters` says which `tenon.parameter` has the role: moved to another place,
    an operation reads what it read before.
  }];
  let methods = [
    InterfaceMethod<"Adds the roles and shapes that its computation needs; norms around a sublayer are its stack's work.",
      "void", "declareParameters", (ins "::tenon::ParameterList &":$list)>,
    InterfaceMethod<"What names of its parameters begin with where none says otherwise, `*` standing for the layer.",
      "std::string", "getParameterPath", (ins), "", [{
        return ::tenon::parameterPath($_op);
      }]>,
    InterfaceMethod<"The name of the parameter of a role, before any is shared.", "std::string", "getParameterName",
      (ins "::llvm::StringRef":$role), "", [{
        return $_op.getParameterPath() + "." + role.str();
      }]>,
    InterfaceMethod<"The parameter of each role; null before they are bound.", "::mlir::DictionaryAttr",
      "getParametersAttr", (ins), [{
        return $_op.getParametersAttr();
      }]>,
    InterfaceMethod<"Says which parameters have the roles.", "void", "setParametersAttr",
      (ins "::mlir::DictionaryAttr":$parameters), [{
        $_op.setParametersAttr(parameters);
      }]>,
  ];
}

def Tenon_SublayerOpInterface : OpInterface<"SublayerOpInterface"> {
  let cppNamespace = "::tenon";
  let description = [{
    A sublayer of a stack's block. Verifiers and passes know no more of it than this: what it keeps of the rows that were read, whose
    rows these are and how far back it looks. Its operation has a method `lower` too, which stands with the passes
    (compiler/passes/sublayers) and makes tensor IR of it.
  }];
  let methods = [
    InterfaceMethod<"What its parameters are named after; unique in its block.", "::llvm::StringRef", "getName", (ins), [{
        return $_op.getName();
      }]>,
    InterfaceMethod<"What it keeps of the rows that were read, where its stack is cached.",
      "::llvm::SmallVector<::tenon::SublayerState>", "getStates", (ins), "", [{
        return {};
      }]>,
    InterfaceMethod<"The other stacks that it reads states of.", "::llvm::SmallVector<::tenon::SourceAttr>", "sourceList",
      (ins), "", [{
        return {};
      }]>,
    InterfaceMethod<"How many positions back it looks, if it has a limit.", "std::optional<int64_t>", "getWindow", (ins),
      "", [{
        return std::nullopt;
      }]>,
    InterfaceMethod<"Whether it is defined on the rows of several stacks, one stack's behind the other's.", "bool",
      "readsParts", (ins), "", [{
        return true;
      }]>,
    InterfaceMethod<"Whether it asks for the positions of its rows.", "bool", "readsPositions", (ins), "", [{
        return false;
      }]>,
    InterfaceMethod<"Says what does not fit the stack that it stands in.", "::llvm::LogicalResult", "verifyPlace", (ins), "",
      [{
        return ::mlir::success();
      }]>,
    InterfaceMethod<[{
        Says why it cannot stand in a `cached` stack, whose rows come one after the other: where one depends on a later one.
      }], "::llvm::LogicalResult", "verifyGrowing", (ins), "", [{
        return ::mlir::success();
      }]>,
  ];
}

#endif // TENON_INTERFACES
