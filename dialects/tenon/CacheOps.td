//===- CacheOps.td - Tensor IR: keys and values that stay --*- tablegen -*-===//

#ifndef TENON_CACHE_OPS
#define TENON_CACHE_OPS

include "TensorOps.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

def Tenon_CacheGroup : Tenon_DocGroup<"Tensor IR: keys and values that stay", [{
  A cache holds the keys and values of earlier tokens in pages of 16 tokens (Kwon et al., "Efficient memory management for
  large language model serving with PagedAttention"). It is a tensor layers×pages×F with F = 2·G·D·16 for G key and value heads of D
  components: for each head 16 keys, transposed (D×16), then 16 values (16×D). Page `pages[b, j]` holds the tokens 16j to
  16j + 15 of sequence b. `past[b]` tokens of a sequence were there before its `lengths[b]` new ones.
}]>;

class Tenon_CacheOp<string mnemonic, list<Trait> traits = []> : Tenon_Op<mnemonic, traits # [Pure]> {
  let opDocGroup = Tenon_CacheGroup;
}

def Tenon_CacheLayerOp : Tenon_CacheOp<"cache_layer"> {
  let summary = "One layer of a cache";
  let description = [{
    `result = cache[layer, :, :]`. It is the cache's own memory where drivers are made of it: `tenon.cache_append` writes there,
    and `tenon.cache_update` says that the cache holds the result from then on.

    Example:

    ```mlir
    func.func @layer(%cache: tensor<6x?x128xf32>, %layer: index) -> tensor<6x?x128xf32> {
      %slice = tenon.cache_layer %cache[%layer] : tensor<6x?x128xf32> -> tensor<?x128xf32>
      %0 = tenon.cache_update %slice into %cache[%layer] : tensor<?x128xf32> into tensor<6x?x128xf32>
      return %0 : tensor<6x?x128xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$cache, Index:$layer);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$cache `[` $layer `]` attr-dict `:` type($cache) `->` type($result)";
  let hasVerifier = 1;
}

def Tenon_CacheUpdateOp : Tenon_CacheOp<"cache_update", [AllTypesMatch<["cache", "result"]>]> {
  let summary = "A cache with one layer in place of another";
  let description = [{
    `result[layer, :, :] = slice`, and the cache's pages of every other layer (see `tenon.cache_layer`).

    The cache is layers×pages×F, the slice pages×F.

    Example:

    ```mlir
    func.func @update(%cache: tensor<6x?x128xf32>, %slice: tensor<?x128xf32>, %layer: index) -> tensor<6x?x128xf32> {
      %0 = tenon.cache_update %slice into %cache[%layer] : tensor<?x128xf32> into tensor<6x?x128xf32>
      return %0 : tensor<6x?x128xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$cache, Index:$layer, Tenon_FloatTensor:$slice);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$slice `into` $cache `[` $layer `]` attr-dict `:` type($slice) `into` type($cache)";
  let hasVerifier = 1;
}

class Tenon_CacheComputeOp<string mnemonic, string locality, list<Trait> traits = []>
    : Tenon_CacheOp<mnemonic, traits # [DeclareOpInterfaceMethods<Tenon_ComputeOpInterface>, Tenon_HasLocality<locality>]>,
      Tenon_KernelOperation<mnemonic, locality>;

def Tenon_CacheAppendOp : Tenon_CacheComputeOp<"cache_append", "Update", [
    AllTypesMatch<["cache", "result"]>, DeclareOpInterfaceMethods<DestinationStyleOpInterface>]> {
  let summary = "One layer of a cache with the keys and values of new tokens";
  let description = [{
    Row t < lengths[b] of sequence b becomes token past[b] + t of its pages. Key and value are B×T×(G·D), or R×(G·D) with
    `starts`. Nothing but these tokens changes, and the result takes the cache's place in memory.

    Example:

    ```mlir
    func.func @append(%c: tensor<?x128xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x128xf32> {
      %0 = tenon.cache_append %k, %k to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 1 : i64, head_size = 4 : i64}
           : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
      return %0 : tensor<?x128xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$cache, Tenon_FloatTensor:$key, Tenon_FloatTensor:$value,
                   Optional<Tenon_IntTensor>:$starts, Tenon_IntTensor:$lengths, Tenon_IntTensor:$past,
                   Tenon_IntTensor:$pages, I64Attr:$key_value_heads, I64Attr:$head_size);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $key `,` $value `to` $cache (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)` `past` `(` $past `)`
    `pages` `(` $pages `)` attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Recurrences and convolutions
//===----------------------------------------------------------------------===//

def Tenon_ScanOp : Tenon_CacheComputeOp<"scan", "Sequence", [AttrSizedOperandSegments, AllTypesMatch<["forget", "input", "result"]>]> {
  let summary = "Running mean of a sequence's rows, each component with weights of its own";
  let description = [{
    c_t = forget_t ⊙ c_{t-1} + (1 - forget_t) ⊙ input_t over the rows of each sequence in order: the recurrence of the
    simpler simple recurrent unit (Kim et al., "From research to production and back: ludicrously fast neural machine
    translation"). Before the first row c is zero, or with a `cache` the row past[b] - 1 that it holds, zero where past[b] is 0.

    The cache is one layer, pages×(16·W): the row of token t is row t mod 16 of its page. That every token's c is kept lets
    sequences that begin alike share pages, and go back.

    Example:

    ```mlir
    func.func @scan(%f: tensor<?x?x4xf32>, %x: tensor<?x?x4xf32>, %n: tensor<?xi32>) -> tensor<?x?x4xf32> {
      %0 = tenon.scan %f, %x lengths(%n) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
      return %0 : tensor<?x?x4xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$forget, Tenon_FloatTensor:$input, Optional<Tenon_FloatTensor>:$cache,
                   Optional<Tenon_IntTensor>:$starts, Tenon_IntTensor:$lengths, Optional<Tenon_IntTensor>:$past,
                   Optional<Tenon_IntTensor>:$pages);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $forget `,` $input (`from` $cache^)? (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)`
    (`past` `(` $past^ `)` `pages` `(` $pages `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// With `cached`, 1 where there is a cache.
    ::tenon::kernels::Operation describe();
  }];
}

def Tenon_DepthwiseOp : Tenon_CacheComputeOp<"depthwise", "Sequence", [AttrSizedOperandSegments, AllTypesMatch<["input", "result"]>]> {
  let summary = "Convolution over a sequence's rows, each component with weights of its own";
  let description = [{
    `result[t, c] = sum over j of weight[j, c] · input[t + j - before, c]` within each sequence, summed over j in ascending order in
    float32. Rows behind the `lengths[b]` first ones are zeros, whatever is there; rows before the first are zeros too, or with
    a `cache` the last ones of the past[b] that it holds (see `tenon.scan`).

    The weight is K×W, row j for the row that is `before` - j rows back, `before` being less than K. With a cache it is K - 1: no
    row depends on a later one. Rows are B×T×W, or R×W with `starts`.

    Example:

    ```mlir
    func.func @depthwise(%x: tensor<?x?x4xf32>, %w: tensor<3x4xf32>, %n: tensor<?xi32>) -> tensor<?x?x4xf32> {
      %0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
      return %0 : tensor<?x?x4xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$weight, Optional<Tenon_FloatTensor>:$cache,
                   Optional<Tenon_IntTensor>:$starts, Tenon_IntTensor:$lengths, Optional<Tenon_IntTensor>:$past,
                   Optional<Tenon_IntTensor>:$pages, I64Attr:$before);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`from` $cache^)? (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)`
    (`past` `(` $past^ `)` `pages` `(` $pages `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// With `cached`, 1 where there is a cache.
    ::tenon::kernels::Operation describe();
  }];
}

def Tenon_AppendRowsOp : Tenon_CacheComputeOp<"append_rows", "Update", [
    AllTypesMatch<["cache", "result"]>, DeclareOpInterfaceMethods<DestinationStyleOpInterface>]> {
  let summary = "One layer of a cache of rows with those of new tokens";
  let description = [{
    Row t < lengths[b] of sequence b becomes token past[b] + t of its pages (see `tenon.scan`). Rows are B×T×W, or R×W with
    `starts`. Nothing but these tokens changes, and the result takes the cache's place in memory.

    Example:

    ```mlir
    func.func @append(%c: tensor<?x64xf32>, %x: tensor<?x?x4xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x64xf32> {
      %0 = tenon.append_rows %x to %c lengths(%n) past(%p) pages(%t)
           : (tensor<?x64xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
      return %0 : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$cache, Tenon_FloatTensor:$rows, Optional<Tenon_IntTensor>:$starts,
                   Tenon_IntTensor:$lengths, Tenon_IntTensor:$past, Tenon_IntTensor:$pages);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $rows `to` $cache (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)` `past` `(` $past `)`
    `pages` `(` $pages `)` attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TENON_CACHE_OPS
