//===- ModelOps.td - Model IR: the spec, verified ----------*- tablegen -*-===//

#ifndef TENON_MODEL_OPS
#define TENON_MODEL_OPS

include "Attributes.td"
include "Interfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Tenon_ModelGroup : Tenon_DocGroup<"Model IR", "The spec, verified.">;

class Tenon_ModelLevelOp<string mnemonic, list<Trait> traits = []> : Tenon_Op<mnemonic, traits> {
  let opDocGroup = Tenon_ModelGroup;
}

def Tenon_ModelOp : Tenon_ModelLevelOp<"model", [SymbolTable, Symbol, IsolatedFromAbove, SingleBlock, NoTerminator,
                                              NoRegionArguments]> {
  let summary = "A model: its stacks and how their last hidden states are used";
  let description = [{
    `width` is the number of components of a hidden state, where a stack has none of its own. The body holds at least one
    `tenon.stack`, at most one `tenon.pooling` and at most one `tenon.head`, and the `tenon.parameter`s that they read.

    `share` makes parameters one: those whose name begins with a member's name are the ones whose name begins with its value
    instead, part by part between the dots. `tenon-bind-parameters` resolves it: afterwards each operation says itself which
    parameters it reads.

    Example:

    ```mlir
    tenon.model @bert width 8 {
      tenon.stack @encoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-12, bias = true, final = false> {
        tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false> {types = 2 : i64, norm}
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias, output_bias}
        tenon.mlp_layer "mlp" hidden 32 gelu {bias}
      }
      tenon.pooling @encoder mean {layers = [#tenon.vector_norm<function = l2, epsilon = 1.0e-12>]}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$width, OptionalAttr<DictionaryAttr>:$share);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `width` $width attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The parameter that is meant by a name, `*` standing for the layer, where some are shared.
    std::string getSharedParameter(::llvm::StringRef name);
  }];
}

def Tenon_ParameterOp : Tenon_ModelLevelOp<"parameter", [Symbol, HasParent<"ModelOp">]> {
  let summary = "A trained tensor";
  let description = [{
    A float32 tensor of the weights, or one for each of so many `layers`, whose numbers stand in place of the `*` in its name. Every
    operation that reads it names it in its `parameters`; several may, which is all that sharing is.

    Example:

    ```mlir
    tenon.model @bound width 8 {
      tenon.parameter @"decoder.input.tokens.weight" [100, 8]
      tenon.parameter @"decoder.layers.*.mlp.up.weight" [32, 8] layers 2
      tenon.parameter @"decoder.layers.*.mlp.down.weight" [8, 32] layers 2
      tenon.parameter @"decoder.layers.*.mlp.norm.weight" [8] layers 2
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = false> attributes {cached, parameters = {}} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
          {parameters = {tokens.weight = @"decoder.input.tokens.weight"}}
        tenon.mlp_layer "mlp" hidden 32 relu {parameters = {
          norm.weight = @"decoder.layers.*.mlp.norm.weight", up.weight = @"decoder.layers.*.mlp.up.weight",
          down.weight = @"decoder.layers.*.mlp.down.weight"}}
      }
      tenon.head @decoder {tied, parameters = {weight = @"decoder.input.tokens.weight"}}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$shape, OptionalAttr<I64Attr>:$layers);
  let assemblyFormat = "$sym_name $shape (`layers` $layers^)? attr-dict";
  let hasVerifier = 1;
}

/// An operation that reads parameters.
class Tenon_ParameterizedOp<string mnemonic, list<Trait> traits>
    : Tenon_ModelLevelOp<mnemonic, traits # [DeclareOpInterfaceMethods<Tenon_ParameterizedOpInterface>]>;

def Tenon_StackOp : Tenon_ParameterizedOp<"stack", [Symbol, HasParent<"ModelOp">, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "Layers of one block of sublayers, or of several in turn";
  let description = [{
    The body is the stack's input (`tenon.token_input`, `tenon.feature_input` or `tenon.concat_input`) and then the sublayers of one block, which `layers` layers repeat, each
    with parameters of its own; or else several `tenon.block`s, layer i being the (i mod their number)-th. Every sublayer adds
    its result to the hidden state; `norm` says which norm goes with it and where it stands.

    A `cached` stack keeps the keys and values of the tokens that it has read, and continues from there: no mask of its
    attentions lets a query see later keys of its own, and it is nobody's source. Any other one reads its input as a whole. Stacks
    take states from each other without a circle. `width` is that of its hidden states, the model's where it is not given.

    A cached stack with a `prefix` begins every sequence with tokens of a source of that name, which is no stack's: it embeds and reads
    them itself, before all others (Raffel et al., "Exploring the limits of transfer learning", section 3.2.1). They see each
    other by the `prefix_mask` of its attentions where there is one, and positions count them. The stack takes no keys
    from others, and its rows are not joined with theirs. `tenon-unify-stacks` makes such ones.

    Example:

    ```mlir
    tenon.model @gpt width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
        tenon.mlp_layer "mlp" hidden 32 silu {gated}
      }
      tenon.head @decoder {tied}
    }
    ```

    A prefix-LM, whose prefix each of its rows sees all of:

    ```mlir
    tenon.model @prefix_lm width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached, prefix = "source"} {
        tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q", prefix_mask = "true"}
        tenon.mlp_layer "mlp" hidden 32 silu {gated}
      }
      tenon.head @decoder {tied}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$layers, Tenon_NormAttr:$norm, UnitAttr:$cached,
                   OptionalAttr<I64Attr>:$width, OptionalAttr<StrAttr>:$prefix,
                   OptionalAttr<DictionaryAttr>:$parameters);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `layers` $layers `norm` $norm attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::tenon::InputOpInterface getInput();
    /// Components of a hidden state.
    int64_t getHiddenWidth();
    /// The stacks that its attentions take keys and values from, each once, beside itself.
    ::llvm::SmallVector<::llvm::StringRef> getSources();
    /// The stacks whose rows its input is, one after the other; empty where it reads tokens or features.
    ::llvm::SmallVector<::llvm::StringRef> getParts();
    /// The stack itself, or the one that its last part's last part, and so on, is: it reads tokens or features.
    ::tenon::StackOp getTarget();
  }];
}

def Tenon_TokenInputOp : Tenon_ParameterizedOp<"token_input", [HasParent<"StackOp">, Tenon_InputOpInterface]> {
  let summary = "Token ids, embedded";
  let description = [{
    The sum of the token's embedding times `scale`, of its position's (learned or sinusoidal) and of its type's (`types`
    of them, 0 for none), normalised where `norm` is set by the stack's kind of norm. With `zero_first` the token at position 0
    has an embedding of zeros.

    Ids are B×T, the result B×T×W. Learned positions are those of "Attention is all you need", section 3.5, types those of Devlin et
    al., "BERT".

    Example:

    ```mlir
    tenon.model @reader width 8 {
      tenon.stack @decoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-12, bias = true, final = false> {
        tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 2, base = 1.0e4, dims = 0, interleaved = false>
          {types = 2 : i64, norm, scale = 2.0 : f64}
        tenon.mlp_layer "mlp" hidden 32 relu
      }
    }
    ```
  }];
  let arguments = (ins I64Attr:$vocab, Tenon_PositionsAttr:$positions, DefaultValuedAttr<I64Attr, "0">:$types,
                   UnitAttr:$norm, DefaultValuedAttr<F64Attr, "1.0">:$scale, UnitAttr:$zero_first,
                   OptionalAttr<DictionaryAttr>:$parameters);
  let assemblyFormat = "`vocab` $vocab `positions` $positions attr-dict";
  let hasVerifier = 1;
}

def Tenon_FeatureInputOp : Tenon_ParameterizedOp<"feature_input", [HasParent<"StackOp">, Tenon_InputOpInterface]> {
  let summary = "Rows of numbers, such as a spectrogram's";
  let description = [{
    Rows of `features` numbers pass the `convolutions` one after the other (Radford et al., "Robust speech recognition via
    large-scale weak supervision"), the last of which has as many channels as the stack is wide; without any, `features` is the
    width. The sum with the embedding of positions, which count what the convolutions leave, is normalised where `norm` is set.

    Example:

    ```mlir
    tenon.model @listener width 8 {
      tenon.stack @encoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
        tenon.feature_input features 4 positions <kind = learned, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
          {convolutions = [#tenon.convolution<channels = 8, kernel = 3, stride = 2, function = gelu, bias = true>]}
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias}
      }
    }
    ```
  }];
  let arguments = (ins I64Attr:$features, Tenon_PositionsAttr:$positions,
                   DefaultValuedAttr<TypedArrayAttrBase<Tenon_ConvolutionAttr, "convolutions">, "{}">:$convolutions,
                   UnitAttr:$norm, DefaultValuedAttr<F64Attr, "1.0">:$scale, OptionalAttr<DictionaryAttr>:$parameters);
  let assemblyFormat = "`features` $features `positions` $positions attr-dict";
  let hasVerifier = 1;
}

def Tenon_ConcatInputOp : Tenon_ParameterizedOp<"concat_input", [HasParent<"StackOp">, Tenon_InputOpInterface]> {
  let summary = "The rows of other stacks, one stack's behind the other's";
  let description = [{
    For each sequence the last hidden states of the `stacks`, all of one width W: B×T₀×W, B×T₁×W, … become B×(T₀+T₁+…)×W, times
    `scale`, with the embedding of positions added, and normalised where `norm` is set. Positions are places in the whole. Masks
    and scores ask for the part of a key and of a query with `segment` and `query_segment`. A head, a pooling and whoever reads the
    stack, its last hidden state or one that enters a layer, have the rows of the last part.

    The last part of a `cached` stack is `cached` too, and grows with it: the rows of the others are there before. No query of
    theirs may see a key of it.

    Example:

    ```mlir
    tenon.model @continued width 8 {
      tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
        tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
      }
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
      }
      tenon.stack @both layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.concat_input [@encoder, @decoder] positions <kind = rotary, length = 32, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
      }
      tenon.head @both {tied}
    }
    ```
  }];
  let arguments = (ins TypedArrayAttrBase<FlatSymbolRefAttr, "stacks">:$stacks, Tenon_PositionsAttr:$positions,
                   UnitAttr:$norm, DefaultValuedAttr<F64Attr, "1.0">:$scale, OptionalAttr<DictionaryAttr>:$parameters);
  let assemblyFormat = "$stacks `positions` $positions attr-dict";
  let hasVerifier = 1;
}

def Tenon_PoolingOp : Tenon_ParameterizedOp<"pooling", [HasParent<"ModelOp">]> {
  let summary = "One vector per sequence from a stack's last hidden state";
  let description = [{
    `token_layers` are applied to each token's hidden state, one after the other. What `functions` make of a sequence's
    tokens (see `tenon.pool`) stands side by side, and `layers` are applied to that. Only the first `size` components are
    given where it is not 0. With `skips_prompt` callers say how many tokens of each sequence are left out, at its start.

    Parameters are named `pooling.tokens.I` and `pooling.I` with the place of their layer. B×T×W becomes B×N (Reimers and
    Gurevych, "Sentence-BERT"), N being `size` or what the last layer gives.

    Example:

    ```mlir
    tenon.model @embedder width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
      }
      tenon.pooling @decoder [mean, max] {
        layers = [#tenon.dense<size = 8, function = tanh, bias = true, residual = false>,
                  #tenon.vector_norm<function = l2, epsilon = 1.0e-12>], size = 4 : i64}
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$stack, ArrayAttr:$functions, DefaultValuedAttr<ArrayAttr, "{}">:$token_layers,
                   DefaultValuedAttr<ArrayAttr, "{}">:$layers, DefaultValuedAttr<I64Attr, "0">:$size, UnitAttr:$skips_prompt,
                   OptionalAttr<DictionaryAttr>:$parameters);
  // One function is written as a word, as most models have it.
  let assemblyFormat = "$stack custom<PoolFunctions>($functions) attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// How many components `layers` make of `size`; of a layer that is not one, as many.
    static int64_t componentsBehind(::mlir::ArrayAttr layers, int64_t size);
  }];
}

def Tenon_HeadOp : Tenon_ModelLevelOp<"head", [HasParent<"ModelOp">,
                                             DeclareOpInterfaceMethods<Tenon_ParameterizedOpInterface, ["getParameterName"]>]> {
  let summary = "Scores of the next token from a stack's last hidden state";
  let description = [{
    `softcap · tanh(y / softcap)` with y = `scale` · (x · weightᵀ + bias); no cap where `softcap` is 0. The weight is vocab×W:
    that of the stack's token embedding where `tied` is set.

    B×T×W becomes B×T×V scores, or those of each sequence's last token alone.

    Example:

    ```mlir
    tenon.model @speaker width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.mlp_layer "mlp" hidden 32 silu
      }
      tenon.head @decoder {tied, softcap = 30.0 : f64}
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$stack, UnitAttr:$tied, UnitAttr:$bias, DefaultValuedAttr<F64Attr, "1.0">:$scale,
                   DefaultValuedAttr<F64Attr, "0.0">:$softcap, OptionalAttr<DictionaryAttr>:$parameters);
  let assemblyFormat = "$stack attr-dict";
  let hasVerifier = 1;
}

#endif // TENON_MODEL_OPS
