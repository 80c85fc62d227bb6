//===- TensorOps.td - Tensor IR: what is computed ----------*- tablegen -*-===//

#ifndef TENON_TENSOR_OPS
#define TENON_TENSOR_OPS

include "Attributes.td"
include "Interfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tenon_FloatTensor : RankedTensorOf<[F32]>;
def Tenon_IntTensor : RankedTensorOf<[I32]>;
def Tenon_Tensor : RankedTensorOf<[F32, I32]>;

def Tenon_TensorGroup : Tenon_DocGroup<"Tensor IR: what is computed", [{
  Names of dimensions in the descriptions: B sequences, T tokens of the longest of them, R packed rows, W the width, K and N
  the features that a linear reads and writes, H heads of D components. "Rows" means all leading dimensions: B×T, or R.
  A sequence may have no row. NaN in an operand is NaN in all that is computed from it.
}]>;

class Tenon_ParameterOp<string mnemonic> : Tenon_Op<mnemonic, [Pure]> {
  let opDocGroup = Tenon_TensorGroup;
}

class Tenon_TensorOp<string mnemonic, string locality, list<Trait> traits = []>
    : Tenon_Op<mnemonic, traits # [Pure, DeclareOpInterfaceMethods<Tenon_ComputeOpInterface>, Tenon_HasLocality<locality>]>,
      Tenon_KernelOperation<mnemonic, locality> {
  let opDocGroup = Tenon_TensorGroup;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

def Tenon_WeightOp : Tenon_ParameterOp<"weight"> {
  let summary = "Parameters of the model, concatenated along their first dimension";
  let description = [{
    Names the parameters by their spec names, `*` standing for the layer. Inside a `tenon.repeat`, `layer` picks the layer
    out of `layers`. `part_rows` gives the first dimension of each parameter where there are several.

    `panel` is the layout of a matrix: 0 keeps N×K; p > 0 makes panels ceil(N/p)×K×p, in which element (n, k) stands at
    (n / p, k, n mod p) and columns past N are zero, so that a kernel streams the columns that it keeps in registers.

    `rows` picks rows of the one parameter, whose own number of rows is then in `part_rows`: a table by distance comes out of
    one with a row for each range of distances.

    Example:

    ```mlir
    func.func @weight(%layer: index) -> tensor<3x8x8xf32> {
      %w = tenon.weight ["e.layers.*.q.weight", "e.layers.*.k.weight", "e.layers.*.v.weight"][%layer] of 6
           {part_rows = array<i64: 8, 8, 8>, panel = 8 : i64} : tensor<3x8x8xf32>
      return %w : tensor<3x8x8xf32>
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$parameters, Optional<Index>:$layer, DefaultValuedAttr<I64Attr, "0">:$layers,
                   OptionalAttr<DenseI64ArrayAttr>:$part_rows, DefaultValuedAttr<I64Attr, "0">:$panel,
                   OptionalAttr<DenseI64ArrayAttr>:$rows);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$parameters (`[` $layer^ `]` `of` $layers)? attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The shape of one layer's concatenated parameters before `panel` changes the layout or `rows` picks.
    ::llvm::SmallVector<int64_t> getPlainShape();
  }];
}

def Tenon_PositionTableOp : Tenon_ParameterOp<"position_table"> {
  let summary = "A table over positions that is computed when the model is compiled";
  let description = [{
    P×C for P positions p, computed in float64 and rounded once:

    - `sinusoidal`: sin(p·w_i) for i < h = C/2, then cos(p·w_i), with w_i = base^(-i/(h-1)) as fairseq and Marian have it
      (w_0 = 1 where h = 1);
    - `sinusoidal_even`: the same with w_i = base^(-i/h);
    - `sinusoidal_interleaved`: sin(p·w_i) and cos(p·w_i) in turn, with w_i = base^(-2i/C) ("Attention is all you need",
      section 3.5);
    - `rotary_cosine` and `rotary_sine`: cos(p·w_i) and sin(p·w_i) times `magnitude`, with w_i = base^(-i/C) (Su et al.,
      "RoFormer") or, where they are given, the `frequencies` (angles per position, one for each column).

    Example:

    ```mlir
    func.func @table() -> tensor<512x8xf32> {
      %0 = tenon.position_table sinusoidal_interleaved base 1.0e4 : tensor<512x8xf32>
      return %0 : tensor<512x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_TableFunctionAttr:$function, F64Attr:$base, OptionalAttr<DenseF64ArrayAttr>:$frequencies,
                   DefaultValuedAttr<F64Attr, "1.0">:$magnitude);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$function `base` $base attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

def Tenon_EmbedOp : Tenon_TensorOp<"embed", "Gather"> {
  let summary = "Rows of a table, picked by ids";
  let description = [{
    `result[r, :] = table[ids[r] + offset, :]`. Ids of rows past a sequence's length are clamped into the table, which may be
    in panels where a `tenon.linear` reads it too. Where `positions` are given, rows whose position is 0 are zeros instead: a
    sequence that starts with no token (Junczys-Dowmunt et al., "Marian").

    Ids are B×T or R, the table V×W or in panels ceil(V/p)×W×p, the result B×T×W or R×W.

    Example:

    ```mlir
    func.func @embed(%ids: tensor<?x?xi32>, %table: tensor<100x8xf32>) -> tensor<?x?x8xf32> {
      %0 = tenon.embed %ids, %table {offset = 2 : i64} : (tensor<?x?xi32>, tensor<100x8xf32>) -> tensor<?x?x8xf32>
      return %0 : tensor<?x?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$ids, Tenon_FloatTensor:$table, Optional<Tenon_IntTensor>:$positions,
                   DefaultValuedAttr<I64Attr, "0">:$offset);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$ids `,` $table (`positions` `(` $positions^ `)`)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// With `zero_first` where there are positions.
    ::tenon::kernels::Operation describe();
  }];
}

def Tenon_LinearOp : Tenon_TensorOp<"linear", "Product"> {
  let summary = "Product of rows with a weight matrix, plus a bias";
  let description = [{
    `result[r, n] = bias[n] + sum over k of input[r, k] · weight[n, k]`. The weight is N×K, or in panels of p columns
    ceil(N/p)×K×p (see `tenon.weight`). The sum runs over k in ascending order in float32, so that a row's bits depend on
    nothing but that row.

    Example:

    ```mlir
    func.func @linear(%x: tensor<?x8xf32>, %w: tensor<2x8x16xf32>, %b: tensor<20xf32>) -> tensor<?x20xf32> {
      %0 = tenon.linear %x, %w, %b : (tensor<?x8xf32>, tensor<2x8x16xf32>, tensor<20xf32>) -> tensor<?x20xf32>
      return %0 : tensor<?x20xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$weight, Optional<Tenon_FloatTensor>:$bias);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

class Tenon_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Tenon_TensorOp<mnemonic, "Elementwise", traits # [SameOperandsAndResultType]>;

def Tenon_AddOp : Tenon_ElementwiseOp<"add", [Commutative]> {
  let summary = "Sum of two tensors of the same shape";
  let description = [{
    `result[r, c] = lhs[r, c] + rhs[r, c]`, B×T×W or R×W, rounded once.

    Example:

    ```mlir
    func.func @add(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.add %x, %y : tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$lhs, Tenon_FloatTensor:$rhs);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Tenon_MultiplyOp : Tenon_ElementwiseOp<"multiply", [Commutative]> {
  let summary = "Elementwise product of two tensors of the same shape";
  let description = [{
    `result[r, c] = lhs[r, c] · rhs[r, c]`, B×T×W or R×W, rounded once: the gate of a gated MLP (Shazeer, "GLU variants improve
    transformer").

    Example:

    ```mlir
    func.func @multiply(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.multiply %x, %y : tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$lhs, Tenon_FloatTensor:$rhs);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Tenon_ScaleOp : Tenon_ElementwiseOp<"scale"> {
  let summary = "Product with a constant, which is rounded to float32 first";
  let description = [{
    `result[r, c] = input[r, c] · factor`, B×T×W or R×W. A factor of 1 folds away.

    Example:

    ```mlir
    func.func @scale(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.scale %x, 0.5 : tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, F64Attr:$factor);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input `,` $factor attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Tenon_ActivationOp : Tenon_ElementwiseOp<"activation"> {
  let summary = "Elementwise nonlinearity";
  let description = [{
    `gelu` is x·Φ(x) with the exact error function, `gelu_tanh` its approximation 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
    (Hendrycks and Gimpel, "Gaussian error linear units"); `silu` is x/(1 + e^-x), `quick_gelu` x/(1 + e^(-1.702·x)),
    `relu_squared` max(x, 0)² (So et al., "Primer"), `sigmoid` 1/(1 + e^-x).

    Of B×T×W or R×W, each element by itself. Far below zero all but `tanh` give 0.

    Example:

    ```mlir
    func.func @activation(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.activation gelu_tanh %x : tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_ActivationFunctionAttr:$function, Tenon_FloatTensor:$input);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$function $input attr-dict `:` type($result)";
}

def Tenon_SoftcapOp : Tenon_ElementwiseOp<"softcap"> {
  let summary = "Values drawn into an interval: cap · tanh(x / cap)";
  let description = [{
    `cap` is positive and rounded to float32 first (Gemma Team, "Gemma 2", section 2).

    `result[r, c] = cap · tanh(input[r, c] / cap)`, B×T×W or R×W; infinities become the cap with their sign.

    Example:

    ```mlir
    func.func @softcap(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.softcap %x, 30.0 : tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, F64Attr:$cap);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input `,` $cap attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tenon_NormOp : Tenon_TensorOp<"norm", "Row", [AttrSizedOperandSegments, AllTypesMatch<["input", "result"]>]> {
  let summary = "Rows, normalised";
  let description = [{
    Over the last dimension of W components, with mean m and biased variance v of a row:

    - `layernorm`: (x - m)/√(v + epsilon)·scale + bias (Ba et al.), deviations taken after the mean is known;
    - `rmsnorm`: x/√(mean of x² + epsilon)·scale (Zhang and Sennrich);
    - `l2`: x/max(‖x‖₂, epsilon), with neither scale nor bias.

    With `groups` the row is that many heads of W/groups components, each normalised by itself with the same scale and
    bias of W/groups components. `weight_offset` is added to the scale.

    Input and result are B×T×W or R×W. Before scale and bias, a row of equal components is zeros behind `layernorm`, and a row of
    zeros behind all three, where epsilon is positive.

    Example:

    ```mlir
    func.func @norm(%x: tensor<?x8xf32>, %scale: tensor<8xf32>, %bias: tensor<8xf32>) -> tensor<?x8xf32> {
      %0 = tenon.norm layernorm %x scale %scale : tensor<8xf32> bias %bias : tensor<8xf32> epsilon 1.0e-5 : tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_NormFunctionAttr:$function, Tenon_FloatTensor:$input, Optional<Tenon_FloatTensor>:$scale,
                   Optional<Tenon_FloatTensor>:$bias, F64Attr:$epsilon, DefaultValuedAttr<I64Attr, "1">:$groups,
                   DefaultValuedAttr<F64Attr, "0.0">:$weight_offset);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $function $input (`scale` $scale^ `:` type($scale))? (`bias` $bias^ `:` type($bias))? `epsilon` $epsilon attr-dict `:`
    type($result)
  }];
  let hasVerifier = 1;
}

def Tenon_RotaryOp : Tenon_TensorOp<"rotary", "Row", [AllTypesMatch<["input", "result"]>]> {
  let summary = "Rotary position embedding of each head";
  let description = [{
    Turns the first `dims` of every head's `head_size` components by the position's angles (Su et al., "RoFormer"): a pair
    (a, b) becomes (a·cos - b·sin, b·cos + a·sin). Pairs are (i, i + dims/2), or (2i, 2i+1) where `interleaved` is set. The
    tables are positions × dims/2; positions of rows past a sequence's length are clamped into them.

    Input and result are B×T×(H·D) or R×(H·D) with D = `head_size`, positions B×T or R, tables P×(`dims`/2). Components from
    `dims` on stay as they are.

    Example:

    ```mlir
    func.func @rotary(%x: tensor<?x8xf32>, %at: tensor<?xi32>, %cosine: tensor<16x2xf32>, %sine: tensor<16x2xf32>) -> tensor<?x8xf32> {
      %0 = tenon.rotary %x, %at, %cosine, %sine {head_size = 4 : i64, dims = 4 : i64, interleaved}
           : (tensor<?x8xf32>, tensor<?xi32>, tensor<16x2xf32>, tensor<16x2xf32>) -> tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_IntTensor:$positions, Tenon_FloatTensor:$cosine,
                   Tenon_FloatTensor:$sine, I64Attr:$head_size, I64Attr:$dims, UnitAttr:$interleaved);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input `,` $positions `,` $cosine `,` $sine attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Tenon_SplitOp : Tenon_TensorOp<"split", "View"> {
  let summary = "Consecutive ranges of the last dimension";
  let description = [{
    R×W, or B×T×W, becomes parts whose widths add up to W: part i has the columns behind those of the parts before it. Nothing is
    computed; a kernel reads the part where it lies.

    Example:

    ```mlir
    func.func @split(%x: tensor<?x12xf32>) -> (tensor<?x8xf32>, tensor<?x4xf32>) {
      %0:2 = tenon.split %x : tensor<?x12xf32> to tensor<?x8xf32>, tensor<?x4xf32>
      return %0#0, %0#1 : tensor<?x8xf32>, tensor<?x4xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input);
  let results = (outs Variadic<Tenon_FloatTensor>:$results);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($results)";
  let hasVerifier = 1;
}

def Tenon_ConcatOp : Tenon_TensorOp<"concat", "Row"> {
  let summary = "Tensors side by side in the last dimension";
  let description = [{
    The inputs have equally many rows; the result's rows are theirs, one behind the other.

    Example:

    ```mlir
    func.func @concat(%a: tensor<?x8xf32>, %b: tensor<?x3xf32>) -> tensor<?x11xf32> {
      %0 = tenon.concat %a, %b : (tensor<?x8xf32>, tensor<?x3xf32>) -> tensor<?x11xf32>
      return %0 : tensor<?x11xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Tenon_FloatTensor>:$inputs);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

def Tenon_PoolOp : Tenon_TensorOp<"pool", "Sequence", [AttrSizedOperandSegments]> {
  let summary = "One row per sequence";
  let description = [{
    Of the rows t = s to n - 1 of a sequence of n rows, s being its number in `skips`, or 0 without them:

    - `mean`: the sum of the rows, in order, divided by n - s; `mean_sqrt`: by the square root of n - s;
    - `weighted_mean`: the sum of (t + 1) · x[t], divided by that of t + 1;
    - `max`: the largest number of each column; NaN where one is NaN;
    - `cls`: row s; `last`: row n - 1.

    Where no row is left, `max` is -infinity, `cls` row 0 if there is one, and all others are zeros, as in sentence-transformers.
    The input is B×T×W, or R×W with `starts`; the result B×W.

    Example:

    ```mlir
    func.func @pool(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>, %s: tensor<?xi32>) -> tensor<?x8xf32> {
      %0 = tenon.pool weighted_mean %x lengths(%n) skips(%s) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_PoolFunctionAttr:$function, Tenon_FloatTensor:$input, Optional<Tenon_IntTensor>:$starts,
                   Tenon_IntTensor:$lengths, Optional<Tenon_IntTensor>:$skips);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $function $input (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)` (`skips` `(` $skips^ `)`)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::tenon::DimensionSource getDimensionSource(unsigned result, unsigned dimension) { return {getLengths(), 0}; }
  }];
}

def Tenon_UnfoldOp : Tenon_TensorOp<"unfold", "Sequence", [AttrSizedOperandSegments]> {
  let summary = "Each row with its neighbours: the input of a convolution as a product";
  let description = [{
    `result[t, c·window + j] = input[t·stride + j - (window - 1)/2, c]` within each sequence, zero for rows outside of its
    `lengths` first ones. `window` is odd. A sequence of n rows becomes one of n/stride, rounded up; so many has
    `result_lengths` of `tenon.strided_lengths`. The input is B×T×C and the result B×T'×(C·window), T' being T/stride, rounded
    up; or R×C and R'×(C·window) with `starts`, `result_starts` and `result_lengths`.

    Example:

    ```mlir
    func.func @unfold(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>) -> tensor<?x?x24xf32> {
      %0 = tenon.unfold %x lengths(%n) {window = 3 : i64, stride = 2 : i64} : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x?x24xf32>
      return %0 : tensor<?x?x24xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Optional<Tenon_IntTensor>:$starts, Tenon_IntTensor:$lengths,
                   Optional<Tenon_IntTensor>:$result_starts, Optional<Tenon_IntTensor>:$result_lengths, I64Attr:$window,
                   DefaultValuedAttr<I64Attr, "1">:$stride);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)`
    (`to` `starts` `(` $result_starts^ `)` `lengths` `(` $result_lengths `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::tenon::DimensionSource getDimensionSource(unsigned result, unsigned dimension);
  }];
}

#endif // TENON_TENSOR_OPS
