//===- RegionOps.td - Layers and kernels -------------------*- tablegen -*-===//

#ifndef TENON_REGION_OPS
#define TENON_REGION_OPS

include "Attributes.td"
include "Interfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Tenon_RegionGroup : Tenon_DocGroup<"Layers and kernels", "Regions of tensor IR.">;

class Tenon_RegionOp<string mnemonic, list<Trait> traits = []> : Tenon_Op<mnemonic, traits> {
  let opDocGroup = Tenon_RegionGroup;
}

def Tenon_YieldOp : Tenon_RegionOp<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["RepeatOp", "KernelOp"]>]> {
  let summary = "The results of a region";
  let description = [{
    Ends the body of a `tenon.repeat`, to whose next layer it gives them, or of a `tenon.kernel`.

    Example:

    ```mlir
    func.func @double(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.kernel "add" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
      ^bb0(%a: tensor<?x8xf32>):
        %1 = tenon.add %a, %a : tensor<?x8xf32>
        tenon.yield %1 : tensor<?x8xf32>
      }
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$results);
  let assemblyFormat = "($results^ `:` type($results))? attr-dict";
}

def Tenon_RepeatOp : Tenon_RegionOp<"repeat", [SingleBlock, RecursiveMemoryEffects,
                                         AllTypesMatch<["inits", "results"]>]> {
  let summary = "The layers of a stack: one body, run once per layer";
  let description = [{
    Runs the body `count` times. Its first argument is the layer's number, the others are what the layer before yielded
    (`inits` for the first). IR size does not grow with depth.

    Example:

    ```mlir
    func.func @repeat(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.repeat 6 inits(%x) : tensor<?x8xf32> {
      ^bb0(%layer: index, %h: tensor<?x8xf32>):
        %1 = tenon.add %h, %h : tensor<?x8xf32>
        tenon.yield %1 : tensor<?x8xf32>
      }
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$count, Variadic<AnyRankedTensor>:$inits);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count (`inits` `(` $inits^ `)` `:` type($inits))? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::tenon::YieldOp getYield();
  }];
}

def Tenon_KernelOp : Tenon_RegionOp<"kernel", [SingleBlock, IsolatedFromAbove, Pure]> {
  let summary = "A fused region that one kernel computes";
  let description = [{
    The body's arguments are the operands; the yielded values are the results. Kernels of the same `name` have the same
    body and schedules. There is one schedule per target that the library is compiled for. The number of rows is a multiple
    of `row_tile`, and sequences start at multiples of it.

    Example:

    ```mlir
    func.func @kernel(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.kernel "linear_relu" (%x, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
           schedules [#tenon.schedule<"x86-64-v4", [<nests = [<linear {rows = 8}>]>]>] {
      ^bb0(%a: tensor<?x8xf32>, %b: tensor<8x8xf32>):
        %1 = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
        %2 = tenon.activation relu %1 : tensor<?x8xf32>
        tenon.yield %2 : tensor<?x8xf32>
      }
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<Tenon_Tensor>:$inputs,
                   DefaultValuedAttr<I64Attr, "16">:$row_tile,
                   DefaultValuedAttr<TypedArrayAttrBase<Tenon_ScheduleAttr, "schedules">, "{}">:$schedules);
  let results = (outs Variadic<Tenon_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name `(` $inputs `)` `:` functional-type($inputs, $results) (`row_tile` $row_tile^)? (`schedules` $schedules^)?
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::tenon::YieldOp getYield();
    /// The input and dimension that a dynamic dimension of a result equals.
    ::tenon::DimensionSource getDimensionSource(unsigned result, unsigned dimension);
    /// The input in whose memory a result is computed, or null where the result has memory of its own.
    ::mlir::Value getUpdatedInput(unsigned result);
    /// The body as plain data for the kernel generator.
    ::tenon::kernels::KernelDescription describe();
  }];
}

#endif // TENON_REGION_OPS
