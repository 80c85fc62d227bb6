//===- Dialect.td - The tenon dialect ----------------------*- tablegen -*-===//

#ifndef TENON_DIALECT
#define TENON_DIALECT

include "mlir/IR/OpBase.td"

def Tenon_Dialect : Dialect {
  let name = "tenon";
  let cppNamespace = "::tenon";
  let summary = "Transformer models, from their description to scheduled kernels";
  let description = [{
    Three levels live in this dialect. *Model IR* (`tenon.model`, `tenon.stack`, `tenon.attention_layer`, …) is the spec,
    verified. *Tensor IR* (`tenon.linear`, `tenon.attention`, `tenon.norm`, …) is one function per entry point over
    tensors with dynamic batch and length. *Kernel IR* groups the same operations into isolated `tenon.kernel` regions,
    each with its `#tenon.schedule`. The fourth level, host IR, uses upstream dialects only.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

class Tenon_DocGroup<string name, string text> : OpDocGroup {
  let summary = name;
  let description = text;
}

class Tenon_Op<string mnemonic, list<Trait> traits = []> : Op<Tenon_Dialect, mnemonic, traits>;

#endif // TENON_DIALECT
