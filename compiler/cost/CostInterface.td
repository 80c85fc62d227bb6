//===- CostInterface.td - What an operation computes with --*- tablegen -*-===//

#ifndef TENON_COST_INTERFACE
#define TENON_COST_INTERFACE

include "mlir/IR/OpBase.td"

def Tenon_CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::tenon";
  let description = [{
    How much an operation of tensor IR computes, implemented in compiler/cost. Those whose rows depend on each other, or on
    all of a matrix (`Locality::Sequence` and `Locality::Product`), have it; of all others no sum of products is asked.
  }];
  let methods = [
    InterfaceMethod<"Multiplications whose products are added up, in a call with one sequence.",
      "::llvm::FailureOr<uint64_t>", "countMultiplyAdds", (ins "::tenon::cost::Call &":$call)>,
  ];
}

#endif // TENON_COST_INTERFACE
