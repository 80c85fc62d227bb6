//===- CostInterface.td - What an operation computes with --*- tablegen -*-===//

#ifndef TENON_COST_INTERFACE
#define TENON_COST_INTERFACE

include "mlir/IR/OpBase.td"

def Tenon_CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::tenon";
  let description = [{
    How much an operation of tensor IR computes and moves, implemented in compiler/cost. Those whose rows depend on each other, or on
    all of a matrix (`Locality::Sequence` and `Locality::Product`), have it, and those that read or write parts of tensors; of all others
    no sum of products is asked, and they read and write all of theirs.
  }];
  let methods = [
    InterfaceMethod<"Multiplications whose products are added up.",
      "::llvm::FailureOr<uint64_t>", "countMultiplyAdds", (ins "::tenon::cost::Call &":$call)>,
    InterfaceMethod<"Bytes of an operand that are read at least once.",
      "::llvm::FailureOr<uint64_t>", "countReadBytes", (ins "::mlir::Value":$operand, "::tenon::cost::Call &":$call)>,
    InterfaceMethod<"Bytes of a result that are written.",
      "::llvm::FailureOr<uint64_t>", "countWrittenBytes", (ins "::mlir::Value":$result, "::tenon::cost::Call &":$call)>,
  ];
}

#endif // TENON_COST_INTERFACE
